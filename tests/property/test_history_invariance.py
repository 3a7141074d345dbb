"""What must change nothing: the order of arrival, a rerun, other opportunities, and what comes later."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import plain_history
import polars as pl
import pytest
from built_tables import Tables, built_per_opportunity, named, rolled_up, sums_of, tables
from history_strategies import OPPORTUNITY_IDS, as_of_days, few_records, histories
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from record_strategies import thresholds
from reporting_strategies import reporting_currencies
from strategies import World, mart

from transforms.currency import ReportingCurrency
from transforms.limits import Thresholds
from transforms.month_ends import MonthEnds, month_ends
from transforms.observations import Observations
from transforms.opportunities import Opportunities
from transforms.running_sums import SUMMED, changed_sums, running_sums
from transforms.stage_history import StageHistory, stage_history

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a failing world

two_days = st.lists(as_of_days, min_size=2, max_size=2, unique=True).map(sorted)
two_currencies = st.lists(reporting_currencies, min_size=2, max_size=2)


def end_of(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC) + timedelta(days=1)


def assert_same(built: dict[str, pl.DataFrame], expected: dict[str, pl.DataFrame]) -> None:
    assert built.keys() == expected.keys()
    for name, table in built.items():
        assert_frame_equal(table, expected[name], check_exact=True)


def assert_same_tables(built: Tables, expected: Tables) -> None:
    assert_same(named(built), named(expected))


@settings(max_examples=12)
@given(histories(), as_of_days, reporting_currencies, st.randoms(use_true_random=False))
def test_a_rerun_in_any_order_of_arrival_gives_the_same_rows(
    world: World, as_of: date, reporting: ReportingCurrency, shuffler: random.Random
) -> None:
    assert_same(tables(world.shuffled(shuffler), as_of, reporting), tables(world, as_of, reporting))


@settings(max_examples=12)
@given(histories(), as_of_days, thresholds, st.integers(0, 2**32))
def test_the_order_of_rows_in_between_is_irrelevant(
    world: World, as_of: date, thresholds: Thresholds, seed: int
) -> None:
    built = built_per_opportunity(world, as_of)
    sums = sums_of(built)
    mixed = {schema: table.sample(fraction=1, shuffle=True, seed=seed) for schema, table in (built | sums).items()}
    observed = mixed[Observations].lazy().filter(pl.col("evidence") != "vanished")
    opportunities = mixed[Opportunities].lazy()
    stints = stage_history(observed, opportunities).collect()
    assert_same_tables({StageHistory: stints}, {StageHistory: built[StageHistory]})
    assert_same_tables({MonthEnds: month_ends(observed, opportunities).collect()}, {MonthEnds: built[MonthEnds]})
    assert_same_tables(sums_of(mixed), sums)
    assert_same_tables(rolled_up(mixed, as_of, thresholds), rolled_up(built | sums, as_of, thresholds))


@settings(max_examples=20)
@given(histories(), as_of_days, st.sets(st.sampled_from(OPPORTUNITY_IDS)))
def test_opportunities_can_be_worked_through_in_parts(world: World, as_of: date, first_part: set[str]) -> None:
    """What is per opportunity may be built part by part, so that no more than one part need fit in memory."""
    parts = [
        built_per_opportunity(world.only(lambda opportunity_id: opportunity_id in first_part), as_of),
        built_per_opportunity(world.only(lambda opportunity_id: opportunity_id not in first_part), as_of),
    ]
    whole = built_per_opportunity(world, as_of)
    together = {
        schema: pl.concat([part[schema] for part in parts]).sort(schema.primary_key(), maintain_order=True)
        for schema in whole
    }
    assert_same_tables(together, whole)


@settings(max_examples=24)
@given(few_records, two_days, two_currencies, st.sets(st.sampled_from(OPPORTUNITY_IDS)))
def test_sums_change_by_what_left_and_what_came(
    world: World, days: list[date], reporting: list[ReportingCurrency], others: set[str]
) -> None:
    """Whichever other opportunities are taken out and put in again with those that changed."""
    before, after = (built_per_opportunity(world, *run) for run in zip(days, reporting, strict=True))
    differing = [set(before[schema].rows()) ^ set(after[schema].rows()) for schema in SUMMED]
    changed = {row[0] for rows in differing for row in rows} | others
    removed, added = (of_some(built, changed) for built in (before, after))
    assert_same_tables(changed_by(before, removed, added), sums_of(after))


@settings(max_examples=16)
@given(few_records, as_of_days, reporting_currencies, st.sampled_from(["O1", "O2", "O10"]))
def test_another_opportunity_adds_to_sums_what_it_gives_alone_and_takes_it_with_it(
    world: World, as_of: date, reporting: ReportingCurrency, opportunity_id: str
) -> None:
    nothing = built_per_opportunity(World(), as_of, reporting)
    whole = built_per_opportunity(world, as_of, reporting)
    rest = built_per_opportunity(world.without(opportunity_id), as_of, reporting)
    alone = of_some(whole, {opportunity_id})
    assert_same_tables(changed_by(rest, nothing, alone), sums_of(whole))
    assert_same_tables(changed_by(whole, alone, nothing), sums_of(rest))
    assert_same_tables(changed_by(alone, alone, nothing), sums_of(nothing))


def of_some(built: Tables, opportunity_ids: set[str]) -> Tables:
    return {schema: table.filter(pl.col("opportunity_id").is_in(opportunity_ids)) for schema, table in built.items()}


def changed_by(before: Tables, removed: Tables, added: Tables) -> Tables:
    """The sums over the rows `before`, changed by what went and what came."""
    parts = [running_sums({schema: rows[schema].lazy() for schema in SUMMED}) for rows in (before, removed, added)]
    return {schema: table.collect() for schema, table in changed_sums(*parts).items()}


@settings(max_examples=12)
@given(histories(), as_of_days, reporting_currencies, thresholds)
def test_a_disappearance_is_no_evidence_of_any_state(
    world: World, as_of: date, reporting: ReportingCurrency, thresholds: Thresholds
) -> None:
    """It is a row of its own in marts.observations, and makes is_visible; all else is as if it had not happened."""
    run = (as_of, reporting, thresholds)
    built, in_sight = tables(world, *run), tables(replace(world, visibility=[]), *run)
    seen = built["observations"].filter(pl.col("evidence") != "vanished")
    built["observations"] = seen.with_columns(
        observation=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("opportunity_id")
    )
    built["opportunities"] = built["opportunities"].with_columns(is_visible=pl.lit(True))
    assert_same(built, in_sight)


@settings(max_examples=12)
@given(histories(), as_of_days)
def test_a_day_in_the_past_knows_nothing_of_what_came_later(world: World, as_of: date) -> None:
    assert_same(tables(world, as_of), tables(world.before(end_of(as_of)), as_of))


@settings(max_examples=16)
@given(histories(), two_days)
def test_finished_months_stay_as_they_are(world: World, days: list[date]) -> None:
    """Whatever is observed later, over the opportunities that are in marts.opportunities on both days with the
    same CreatedDate.

    Three corners are left out, all of them meant so: an opportunity of which the first version came later brings its
    snapshots of finished months with it, one whose last version is excluded takes all of its months with it, and one
    whose CreatedDate was corrected was created in another month.
    """
    earlier, later = days
    created_on = [dict(mart(world, as_of=day).select("opportunity_id", "created_at").collect().rows()) for day in days]
    steady = world.only(lambda key: key in created_on[0] and created_on[0][key] == created_on[1].get(key))
    before, after = tables(steady, earlier), tables(steady, later)
    this_month = plain_history.month_of(earlier + timedelta(days=1))
    for name in ("pipeline_monthly", "pipeline_waterfall"):
        finished = [table[name].filter(pl.col("month") < this_month) for table in (before, after)]
        assert_frame_equal(*finished, check_exact=True)
