"""Night after night against a sandbox that moves on: the marts of history, built upon each other."""

import hashlib
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from processes import Clock, rows, settings_for

from pipelines.errors import QualityGateError
from pipelines.marts import SCHEMAS
from pipelines.nightly import run_nightly
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Settings
from transforms.schema import declaration

OPPORTUNITIES = 150
FIRST_DAY = date(2026, 10, 28)
NIGHTS = [FIRST_DAY, FIRST_DAY + timedelta(days=1), FIRST_DAY + timedelta(days=5)]  # between the last two, none ran
OF_LAST_RUN = "run_id = (SELECT arg_max(run_id, started_at) FROM ops.runs)"
TABLES = {
    **{name: f"FROM {name}" for name in (f"{schema}.{declaration(table).name}" for table, schema in SCHEMAS.items())},
    **{name: f"FROM {name}" for name in ("ops.checked", "ops.offences")},
    "ops.inputs": "SELECT * EXCLUDE fingerprint FROM ops.inputs",  # engagements are as they are, whatever the date
    "quality.quarantine": f"SELECT * EXCLUDE run_id FROM quality.quarantine WHERE {OF_LAST_RUN}",
    "quality.results": f"SELECT * EXCLUDE run_id FROM quality.results WHERE suite <> 'drift' AND {OF_LAST_RUN}",
}
"""What a night publishes, and what it says of all that has landed, however little of it was new."""

Contents = dict[str, list[tuple]]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_for(tmp_path_factory.mktemp("history") / "data")


@pytest.fixture(scope="module")
def nights(settings: Settings, sandbox: Sandbox, clock: Clock) -> dict[date, Contents]:
    """What each night published. Each runs at 04:30 for the day before, when nothing of that day arrives any more."""
    published = {}
    for day in NIGHTS:
        clock.now = datetime(day.year, day.month, day.day, 4, 30, tzinfo=UTC) + timedelta(days=1)
        run_nightly(settings, as_of=day)
        published[day] = contents(settings)
    return published


def contents(settings: Settings) -> Contents:
    return {table: rows(settings, f"{query} ORDER BY ALL") for table, query in TABLES.items()}


def differing(one: Contents, other: Contents) -> list[str]:
    return [table for table in TABLES if one[table] != other[table]]


def test_the_world_moves_on(nights: dict[date, Contents]) -> None:
    stints = [len(night["marts.stage_history"]) for night in nights.values()]
    assert stints == sorted(set(stints))


def test_the_records_that_a_night_did_not_look_at_are_counted_all_the_same(nights: dict[date, Contents]) -> None:
    """Each night checks what is new alone, and some of what an earlier one quarantined has not changed since."""
    evaluated = [sum(row[-2] for row in night["quality.results"]) for night in nights.values()]
    assert evaluated == sorted(set(evaluated))
    first, *_, last = nights.values()
    assert set(first["quality.quarantine"]) & set(last["quality.quarantine"])
    assert {row[0]: row[5] for row in last["quality.results"]}["landing"]


def test_a_past_date_gives_what_its_night_gave(nights: dict[date, Contents], settings: Settings) -> None:
    run_nightly(settings, as_of=NIGHTS[0])
    assert differing(contents(settings), nights[NIGHTS[0]]) == []


def test_a_warehouse_that_somebody_wrote_into_is_built_from_nothing(
    nights: dict[date, Contents], settings: Settings
) -> None:
    """After the test above it is that of a past date."""
    with duckdb.connect(settings.warehouse_path) as connection:
        connection.execute("DELETE FROM marts.stage_history; UPDATE marts.opportunities SET stage = 'Launched'")
    run_nightly(settings, as_of=NIGHTS[-1])
    assert differing(contents(settings), nights[NIGHTS[-1]]) == []


def test_a_stage_that_came_and_went_while_no_night_ran_is_not_in_the_history(
    nights: dict[date, Contents], settings: Settings, sandbox: Sandbox, clock: Clock
) -> None:
    store = sandbox.stores["Sandbox"]
    engaged = {engagement.opportunity_id for engagement in store.engagements.values()}
    (chosen, *_) = (
        opportunity_id
        for opportunity_id, record in sorted(store.records.items())
        if record["LifeCycle"]["Stage"] == "Qualified" and opportunity_id not in engaged
    )
    for stage in ("Technical Validation", "Business Validation"):
        clock.now += timedelta(hours=1)
        store.edit(chosen, clock.now, {"LifeCycle.Stage": stage})
    run_nightly(settings, as_of=clock.now.date())
    stints = rows(
        settings,
        f"SELECT stage, movement FROM marts.stage_history WHERE opportunity_id = '{chosen}' AND exited_at IS NULL",
    )
    assert stints == [("Business Validation", "skip")]


def test_today_agrees_with_the_marts_of_opportunities(nights: dict[date, Contents], settings: Settings) -> None:
    """Where the last observation is a version, the running month shows the current state."""
    ((differing_deals,),) = rows(
        settings,
        """SELECT count(*) FROM marts.opportunities AS now JOIN marts.stage_history AS last USING (opportunity_id)
           WHERE last.exited_at IS NULL AND last.stage <> now.stage""",
    )
    assert differing_deals == 0
    pipeline = "SELECT stage, sum(opportunities), sum(aws_mrr), sum(software_tcv) FROM marts.pipeline_monthly"
    month = (
        "WHERE month = (SELECT max(month) FROM marts.pipeline_monthly) AND opportunities > 0 GROUP BY ALL ORDER BY ALL"
    )
    current = "SELECT stage, count(*), sum(aws_mrr_reporting), sum(software_tcv_reporting) FROM marts.opportunities"
    assert rows(settings, f"{pipeline} {month}") == rows(settings, f"{current} GROUP BY ALL ORDER BY ALL")


def test_a_run_that_the_audit_held_is_built_from_nothing_by_the_next(
    nights: dict[date, Contents], settings: Settings
) -> None:
    """A published file with a wrong running sum, sealed as if a run of ours had made it."""
    ((day,),) = rows(settings, "SELECT arg_max(as_of, started_at) FROM ops.runs")
    before = contents(settings)
    with duckdb.connect(settings.warehouse_path) as connection:
        connection.execute("UPDATE ops.month_transitions SET opportunities = opportunities + 1")
    sealed = hashlib.sha256(settings.warehouse_path.read_bytes()).hexdigest()
    with duckdb.connect(settings.landing_path) as connection:
        connection.execute("UPDATE ops.published SET sha256 = ?", [sealed])
    with pytest.raises(QualityGateError, match=r"pipeline_monthly\.opportunities.*run again"):
        run_nightly(settings, as_of=day)
    run_nightly(settings, as_of=day)
    assert differing(contents(settings), before) == []
