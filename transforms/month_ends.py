"""The state of an opportunity at both ends of each month in which something was seen of it."""

import dataframely as dy
import polars as pl

from transforms.dates import month_of
from transforms.history import OPPORTUNITY, before, is_first, last_when
from transforms.observations import AMOUNTS
from transforms.schema import reporting_money

UNOBSERVED = "unobserved"


class MonthEnds(dy.Schema):
    """One row per opportunity and month (UTC) in which it was observed, from the first one that shows a stage, and one
    for the month of its creation, if that was before: its state before the month's first instant and before the next
    month's. In a month without a row it stays as it was. Before that first observation it has no amounts."""

    opportunity_id = dy.String(primary_key=True, description="Identifier of the opportunity in Partner Central.")
    month = dy.Date(primary_key=True, description="First day of the month.")
    opening_stage = dy.String(
        nullable=True,
        description="Stage at the month's start; `unobserved`: it was created before the month and not yet observed "
        "in any stage; null: neither created before the month nor observed.",
    )
    closing_stage = dy.String(
        description="Stage at the month's end, or `unobserved`: created by then and not yet observed in any stage."
    )
    is_moved = dy.Bool(description="Whether it was seen to enter a stage within the month, its first one included.")
    opening_aws_mrr_reporting = reporting_money("aws_mrr at the month's start")
    opening_aws_tcv_reporting = reporting_money("aws_tcv at the month's start")
    opening_deal_tcv_reporting = reporting_money("deal_tcv at the month's start")
    opening_software_tcv_reporting = reporting_money("software_tcv at the month's start")
    closing_aws_mrr_reporting = reporting_money("aws_mrr at the month's end")
    closing_aws_tcv_reporting = reporting_money("aws_tcv at the month's end")
    closing_deal_tcv_reporting = reporting_money("deal_tcv at the month's end")
    closing_software_tcv_reporting = reporting_money("software_tcv at the month's end")


def month_ends(observations: pl.LazyFrame, opportunities: pl.LazyFrame) -> pl.LazyFrame:
    """One row per opportunity and month in which it was observed, or created without being observed, of the tables
    `observations` and `opportunities`."""
    seen = _observed(observations)
    first = seen.group_by("opportunity_id").agg(first_month=pl.col("month").min())
    created = opportunities.select("opportunity_id", month=month_of(pl.col("created_at")))
    unobserved = (
        created.join(first, on="opportunity_id", how="left")
        .filter(pl.col("first_month").is_null() | (pl.col("month") < pl.col("first_month")))
        .select("opportunity_id", "month", stage=pl.lit(UNOBSERVED))
    )
    return (
        pl.concat([unobserved, seen], how="diagonal")
        .sort("opportunity_id", "month")
        .with_columns(
            opening_stage=before("stage"),
            closing_stage="stage",
            is_moved=(pl.col("stage") != UNOBSERVED) & (pl.col("moves") > before("moves").fill_null(0)),
            **{f"opening_{amount}": before(amount) for amount in AMOUNTS},
            **{f"closing_{amount}": pl.col(amount) for amount in AMOUNTS},
        )
        .select(MonthEnds.column_names())
    )


def _observed(observations: pl.LazyFrame) -> pl.LazyFrame:
    """One row per opportunity and month in which it was observed, from the first one that shows a stage: the last
    known stage, the amounts, and how many stages it had entered so far."""
    is_moved = (is_first() | (pl.col("stage") != before("stage"))).cast(pl.Int32)
    return (
        observations.sort("opportunity_id", "observation")
        .select(
            "opportunity_id",
            *AMOUNTS,
            month=month_of(pl.col("observed_at")),
            stage=last_when(pl.col("stage").is_not_null(), "stage"),
        )
        .filter(pl.col("stage").is_not_null())
        .with_columns(moves=is_moved.cum_sum().over("opportunity_id"))
        .filter(_is_last_of_month())
    )


def _is_last_of_month() -> pl.Expr:
    """Whether a row is the last one of its opportunity and month."""
    month = pl.col("month")
    return OPPORTUNITY.ne_missing(OPPORTUNITY.shift(-1)) | month.ne_missing(month.shift(-1))
