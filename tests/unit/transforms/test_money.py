from decimal import Decimal

import polars as pl
import pytest
from polars.exceptions import ComputeError

from transforms.money import MONEY, known_sum, parse_amount, quotient, times_fraction

LARGEST = "9" * 31 + ".99"


def times(amount: str | None, numerator: int | None, denominator: int | None) -> str | None:
    frame = pl.DataFrame(
        {
            "amount": [None if amount is None else Decimal(amount)],
            "numerator": [numerator],
            "denominator": [denominator],
        },
        {"amount": MONEY, "numerator": pl.Int128, "denominator": pl.Int128},
    )
    result = frame.select(times_fraction(*map(pl.col, frame.columns))).to_series()
    assert result.dtype == MONEY
    return None if result.item() is None else str(result.item())


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("531", "531.00"),
        ("531.0", "531.00"),
        ("1.", "1.00"),
        ("0", "0.00"),
        ("0.05", "0.05"),
        (LARGEST, LARGEST),
        ("1" + "0" * 30, "1" + "0" * 30 + ".00"),
        ("", None),
        (None, None),
        (".5", None),
        ("01", None),
        ("0.005", None),
        ("-1", None),
        ("+1", None),
        ("1e3", None),
        ("1,000", None),
        (" 1", None),
        ("1\n", None),
        ("\N{ARABIC-INDIC DIGIT ONE}", None),
        ("NaN", None),
        ("1" + "0" * 31, None),
    ],
)
def test_amounts_are_read_exactly_or_not_at_all(text: str | None, amount: str | None) -> None:
    parsed = pl.DataFrame({"text": [text]}, {"text": pl.String}).select(parse_amount(pl.col("text"))).to_series()
    assert parsed.dtype == MONEY
    assert parsed.to_list() == [None if amount is None else Decimal(amount)]


@pytest.mark.parametrize(
    ("amount", "divisor", "expected"),
    [
        ("100.00", 3, "33.33"),
        ("200.00", 3, "66.67"),
        ("0.05", 2, "0.03"),  # half to even would be 0.02
        ("0.03", 2, "0.02"),
        ("0.01", 2, "0.01"),
        ("0.01", 3, "0.00"),
        ("1.00", 144, "0.01"),
        (LARGEST, 144, "69444444444444444444444444444.44"),
        (LARGEST, 1, LARGEST),
        ("9" * 36 + ".99", 1, "9" * 36 + ".99"),
        (None, 3, None),
        ("1.00", None, None),
    ],
)
def test_a_quotient_is_rounded_half_up_once(amount: str | None, divisor: int | None, expected: str | None) -> None:
    frame = pl.DataFrame(
        {"amount": [None if amount is None else Decimal(amount)], "divisor": [divisor]},
        {"amount": MONEY, "divisor": pl.Int32},
    )
    result = frame.select(quotient(pl.col("amount"), pl.col("divisor"))).to_series()
    assert result.dtype == MONEY
    assert result.to_list() == [None if expected is None else Decimal(expected)]


def test_a_product_beyond_38_digits_is_an_error_and_never_a_wrong_number() -> None:
    frame = pl.DataFrame({"amount": [Decimal("9" * 36)], "months": [144]}, {"amount": MONEY, "months": pl.Int32})
    with pytest.raises(ComputeError, match="overflow"):
        frame.select(pl.col("amount") * pl.col("months"))


@pytest.mark.parametrize(
    ("amount", "numerator", "denominator", "expected"),
    [
        ("0.05", 1, 2, "0.03"),  # 2.5 cents: half to even would be 0.02
        ("0.15", 1, 2, "0.08"),  # 7.5 cents
        ("0.10", 1, 3, "0.03"),  # 3.33… cents
        ("0.10", 2, 3, "0.07"),  # 6.66… cents
        ("0.01", 49, 100, "0.00"),
        ("0.01", 50, 100, "0.01"),
        ("10.00", 9, 8, "11.25"),
        ("10.01", 9, 8, "11.26"),  # 1001 * 9 / 8 = 1126.125 cents
        ("0.04", 9, 8, "0.05"),  # 4.5 cents
        ("0.00", 9, 8, "0.00"),
        ("9" * 36 + ".99", 1, 1, "9" * 36 + ".99"),
        ("9" * 36 + ".99", 10**18, 10**18, "9" * 36 + ".99"),  # cents times 10^18 would not fit in 128 bits
        ("9999999999999999999.99", 1, 2, "5000000000000000000.00"),  # a float has no odd cents of that size
        (None, 1, 2, None),
        ("1.00", None, 2, None),
        ("1.00", 1, None, None),
    ],
)
def test_an_amount_times_a_fraction_is_rounded_half_up_once(
    amount: str | None, numerator: int | None, denominator: int | None, expected: str | None
) -> None:
    assert times(amount, numerator, denominator) == expected


@pytest.mark.parametrize(
    ("amount", "numerator", "denominator", "expected"),
    [
        # Half of 10^19 - 1 cents; then 10^-8 cents less than that; then 10^30 - 10^11 cents less 10^-8.
        ("5" + "0" * 24 + ".00", 10**19 - 1, 10**27, "50000000000000000.00"),
        ("4" + "9" * 24 + ".99", 10**19 - 1, 10**27, "49999999999999999.99"),
        ("9" * 36 + ".99", 10**19 - 1, 10**27, "9999999999999999999000000000.00"),
        # Half of 10^27 - 1 cents; then 10^8 less and 10^8 more than that, but for 10^-19.
        ("50000000000000000.00", 10**27 - 1, 10**19, "5000000000000000000000000.00"),
        ("49999999999999999.99", 10**27 - 1, 10**19, "4999999999999999999000000.00"),
        ("50000000000000000.01", 10**27 - 1, 10**19, "5000000000000000000999999.99"),
        # 10^30 - 1 cents, times 10^8; 10^38 - 1 cents, less a part in 10^23, or none.
        ("9" * 28 + ".99", 10**27, 10**19, "9" * 30 + "000000.00"),
        ("9" * 36 + ".99", 10**23 - 1, 10**23, "999999999999999999999989999999999999.99"),
        ("9" * 36 + ".99", 10**23, 10**23, "9" * 36 + ".99"),
        # The whole range of the results: 10^38 - 10^27 cents and nothing.
        ("9" * 9 + ".99", 10**27, 1, "9" * 11 + "0" * 25 + ".00"),
        ("9" * 36 + ".99", 1, 10**27, "1000000000.00"),
        ("4" + "9" * 24 + ".99", 1, 10**27, "0.00"),
        ("5" + "0" * 24 + ".00", 1, 10**27, "0.01"),
        # A third of 10^9 and of its neighbours.
        ("1.00", 10**9 - 1, 3, "333333333.00"),
        ("1.00", 10**9, 3, "333333333.33"),
        ("1.00", 10**9 + 1, 3, "333333333.67"),
    ],
)
def test_the_largest_fractions_are_exact(amount: str, numerator: int, denominator: int, expected: str) -> None:
    # All are (2 * cents * numerator + denominator) // (2 * denominator) of Python's integers.
    assert times(amount, numerator, denominator) == expected


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ([], "0.00"),
        (["1.10", "2.20"], "3.30"),
        (["1.10", None], "1.10"),
        (["0.00", None], "0.00"),
        ([None], None),
        ([None, None], None),
    ],
)
def test_a_known_sum_leaves_unknown_amounts_out_and_is_unknown_without_a_known_one(
    amounts: list[str | None], expected: str | None
) -> None:
    frame = pl.DataFrame({"amount": [None if text is None else Decimal(text) for text in amounts]}, {"amount": MONEY})
    assert frame.select(known_sum(pl.col("amount"))).to_series().to_list() == [
        None if expected is None else Decimal(expected)
    ]


def test_a_known_sum_of_each_group() -> None:
    frame = pl.DataFrame(
        {"stage": ["a", "a", "b", "c"], "amount": [Decimal("1.10"), None, None, Decimal("0.00")]},
        {"stage": pl.String, "amount": MONEY},
    )
    sums = frame.group_by("stage").agg(known_sum(pl.col("amount"))).sort("stage")
    assert sums.rows() == [("a", Decimal("1.10")), ("b", None), ("c", Decimal("0.00"))]
