"""Powers of two for time decay, the same on every machine.

A processor's or a library's `2 ** x` may differ in its last bit from another's, and a cent would then go elsewhere.
So a weight is a whole number, made of whole numbers alone:

    age = (half_lives * 30 days) + hours + seconds + milliseconds + microseconds      (hours below 720, and so on)
    weight = H[hours] * S[seconds] * L[milliseconds] * U[microseconds] ÷ 2^half_lives ÷ 1,000

Each table holds 10^18 * 2^(-unit ÷ 30 days), rounded down; each product is divided by 10^18, and every division rounds
down. The tables are computed with 40 digits by Python's decimals, whose arithmetic is specified digit by digit. The
weight is 10^15 * 2^(-age ÷ 30 days) or up to 1.01 less, and 0 from 50 half-lives on.
"""

from decimal import Decimal, localcontext
from functools import cache

import polars as pl

HALF_LIFE_DAYS = 30
WEIGHT_OF_NOW = 10**15
_ONE = 10**18
_HALF_LIFE = HALF_LIFE_DAYS * 86_400_000_000  # microseconds, as all ages are
_UNITS = ((3_600_000_000, HALF_LIFE_DAYS * 24), (1_000_000, 3600), (1000, 1000), (1, 1000))  # how long, how many


def decay_weight(age: pl.Expr) -> pl.Expr:
    """10^15 * 2^(-age ÷ 30 days) as Int64, for an age of whole microseconds from 0."""
    weight = pl.lit(_ONE, pl.Int128)
    rest = age % _HALF_LIFE
    for unit, (microseconds, _) in enumerate(_UNITS):
        weight = weight * pl.lit(_table(unit)).gather(rest // microseconds) // _ONE
        rest = rest % microseconds
    halvings = (age // _HALF_LIFE).clip(upper_bound=62)
    return (weight // pl.lit(_powers()).gather(halvings) // (_ONE // WEIGHT_OF_NOW)).cast(pl.Int64)


@cache
def _table(unit: int) -> pl.Series:
    microseconds, count = _UNITS[unit]
    with localcontext(prec=40):
        step = Decimal(2) ** (Decimal(-microseconds) / _HALF_LIFE)
        entries, entry = [], Decimal(_ONE)
        for _ in range(count):
            entries.append(int(entry))
            entry *= step
    return pl.Series(entries, dtype=pl.Int128)


@cache
def _powers() -> pl.Series:
    return pl.Series([2**halvings for halvings in range(63)], dtype=pl.Int128)
