"""How the report writes what it shows."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from pipelines.report import format as write

MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"
SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("number", "currency", "text"),
    [
        ("1234.50", "USD", "1,234.50"),
        ("0.005", "USD", "0.01"),
        ("-0.004", "USD", "0.00"),
        ("-1234.5", "EUR", f"{MINUS}1,234.50"),
        ("1234.50", "JPY", "1,235"),
        ("1234567890123456789012345678901234.56", "USD", "1,234,567,890,123,456,789,012,345,678,901,234.56"),
    ],
)
def test_an_amount_has_the_digits_of_its_currency_and_all_of_them(number: str, currency: str, text: str) -> None:
    assert write.amount(Decimal(number), currency) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0"),
        ("0.004", "0"),
        ("7.5", "8"),
        ("999.49", "999"),
        ("999.50", f"1.00{SPACE}k"),
        ("5215379.26", f"5.22{SPACE}M"),
        ("32000000", f"32.0{SPACE}M"),
        ("999499.99", f"999{SPACE}k"),
        ("999500", f"1.00{SPACE}M"),
        ("-12345", f"{MINUS}12.3{SPACE}k"),
        ("2500000000", f"2.50{SPACE}bn"),
        ("999000000000000", f"999{SPACE}tn"),
        ("9876543120987654312098765.36", f"9.88{SPACE}{TIMES} 10\u00b2\u2074"),
    ],
)
def test_a_short_amount_has_three_digits_and_its_unit(number: str, text: str) -> None:
    assert write.compact(Decimal(number)) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.2786885245901639, "27.9 %"), (0.0, "0.0 %"), (1.0, "100.0 %"), (1e-9, "0.0 %")]
)
def test_a_share_is_a_percentage(share: float, text: str) -> None:
    assert write.percent(share) == text


def test_what_is_unknown_is_never_a_number() -> None:
    shown = [write.count(None), write.amount(None, "USD"), write.compact(None), write.percent(None), write.days(None)]
    assert shown == [None] * 5


def test_a_change_has_a_sign_and_none_has_not() -> None:
    assert [write.signed(number, "5") for number in (5, -5)] == ["+5", f"{MINUS}5"]
    assert write.signed(Decimal("0.00"), "0") == "0"


def test_days_and_instants_are_those_of_utc() -> None:
    day = date(2026, 9, 1)
    assert (write.month(day), write.month_in_full(day), write.calendar_day(day)) == (
        "Sep 2026",
        "September 2026",
        "1 September 2026",
    )
    assert write.instant(datetime(2026, 9, 1, 23, 59, 59, tzinfo=UTC)) == "2026-09-01 23:59 UTC"
    assert write.days(137.84999) == "137.8"
