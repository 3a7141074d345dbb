"""The step over all opportunities: a few columns of their tables to every table of groups and sums."""

from datetime import date

import dataframely as dy
import polars as pl

from transforms.outcomes_monthly import OutcomesMonthly, outcomes_monthly
from transforms.pipeline_monthly import PipelineMonthly, pipeline_monthly
from transforms.pipeline_waterfall import PipelineWaterfall, pipeline_waterfall
from transforms.stage_funnel import StageFunnel, stage_funnel

OPPORTUNITY_COLUMNS = ("opportunity_id", "created_at", "furthest_stage_rank", "aws_mrr_reporting")
STINT_COLUMNS = ("opportunity_id", "stage", "stage_rank", "entered_at", "exited_at", "is_left_censored")
ROLLUPS = (StageFunnel, PipelineMonthly, PipelineWaterfall, OutcomesMonthly)


def roll_up(
    opportunities: pl.LazyFrame, stage_history: pl.LazyFrame, transitions: pl.LazyFrame, *, as_of: date
) -> dict[type[dy.Schema], pl.DataFrame]:
    """Every table in ROLLUPS. Of the marts `opportunities` and `stage_history` the columns named above are read;
    `transitions` is the table `month_transitions`."""
    return {
        StageFunnel: stage_funnel(opportunities, stage_history).collect(),
        PipelineMonthly: pipeline_monthly(transitions, as_of=as_of).collect(),
        PipelineWaterfall: pipeline_waterfall(transitions, as_of=as_of).collect(),
        OutcomesMonthly: outcomes_monthly(opportunities, stage_history).collect(),
    }
