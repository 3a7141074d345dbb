"""The step over all opportunities: their tables to every table of groups, sums and findings."""

from collections.abc import Mapping
from datetime import date

import dataframely as dy
import polars as pl

from transforms.attribution import Attribution, attribution
from transforms.attribution_sums import AttributionSums
from transforms.hygiene import Hygiene, hygiene
from transforms.limits import Thresholds
from transforms.month_transitions import MonthTransitions
from transforms.opportunities import Opportunities
from transforms.outcomes_monthly import OutcomesMonthly, outcomes_monthly
from transforms.pipeline_monthly import PipelineMonthly, pipeline_monthly
from transforms.pipeline_waterfall import PipelineWaterfall, pipeline_waterfall
from transforms.record_facts import RecordFacts
from transforms.stage_funnel import StageFunnel, stage_funnel
from transforms.stage_history import StageHistory

ROLLED_UP: dict[type[dy.Schema], list[str]] = {
    Opportunities: """
        opportunity_id created_at last_modified_at target_close_date stage is_open is_lost closed_lost_reason
        review_status industry aws_partition contract_months furthest_stage_rank aws_mrr aws_mrr_reporting deal_mrr
    """.split(),
    StageHistory: "opportunity_id stage stage_rank entered_at exited_at is_left_censored".split(),
    RecordFacts: RecordFacts.column_names(),
    MonthTransitions: MonthTransitions.column_names(),
    AttributionSums: AttributionSums.column_names(),
}
"""The tables that roll-ups are made of, and the columns they need."""
ROLLUPS = (StageFunnel, PipelineMonthly, PipelineWaterfall, OutcomesMonthly, Attribution, Hygiene)


def roll_up(
    tables: Mapping[type[dy.Schema], pl.LazyFrame], *, as_of: date, thresholds: Thresholds
) -> dict[type[dy.Schema], pl.DataFrame]:
    """Every table in ROLLUPS, of those in ROLLED_UP with the columns named there."""
    opportunities, stints = tables[Opportunities], tables[StageHistory]
    rolled_up = {
        StageFunnel: stage_funnel(opportunities, stints),
        PipelineMonthly: pipeline_monthly(tables[MonthTransitions], as_of=as_of),
        PipelineWaterfall: pipeline_waterfall(tables[MonthTransitions], as_of=as_of),
        OutcomesMonthly: outcomes_monthly(opportunities, stints),
        Attribution: attribution(tables[AttributionSums]),
        Hygiene: hygiene(opportunities, tables[RecordFacts], as_of=as_of, thresholds=thresholds),
    }
    return {table: rows.collect() for table, rows in rolled_up.items()}
