"""What moved the open pipeline from one month's end to the next."""

from datetime import date

import dataframely as dy
import polars as pl

from transforms.money import MONEY
from transforms.month_ends import UNOBSERVED
from transforms.month_transitions import calendar
from transforms.stages import LOST_STAGE, OPEN_STAGES, WON_STAGE

MEASURES = ("count", "aws_mrr")
ENTERING = ("created", "discovered", "reopened", "increased")
LEAVING = ("decreased", "won", "lost")


def _sum(description: str) -> dy.Decimal:
    return dy.Decimal(38, 2, description=description)


class PipelineWaterfall(dy.Schema):
    """One row per month (UTC) and measure: opening + created + discovered + reopened + increased - decreased -
    won - lost = closing. The months of marts.pipeline_monthly. Measure `count` counts opportunities; `aws_mrr` sums
    aws_mrr in the reporting currency, in which an unknown amount counts as 0, in this table alone."""

    month = dy.Date(primary_key=True, description="First day of the month.")
    measure = dy.String(primary_key=True, description="`count` or `aws_mrr`.")
    opening = _sum("Open pipeline at the month's start: closing of the month before.")
    created = _sum(
        "Entered, at the value at the month's end: not observed in a stage before the month, and CreatedDate not "
        "before it."
    )
    discovered = _sum(
        "Entered, at the value at the month's end: not observed in a stage before the month, but CreatedDate is "
        "before it."
    )
    reopened = _sum(
        "Entered, at the value at the month's end: was won or lost at the month's start and left that stage within "
        "it, whether or not it is closed again at its end."
    )
    increased = _sum("Growth of those open at both ends of the month.")
    decreased = _sum("Shrinkage, as a positive number, of those open at both ends of the month.")
    won = _sum(
        "Stand in Launched at the month's end and were open at its start, at the value then, or entered within it, "
        "at the value they entered with."
    )
    lost = _sum(
        "Stand in Closed Lost at the month's end and were open at its start, at the value then, or entered within "
        "it, at the value they entered with."
    )
    closing = _sum("Open pipeline at the month's end, or at the end of the as-of day.")


def pipeline_waterfall(transitions: pl.LazyFrame, *, as_of: date) -> pl.LazyFrame:
    """One row per month up to that of `as_of` and measure, of the table `month_transitions`."""
    measures = pl.LazyFrame({"measure": MEASURES, "position": range(len(MEASURES))})
    number, zero = pl.col("opportunities").cast(MONEY), pl.lit(0, MONEY)
    moved = [
        _moved(transitions, "count", number, number, (zero, zero)),
        _moved(
            transitions,
            "aws_mrr",
            pl.col("opening_aws_mrr"),
            pl.col("closing_aws_mrr"),
            (pl.col("increased_aws_mrr"), pl.col("decreased_aws_mrr")),
        ),
    ]
    balance = pl.sum_horizontal(ENTERING) - pl.sum_horizontal(LEAVING)
    return (
        calendar(transitions, as_of)
        .join(measures, how="cross")
        .join(pl.concat(moved), on=["month", "measure"], how="left")
        .sort("month", "position")
        .with_columns(pl.col(*ENTERING, *LEAVING).fill_null(0))
        .with_columns(closing=balance.cum_sum().over("measure", order_by="month"))
        .with_columns(opening=pl.col("closing").shift(1).over("measure", order_by="month").fill_null(0))
        .select(PipelineWaterfall.column_names())
    )


def _moved(
    transitions: pl.LazyFrame, measure: str, opening: pl.Expr, closing: pl.Expr, change: tuple[pl.Expr, pl.Expr]
) -> pl.LazyFrame:
    """One row per month: what moved in it, by the values at its two ends and their rises and falls."""
    was, now = pl.col("opening_stage"), pl.col("closing_stage")
    was_open, is_open = was.is_in(OPEN_STAGES), now.is_in(OPEN_STAGES)
    was_closed = was.is_in([WON_STAGE, LOST_STAGE])
    is_created, is_discovered = was.is_null(), was == UNOBSERVED
    is_reopened = was_closed & pl.col("is_moved")
    is_closed = was_open | is_created | is_discovered | is_reopened
    leaving = pl.when(was_open).then(opening).otherwise(closing)
    increased, decreased = change
    parts = {
        "created": (is_created, closing),
        "discovered": (is_discovered, closing),
        "reopened": (is_reopened, closing),
        "increased": (was_open & is_open, increased),
        "decreased": (was_open & is_open, decreased),
        "won": (is_closed & (now == WON_STAGE), leaving),
        "lost": (is_closed & (now == LOST_STAGE), leaving),
    }
    return (
        transitions.filter(now != UNOBSERVED)
        .select("month", *[pl.when(met).then(value).alias(name) for name, (met, value) in parts.items()])
        .group_by("month")
        .agg(pl.col(parts).sum(), measure=pl.lit(measure))
    )
