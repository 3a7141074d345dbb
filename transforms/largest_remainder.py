"""Whole amounts split in proportion to weights, so that the parts add up to the whole."""

from collections.abc import Iterable

import polars as pl

REMAINDER_STEPS = 10**8  # tells the remainders of shares apart whose denominators' product is no larger


def split_equally(rows: pl.LazyFrame, amounts: Iterable[str]) -> pl.LazyFrame:
    """`rows` with each of `amounts`, a whole number alike in all rows of a group, replaced by the row's part of it: one
    of `tied` equal ones, of which those with the lowest `turn`, from 0, are larger by 1 if need be."""
    tied, turn = pl.col("tied"), pl.col("turn")
    return rows.with_columns(pl.col(name) // tied + (turn < pl.col(name) % tied).cast(pl.Int128) for name in amounts)


def split(rows: pl.LazyFrame, amounts: Iterable[str], group: str) -> pl.LazyFrame:
    """`rows` with each of `amounts`, a whole number alike in all rows of a group, replaced by the row's part of it.

    A row's exact share is `weight` / (`total` * `tied`); the shares of a group sum to 1. Each part is rounded down, and
    what is left goes, one by one, to the largest remainders, those of equal remainder in the order of the rows. An
    unknown amount stays unknown. All are Int128: `total` * `tied` * `weight` must fit, and `tied` be 10,000 at most.
    """
    weight, share = pl.col("weight"), pl.col("total") * pl.col("tied")
    # An amount and a weight may not fit when multiplied: so whole parts and rests are taken apart.
    rest = {name: pl.col(name) % share * weight for name in amounts}
    part = {name: pl.col(name) // share * weight + rest[name] // share for name in rest}
    left = {name: (pl.col(name) - part[name].sum().over(group)) for name in rest}
    remainder = {name: rest[name] % share * REMAINDER_STEPS // pl.col("tied") for name in rest}
    place = {name: remainder[name].rank("ordinal", descending=True).over(group) for name in rest}
    return rows.with_columns((part[name] + (place[name] <= left[name]).cast(pl.Int128)).alias(name) for name in rest)
