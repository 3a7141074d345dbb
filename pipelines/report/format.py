"""How the report writes numbers, amounts, shares and days. What is unknown is None, and never 0."""

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import TypeVar

from babel.dates import format_date
from babel.numbers import format_decimal, get_currency_precision

LOCALE = "en_GB"
MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
UNITS = {0: "", 3: "k", 6: "M", 9: "bn", 12: "tn"}
UNIT_WORDS = {0: "", 3: "thousands", 6: "millions", 9: "billions", 12: "trillions"}
LARGEST_UNIT = 12
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
EXACT = Context(prec=60)  # more digits than any sum of a DECIMAL(38,2)
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
ELLIPSIS = "…"

Number = TypeVar("Number", int, float, Decimal)


def count(number: int | None) -> str | None:
    """Write a whole number: 1,234."""
    return None if number is None else _number(Decimal(number), 0)


def amount(number: Decimal | None, currency: str) -> str | None:
    """Write an amount to the cent, or to what its currency has in place of cents: 1,234.50; of yen 1,235."""
    return None if number is None else _number(number, get_currency_precision(currency))


def compact(amount: Decimal | None) -> str | None:
    """Write an amount in three digits: 5.22 M."""
    if amount is None:
        return None
    unit = unit_of(amount)
    with localcontext(EXACT):
        scaled = amount.scaleb(-unit)
    decimals = 0 if unit == 0 or abs(scaled) >= 100 else 1 if abs(scaled) >= 10 else 2
    return f"{_number(scaled, decimals)}{_spaced(UNITS.get(unit) or power_of_ten(unit))}"


def unit_of(amount: Decimal) -> int:
    """Return the power of ten in which an amount reads best, 0 for single units; a multiple of three."""
    with localcontext(EXACT):
        digits = int(abs(amount).to_integral_value(ROUND_HALF_UP)).bit_length() and abs(amount).adjusted()
    unit = max(0, digits // 3 * 3)
    rounds_up = abs(amount) >= Decimal("999.5").scaleb(unit, EXACT)  # to 1,000 of it, which is 1 of the next
    return unit + 3 if rounds_up else unit


def power_of_ten(exponent: int) -> str:
    """Write a power of ten that has no short name; nothing for 1."""
    return f"\N{MULTIPLICATION SIGN} 10{str(exponent).translate(SUPERSCRIPTS)}" if exponent else ""


def percent(share: float | None, decimals: int = 1) -> str | None:
    """Write a share of 1 as a percentage: 27.9 %."""
    return None if share is None else f"{_number(Decimal(repr(share)) * 100, decimals)} %"


def days(number: float | None) -> str | None:
    """Write a number of days to one decimal."""
    return None if number is None else _number(Decimal(repr(number)), 1)


def signed(number: Number, text: str | None) -> str:
    """Put the sign of a change, if it is one, in front of the text of its size."""
    return f"{'+' if number > 0 else MINUS if number < 0 else ''}{text}"


def month(day: date) -> str:
    """Write a month: Nov 2026."""
    return str(format_date(day, "LLL yyyy", locale="en"))


def month_in_full(day: date) -> str:
    """Write a month: November 2026."""
    return str(format_date(day, "LLLL yyyy", locale=LOCALE))


def calendar_day(day: date) -> str:
    """Write a day: 23 November 2026."""
    return str(format_date(day, "d MMMM yyyy", locale=LOCALE))


def instant(at: datetime) -> str:
    """Write an instant to the minute: 2026-11-23 18:34 UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def plain(markdown: str) -> str:
    """Return a text without the marks of Markdown for code and links."""
    return LINK.sub(r"\1", markdown).replace("`", "")


def _number(number: Decimal, decimals: int) -> str:
    with localcontext(EXACT):
        rounded = number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
        rounded = abs(rounded) if rounded.is_zero() else rounded
        text = str(format_decimal(rounded, f"#,##0.{'0' * decimals}", locale=LOCALE))
    return text.replace("-", MINUS)


def _spaced(unit: str) -> str:
    return f"\N{NO-BREAK SPACE}{unit}" if unit else ""
