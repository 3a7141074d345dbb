"""Exact money: text to decimals, quotients rounded once, and the reporting currency. No float anywhere."""

from decimal import Decimal

import polars as pl

MONEY = pl.Decimal(38, 2)
AMOUNT = r"^(0|[1-9][0-9]{0,30})(\.[0-9]{0,2})?$"  # MonetaryValue.Amount of the service model, "" left out
CENT = Decimal("0.01")


def parse_amount(text: pl.Expr) -> pl.Expr:
    """Amount as Decimal(38, 2): `"531"`, `"531."` and `"531.0"` are 531.00; null for what is no amount."""
    return pl.when(text.str.contains(AMOUNT)).then(text.cast(MONEY, strict=False))


def quotient(amount: pl.Expr, divisor: pl.Expr) -> pl.Expr:
    """`amount` ÷ `divisor` (an integer from 1), rounded half up to the cent; null when either is unknown.

    Polars divides decimals half to even. Int128 wraps on overflow, so only whole parts and remainders of the
    cents are taken here, neither of which can exceed what the decimal already held.
    """
    cents = amount.to_physical().cast(pl.Int128)
    parts = divisor.cast(pl.Int128)
    rounded_up = (cents % parts * 2 >= parts).cast(pl.Int128)
    return (cents // parts + rounded_up).cast(pl.Decimal(38, 0)) * pl.lit(CENT)


def to_reporting_currency(amount: pl.Expr, currency: pl.Expr, reporting_currency: str) -> pl.Expr:
    """`amount` in the reporting currency: itself when it is in that currency already, else null, as no
    exchange rate is known. The one place where a rate comes in."""
    return pl.when(currency == reporting_currency).then(amount)


def known_sum(amount: pl.Expr) -> pl.Expr:
    """Sum of the known amounts of a group; null when none of them is known, 0 in an empty group."""
    return pl.when((amount.len() == 0) | (amount.count() > 0)).then(amount.sum())
