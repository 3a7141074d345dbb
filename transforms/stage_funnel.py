"""How far the opportunities created in a month got."""

import dataframely as dy
import polars as pl

from transforms.dates import median_days, month_of
from transforms.stages import LOST_STAGE, RANKED_STAGES, STAGE_RANKS


class StageFunnel(dy.Schema):
    """One row per cohort month and stage 1 to 6, for the months in which an opportunity was created whose stage
    was ever observed."""

    cohort_month = dy.Date(primary_key=True, description="First day of the month of CreatedDate (UTC).")
    stage = dy.String(description="Stage, Prospect to Launched.")
    stage_rank = dy.Int32(primary_key=True, description="Rank of the stage, 1 to 6.")
    reached = dy.Int64(description="Opportunities of the cohort whose furthest stage is this one or a later one.")
    advanced = dy.Int64(description="Opportunities whose furthest stage is a later one.")
    lost = dy.Int64(description="Opportunities whose furthest stage is this one and that now stand in Closed Lost.")
    open = dy.Int64(
        description="Opportunities whose furthest stage is this one and that are not lost; at Launched, those won."
    )
    conversion_to_next = dy.Float64(nullable=True, description="advanced / reached, 0 to 1; null when none reached.")
    conversion_from_first = dy.Float64(description="reached / reached of rank 1, 0 to 1.")
    median_days_in_stage = dy.Float64(
        nullable=True,
        description="Median days of the cohort's stints in this stage that are over and not left-censored; null "
        "when there is none.",
    )
    reached_mrr = dy.Decimal(
        38,
        2,
        nullable=True,
        description="Sum of the current aws_mrr_reporting of those that reached the stage, where it is known; null "
        "when none of them is known, 0 when there are none.",
    )


def stage_funnel(opportunities: pl.LazyFrame, stage_history: pl.LazyFrame) -> pl.LazyFrame:
    """One row per cohort month and stage 1 to 6, of the marts of these names."""
    cohorts = opportunities.select(
        "opportunity_id", "furthest_stage_rank", "aws_mrr_reporting", cohort_month=month_of(pl.col("created_at"))
    ).drop_nulls("furthest_stage_rank")
    ranks = pl.LazyFrame(
        {"stage": RANKED_STAGES, "stage_rank": STAGE_RANKS.values()}, schema_overrides={"stage_rank": pl.Int32}
    )
    key = ["cohort_month", "stage_rank"]
    reached = pl.col("reached")
    return (
        cohorts.select("cohort_month")
        .unique()
        .join(ranks, how="cross")
        .join(_furthest(cohorts, stage_history), on=key, how="left")
        .join(_median_days(cohorts, stage_history), on=key, how="left")
        .sort(key)
        .with_columns(pl.col("stopped", "lost", "mrr", "known").fill_null(0))
        .with_columns(reached=_from_here_on("stopped"), reached_mrr=_from_here_on("mrr"), known=_from_here_on("known"))
        .with_columns(advanced=reached - pl.col("stopped"), open=pl.col("stopped") - pl.col("lost"))
        .with_columns(
            conversion_to_next=pl.when(reached > 0).then(pl.col("advanced") / reached),
            conversion_from_first=reached / reached.first().over("cohort_month", order_by="stage_rank"),
            reached_mrr=pl.when((reached == 0) | (pl.col("known") > 0)).then(pl.col("reached_mrr")),
        )
        .select(StageFunnel.column_names())
    )


def _furthest(cohorts: pl.LazyFrame, stage_history: pl.LazyFrame) -> pl.LazyFrame:
    """One row per cohort month and furthest rank: those who stopped there, and how many of them are lost now."""
    lost = stage_history.filter(pl.col("exited_at").is_null(), pl.col("stage") == LOST_STAGE)
    return (
        cohorts.join(lost.select("opportunity_id", is_lost=True), on="opportunity_id", how="left")
        .group_by("cohort_month", stage_rank="furthest_stage_rank")
        .agg(
            stopped=pl.len().cast(pl.Int64),
            lost=pl.col("is_lost").count().cast(pl.Int64),
            mrr=pl.col("aws_mrr_reporting").sum(),
            known=pl.col("aws_mrr_reporting").count(),
        )
    )


def _median_days(cohorts: pl.LazyFrame, stage_history: pl.LazyFrame) -> pl.LazyFrame:
    """One row per cohort month and rank in which a stint began and ended under observation."""
    stay = pl.col("exited_at") - pl.col("entered_at")
    return (
        stage_history.filter(~pl.col("is_left_censored"))
        .drop_nulls(["exited_at", "stage_rank"])
        .join(cohorts, on="opportunity_id")
        .group_by("cohort_month", "stage_rank")
        .agg(median_days_in_stage=median_days(stay))
    )


def _from_here_on(column: str) -> pl.Expr:
    """Total of a cohort's ranks from this one to the last."""
    return pl.col(column).cum_sum(reverse=True).over("cohort_month", order_by="stage_rank")
