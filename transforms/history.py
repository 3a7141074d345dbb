"""Looking along a history: rows in order by `opportunity_id`, each of whose neighbours may be another's.

Sorted rows compared with the row before are several times faster than a window per opportunity.
"""

import polars as pl

OPPORTUNITY = pl.col("opportunity_id")


def is_first() -> pl.Expr:
    """Whether a row is the first of its opportunity."""
    return OPPORTUNITY.ne_missing(OPPORTUNITY.shift(1))


def before(column: str) -> pl.Expr:
    """Value in the row before, of the same opportunity; null in its first row."""
    return pl.when(~is_first()).then(pl.col(column).shift(1))


def after(column: str) -> pl.Expr:
    """Value in the row after, of the same opportunity; null in its last row."""
    return pl.when(OPPORTUNITY.shift(-1) == OPPORTUNITY).then(pl.col(column).shift(-1))


def last_when(condition: pl.Expr, column: str) -> pl.Expr:
    """Value in the last row so far, of the same opportunity, that meets `condition`; null where none does."""
    row = pl.when(condition).then(pl.int_range(pl.len())).forward_fill()
    return pl.when(OPPORTUNITY.gather(row) == OPPORTUNITY).then(pl.col(column).gather(row))
