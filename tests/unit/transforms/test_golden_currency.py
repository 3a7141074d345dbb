"""The golden data set in euros: a US dollar is 0.9174 of them on March 13, the last quote on or before the as-of day,
and every month is converted at it."""

from datetime import date

import dataframely as dy
from golden_history import tables
from golden_records import in_euros
from histories import Lines, built, lines, shown

from transforms.observations import Observations
from transforms.opportunities import Opportunities
from transforms.pipeline_waterfall import PipelineWaterfall

AS_OF = date(2026, 3, 15)
REPORTING = in_euros(AS_OF)


def rows(schema: type[dy.Schema], columns: str = "") -> Lines:
    return shown(built(schema, tables(AS_OF, reporting=REPORTING)[schema].lazy()), columns)


def test_the_quotes() -> None:
    """The one of March 16 is not known yet, and that of January 2 is too old."""
    assert shown(REPORTING.table().drop("base_currency_code")) == lines("""
        EUR  2026-03-13  0.917400000000000000
        USD  -           1.000000000000000000
    """)


def test_each_column_is_its_own_amount_converted() -> None:
    # O1: 160, 3600, 100, 5760, 1920, 1920, 900 and 25 dollars; 25 * 0.9174 = 22.935. O4: 1,000 euros without a term;
    # O5: 600 over 12 months. O6: 1,100 dollars, twelve times that, and ten times by its contract. O9: a TCV of 900
    # euros.
    assert rows(Opportunities, "opportunity_id aws_mrr_reporting deal_tcv_reporting deal_mrr_reporting") == lines("""
        O1  146.78   3302.64  91.74
        O2  41.28    -        -
        O3  302.74   -        -
        O4  -        -        -
        O5  -        -        -
        O6  1009.14  -        -
        O7  27.52    -        -
        O8  4.59     -        -
        O9  64.22    900.00   -
    """)
    others = "aws_tcv_reporting aws_arr_reporting aws_acv_reporting software_tcv_reporting software_mrr_reporting"
    assert rows(Opportunities, f"opportunity_id {others}") == lines("""
        O1  5284.22   1761.41   1761.41   825.66   22.94
        O2  -         495.40    -         -        -
        O3  3632.90   3632.90   3632.90   -        -
        O4  -         -         -         1000.00  -
        O5  -         -         -         600.00   50.00
        O6  10091.40  12109.68  10091.40  -        -
        O7  -         330.26    -         -        -
        O8  -         55.04     -         -        -
        O9  -         770.62    -         -        -
    """)


def test_observations_of_every_month_have_the_rate_of_the_as_of_date() -> None:
    # O1 by the snapshot: 120, 2880, 2400 and 720 dollars. O5: 500 euros over 12 months and 6,000 dollars, then 200
    # dollars, then nothing but software for 600 euros. O6: 900 dollars over 10 months. O8: 5 dollars, and 50 pounds of
    # which there is no rate.
    observed = rows(Observations, "opportunity_id observation evidence " + " ".join(Observations.column_names()[8:]))
    assert [row for row in observed if row[0] in ("O5", "O8") or row[2] == "snapshot"] == lines("""
        O1  3  snapshot  110.09  2642.11  2201.76  660.53  -
        O5  1  version   500.00  6000.00  5504.40  -       -
        O5  2  version   183.48  2201.76  -        -       -
        O5  3  version   -       -        -        600.00  -
        O6  3  snapshot  825.66  8256.60  -        -       -
        O8  1  version   4.59    -        -        -       GBP
    """)


def test_the_waterfall_of_aws_mrr() -> None:
    # November: O1 110.09, O2 45.87, O6 917.40. December: O5 500, O1 +27.52, O6 -91.74, O2 lost with 45.87. January:
    # O3 302.74, O2 36.70, O5 -316.52, won O3 and O6 with 825.66. February: O9 55.04, O7 18.35, O6 1009.14, O5 -183.48,
    # O1 won with 137.61. March: O7 27.52 - 18.35 and O9 64.22 - 55.04, O2 lost with 36.70.
    assert [row[:1] + row[2:] for row in rows(PipelineWaterfall) if row[1] == "aws_mrr"] == lines("""
        2025-11-01  0.00     1073.36  0.00    0.00     0.00   0.00    0.00     0.00     1073.36
        2025-12-01  1073.36  500.00   0.00    0.00     27.52  91.74   0.00     45.87    1463.27
        2026-01-01  1463.27  0.00     302.74  36.70    0.00   316.52  1128.40  0.00     357.79
        2026-02-01  357.79   55.04    18.35   1009.14  0.00   183.48  137.61   1009.14  110.09
        2026-03-01  110.09   0.00     0.00    0.00     18.35  0.00    0.00     36.70    91.74
    """)
