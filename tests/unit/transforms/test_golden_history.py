"""The tables of history of the golden data set, in US dollars and without rates: every row worked out by hand from the
stories told there."""

from datetime import date

import dataframely as dy
import pytest
from golden_history import tables
from histories import Lines, built, lines, shown
from polars.testing import assert_frame_equal

from transforms.observations import Observations
from transforms.opportunities import Opportunities
from transforms.outcomes_monthly import OutcomesMonthly
from transforms.pipeline_monthly import PipelineMonthly
from transforms.pipeline_waterfall import PipelineWaterfall
from transforms.stage_funnel import StageFunnel
from transforms.stage_history import StageHistory

AS_OF = date(2026, 3, 15)
DAY = 86_400_000_000  # microseconds


def rows(schema: type[dy.Schema], columns: str = "", as_of: date = AS_OF) -> Lines:
    return shown(built(schema, tables(as_of)[schema].lazy()), columns)


def test_observations() -> None:
    others = ("target_close_date", "unconverted_currencies")
    columns = " ".join(name for name in Observations.column_names() if name not in others)
    assert rows(Observations, columns) == lines("""
        O1  1  2025-11-03 09:00            version   Prospect              1  24  100.00   2400.00   2400.00  -
        O1  2  2025-11-13 09:00            version   Qualified             2  24  120.00   2880.00   2400.00  720.00
        O1  3  2025-12-01 00:00            snapshot  Technical Validation  3  24  120.00   2880.00   2400.00  720.00
        O1  4  2025-12-11 00:00            version   Business Validation   4  24  150.00   3600.00   2400.00  720.00
        O1  5  2026-01-10 00:00            version   Committed             5  36  150.00   5400.00   3600.00  900.00
        O1  6  2026-02-09 00:00            version   Launched              6  36  160.00   5760.00   3600.00  900.00
        O2  1  2025-11-20 00:00            version   Prospect              1  -   50.00    -         -        -
        O2  2  2025-12-20 00:00            version   Closed Lost           -  -   50.00    -         -        -
        O2  3  2026-01-05 00:00            version   Prospect              1  -   40.00    -         -        -
        O2  4  2026-02-01 00:00            vanished  Prospect              1  -   40.00    -         -        -
        O2  5  2026-03-10 00:00            version   Closed Lost           -  -   45.00    -         -        -
        O3  1  2026-01-01 00:00            version   Committed             5  12  300.00   3600.00   -        -
        O3  2  2026-01-31 23:59:59.999999  version   Launched              6  12  330.00   3960.00   -        -
        O4  1  2025-12-24 12:00            version   Closed Lost           -  -   -        -         -        -
        O4  2  2026-02-01 00:00            vanished  Closed Lost           -  -   -        -         -        -
        O5  1  2025-12-01 00:00            version   Prospect              1  12  -        -         6000.00  -
        O5  2  2026-01-15 00:00            version   Qualified             2  12  200.00   2400.00   -        -
        O5  3  2026-02-10 00:00            version   Qualified             2  12  -        -         -        -
        O6  1  2025-11-10 00:00            version   Committed             5  10  1000.00  10000.00  -        -
        O6  2  2025-12-10 00:00            version   Launched              6  10  1000.00  10000.00  -        -
        O6  3  2025-12-10 00:00            snapshot  Committed             5  10  900.00   9000.00   -        -
        O6  4  2025-12-10 00:00            vanished  Committed             5  10  900.00   9000.00   -        -
        O6  5  2026-01-20 00:00            version   Launched              6  10  1100.00  11000.00  -        -
        O6  6  2026-02-05 00:00            version   Closed Lost           -  10  1100.00  11000.00  -        -
        O6  7  2026-02-28 00:00            vanished  Closed Lost           -  10  1100.00  11000.00  -        -
        O7  1  2026-01-31 12:00            version   -                     -  -   10.00    -         -        -
        O7  2  2026-02-28 00:00            version   Committed             5  -   20.00    -         -        -
        O7  3  2026-03-02 00:00            version   Qualified             2  -   25.00    -         -        -
        O7  4  2026-03-14 00:00            version   -                     -  -   30.00    -         -        -
        O8  1  2026-02-15 00:00            version   -                     -  -   5.00     -         -        -
        O9  1  2026-02-11 00:00            version   Prospect              1  -   60.00    -         -        -
        O9  2  2026-03-15 23:59:59.999999  version   Qualified             2  -   70.00    -         -        -
    """)


def test_amounts_that_are_in_no_column_are_in_these_currencies() -> None:
    observed = rows(Observations, "opportunity_id observation unconverted_currencies")
    assert [row for row in observed if row[2] != "-"] == lines("""
        O4  1  EUR
        O4  2  EUR
        O5  1  EUR
        O5  3  EUR
        O8  1  GBP
        O9  2  EUR
    """)


def test_opportunities() -> None:
    columns = "opportunity_id stage created_at last_modified_at aws_mrr_reporting furthest_stage close_date_pushes"
    assert rows(Opportunities, f"{columns} is_visible") == lines("""
        O1  Launched     2025-11-03 09:00            2026-02-09 00:00            160.00   Launched   1  True
        O2  Closed Lost  2025-11-20 00:00            2026-03-10 00:00            45.00    Prospect   0  True
        O3  Launched     2025-11-30 23:59:59.999999  2026-01-31 23:59:59.999999  330.00   Launched   0  True
        O4  Closed Lost  2025-12-15 00:00            2025-12-24 12:00            -        Prospect   0  False
        O5  Qualified    2025-12-01 00:00            2026-02-10 00:00            -        Qualified  0  True
        O6  Closed Lost  2025-11-10 00:00            2026-02-05 00:00            1100.00  Launched   0  True
        O7  -            2026-01-31 12:00            2026-03-14 00:00            30.00    Committed  0  True
        O8  -            2026-02-15 00:00            2026-02-15 00:00            5.00     -          0  True
        O9  Qualified    2026-02-20 00:00            2026-03-15 23:59:59.999999  70.00    Qualified  0  True
    """)


def test_stage_history() -> None:
    history = rows(StageHistory)
    # O1 was Qualified for 17 days and 15 hours. O3's and O9's changes came one microsecond before a midnight.
    assert [[*row[:2], *row[4:6], row[6]] for row in history] == lines(f"""
        O1  1  2025-11-03 09:00            2025-11-13 09:00            10.0
        O1  2  2025-11-13 09:00            2025-12-01 00:00            17.625
        O1  3  2025-12-01 00:00            2025-12-11 00:00            10.0
        O1  4  2025-12-11 00:00            2026-01-10 00:00            30.0
        O1  5  2026-01-10 00:00            2026-02-09 00:00            30.0
        O1  6  2026-02-09 00:00            -                           -
        O2  1  2025-11-20 00:00            2025-12-20 00:00            30.0
        O2  2  2025-12-20 00:00            2026-01-05 00:00            16.0
        O2  3  2026-01-05 00:00            2026-03-10 00:00            64.0
        O2  4  2026-03-10 00:00            -                           -
        O3  1  2026-01-01 00:00            2026-01-31 23:59:59.999999  {(31 * DAY - 1) / DAY}
        O3  2  2026-01-31 23:59:59.999999  -                           -
        O4  1  2025-12-24 12:00            -                           -
        O5  1  2025-12-01 00:00            2026-01-15 00:00            45.0
        O5  2  2026-01-15 00:00            -                           -
        O6  1  2025-11-10 00:00            2025-12-10 00:00            30.0
        O6  2  2025-12-10 00:00            2025-12-10 00:00            0.0
        O6  3  2025-12-10 00:00            2026-01-20 00:00            41.0
        O6  4  2026-01-20 00:00            2026-02-05 00:00            16.0
        O6  5  2026-02-05 00:00            -                           -
        O7  1  2026-02-28 00:00            2026-03-02 00:00            2.0
        O7  2  2026-03-02 00:00            -                           -
        O9  1  2026-02-11 00:00            2026-03-15 23:59:59.999999  {(33 * DAY - 1) / DAY}
        O9  2  2026-03-15 23:59:59.999999  -                           -
    """)
    assert [row[:4] + row[7:] for row in history] == lines("""
        O1  1  Prospect              1  entry    False  version
        O1  2  Qualified             2  advance  False  version
        O1  3  Technical Validation  3  advance  False  snapshot
        O1  4  Business Validation   4  advance  False  version
        O1  5  Committed             5  advance  False  version
        O1  6  Launched              6  advance  False  version
        O2  1  Prospect              1  entry    False  version
        O2  2  Closed Lost           -  lost     False  version
        O2  3  Prospect              1  reopen   False  version
        O2  4  Closed Lost           -  lost     False  version
        O3  1  Committed             5  entry    True   version
        O3  2  Launched              6  advance  False  version
        O4  1  Closed Lost           -  entry    True   version
        O5  1  Prospect              1  entry    False  version
        O5  2  Qualified             2  advance  False  version
        O6  1  Committed             5  entry    False  version
        O6  2  Launched              6  advance  False  version
        O6  3  Committed             5  reopen   False  snapshot
        O6  4  Launched              6  advance  False  version
        O6  5  Closed Lost           -  lost     False  version
        O7  1  Committed             5  entry    True   version
        O7  2  Qualified             2  regress  False  version
        O9  1  Prospect              1  entry    False  version
        O9  2  Qualified             2  advance  False  version
    """)


def test_stage_funnel() -> None:
    # Cohorts: O1 O2 O3 O6 · O4 O5 · O7 · O9. Medians of November: Prospect 10, 30 and 64 days; Committed 30, 30 and
    # 41, without O3, which is left-censored; Launched 0 and 16. Amounts: 160 + 45 + 330 + 1100, then without 45.
    assert rows(StageFunnel) == lines(f"""
        2025-11-01  Prospect              1  4  3  1  0  0.75  1.0   30.0                    1635.00
        2025-11-01  Qualified             2  3  3  0  0  1.0   0.75  17.625                  1590.00
        2025-11-01  Technical Validation  3  3  3  0  0  1.0   0.75  10.0                    1590.00
        2025-11-01  Business Validation   4  3  3  0  0  1.0   0.75  30.0                    1590.00
        2025-11-01  Committed             5  3  3  0  0  1.0   0.75  30.0                    1590.00
        2025-11-01  Launched              6  3  0  1  2  0.0   0.75  8.0                     1590.00
        2025-12-01  Prospect              1  2  1  1  0  0.5   1.0   45.0                    -
        2025-12-01  Qualified             2  1  0  0  1  0.0   0.5   -                       -
        2025-12-01  Technical Validation  3  0  0  0  0  -     0.0   -                       0.00
        2025-12-01  Business Validation   4  0  0  0  0  -     0.0   -                       0.00
        2025-12-01  Committed             5  0  0  0  0  -     0.0   -                       0.00
        2025-12-01  Launched              6  0  0  0  0  -     0.0   -                       0.00
        2026-01-01  Prospect              1  1  1  0  0  1.0   1.0   -                       30.00
        2026-01-01  Qualified             2  1  1  0  0  1.0   1.0   -                       30.00
        2026-01-01  Technical Validation  3  1  1  0  0  1.0   1.0   -                       30.00
        2026-01-01  Business Validation   4  1  1  0  0  1.0   1.0   -                       30.00
        2026-01-01  Committed             5  1  0  0  1  0.0   1.0   -                       30.00
        2026-01-01  Launched              6  0  0  0  0  -     0.0   -                       0.00
        2026-02-01  Prospect              1  1  1  0  0  1.0   1.0   {(33 * DAY - 1) / DAY}  70.00
        2026-02-01  Qualified             2  1  0  0  1  0.0   1.0   -                       70.00
        2026-02-01  Technical Validation  3  0  0  0  0  -     0.0   -                       0.00
        2026-02-01  Business Validation   4  0  0  0  0  -     0.0   -                       0.00
        2026-02-01  Committed             5  0  0  0  0  -     0.0   -                       0.00
        2026-02-01  Launched              6  0  0  0  0  -     0.0   -                       0.00
    """)


def test_pipeline_monthly() -> None:
    table = rows(PipelineMonthly)
    # Unobserved are O3 until January, O7 in January and O8 since February.
    assert [row for row in table if (row[2], row[7]) != ("0", "0")] == lines("""
        2025-11-01  Prospect             1  50.00    -         -        -       0
        2025-11-01  Qualified            1  120.00   2880.00   2400.00  720.00  0
        2025-11-01  Committed            1  1000.00  10000.00  -        -       0
        2025-11-01  unobserved           0  -        -         -        -       1
        2025-12-01  Prospect             1  -        -         6000.00  -       0
        2025-12-01  Business Validation  1  150.00   3600.00   2400.00  720.00  0
        2025-12-01  Committed            1  900.00   9000.00   -        -       0
        2025-12-01  Closed Lost          2  50.00    -         -        -       0
        2025-12-01  unobserved           0  -        -         -        -       1
        2026-01-01  Prospect             1  40.00    -         -        -       0
        2026-01-01  Qualified            1  200.00   2400.00   -        -       0
        2026-01-01  Committed            1  150.00   5400.00   3600.00  900.00  0
        2026-01-01  Launched             2  1430.00  14960.00  -        -       0
        2026-01-01  Closed Lost          1  -        -         -        -       0
        2026-01-01  unobserved           0  -        -         -        -       1
        2026-02-01  Prospect             2  100.00   -         -        -       0
        2026-02-01  Qualified            1  -        -         -        -       0
        2026-02-01  Committed            1  20.00    -         -        -       0
        2026-02-01  Launched             2  490.00   9720.00   3600.00  900.00  0
        2026-02-01  Closed Lost          2  1100.00  11000.00  -        -       0
        2026-02-01  unobserved           0  -        -         -        -       1
        2026-03-01  Qualified            3  100.00   -         -        -       0
        2026-03-01  Launched             2  490.00   9720.00   3600.00  900.00  0
        2026-03-01  Closed Lost          3  1145.00  11000.00  -        -       0
        2026-03-01  unobserved           0  -        -         -        -       1
    """)
    nobody = [row[3:7] for row in table if (row[2], row[7]) == ("0", "0")]
    assert nobody == [["0.00"] * 4] * (5 * 8 - 25)


def test_pipeline_waterfall() -> None:
    # December: O1 +30, O6 -100, O2 lost with 50; O4 came and went without an amount. January: O5 +200, O3 discovered
    # and won with 330, O6 won with 900. February: O5 -200, O1 won with 150, O6 from won to lost with 1100.
    assert rows(PipelineWaterfall) == lines("""
        2025-11-01  count    0.00     3.00     0.00    0.00     0.00    0.00    0.00     0.00     3.00
        2025-11-01  aws_mrr  0.00     1170.00  0.00    0.00     0.00    0.00    0.00     0.00     1170.00
        2025-12-01  count    3.00     2.00     0.00    0.00     0.00    0.00    0.00     2.00     3.00
        2025-12-01  aws_mrr  1170.00  0.00     0.00    0.00     30.00   100.00  0.00     50.00    1050.00
        2026-01-01  count    3.00     0.00     1.00    1.00     0.00    0.00    2.00     0.00     3.00
        2026-01-01  aws_mrr  1050.00  0.00     330.00  40.00    200.00  0.00    1230.00  0.00     390.00
        2026-02-01  count    3.00     1.00     1.00    1.00     0.00    0.00    1.00     1.00     4.00
        2026-02-01  aws_mrr  390.00   60.00    20.00   1100.00  0.00    200.00  150.00   1100.00  120.00
        2026-03-01  count    4.00     0.00     0.00    0.00     0.00    0.00    0.00     1.00     3.00
        2026-03-01  aws_mrr  120.00   0.00     0.00    0.00     20.00   0.00    0.00     40.00    100.00
    """)


def test_outcomes_monthly() -> None:
    # Cycles: O4 9.5 days; O3 62; O1 97.625 and O6 87; O2 110.
    assert rows(OutcomesMonthly) == lines("""
        2025-12-01  0  1  0.0  0.00    -        9.5
        2026-01-01  1  0  1.0  330.00  0.00     62.0
        2026-02-01  1  1  0.5  160.00  1100.00  92.3125
        2026-03-01  0  1  0.0  0.00    45.00    110.0
    """)


def test_an_as_of_date_in_the_past() -> None:
    """At the end of 2025 nothing was known of O3, O7, O8 and O9; O2 was lost, and O6 in Committed and out of sight."""
    year_end = date(2025, 12, 31)
    assert rows(Opportunities, "opportunity_id stage aws_mrr_reporting is_visible", year_end) == lines("""
        O1  Business Validation  150.00   True
        O2  Closed Lost          50.00    True
        O4  Closed Lost          -        True
        O5  Prospect             -        True
        O6  Launched             1000.00  False
    """)
    assert rows(PipelineWaterfall, "", year_end) == rows(PipelineWaterfall)[:4]
    without_o3 = [row for row in rows(PipelineMonthly)[:16] if row[1] != "unobserved"]
    assert [row for row in rows(PipelineMonthly, "", year_end) if row[1] != "unobserved"] == without_o3
    # Cycles: O2 30 days, O4 9.5.
    assert rows(OutcomesMonthly, "", year_end) == lines("2025-12-01  0  2  0.0  0.00  50.00  19.75")


@pytest.mark.parametrize("as_of", [date(2025, 12, 31), AS_OF])
def test_the_order_of_arrival_is_irrelevant(as_of: date) -> None:
    arrived = tables(as_of, in_reverse=True)
    for schema, table in tables(as_of).items():
        assert table.height > 0
        assert_frame_equal(arrived[schema], table, check_exact=True)
