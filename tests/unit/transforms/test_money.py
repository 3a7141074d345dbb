from decimal import Decimal

import polars as pl
import pytest
from polars.exceptions import ComputeError

from transforms.money import MONEY, parse_amount, quotient, to_reporting_currency

LARGEST = "9" * 31 + ".99"


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


def test_only_an_amount_in_the_reporting_currency_is_reported() -> None:
    frame = pl.DataFrame(
        {"amount": [Decimal("7.50")] * 3, "currency": ["EUR", "USD", None]},
        {"amount": MONEY, "currency": pl.String},
    )
    reported = frame.select(to_reporting_currency(pl.col("amount"), pl.col("currency"), "EUR")).to_series()
    assert reported.to_list() == [Decimal("7.50"), None, None]
