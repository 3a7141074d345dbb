"""Attribution of the golden data set, in euros: every figure worked out by hand."""

from datetime import date
from functools import cache

import polars as pl
import pytest
from golden_history import tables
from golden_records import in_euros
from histories import Lines, built, lines, shown

from transforms.attribution import Attribution
from transforms.attribution_sums import MODELS
from transforms.opportunities import Opportunities
from transforms.touches import DIMENSIONS

AS_OF = date(2026, 3, 15)


@cache
def attribution(as_of: date) -> pl.DataFrame:
    return built(Attribution, tables(as_of, reporting=in_euros(as_of))[Attribution].lazy())


def attributed(model: str, dimension: str, as_of: date = AS_OF) -> Lines:
    """Value, outcome, opportunities to six places, aws_mrr, aws_tcv and software_tcv."""
    table = attribution(as_of).filter(pl.col("model") == model, pl.col("dimension") == dimension)
    return shown(table.with_columns(pl.col("opportunities").round(6)).drop("model", "dimension"))


def test_what_there_is_to_split() -> None:
    """Dollars times 0.9174; the software of O4 and O5 is in euros, that of O8 in pounds without a usable quote. O7 and
    O8 have no outcome."""
    amounts = "opportunity_id aws_mrr_reporting aws_tcv_reporting software_tcv_reporting"
    assert shown(tables(AS_OF, reporting=in_euros(AS_OF))[Opportunities], amounts) == lines("""
        O1  146.78   5284.22   825.66
        O2  41.28    -         -
        O3  302.74   3632.90   -
        O4  -        -         1000.00
        O5  -        -         600.00
        O6  1009.14  10091.40  -
        O7  27.52    -         -
        O8  4.59     -         -
        O9  64.22    -         -
    """)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_the_parts_add_up_to_the_whole(model: str, dimension: str) -> None:
    # Lost O2, O4, O6: 41.28 + 1009.14. Open O5 and O9. Won O1 and O3: 146.78 + 302.74 and 5284.22 + 3632.90.
    table = attribution(AS_OF).filter(pl.col("model") == model, pl.col("dimension") == dimension)
    whole = table.group_by("outcome").agg(pl.exclude("model", "dimension", "value").sum()).sort("outcome")
    assert shown(whole.with_columns(pl.col("opportunities").round(12))) == lines("""
        lost  3.0  1050.42  10091.40  1000.00
        open  2.0  64.22    0.00      600.00
        won   2.0  449.52   8917.12   825.66
    """)


def test_solutions_linear() -> None:
    # O1, a third each: 14678 ÷ 3 = 4892 2/3, 528422 ÷ 3 = 176140 2/3, 82566 ÷ 3 = 27522 cents.
    # O2, O6 and O9, half each: 20.64; 504.57 and 5045.70; 32.11. O5: S-2 half, S-1 and S-3 a quarter of 600.
    # S-1 lost: 20.64 + 504.57.
    assert attributed("linear", "solution") == lines("""
        (none)  lost  1.0       -       -        1000.00
        (none)  won   1.0       302.74  3632.90  -
        S-1     lost  1.0       525.21  5045.70  -
        S-1     open  0.75      32.11   -        150.00
        S-1     won   0.333333  48.93   1761.41  275.22
        S-2     open  1.0       32.11   -        300.00
        S-2     won   0.333333  48.93   1761.41  275.22
        S-3     lost  0.5       504.57  5045.70  -
        S-3     open  0.25      -       -        150.00
        S-3     won   0.333333  48.92   1761.40  275.22
        S-4     lost  0.5       20.64   -        -
    """)


def test_solutions_first_touch() -> None:
    """S-1 of O1, O2 and O9, S-2 of O5, S-3 of O6. Where the amount of an opportunity is known, those without credit
    have 0.00 of it."""
    assert attributed("first_touch", "solution") == lines("""
        (none)  lost  1.0  -        -         1000.00
        (none)  won   1.0  302.74   3632.90   -
        S-1     lost  1.0  41.28    0.00      -
        S-1     open  1.0  64.22    -         0.00
        S-1     won   1.0  146.78   5284.22   825.66
        S-2     open  1.0  0.00     -         600.00
        S-2     won   0.0  0.00     0.00      0.00
        S-3     lost  1.0  1009.14  10091.40  -
        S-3     open  0.0  -        -         0.00
        S-3     won   0.0  0.00     0.00      0.00
        S-4     lost  0.0  0.00     -         -
    """)


def test_solutions_last_touch() -> None:
    """S-3 of O1, S-4 of O2, S-1 and S-3 of O5, S-1 of O6, S-2 of O9."""
    assert attributed("last_touch", "solution") == lines("""
        (none)  lost  1.0  -        -         1000.00
        (none)  won   1.0  302.74   3632.90   -
        S-1     lost  1.0  1009.14  10091.40  -
        S-1     open  0.5  0.00     -         300.00
        S-1     won   0.0  0.00     0.00      0.00
        S-2     open  1.0  64.22    -         0.00
        S-2     won   0.0  0.00     0.00      0.00
        S-3     lost  0.0  0.00     0.00      -
        S-3     open  0.5  -        -         300.00
        S-3     won   1.0  146.78   5284.22   825.66
        S-4     lost  1.0  41.28    -         -
    """)


def test_solutions_position_based() -> None:
    # O1, 40 %, 20 %, 40 % in cents: 5871.2, 2935.6, 5871.2 (one is left: S-2); 211368.8, 105684.4, 211368.8 (two are
    # left: S-1 and S-3); 33026.4, 16513.2, 33026.4 (one is left: S-1 before S-3). All others as by linear.
    assert attributed("position_based", "solution") == lines("""
        (none)  lost  1.0   -       -        1000.00
        (none)  won   1.0   302.74  3632.90  -
        S-1     lost  1.0   525.21  5045.70  -
        S-1     open  0.75  32.11   -        150.00
        S-1     won   0.4   58.71   2113.69  330.27
        S-2     open  1.0   32.11   -        300.00
        S-2     won   0.2   29.36   1056.84  165.13
        S-3     lost  0.5   504.57  5045.70  -
        S-3     open  0.25  -       -        150.00
        S-3     won   0.4   58.71   2113.69  330.26
        S-4     lost  0.5   20.64   -        -
    """)


def test_solutions_time_decay() -> None:
    # O1, 60, 30 and 0 days: 1/7, 2/7, 4/7 of 14678 cents are 2096 6/7, 4193 5/7, 8387 3/7; of 528422 75488 6/7,
    # 150977 5/7, 301955 3/7; of 82566 11795 1/7, 23590 2/7, 47180 4/7.
    # O2, 30 and 0 days: S-1 1/3 and S-4 2/3 of 41.28. O6: S-3 1/3 and S-1 2/3 of 1009.14 and 10091.40.
    # O5, 45 days: S-2 0.353553 ÷ 1.353553 = 0.261204 of 60000 cents, 15672.2; S-1 and S-3 22163.9 each.
    # O9, 33 days: S-1 0.466516 ÷ 1.466516 = 0.318112 of 6422 cents, 2042.9; S-2 4379.1.
    # S-1 lost: 13.76 + 672.76. Open: S-1 0.369398 + 0.318112, S-2 0.261204 + 0.681888.
    assert attributed("time_decay", "solution") == lines("""
        (none)  lost  1.0       -       -        1000.00
        (none)  won   1.0       302.74  3632.90  -
        S-1     lost  1.0       686.52  6727.60  -
        S-1     open  0.68751   20.43   -        221.64
        S-1     won   0.142857  20.97   754.89   117.95
        S-2     open  0.943092  43.79   -        156.72
        S-2     won   0.285714  41.94   1509.78  235.90
        S-3     lost  0.333333  336.38  3363.80  -
        S-3     open  0.369398  -       -        221.64
        S-3     won   0.571429  83.87   3019.55  471.81
        S-4     lost  0.666667  27.52   -        -
    """)


def test_products_linear() -> None:
    # O1, a fifth each: 14678 ÷ 5 = 2935.6 cents, three are left; 528422 ÷ 5 = 105684.4, two; 82566 ÷ 5 = 16513.2, one.
    # O3, O6 and O9, half each: 151.37 and 1816.45; 504.57 and 5045.70; 32.11. EC2 won: 29.36 + 151.37 and
    # 1056.85 + 1816.45.
    assert attributed("linear", "aws_product") == lines("""
        (none)  lost  2.0  41.28   -        1000.00
        EC2     lost  0.5  504.57  5045.70  -
        EC2     open  0.5  32.11   -        -
        EC2     won   0.7  180.73  2873.30  165.14
        Lambda  open  0.5  32.11   -        -
        Lambda  won   0.2  29.36   1056.85  165.13
        RDS     won   0.7  180.73  2873.29  165.13
        S3      lost  0.5  504.57  5045.70  -
        S3      open  1.0  -       -        600.00
        S3      won   0.2  29.35   1056.84  165.13
        SNS     won   0.2  29.35   1056.84  165.13
    """)


def test_products_first_touch() -> None:
    """Lambda of O1, EC2 of O3; those of O5, O6 and O9 have one position only."""
    assert attributed("first_touch", "aws_product") == lines("""
        (none)  lost  2.0  41.28   -        1000.00
        EC2     lost  0.5  504.57  5045.70  -
        EC2     open  0.5  32.11   -        -
        EC2     won   1.0  302.74  3632.90  0.00
        Lambda  open  0.5  32.11   -        -
        Lambda  won   1.0  146.78  5284.22  825.66
        RDS     won   0.0  0.00    0.00     0.00
        S3      lost  0.5  504.57  5045.70  -
        S3      open  1.0  -       -        600.00
        S3      won   0.0  0.00    0.00     0.00
        SNS     won   0.0  0.00    0.00     0.00
    """)


def test_products_last_touch() -> None:
    """SNS of O1, RDS of O3."""
    assert attributed("last_touch", "aws_product") == lines("""
        (none)  lost  2.0  41.28   -        1000.00
        EC2     lost  0.5  504.57  5045.70  -
        EC2     open  0.5  32.11   -        -
        EC2     won   0.0  0.00    0.00     0.00
        Lambda  open  0.5  32.11   -        -
        Lambda  won   0.0  0.00    0.00     0.00
        RDS     won   1.0  302.74  3632.90  0.00
        S3      lost  0.5  504.57  5045.70  -
        S3      open  1.0  -       -        600.00
        S3      won   0.0  0.00    0.00     0.00
        SNS     won   1.0  146.78  5284.22  825.66
    """)


def test_products_position_based() -> None:
    # O1: Lambda and SNS 40 %, the others 20 % ÷ 3 = 1/15. Cents: 5871.2 and 978.53, two are left, for EC2 and RDS;
    # 211368.8 and 35228.13, two are left, for Lambda and SNS; 33026.4 and 5504.4, two are left, for EC2 and Lambda.
    # O3, half each: EC2 9.79 + 151.37 and 352.28 + 1816.45, RDS the same.
    assert attributed("position_based", "aws_product") == lines("""
        (none)  lost  2.0       41.28   -        1000.00
        EC2     lost  0.5       504.57  5045.70  -
        EC2     open  0.5       32.11   -        -
        EC2     won   0.566667  161.16  2168.73  55.05
        Lambda  open  0.5       32.11   -        -
        Lambda  won   0.4       58.71   2113.69  330.27
        RDS     won   0.566667  161.16  2168.73  55.04
        S3      lost  0.5       504.57  5045.70  -
        S3      open  1.0       -       -        600.00
        S3      won   0.066667  9.78    352.28   55.04
        SNS     won   0.4       58.71   2113.69  330.26
    """)


def test_products_time_decay() -> None:
    # O1         Lambda        EC2        RDS         S3        SNS
    # days       97.625         70         60         30          0  before the last
    # weight   0.104809   0.198425       0.25        0.5          1  in all 2.053234
    # share    0.051046   0.096640   0.121759   0.243518   0.487037
    # 14678      749.25    1418.49    1787.18    3574.36    7148.72  two cents are left, for SNS and EC2
    # 528422   26973.71   51066.85   64340.21  128680.41  257360.82  three, for EC2, SNS and Lambda
    # 82566     4214.65    7979.20   10053.16   20106.33   40212.66  two, for SNS and Lambda
    # O3, 31 days less a microsecond: EC2 0.488580 ÷ 1.488580 = 0.328219, RDS 0.671781: 9936.497 and 20337.503 cents,
    # 119238.62 and 244051.38. EC2: 14.19 + 99.36 and 510.67 + 1192.39; RDS: 17.87 + 203.38 and 643.40 + 2440.51.
    assert attributed("time_decay", "aws_product") == lines("""
        (none)  lost  2.0       41.28   -        1000.00
        EC2     lost  0.5       504.57  5045.70  -
        EC2     open  0.5       32.11   -        -
        EC2     won   0.424859  113.55  1703.06  79.79
        Lambda  open  0.5       32.11   -        -
        Lambda  won   0.051046  7.49    269.74   42.15
        RDS     won   0.79354   221.25  3083.91  100.53
        S3      lost  0.5       504.57  5045.70  -
        S3      open  1.0       -       -        600.00
        S3      won   0.243518  35.74   1286.80  201.06
        SNS     won   0.487037  71.49   2573.61  402.13
    """)


@pytest.mark.parametrize("model", MODELS)
def test_dimensions_of_one_position_are_alike_in_every_model(model: str) -> None:
    # Channels of O1, half each: 73.39, 2642.11, 412.83. Without a program are lost O2, O4 and O6: 41.28 + 1009.14.
    assert attributed(model, "campaign") == lines("""
        (none)  lost  1.0  -        -         1000.00
        (none)  open  1.0  -        -         600.00
        Spring  lost  1.0  41.28    -         -
        Spring  open  1.0  64.22    -         -
        Spring  won   1.0  302.74   3632.90   -
        Summer  lost  1.0  1009.14  10091.40  -
        Summer  won   1.0  146.78   5284.22   825.66
    """)
    assert attributed(model, "channel") == lines("""
        (none)  lost  2.0  41.28    -         1000.00
        (none)  open  2.0  64.22    -         600.00
        (none)  won   1.0  302.74   3632.90   -
        Email   lost  1.0  1009.14  10091.40  -
        Email   won   0.5  73.39    2642.11   412.83
        Social  won   0.5  73.39    2642.11   412.83
    """)
    assert attributed(model, "apn_program") == lines("""
        (none)          lost  3.0  1050.42  10091.40  1000.00
        (none)          open  2.0  64.22    -         600.00
        (none)          won   1.0  146.78   5284.22   825.66
        ISV Accelerate  won   1.0  302.74   3632.90   -
    """)
    assert attributed(model, "partner_need") == lines("""
        (none)   lost  3.0  1050.42  10091.40  1000.00
        (none)   open  2.0  64.22    -         600.00
        (none)   won   1.0  302.74   3632.90   -
        Co-Sell  won   1.0  146.78   5284.22   825.66
    """)


def test_an_as_of_date_in_the_past() -> None:
    """On January 10 a dollar was 0.92 euros, O2 had S-4 alone, O3 still had its solution, and O6 was won."""
    # Time decay of 30 days, 1/3 and 2/3: O1 of 138, 4,968 and 828; O6 of 920 and 9,200, where a cent is left for S-3.
    # S-2 open: 92 + 276 of O3 + 500 of O5, and 3312 + 3312 + 6000.
    assert attributed("time_decay", "solution", date(2026, 1, 10)) == lines("""
        (none)  lost  1.0       -       -         1000.00
        S-1     open  0.333333  46.00   1656.00   276.00
        S-1     won   0.666667  613.33  6133.33   -
        S-2     open  2.666667  868.00  12624.00  552.00
        S-3     won   0.333333  306.67  3066.67   -
        S-4     open  1.0       36.80   -         -
    """)
