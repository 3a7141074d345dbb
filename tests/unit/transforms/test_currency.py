"""Conversion by hand. A rates file is its base and `currency rate` pairs, the rate in units per one unit of the base;
an amount is `amount currency`, with `-` for an unknown one."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import polars as pl
import pytest

from transforms.currency import (
    FxRates,
    Quote,
    ReportingCurrency,
    exchange_rate,
    quotes_as_of,
    to_reporting_currency,
)
from transforms.money import MONEY
from transforms.revenue import CURRENCY_OF, with_reporting

AS_OF = date(2026, 3, 31)
PER_EURO = ("USD 1.08", "GBP 0.83", "JPY 160")


def rates(code: str, base: str | None, *quotes: str, day: date = AS_OF) -> ReportingCurrency:
    pairs = [quote.split() for quote in quotes]
    return ReportingCurrency(code, base, tuple(Quote(day, currency, Decimal(rate)) for currency, rate in pairs))


def known(text: str) -> str | None:
    return None if text == "-" else text


def converted(amounts: list[str], reporting: ReportingCurrency) -> list[str]:
    pairs = [amount.split() for amount in amounts]
    frame = pl.DataFrame(
        {"amount": [known(amount) for amount, _ in pairs], "currency": [known(currency) for _, currency in pairs]},
        {"amount": pl.String, "currency": pl.String},
    ).with_columns(pl.col("amount").cast(MONEY), rate=exchange_rate(pl.col("currency"), reporting))
    result = frame.select(to_reporting_currency(pl.col("amount"), pl.col("rate"))).to_series()
    assert result.dtype == MONEY
    return ["-" if amount is None else str(amount) for amount in result.to_list()]


def convert(amount: str, reporting: ReportingCurrency) -> str:
    return converted([amount], reporting)[0]


@pytest.mark.parametrize(
    ("amount", "dollars"),
    [
        ("7.51 USD", "7.51"),
        ("100.00 EUR", "108.00"),  # the base: 100 * 1.08
        ("0.10 EUR", "0.11"),  # 0.108
        ("5.00 GBP", "6.51"),  # 5 * 1.08 / 0.83 = 6.5060…; by way of 6.02 whole euro cents it would be 6.50
        ("10000.00 GBP", "13012.05"),  # 13012.048…; with the cross rate rounded to 1.3012 it would be 13012.00
        ("1.00 JPY", "0.01"),  # 1.08 / 160 = 0.00675
        ("0.74 JPY", "0.00"),  # 0.004995
        ("0.00 GBP", "0.00"),
        ("- GBP", "-"),
        ("- USD", "-"),
        ("5.00 -", "-"),
        ("- -", "-"),
        ("5.00 CHF", "-"),
        ("5.00 usd", "-"),
    ],
)
def test_amounts_across_the_base(amount: str, dollars: str) -> None:
    assert convert(amount, rates("USD", "EUR", *PER_EURO)) == dollars


@pytest.mark.parametrize(
    ("amount", "euros"),
    [
        ("7.51 EUR", "7.51"),
        ("108.00 USD", "100.00"),
        ("1.00 USD", "0.93"),  # 1 / 1.08 = 0.925…
        ("1.00 GBP", "1.20"),  # 1 / 0.83 = 1.204…
        ("1.00 CHF", "-"),
    ],
)
def test_amounts_in_the_base_as_reporting_currency(amount: str, euros: str) -> None:
    assert convert(amount, rates("EUR", "EUR", *PER_EURO)) == euros


def test_every_row_has_the_rate_of_its_own_currency() -> None:
    amounts = ["5.00 GBP", "100.00 EUR", "5.00 CHF", "7.51 USD", "5.00 -", "5.00 GBP"]
    assert converted(amounts, rates("USD", "EUR", *PER_EURO)) == ["6.51", "108.00", "-", "7.51", "-", "6.51"]


@pytest.mark.parametrize("reporting", [rates("USD", None), rates("USD", "EUR", "GBP 0.83"), rates("USD", "EUR")])
def test_without_a_rate_of_its_own_the_reporting_currency_converts_nothing_but_itself(
    reporting: ReportingCurrency,
) -> None:
    assert converted(["7.51 USD", "1.00 EUR", "1.00 GBP"], reporting) == ["7.51", "-", "-"]


@pytest.mark.parametrize(
    ("rate", "amount", "dollars"),
    [
        ("1.125", "0.04", "0.05"),  # 4.5 cents: half to even would be 0.04
        ("1.125", "0.12", "0.14"),  # 13.5 cents
        ("1.125", "0.03", "0.03"),  # 3.375 cents
        ("0.5", "0.01", "0.01"),
        ("0.4999999999999", "0.01", "0.00"),
        ("0.5000000000001", "0.05", "0.03"),
        ("1.005", "1.00", "1.01"),  # 1.005 as a float is a little less
    ],
)
def test_half_a_cent_is_rounded_up(rate: str, amount: str, dollars: str) -> None:
    assert convert(f"{amount} EUR", rates("USD", "EUR", f"USD {rate}")) == dollars


def test_rates_of_17_digits_are_used_exactly() -> None:
    per_euro = rates("USD", "EUR", "USD 1.2345678901234567", "GBP 0.87654321098765432")
    assert convert("10000000000000000.00 EUR", per_euro) == "12345678901234567.00"
    assert convert("87654321098765432.00 GBP", per_euro) == "123456789012345670.00"  # 10^17 euros
    per_dollar = rates("EUR", "EUR", "USD 1.2345678901234567")
    assert convert("12345678901234567.00 USD", per_dollar) == "10000000000000000.00"


MOST = "999999999.99999999"  # 17 digits, 9 of them before the point: (10^17 - 1) / 10^8
LEAST = "0.000000000000000001"


@pytest.mark.parametrize(
    ("yen", "pounds", "amount", "in_yen"),
    [
        # 10^10 * (10^17 - 1) pounds are a yen: half a cent, a hair less, and 10^9 yen with a hair more.
        (LEAST, MOST, "4999999999999999950000000.00 GBP", "0.01"),
        (LEAST, MOST, "4999999999999999949999999.99 GBP", "0.00"),
        (LEAST, MOST, "9" * 36 + ".99 GBP", "1000000000.00"),
        # A pound is as many yen, and 1.01 of them are more than 10^29 cents.
        (MOST, LEAST, "0.01 GBP", "9999999999999999900000000.00"),
        (MOST, LEAST, "1.00 GBP", "999999999999999990000000000.00"),
        (MOST, LEAST, "1.01 GBP", "-"),
        # A pound is (10^17 - 1) / (10^17 - 2) yen: 5 * 10^16 - 1 cents are half a cent more, a cent less a hair less.
        (MOST, "999999999.99999998", "499999999999999.99 GBP", "500000000000000.00"),
        (MOST, "999999999.99999998", "499999999999999.98 GBP", "499999999999999.98"),
        # A pound is 10^10 * (10^17 - 1) / (10^17 - 2) yen: the amount is half of that divisor.
        (MOST, "0.099999999999999998", "49999999999999999.00 GBP", "499999999999999995000000000.00"),
        (MOST, "0.99999999999999999", "0.01 GBP", "10000000.00"),
        # 10^9 * 1.2345678901234567 / 1.2345678912345678 = 10^9 - 0.9, but for 2 * 10^-9.
        ("0.12345678901234567", "123456789.12345678", "999999999999999999.99 GBP", "999999999.10"),
    ],
)
def test_rates_of_as_many_digits_as_are_allowed(yen: str, pounds: str, amount: str, in_yen: str) -> None:
    assert convert(amount, rates("JPY", "EUR", f"JPY {yen}", f"GBP {pounds}")) == in_yen


@pytest.mark.parametrize(
    ("amount", "dollars"),
    [
        ("9" * 24 + ".99 EUR", "1249999999999999999999999.99"),  # 10^24 * 1.25 less 1.25 cents
        ("8" + "0" * 26 + ".00 EUR", "1" + "0" * 27 + ".00"),  # 10^29 cents
        ("8" + "0" * 26 + ".01 EUR", "-"),  # a cent and a quarter more
        ("9" * 36 + ".99 EUR", "-"),
        ("9" * 36 + ".99 USD", "9" * 36 + ".99"),
        ("9" * 24 + ".99 JPY", "7812500000000000000000.00"),  # 10^24 / 128
        ("9" * 36 + ".99 JPY", "-"),
    ],
)
def test_the_largest_amounts_are_exact_or_unknown(amount: str, dollars: str) -> None:
    assert convert(amount, rates("USD", "EUR", "USD 1.25", "JPY 160")) == dollars


def test_a_currency_worth_next_to_nothing_is_converted() -> None:
    """0.3 Kuwaiti dinars and 900 million bolívares per dollar: three thousand million of these are one dinar."""
    reporting = rates("KWD", "USD", "KWD 0.3", "VES 900000000")
    assert converted(["3000000000.00 VES", "15000000.00 VES", "14999999.99 VES"], reporting) == ["1.00", "0.01", "0.00"]
    assert convert("9" * 36 + ".99 VES", reporting) == "3" * 27 + ".33"  # 10^36 / (3 * 10^9) less a hair


def test_a_currency_worth_a_fortune_is_converted() -> None:
    reporting = rates("VES", "USD", "KWD 0.3", "VES 900000000")
    assert converted(["1.00 KWD", "0.01 KWD"], reporting) == ["3000000000.00", "30000000.00"]


def test_the_rates_leave_the_reporting_currency_out() -> None:
    assert rates("USD", "EUR", *PER_EURO).rates == {
        "EUR": Fraction(108, 100),
        "GBP": Fraction(108, 83),
        "JPY": Fraction(108, 16_000),
    }


def test_each_reporting_column_is_its_own_amount_in_its_own_currency() -> None:
    """A euro is 1.08 dollars, a pound 1.30120…, and a hundred yen 0.675."""
    money = """
        aws_mrr              100.10    108.11    108.108
        deal_tcv             100.00    130.12    130.1204…
        deal_mrr             200.00    260.24    260.2409…
        aws_tcv              300.00    324.00
        aws_arr              400.00    432.00
        aws_acv              500.05    540.05    540.054
        software_tcv      900000.00   6075.00
        software_mrr      100001.00    675.01    675.00675
    """
    lines = [line.split() for line in money.strip().splitlines()]
    row = {
        "aws_currency_code": "EUR",
        "deal_currency_code": "GBP",
        "software_currency_code": "JPY",
        **{name: Decimal(native) for name, native, *_ in lines},
    }
    assert list(CURRENCY_OF) == [name for name, *_ in lines]
    frame = pl.LazyFrame([row], schema_overrides=dict.fromkeys(CURRENCY_OF, MONEY))
    reported = with_reporting(frame, rates("USD", "EUR", *PER_EURO)).collect()
    names = [f"{name}_reporting" for name in CURRENCY_OF]
    assert reported.columns == [*row, *names]
    assert [str(amount) for amount in reported.select(names).row(0)] == [dollars for _, _, dollars, *_ in lines]


@pytest.mark.parametrize(
    ("quotes", "max_age_days", "usable"),
    [
        ("2026-03-31 USD 1.08", 10, ["2026-03-31 USD 1.08"]),
        ("2026-03-30 USD 1.08", 10, ["2026-03-30 USD 1.08"]),
        ("2026-03-21 USD 1.08", 10, ["2026-03-21 USD 1.08"]),  # ten days before
        ("2026-03-20 USD 1.08", 10, []),
        ("2026-04-01 USD 1.08", 10, []),
        ("2026-03-30 USD 1.07, 2026-03-31 USD 1.08, 2026-04-01 USD 1.09", 10, ["2026-03-31 USD 1.08"]),
        ("2026-03-20 USD 1.06, 2026-03-27 USD 1.07, 2026-04-01 USD 1.09", 10, ["2026-03-27 USD 1.07"]),
        ("2026-03-31 USD 1.08", 0, ["2026-03-31 USD 1.08"]),
        ("2026-03-30 USD 1.08, 2026-04-01 USD 1.09", 0, []),
        (
            "2026-03-31 USD 1.08, 2026-03-25 GBP 0.83, 2026-03-20 JPY 160, 2026-03-24 GBP 0.84",
            10,
            ["2026-03-25 GBP 0.83", "2026-03-31 USD 1.08"],
        ),
        ("", 10, []),
    ],
)
def test_the_last_usable_quote_of_each_currency(quotes: str, max_age_days: int, usable: list[str]) -> None:
    cells = [quote.split() for quote in quotes.split(", ") if quote]
    given = [Quote(date.fromisoformat(day), currency, Decimal(rate)) for day, currency, rate in cells]
    for order in (given, given[::-1]):
        found = quotes_as_of(iter(order), AS_OF, max_age_days)
        assert [f"{quote.day} {quote.currency} {quote.per_base}" for quote in found] == usable


def test_the_table_shows_the_base_and_every_quote_with_its_day() -> None:
    reporting = rates("USD", "EUR", "USD 1.08", "JPY 160.000000000000000001", day=date(2026, 3, 27))
    assert FxRates.validate(reporting.table()).rows() == [
        ("EUR", None, Decimal(1), "EUR"),
        ("JPY", date(2026, 3, 27), Decimal("160.000000000000000001"), "EUR"),
        ("USD", date(2026, 3, 27), Decimal("1.08"), "EUR"),
    ]


def test_amounts_are_converted_with_the_table_as_its_comment_says() -> None:
    """An amount times the reporting currency's per_base, divided by that of its own currency."""
    reporting = rates("USD", "EUR", *PER_EURO)
    per_base = dict(reporting.table().select("currency_code", "per_base").rows())
    # 100 * 1.08 / 1, / 0.83, / 160 and / 1.08
    for currency, dollars in {"EUR": "108.00", "GBP": "130.12", "JPY": "0.68", "USD": "100.00"}.items():
        by_table = 100 * per_base["USD"] / per_base[currency]
        assert str(by_table.quantize(Decimal("0.01"), ROUND_HALF_UP)) == dollars
        assert convert(f"100.00 {currency}", reporting) == dollars


def test_without_a_rates_file_the_table_is_empty() -> None:
    assert FxRates.validate(ReportingCurrency("USD").table()).is_empty()
