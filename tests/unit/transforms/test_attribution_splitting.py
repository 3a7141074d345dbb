"""Amounts that do not divide: every part is rounded down, and what is left goes to the largest remainders."""

import pytest
from attribution_tables import of_one, sums
from histories import lines, shown

MODELS = "linear first_touch last_touch position_based"
ABC = """
    A  1
    B  2
    C  3
"""


@pytest.mark.parametrize(
    ("amount", "parts"),
    [
        ("0.00", "0.00   0.00   0.00"),
        ("0.01", "0.01   0.00   0.00"),  # 1/3 of a cent each: the first by value
        ("0.02", "0.01   0.01   0.00"),
        ("0.03", "0.01   0.01   0.01"),
        ("0.04", "0.02   0.01   0.01"),
        ("100.00", "33.34  33.33  33.33"),
        ("100.01", "33.34  33.34  33.33"),
        ("100.02", "33.34  33.34  33.34"),
    ],
)
def test_linear_over_three(amount: str, parts: str) -> None:
    assert [row[1] for row in of_one(amount, ABC, "linear")] == parts.split()


@pytest.mark.parametrize(
    ("amount", "parts"),
    [
        ("0.00", "0.00   0.00   0.00"),
        ("0.01", "0.01   0.00   0.00"),  # 0.4, 0.2, 0.4 cents: A before C
        ("0.02", "0.01   0.00   0.01"),  # 0.8, 0.4, 0.8
        ("0.03", "0.01   0.01   0.01"),  # 1.2, 0.6, 1.2
        ("0.04", "0.02   0.01   0.01"),  # 1.6, 0.8, 1.6: two are left, for B and then A before C
        ("0.05", "0.02   0.01   0.02"),  # 2, 1, 2
        ("100.01", "40.01  20.00  40.00"),  # 4000.4, 2000.2, 4000.4
    ],
)
def test_position_based_over_three(amount: str, parts: str) -> None:
    assert [row[1] for row in of_one(amount, ABC, "position_based")] == parts.split()


@pytest.mark.parametrize(
    ("amount", "parts"),
    [
        ("0.01", "0.00   0.00   0.01"),  # 1/7, 2/7 and 4/7 of a cent
        ("0.02", "0.00   0.01   0.01"),  # 2/7, 4/7, 1 + 1/7
        ("0.03", "0.00   0.01   0.02"),  # 3/7, 6/7, 1 + 5/7: two are left, for B and C
        ("0.04", "0.01   0.01   0.02"),  # 4/7, 1 + 1/7, 2 + 2/7
        ("0.06", "0.01   0.02   0.03"),  # 6/7, 1 + 5/7, 3 + 3/7: two are left, for A and B
        ("0.07", "0.01   0.02   0.04"),
    ],
)
def test_time_decay_over_three(amount: str, parts: str) -> None:
    touches = """
        A  1  2026-01-30
        B  2  2026-03-01
        C  3  2026-03-31
    """
    assert [row[1] for row in of_one(amount, touches, "time_decay")] == parts.split()


def test_first_and_last_touch_leave_nothing_to_those_without_credit() -> None:
    touches = """
        A  1
        B  1
        C  2
        D  2
    """
    # Half a cent each for A and B, or for C and D.
    assert of_one("0.01", touches, MODELS) == lines("""
        A  0.01  0.01  0.00  0.01
        B  0.00  0.00  0.00  0.00
        C  0.00  0.00  0.01  0.00
        D  0.00  0.00  0.00  0.00
    """)


def test_the_largest_remainder_comes_before_the_first_value() -> None:
    touches = """
        A  1
        B  2
        C  2
        D  3
        E  3
        F  3
    """
    # linear, 100 cents: A 33 + 1/3, B and C 16 + 2/3, D to F 11 + 1/9. 33 + 2 * 16 + 3 * 11 = 98: two are left, for B
    # and C.
    # position based: A 40, B and C 10, D to F 13 + 1/3. 40 + 2 * 10 + 3 * 13 = 99: one is left, for D.
    # first touch: A. last touch: D to F 33 + 1/3; one is left, for D.
    assert of_one("1.00", touches, MODELS) == lines("""
        A  0.33  1.00  0.00  0.40
        B  0.17  0.00  0.00  0.10
        C  0.17  0.00  0.00  0.10
        D  0.11  0.00  0.34  0.14
        E  0.11  0.00  0.33  0.13
        F  0.11  0.00  0.33  0.13
    """)


def test_equal_remainders_stand_in_the_order_of_code_points() -> None:
    """Not in that of any alphabet, of numbers, of the touches, or of UTF-16, in which the last two change places."""
    ordered = ["10", "9", "Z", "a", "ab", "é", "中", "\ufb4f", "\U0001f600"]
    touches = "\n".join(f"{value}  1" for value in reversed(ordered))
    # 4 cents over 9 values of one position: 4/9 each.
    assert of_one("0.04", touches, "linear") == [
        *([value, "0.01"] for value in ordered[:4]),
        *([value, "0.00"] for value in ordered[4:]),
    ]


def test_credit_is_split_into_parts_of_10_to_the_minus_18() -> None:
    # linear 1/3 each: the unit that is left is A's. position based: 2/5, 1/5, 2/5.
    assert of_one("1.00", ABC, MODELS, "credit") == lines("""
        A  0.333333333333333334  1.000000000000000000  0.000000000000000000  0.400000000000000000
        B  0.333333333333333333  0.000000000000000000  0.000000000000000000  0.200000000000000000
        C  0.333333333333333333  0.000000000000000000  1.000000000000000000  0.400000000000000000
    """)


def test_money_is_split_by_the_exact_shares_not_by_the_rounded_credit() -> None:
    """Of 3 * 10^20 dollars each of three has a third to the cent. By a credit of 0.333333333333333334 A's part would be
    200 dollars too much."""
    assert of_one("300000000000000000000.00", ABC, "linear") == lines("""
        A  100000000000000000000.00
        B  100000000000000000000.00
        C  100000000000000000000.00
    """)


def test_the_largest_amounts_are_split_to_the_cent() -> None:
    """10^38 - 2 cents: as 10^38 - 1 is three times 33...3, two of the three parts are that, and the last a cent less.
    The halves of 10^38 - 1 cents are a cent apart."""
    third = "333333333333333333333333333333333333.33"
    assert of_one("999999999999999999999999999999999999.98", ABC, "linear") == [
        ["A", third],
        ["B", third],
        ["C", third[:-1] + "2"],
    ]
    assert of_one("999999999999999999999999999999999999.99", "A  1\nB  2", "linear position_based") == [
        ["A", *["500000000000000000000000000000000000.00"] * 2],
        ["B", *["499999999999999999999999999999999999.99"] * 2],
    ]


def test_the_largest_amount_decays_to_the_cent() -> None:
    touches = """
        A  1  2026-03-01
        B  2  2026-03-31
    """
    # A third and two thirds of 10^38 - 1 cents, which 3 divides.
    assert of_one("999999999999999999999999999999999999.99", touches, "time_decay") == lines("""
        A  333333333333333333333333333333333333.33
        B  666666666666666666666666666666666666.66
    """)


def test_a_hundred_values_of_one_position() -> None:
    touches = "\n".join(f"V{number:02}  1" for number in range(100))
    # 10,050 cents over 100: 100.5 each, and 50 are left for the first 50.
    parts = [row[1] for row in of_one("100.50", touches, "linear")]
    assert parts == ["1.01"] * 50 + ["1.00"] * 50


def test_each_amount_of_an_opportunity_is_split_on_its_own() -> None:
    touches = "\n".join(f"O1  solution  {value}  {position}" for position, value in enumerate("ABC", start=1))
    table = sums("O1  Prospect  0.01  100.00  -", touches)
    is_linear = (table["model"] == "linear") & (table["dimension"] == "solution")
    columns = "value aws_mrr aws_tcv software_tcv known_aws_mrr known_aws_tcv known_software_tcv"
    assert shown(table.filter(is_linear), columns) == lines("""
        A  0.01  33.34  0.00  1  1  0
        B  0.00  33.33  0.00  1  1  0
        C  0.00  33.33  0.00  1  1  0
    """)
