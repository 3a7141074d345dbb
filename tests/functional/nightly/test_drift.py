"""AWS sends what its model does not know: it lands whole, is reported once, and holds nobody up."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import orjson
import pytest
from processes import NOW, Clock, aws_environment, rows, settings_for

from pipelines.drift import print_drift
from pipelines.nightly import run_nightly
from pipelines.sandbox.events import Engagement
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.store import Snapshot, Store
from pipelines.settings import Settings
from pipelines.status import print_status

ENGAGEMENT = "eng-00000000000001"
SNAPSHOT_KEY = (ENGAGEMENT, "O1", "OpportunitySummaryView")
SPEND = {"Amount": "10", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"}
DEEP = {"jane@example.com": [{"deeper": None}]}
CONFIDENTIAL = "the customer's own words"

RECORDS: dict[str, dict[str, Any]] = {
    # opportunity: members on top of those of a good record
    "O1": {},
    "O2": {
        "Brand": DEEP,
        "Project": {"Title": "a", "Mood": "good", "ExpectedCustomerSpend": [SPEND | {"Discount": 5}]},
    },
    "O3": {"Brand": None, "jane@example.com": 1},
    "O4": {"LifeCycle": {"Stage": "Negotiation"}},
    "O5": {"Customer": {"Account": {"CompanyName": "A", "Industry": "Space Tourism"}}},
    "O6": {"Project": {"Title": {"Text": CONFIDENTIAL}}},
    "O7": {"Customer": CONFIDENTIAL, "Project": {"ExpectedCustomerSpend": [SPEND | {"Amount": 10}]}},
}
SUMMARIES = {
    "O1": {"LifeCycle": {"Stage": "Qualified"}, "Weather": "fine"},
    "O2": {"LifeCycle": ["Qualified"]},
}
SNAPSHOTS = [
    {"OpportunitySummary": {"Lifecycle": {"Stage": "Prospect", "Tempo": 3}}},
    {"OpportunitySummary": CONFIDENTIAL},
    {"SomeNewView": {"a": 1}},
]
FIRST_NIGHT = [
    ("known_member", "aws_opportunity_summaries", "Weather", 2, 1),
    ("known_member", "opportunity_versions", "(odd name)", 7, 1),
    ("known_member", "opportunity_versions", "Brand", 7, 2),
    ("known_member", "opportunity_versions", "Project.ExpectedCustomerSpend[].Discount", 7, 1),
    ("known_member", "opportunity_versions", "Project.Mood", 7, 1),
    ("known_member", "resource_snapshots", "Payload.OpportunitySummary.Lifecycle.Tempo", 3, 1),
    ("known_member", "resource_snapshots", "Payload.SomeNewView", 3, 1),
    ("known_member", "solutions", "Colour", 1, 1),
    ("known_type", "aws_opportunity_summaries", "LifeCycle: array, not object", 2, 1),
    ("known_type", "opportunity_versions", "Customer: string, not object", 7, 1),
    ("known_type", "opportunity_versions", "Project.ExpectedCustomerSpend[].Amount: number, not string", 7, 1),
    ("known_type", "opportunity_versions", "Project.Title: object, not string", 7, 1),
    ("known_type", "resource_snapshots", "Payload.OpportunitySummary: string, not object", 3, 1),
    ("known_value", "opportunity_versions", "Customer.Account.Industry = 'Space Tourism'", 1, 1),
    ("known_value", "opportunity_versions", "LifeCycle.Stage = 'Negotiation'", 7, 1),
]
SECOND_NIGHT = [("known_member", "opportunity_versions", "Project.Pulse", 1, 1)]


@dataclass(frozen=True)
class Night:
    """What was published and said."""

    opportunities: list[tuple]
    drift: list[tuple]
    log: str
    status: str
    command: str


def record(opportunity_id: str, members: dict[str, Any]) -> dict[str, Any]:
    return {
        "Id": opportunity_id,
        "Catalog": "Sandbox",
        "CreatedDate": "2026-01-05T00:00:00Z",
        "LastModifiedDate": "2026-02-01T00:00:00Z",
        "LifeCycle": {"Stage": "Qualified"},
        **members,
    }


def fill(store: Store) -> None:
    for opportunity_id, members in RECORDS.items():
        store.put(record(opportunity_id, members), NOW)
    for opportunity_id, summary in SUMMARIES.items():
        store.put_aws_summary(opportunity_id, {"Catalog": "Sandbox", **summary})
    store.engage(Engagement(ENGAGEMENT, "O1", "A deal", 0, "111122223333"))
    for payload in SNAPSHOTS:
        store.add_snapshot(SNAPSHOT_KEY, Snapshot("2026-01-06T00:00:00Z", "111122223333", orjson.dumps(payload)))
    store.solutions.append({"Catalog": "Sandbox", "Id": "S-1", "Name": "A", "Colour": "red"})


@pytest.fixture(scope="module")
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    sandbox = make_sandbox(0)
    fill(sandbox.stores["Sandbox"])
    return sandbox


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_for(tmp_path_factory.mktemp("news") / "data", max_excluded_share=0.5)


@pytest.fixture(scope="module")
def nights(sandbox: Sandbox, settings: Settings, clock: Clock) -> list[Night]:
    """Two nights: all is new, then one opportunity has a new member more."""
    with aws_environment(sandbox.endpoint_url, settings.data_dir.parent):
        first = run(settings)
        clock.now += timedelta(minutes=1)
        sandbox.stores["Sandbox"].edit("O3", clock.now, {"Project.Pulse": 60})
        return [first, run(settings)]


def run(settings: Settings) -> Night:
    with redirect_stderr(io.StringIO()) as log:
        run_nightly(settings, as_of=NOW.date())
    with redirect_stdout(io.StringIO()) as status:
        print_status(settings, datetime.now(UTC))
    with redirect_stdout(io.StringIO()) as command:
        print_drift(settings)
    drift = (
        "SELECT expectation, target, column_name, evaluated, unexpected FROM quality.results WHERE suite = 'drift' "
        "AND run_id = (SELECT max(run_id) FROM ops.runs) ORDER BY ALL"
    )
    marts = rows(settings, "FROM marts.opportunities ORDER BY opportunity_id")
    return Night(marts, rows(settings, drift), log.getvalue(), status.getvalue(), command.getvalue())


def landed(settings: Settings, sql: str) -> list[tuple]:
    with duckdb.connect(settings.landing_path, read_only=True) as connection:
        return connection.execute(f"SELECT {sql} ORDER BY ALL").fetchall()


def test_all_that_the_model_does_not_know_is_reported(nights: list[Night]) -> None:
    assert nights[0].drift == FIRST_NIGHT
    assert f"values set to null, {len(FIRST_NIGHT)} drifts" in nights[0].log
    assert (
        f"Drift: {len(FIRST_NIGHT)} things that AWS sent are unknown to its service model. Next: `cosell drift`."
        in nights[0].status
    )


def test_it_is_reported_once(nights: list[Night], settings: Settings) -> None:
    assert nights[1].drift == SECOND_NIGHT
    assert "values set to null, 1 drifts" in nights[1].log
    assert [row for row in nights[1].opportunities if row[0] != "O3"] == [
        row for row in nights[0].opportunities if row[0] != "O3"
    ]


def test_the_command_lists_what_was_ever_reported(nights: list[Night]) -> None:
    baseline, title, *listed = nights[1].command.splitlines()
    assert baseline.endswith("does not.")
    assert title == "AWS has sent, and it does not know:"
    assert len(listed) == len(FIRST_NIGHT) + len(SECOND_NIGHT)
    assert any(line.endswith("unknown member  opportunity_versions: Brand (2 of 7)") for line in listed)
    assert any(
        line.endswith("another type  opportunity_versions: Customer: string, not object (1 of 7)") for line in listed
    )
    assert any(line.endswith("opportunity_versions: LifeCycle.Stage = 'Negotiation' (1 of 7)") for line in listed)


def test_drift_is_no_broken_rule(nights: list[Night], settings: Settings) -> None:
    ((rules, broken),) = rows(
        settings,
        "SELECT count(*), count(*) FILTER (NOT success) FROM quality.results WHERE suite <> 'drift' "
        "AND run_id = (SELECT max(run_id) FROM ops.runs)",
    )
    assert f"Quality: {rules:,} rules checked, {broken:,} broken" in nights[1].status
    severities = rows(settings, "SELECT DISTINCT severity, success FROM quality.results WHERE suite = 'drift'")
    assert severities == [("info", False)]


def test_payloads_land_byte_for_byte(nights: list[Night], sandbox: Sandbox, settings: Settings) -> None:
    store = sandbox.stores["Sandbox"]
    payloads = landed(settings, "opportunity_id, payload FROM partner_central.opportunities")
    assert payloads == [(opportunity_id, store.json(opportunity_id)[0].decode()) for opportunity_id in RECORDS]
    summaries = dict(landed(settings, "opportunity_id, payload FROM partner_central.aws_opportunity_summaries"))
    assert summaries == {key: orjson.dumps(value).decode() for key, value in store.aws_summaries.items()}
    snapshots = landed(settings, "revision, payload FROM partner_central.resource_snapshots")
    assert [json.loads(payload)["Payload"] for _, payload in snapshots] == SNAPSHOTS
    ((solution,),) = landed(settings, "payload FROM partner_central.solutions")
    assert json.loads(solution)["Colour"] == "red"


def test_unknown_members_take_nothing_out_and_other_types_the_record(nights: list[Night], settings: Settings) -> None:
    shown = rows(settings, "SELECT opportunity_id, industry, aws_stage FROM marts.opportunities ORDER BY ALL")
    assert shown == [("O1", None, "Qualified"), ("O2", None, None), ("O3", None, None), ("O5", None, None)]
    quarantined = rows(
        settings,
        "SELECT source_table, opportunity_id, value, severity, action FROM quality.quarantine "
        "WHERE rule = 'is_well_formed' AND run_id = (SELECT max(run_id) FROM ops.runs) ORDER BY ALL",
    )
    of_o7 = "Customer: string, not object; Project.ExpectedCustomerSpend[].Amount: number, not string"
    snapshot = "Payload.OpportunitySummary: string, not object"
    assert quarantined == [
        ("aws_opportunity_summaries", "O2", "LifeCycle: array, not object", "critical", "excluded"),
        ("opportunity_versions", "O6", "Project.Title: object, not string", "critical", "excluded"),
        ("opportunity_versions", "O7", of_o7, "critical", "excluded"),
        ("resource_snapshots", "O1", snapshot, "critical", "excluded"),
    ]
    observed = rows(settings, "SELECT evidence, stage FROM marts.observations WHERE opportunity_id = 'O1' ORDER BY ALL")
    assert observed == [("snapshot", "Prospect"), ("version", "Qualified")]


def test_nothing_said_holds_a_value_or_an_odd_name(nights: list[Night], settings: Settings) -> None:
    said = "".join(night.log + night.status + night.command for night in nights)
    pages = "".join(page.read_text(encoding="utf-8") for page in settings.quality_path.rglob("*.html"))
    reported = str(rows(settings, "SELECT * FROM quality.results") + rows(settings, "SELECT * FROM quality.quarantine"))
    assert "jane@" not in said + pages + reported
    assert CONFIDENTIAL not in said + pages + reported
