"""Exact money: text to decimals, products and quotients rounded once. No float anywhere."""

from decimal import Decimal

import polars as pl

MONEY = pl.Decimal(38, 2)
AMOUNT = r"^(0|[1-9][0-9]{0,30})(\.[0-9]{0,2})?$"  # MonetaryValue.Amount of the service model, "" left out
CENT = Decimal("0.01")
STEP = 10**9


def parse_amount(text: pl.Expr) -> pl.Expr:
    """Amount as Decimal(38, 2): `"531"`, `"531."` and `"531.0"` are 531.00; null for what is no amount."""
    return pl.when(text.str.contains(AMOUNT)).then(text.cast(MONEY, strict=False))


def times_fraction(amount: pl.Expr, numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """`amount` * `numerator` / `denominator` (Int128, from 1), rounded half up to the cent; null when one is unknown.

    Polars divides decimals half to even, and Int128 wraps on overflow: so this is long division, the amount taken apart
    by the denominator and the numerator by 10^9. Each of the two may be up to 10^27, their product up to 10^46, and the
    result must fit.
    """
    cents = amount.to_physical().cast(pl.Int128)
    high, low = numerator // STEP, numerator % STEP
    whole, rest = _divided(cents, denominator)
    upper, carried = _divided(rest * high, denominator)
    lower, left = _divided(carried * STEP + rest * low, denominator)
    rounded_up = (left * 2 >= denominator).cast(pl.Int128)
    return (whole * numerator + upper * STEP + lower + rounded_up).cast(pl.Decimal(38, 0)) * pl.lit(CENT)


def _divided(number: pl.Expr, divisor: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    part = number // divisor
    return part, number - part * divisor


def quotient(amount: pl.Expr, divisor: pl.Expr) -> pl.Expr:
    """`amount` ÷ `divisor` (an integer from 1), rounded half up to the cent; null when either is unknown."""
    return times_fraction(amount, pl.lit(1, pl.Int128), divisor.cast(pl.Int128))


def known_sum(amount: pl.Expr) -> pl.Expr:
    """Sum of the known amounts of a group; null when none of them is known, 0 in an empty group."""
    return pl.when((amount.len() == 0) | (amount.count() > 0)).then(amount.sum())
