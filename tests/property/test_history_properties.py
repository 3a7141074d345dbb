"""What must hold in every history: stints tile time, and every roll-up adds up to what it was rolled up from."""

from datetime import date
from itertools import pairwise

import polars as pl
import pytest
from built_tables import tables
from history_strategies import as_of_days, histories
from hypothesis import given, settings
from strategies import World

from transforms.stages import LOST_STAGE, OPEN_STAGES, WON_STAGE

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a failing world

often = settings(max_examples=25)


def month_of(column: str) -> pl.Expr:
    return pl.col(column).dt.truncate("1mo").dt.date()


@often
@given(histories(), as_of_days)
def test_stints_tile_time_from_the_first_stage_observed(world: World, as_of: date) -> None:
    built = tables(world, as_of)
    first_seen = dict(
        built["observations"].drop_nulls("stage").group_by("opportunity_id").agg(pl.col("observed_at").min()).rows()
    )
    histories_of = built["stage_history"].partition_by("opportunity_id", as_dict=True)
    assert {opportunity_id for (opportunity_id,) in histories_of} == set(first_seen)
    for (opportunity_id,), stints in histories_of.items():
        rows = stints.to_dicts()
        assert stints["stint"].to_list() == list(range(1, len(rows) + 1))
        assert rows[0]["entered_at"] == first_seen[opportunity_id]
        assert [rows[-1][name] for name in ("exited_at", "days_in_stage")] == [None, None]
        assert [row["movement"] == "entry" for row in rows] == [True] + [False] * (len(rows) - 1)
        for earlier, later in pairwise(rows):
            assert earlier["entered_at"] <= earlier["exited_at"] == later["entered_at"]
            assert earlier["stage"] != later["stage"]
            assert not later["is_left_censored"]


@often
@given(histories(), as_of_days)
def test_the_funnel_narrows_and_every_deal_in_it_is_somewhere(world: World, as_of: date) -> None:
    built = tables(world, as_of)
    funnel = built["stage_funnel"]
    assert funnel.filter(pl.col("reached") != pl.col("advanced") + pl.col("lost") + pl.col("open")).is_empty()
    for cohort in funnel.partition_by("cohort_month"):
        assert cohort["stage_rank"].to_list() == [1, 2, 3, 4, 5, 6]
        assert cohort["reached"].to_list() == sorted(cohort["reached"], reverse=True)
        assert cohort["advanced"].to_list() == [*cohort["reached"][1:], 0]
        assert cohort["conversion_from_first"][0] == 1
    known = built["opportunities"].drop_nulls("furthest_stage_rank")
    assert funnel.filter(pl.col("stage_rank") == 1)["reached"].sum() == known.height
    assert set(funnel["cohort_month"]) == set(known.select(month_of("created_at")).to_series())
    now_lost = built["stage_history"].filter(pl.col("exited_at").is_null(), pl.col("stage") == LOST_STAGE)
    assert funnel["lost"].sum() == now_lost.height


@often
@given(histories(), as_of_days)
def test_the_waterfall_adds_up_to_the_cent(world: World, as_of: date) -> None:
    waterfall = tables(world, as_of)["pipeline_waterfall"]
    gained = sum((pl.col(part) for part in ("created", "discovered", "reopened", "increased")), pl.col("opening"))
    closing = gained - pl.col("decreased") - pl.col("won") - pl.col("lost")
    assert waterfall.filter(closing != pl.col("closing")).is_empty()
    assert waterfall.filter(pl.any_horizontal(pl.selectors.decimal() < 0)).is_empty()
    for measure in waterfall.partition_by("measure"):
        assert measure["opening"].to_list() == [0, *measure["closing"][:-1]][: measure.height]


@often
@given(histories(), as_of_days)
def test_the_waterfall_closes_with_the_open_pipeline(world: World, as_of: date) -> None:
    """Unknown amounts count as 0 in the waterfall alone."""
    built = tables(world, as_of)
    is_open = pl.col("stage").is_in(OPEN_STAGES)
    pipeline = (
        built["pipeline_monthly"]
        .filter(is_open)
        .group_by("month", maintain_order=True)
        .agg(count=pl.col("opportunities").sum().cast(pl.Decimal(38, 2)), aws_mrr=pl.col("aws_mrr").sum())
    )
    for measure in ("count", "aws_mrr"):
        closing = built["pipeline_waterfall"].filter(measure=measure)
        assert closing.select("month", "closing").rows() == pipeline.select("month", measure).rows()


@often
@given(histories(), as_of_days)
def test_months_have_no_gaps_and_end_with_the_as_of_day(world: World, as_of: date) -> None:
    built = tables(world, as_of)
    created = built["opportunities"].select(month_of("created_at")).to_series()
    observed = built["observations"].drop_nulls("stage").select(month_of("observed_at")).to_series()
    first = min([*created, *observed], default=date.max)
    months = []
    if first <= as_of:
        months = pl.date_range(first, as_of.replace(day=1), "1mo", eager=True).to_list()
    assert built["pipeline_monthly"]["month"].unique(maintain_order=True).to_list() == months
    assert built["pipeline_monthly"].height == 8 * len(months)
    assert built["pipeline_waterfall"]["month"].to_list() == [month for month in months for _ in range(2)]


@often
@given(histories(), as_of_days)
def test_every_month_counts_all_that_were_created_or_seen_in_a_stage_by_its_end(world: World, as_of: date) -> None:
    """An opportunity is in the pipeline of a month, in a stage or as unobserved, from the month in which it was
    created or first observed in a stage, whichever comes first, and never leaves it."""
    built = tables(world, as_of)
    first_seen = built["observations"].drop_nulls("stage").group_by("opportunity_id").agg(pl.col("observed_at").min())
    joined = built["opportunities"].join(first_seen, on="opportunity_id", how="left")
    since = joined.select(month=pl.min_horizontal(month_of("created_at"), month_of("observed_at"))).to_series()
    for month, stages in built["pipeline_monthly"].partition_by("month", as_dict=True).items():
        assert stages["opportunities"].sum() + stages["unobserved"].sum() == (since <= month[0]).sum()


@often
@given(histories(), as_of_days)
def test_outcomes_count_the_deals_that_stand_decided(world: World, as_of: date) -> None:
    built = tables(world, as_of)
    outcomes = built["outcomes_monthly"]
    last = built["stage_history"].filter(pl.col("exited_at").is_null())
    assert outcomes["won"].sum() == last.filter(stage=WON_STAGE).height
    assert outcomes["lost"].sum() == last.filter(stage=LOST_STAGE).height
    decided = last.filter(pl.col("stage").is_in([WON_STAGE, LOST_STAGE])).select(month_of("entered_at")).to_series()
    assert outcomes["month"].to_list() == sorted(set(decided))
    assert outcomes.filter(~pl.col("win_rate").is_between(0, 1)).is_empty()
