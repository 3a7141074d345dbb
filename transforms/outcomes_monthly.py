"""How many deals were decided in each month, and how."""

import dataframely as dy
import polars as pl

from transforms.dates import median_days, month_of
from transforms.money import known_sum
from transforms.stages import LOST_STAGE, WON_STAGE


class OutcomesMonthly(dy.Schema):
    """One row per month (UTC) in which opportunities were decided. The decision is the entry into the stint in
    which an opportunity now stands, if that is Launched or Closed Lost."""

    month = dy.Date(primary_key=True, description="First day of the month of the decision.")
    won = dy.Int64(description="Opportunities that entered Launched and still stand there.")
    lost = dy.Int64(description="Opportunities that entered Closed Lost and still stand there.")
    win_rate = dy.Float64(description="won / (won + lost), 0 to 1.")
    won_mrr = dy.Decimal(
        38,
        2,
        nullable=True,
        description="Sum of the current aws_mrr_reporting of those won, where it is known; null when none of them "
        "is known, 0 when there are none.",
    )
    lost_mrr = dy.Decimal(
        38,
        2,
        nullable=True,
        description="Sum of the current aws_mrr_reporting of those lost, where it is known; null when none of them "
        "is known, 0 when there are none.",
    )
    median_cycle_days = dy.Float64(
        description="Median days from CreatedDate to the decision, over those won or lost, with fractions. Where "
        "the first observation is the decision, it may have come earlier."
    )


def outcomes_monthly(opportunities: pl.LazyFrame, stage_history: pl.LazyFrame) -> pl.LazyFrame:
    """One row per month with a decision, of the marts of these names."""
    now = stage_history.filter(pl.col("exited_at").is_null(), pl.col("stage").is_in([WON_STAGE, LOST_STAGE]))
    is_won, is_lost = pl.col("stage") == WON_STAGE, pl.col("stage") == LOST_STAGE
    mrr = pl.col("aws_mrr_reporting")
    return (
        now.join(opportunities, on="opportunity_id")
        .group_by(month=month_of(pl.col("entered_at")))
        .agg(
            won=is_won.sum().cast(pl.Int64),
            lost=is_lost.sum().cast(pl.Int64),
            win_rate=is_won.mean(),
            won_mrr=known_sum(mrr.filter(is_won)),
            lost_mrr=known_sum(mrr.filter(is_lost)),
            median_cycle_days=median_days(pl.col("entered_at") - pl.col("created_at")),
        )
        .sort("month")
        .select(OutcomesMonthly.column_names())
    )
