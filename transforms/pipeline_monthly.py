"""The pipeline at the end of each month, by stage."""

from datetime import date

import dataframely as dy
import polars as pl

from transforms.month_ends import UNOBSERVED
from transforms.month_transitions import AMOUNTS, calendar
from transforms.stages import STAGES

TOTALS = ["opportunities", *AMOUNTS, *(f"known_{amount}" for amount in AMOUNTS)]


def _money(amount: str) -> dy.Decimal:
    return dy.Decimal(
        38,
        2,
        nullable=True,
        description=f"Sum of {amount} in the reporting currency, where it is known; null when none of the "
        "opportunities' is known, 0 when there are none.",
    )


class PipelineMonthly(dy.Schema):
    """One row per month (UTC) and stage, as of the month's end: each opportunity in the stage and with the
    amounts last observed before the next month's first instant, or for the as-of month before the end of the as-of
    day. From the first month in which an opportunity was created or observed in a stage; every month has a row for
    each of the seven stages and one for the stage `unobserved`."""

    month = dy.Date(primary_key=True, description="First day of the month.")
    stage = dy.String(primary_key=True, description="Prospect to Launched, Closed Lost, or `unobserved`.")
    opportunities = dy.Int64(description="Opportunities that stood in the stage; 0 for `unobserved`.")
    aws_mrr = _money("aws_mrr")
    aws_tcv = _money("aws_tcv")
    deal_tcv = _money("deal_tcv")
    software_tcv = _money("software_tcv")
    unobserved = dy.Int64(
        description="On the row of stage `unobserved`: opportunities created before the month's end that were not "
        "yet observed in any stage by then, so that their state is unknown. 0 on all other rows."
    )


def pipeline_monthly(transitions: pl.LazyFrame, *, as_of: date) -> pl.LazyFrame:
    """One row per month up to that of `as_of` and stage, of the table `month_transitions`."""
    stages = pl.LazyFrame({"stage": [*STAGES, UNOBSERVED], "position": range(len(STAGES) + 1)})
    is_observed = pl.col("stage") != UNOBSERVED
    return (
        calendar(transitions, as_of)
        .join(stages, how="cross")
        .join(_changes(transitions), on=["month", "stage"], how="left")
        .sort("month", "position")
        .with_columns(pl.col(TOTALS).fill_null(0).cum_sum().over("stage", order_by="month"))
        .with_columns(
            *[_where_known(amount) for amount in AMOUNTS],
            opportunities=pl.when(is_observed).then("opportunities").otherwise(0),
            unobserved=pl.when(is_observed).then(0).otherwise("opportunities"),
        )
        .select(PipelineMonthly.column_names())
    )


def _changes(transitions: pl.LazyFrame) -> pl.LazyFrame:
    """One row per month and stage: what it adds to the totals of those in the stage, less what it takes away."""
    entered = transitions.select("month", stage="closing_stage", **_totals("closing"))
    left = transitions.drop_nulls("opening_stage").select("month", stage="opening_stage", **_totals("opening"))
    taken = left.with_columns(-pl.col(TOTALS))
    return pl.concat([entered, taken]).group_by("month", "stage").agg(pl.col(TOTALS).sum())


def _totals(end: str) -> dict[str, pl.Expr]:
    return {name: pl.col(name if name == "opportunities" else f"{end}_{name}") for name in TOTALS}


def _where_known(amount: str) -> pl.Expr:
    """The total of a stage; null where opportunities stand in it and no amount is known, or none is observed."""
    is_known = (pl.col("opportunities") == 0) | (pl.col(f"known_{amount}") > 0)
    return pl.when(is_known & (pl.col("stage") != UNOBSERVED)).then(pl.col(amount)).alias(amount)
