"""How long each opportunity stood in each stage, and how it got there."""

import dataframely as dy
import polars as pl

from transforms.dates import days
from transforms.history import after, before, is_first
from transforms.stages import LOST_STAGE, WON_STAGE


class StageHistory(dy.Schema):
    """One row per stint of an opportunity in a stage. Consecutive observations in one stage are one stint; an
    observation without a stage says nothing and ends none."""

    opportunity_id = dy.String(primary_key=True, description="Identifier of the opportunity in Partner Central.")
    stint = dy.Int32(primary_key=True, description="Number of the stint in the opportunity's history, from 1.")
    stage = dy.String(description="Stage of the stint: Prospect to Launched, or Closed Lost.")
    stage_rank = dy.Int32(nullable=True, description="Prospect 1 to Launched 6; null for Closed Lost.")
    entered_at = dy.Datetime(
        time_unit="us", time_zone="UTC", description="First observation of the opportunity in the stint (UTC)."
    )
    exited_at = dy.Datetime(
        time_unit="us",
        time_zone="UTC",
        nullable=True,
        description="First observation in the next stint (UTC); null: it is still there.",
    )
    days_in_stage = dy.Float64(
        nullable=True, description="Days from entered_at to exited_at, with fractions; null while it is still there."
    )
    movement = dy.String(
        description="How it came there: `entry` (first stint), `advance` (one rank up), `skip` (more than one), "
        "`regress` (down), `lost` (into Closed Lost), `reopen` (out of Closed Lost or Launched)."
    )
    is_left_censored = dy.Bool(
        description="Whether this is a first stint whose first observation is later than CreatedDate, so that its "
        "true start is unknown and days_in_stage is a lower bound."
    )
    evidence = dy.String(description="What shows the entry: `version` or `snapshot`.")


def stage_history(observations: pl.LazyFrame, opportunities: pl.LazyFrame) -> pl.LazyFrame:
    """One row per stint of each opportunity, of the tables `observations` and `marts.opportunities`."""
    created = opportunities.select("opportunity_id", "created_at")
    return (
        observations.filter(pl.col("stage").is_not_null())
        .sort("opportunity_id", "observation")
        .filter(is_first() | (pl.col("stage") != before("stage")))
        .join(created, on="opportunity_id", how="left", maintain_order="left")
        .with_columns(
            stint=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("opportunity_id"),
            entered_at="observed_at",
            exited_at=after("observed_at"),
            movement=_movement(),
            is_left_censored=is_first() & (pl.col("observed_at") > pl.col("created_at")),
        )
        .with_columns(days_in_stage=days(pl.col("exited_at") - pl.col("entered_at")))
        .select(StageHistory.column_names())
    )


def _movement() -> pl.Expr:
    climb = pl.col("stage_rank") - before("stage_rank")
    return (
        pl.when(is_first())
        .then(pl.lit("entry"))
        .when(pl.col("stage") == LOST_STAGE)
        .then(pl.lit("lost"))
        .when(before("stage").is_in([LOST_STAGE, WON_STAGE]))
        .then(pl.lit("reopen"))
        .when(climb < 0)
        .then(pl.lit("regress"))
        .when(climb == 1)
        .then(pl.lit("advance"))
        .otherwise(pl.lit("skip"))
    )
