"""The examination of what landed: once each, whatever the clock says, and its verdicts with the staged records."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import orjson
import polars as pl
import pytest

from expectations.schema import Quarantine
from pipelines.examination import OTHERS, REPORTED_FINDINGS, examine_landing, report_unknown_values
from pipelines.partner_central.tables import LANDING_SCHEMAS
from pipelines.staging import stage

BEFORE = datetime(2026, 5, 2, tzinfo=UTC)
MODIFIED = BEFORE - timedelta(hours=1)
FETCHED = datetime(2026, 5, 1, 23, 30, tzinfo=UTC)
KEYS = {
    "opportunity_versions": {"opportunity_id": "O1", "last_modified_date": MODIFIED, "operation": "GetOpportunity"},
    "aws_opportunity_summaries": {"opportunity_id": "O1", "last_modified_date": MODIFIED},
    "engagement_associations": {"engagement_id": "eng-1", "resource_id": "O1", "snapshot_revisions": 1},
    "resource_snapshots": {"engagement_id": "eng-1", "resource_id": "O1", "template": "view", "revision": 1},
    "solutions": {"solution_id": "S-1"},
}


SCORE = "Insights.OpportunityQuality.Score"
TITLE = "Project.Title: number, not string"
VIEW = "Payload.OpportunitySummary"
Row = tuple[str, str, str, str | None]


def land(connection: duckdb.DuckDBPyConnection, table: str, *payloads: Any, at: datetime = FETCHED, **key: Any) -> None:
    """Land O1, O2, … or what `key` says; what had landed under a key is replaced, as dlt does it."""
    rows = [
        {
            **KEYS[table],
            "fetched_at": at,
            "payload": payload if isinstance(payload, str) else orjson.dumps(payload).decode(),
            **({} if key else {name: f"O{number}" for name in ("opportunity_id",) if name in KEYS[table]}),
            **key,
        }
        for number, payload in enumerate(payloads, start=1)
    ]
    frame = pl.DataFrame(rows, schema=pl.DataFrame(LANDING_SCHEMAS[table].empty_table()).schema)
    connection.register("landed", frame.to_arrow())
    name = f"landing.partner_central.{table}"
    connection.execute(f"CREATE TABLE IF NOT EXISTS {name} AS FROM landed LIMIT 0")
    same = " AND ".join(f"{name}.{column} = landed.{column}" for column in KEYS[table] if column != "operation")
    connection.execute(f"DELETE FROM {name} USING landed WHERE {same}; INSERT INTO {name} FROM landed")


def malformed(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str | None]:
    """What the staging of a table says, by opportunity or other key."""
    stage(connection, BEFORE)
    query = f"SELECT coalesce(opportunity_id, row_key), malformed_members FROM staging.{table}"
    return dict(connection.sql(query).fetchall())


def reported(connection: duckdb.DuckDBPyConnection, run_id: str) -> list[tuple]:
    return connection.execute(
        "SELECT expectation, target, column_name, evaluated, unexpected FROM landing.quality.results "
        "WHERE run_id = ? AND suite = 'drift' ORDER BY ALL",
        [run_id],
    ).fetchall()


@pytest.mark.parametrize(
    ("table", "payload", "members"),
    [
        (
            "opportunity_versions",
            {"Project": {"Title": 1}, "Customer": "x"},
            f"Customer: string, not object; {TITLE}",
        ),
        ("opportunity_versions", {"Project": {"Title": None}, "Customer": {}}, None),
        (
            "aws_opportunity_summaries",
            {"Insights": {"OpportunityQuality": {"Score": "80"}}},
            f"{SCORE}: string, not whole number",
        ),
        ("aws_opportunity_summaries", {"Insights": {"OpportunityQuality": {"Score": 80}}}, None),
        ("engagement_associations", {"ResourceId": ["O1"]}, "ResourceId: array, not string"),
        ("solutions", {"Name": False}, "Name: boolean, not string"),
        ("resource_snapshots", {"Revision": 1, "Payload": {"OpportunitySummary": {"Lifecycle": {}}}}, None),
        (
            "resource_snapshots",
            {"Revision": "1", "Payload": {"OpportunitySummary": {}}},
            "Revision: string, not whole number",
        ),
        (
            "resource_snapshots",
            {"Payload": {"OpportunitySummary": "gone"}},
            f"{VIEW}: string, not object",
        ),
        ("resource_snapshots", {"Payload": [{"OpportunitySummary": {}}]}, "Payload: array, not object"),
    ],
)
def test_a_malformed_record_is_staged_with_its_members(
    connection: duckdb.DuckDBPyConnection, table: str, payload: Any, members: str | None
) -> None:
    land(connection, table, payload)
    examine_landing(connection, "r1")
    assert list(malformed(connection, table).values()) == [members]


@pytest.mark.parametrize("payload", [{"AwsOpportunitySummaryFullView": {"Origin": "AWS Referral"}}, {}, None])
def test_a_snapshot_of_another_view_is_not_staged(connection: duckdb.DuckDBPyConnection, payload: Any) -> None:
    land(connection, "resource_snapshots", {"Revision": 1, "Payload": payload})
    examine_landing(connection, "r1")
    assert malformed(connection, "resource_snapshots") == {}


def test_a_version_is_held_against_the_operation_that_it_came_from(connection: duckdb.DuckDBPyConnection) -> None:
    listed = {"Id": "O1", "Marketing": {}}  # which a listing does not show
    land(connection, "opportunity_versions", listed, operation="ListOpportunities", opportunity_id="O1")
    land(connection, "opportunity_versions", listed, operation="GetOpportunity", opportunity_id="O2")
    assert examine_landing(connection, "r1") == 1
    assert reported(connection, "r1") == [("known_member", "opportunity_versions", "Marketing", 2, 1)]


def test_of_members_of_one_name_the_staged_one_is_examined(connection: duckdb.DuckDBPyConnection) -> None:
    land(
        connection,
        "opportunity_versions",
        '{"Project": {"Title": "a", "Title": 1}}',
        '{"Project": {"Title": 1, "Title": "a"}}',
    )
    examine_landing(connection, "r1")
    assert malformed(connection, "opportunity_versions") == {"O1": None, "O2": TITLE}
    titles = "SELECT project__title FROM staging.opportunity_versions ORDER BY opportunity_id"
    assert connection.sql(titles).fetchall() == [("a",), ("1",)]


def test_what_is_said_of_a_record_is_bounded(connection: duckdb.DuckDBPyConnection) -> None:
    customer = {"Account": dict.fromkeys(("CompanyName", "Duns", "Industry", "OtherIndustry", "WebsiteUrl"), 1)}
    project = dict.fromkeys(("Title", "CompetitorName", "CustomerUseCase", "OtherSolutionDescription"), 1)
    cycle = dict.fromkeys(("Stage", "NextSteps", "ClosedLostReason"), 1)
    land(connection, "opportunity_versions", {"Customer": customer, "Project": project, "LifeCycle": cycle})
    examine_landing(connection, "r1")
    [said] = malformed(connection, "opportunity_versions").values()
    assert said is not None
    assert said.count("; ") == 10
    assert said.endswith("; and 2 more")


def test_what_was_reported_is_not_reported_again(connection: duckdb.DuckDBPyConnection) -> None:
    land(connection, "opportunity_versions", {"New": 1}, {"New": 1, "Project": {"Title": 1}}, {"Id": "O3"})
    assert examine_landing(connection, "r1") == 2
    assert reported(connection, "r1") == [
        ("known_member", "opportunity_versions", "New", 3, 2),
        ("known_type", "opportunity_versions", TITLE, 3, 1),
    ]
    land(connection, "opportunity_versions", {"New": 1}, {"Newer": 1}, at=FETCHED + timedelta(days=1))
    land(connection, "solutions", {"New": 1})
    assert examine_landing(connection, "r2") == 2
    assert reported(connection, "r2") == [
        ("known_member", "opportunity_versions", "Newer", 2, 1),
        ("known_member", "solutions", "New", 1, 1),
    ]
    assert examine_landing(connection, "r3") == 0


def test_a_record_fetched_again_is_judged_anew(connection: duckdb.DuckDBPyConnection) -> None:
    good, bad = {"Project": {"Title": "a"}}, {"Project": {"Title": 1}}
    land(connection, "opportunity_versions", good, bad, bad)
    examine_landing(connection, "r1")
    assert malformed(connection, "opportunity_versions") == {"O1": None, "O2": TITLE, "O3": TITLE}
    land(connection, "opportunity_versions", bad, good, at=FETCHED + timedelta(days=1))
    examine_landing(connection, "r2")
    assert malformed(connection, "opportunity_versions") == {"O1": TITLE, "O2": None, "O3": TITLE}


@pytest.mark.parametrize("days", [-1_000, -1, 1, 1_000])
def test_a_clock_that_was_wrong_hides_nothing(connection: duckdb.DuckDBPyConnection, days: int) -> None:
    land(connection, "opportunity_versions", {"Id": "O1"}, at=FETCHED + timedelta(days=days))
    examine_landing(connection, "r1")
    land(connection, "opportunity_versions", {"New": 1}, opportunity_id="O2")
    assert examine_landing(connection, "r2") == 1


def test_another_model_examines_everything_anew_and_reports_only_what_is_new(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    land(connection, "opportunity_versions", {"New": 1, "Project": {"Title": 1}})
    examine_landing(connection, "r1")
    connection.execute("DELETE FROM landing.quality.results WHERE expectation = 'known_member'")
    connection.execute("DELETE FROM landing.quality.malformed")
    assert examine_landing(connection, "r2") == 0
    connection.execute("UPDATE landing.quality.examined SET model = 'an older one'")
    connection.execute("INSERT INTO landing.quality.malformed VALUES ('opportunity_versions', 'an older key', 'x')")
    assert examine_landing(connection, "r3") == 1
    assert reported(connection, "r3") == [("known_member", "opportunity_versions", "New", 1, 1)]
    assert connection.sql("SELECT count(*) FROM landing.quality.malformed").fetchall() == [(1,)]
    assert malformed(connection, "opportunity_versions") == {"O1": TITLE}


def test_an_examination_that_does_not_end_has_examined_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    land(connection, "opportunity_versions", {"New": 1, "Project": {"Title": 1}})
    connection.execute("CREATE SCHEMA landing.quality; CREATE TABLE landing.quality.results (expectation VARCHAR)")
    with pytest.raises(duckdb.Error):
        examine_landing(connection, "r1")
    tables = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'landing' AND schema_name = 'quality'"
    assert connection.sql(tables).fetchall() == [("results",)]
    connection.execute("DROP TABLE landing.quality.results")
    assert examine_landing(connection, "r2") == 2
    assert malformed(connection, "opportunity_versions") == {"O1": TITLE}


def test_a_flood_of_names_is_cut(connection: duckdb.DuckDBPyConnection) -> None:
    land(connection, "opportunity_versions", *({f"New{number}": 1, "Most": 1} for number in range(3_000)))
    assert examine_landing(connection, "r1") == REPORTED_FINDINGS + 1
    first, *_ = sorted(reported(connection, "r1"), key=lambda row: -row[-1])
    assert first == ("known_member", "opportunity_versions", "Most", 3_000, 3_000)
    [others] = [row for row in reported(connection, "r1") if row[2] == OTHERS]
    assert others == ("known_member", "opportunity_versions", OTHERS, 3_000, 900)


def test_payloads_beyond_duckdbs_own_limits_are_examined(connection: duckdb.DuckDBPyConnection) -> None:
    deep = '{"a":' * 900 + "1" + "}" * 900
    land(
        connection,
        "opportunity_versions",
        f'{{"New": {deep}, "Project": {{"Title": "a"}}}}',
        f'{{"Project": {deep}}}',
        f'{{"Project": {{"Title": {deep}}}}}',
        {"Project": {"Title": "x" * 10_000_000}},
    )
    examine_landing(connection, "r1")
    assert malformed(connection, "opportunity_versions") == {
        "O1": None,
        "O2": None,  # a known object, with a member that is not
        "O3": "Project.Title: object, not string",
        "O4": None,
    }
    assert [row[2] for row in reported(connection, "r1")] == ["New", "Project.a", "Project.Title: object, not string"]


def test_nothing_landed_is_nothing_examined(connection: duckdb.DuckDBPyConnection) -> None:
    assert examine_landing(connection, "r1") == 0
    assert malformed(connection, "opportunity_versions") == {}


def quarantined(*rows: Row) -> pl.DataFrame:
    """Rows of quality.quarantine: rule, staged table, column and value."""
    made: list[Mapping[str, Any]] = [
        {
            "run_id": "r1",
            "opportunity_id": "O1",
            "source_table": table,
            "column_name": column,
            "rule": rule,
            "severity": "warning",
            "value": value,
            "action": "nulled",
        }
        for rule, table, column, value in rows
    ]
    return pl.DataFrame(made, Quarantine.create_empty().schema)


def rows_looked_at(connection: duckdb.DuckDBPyConnection, run_id: str, rows: list[Row], number: int) -> None:
    """What the rules of a run have left in quality.results, over so many values of each column."""
    for rule, table, column in sorted({row[:3] for row in rows}):
        result = [run_id, "landing", rule, table, column, "warning", False, number, 1]
        connection.execute("INSERT INTO landing.quality.results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", result)


def test_unknown_values_are_reported_once_with_their_member(connection: duckdb.DuckDBPyConnection) -> None:
    land(connection, "solutions", {"Id": "S-1"})
    examine_landing(connection, "r1")
    versions, spend = "opportunity_versions", "opportunity_versions__project__expected_customer_spend"
    rows = [
        ("in_enum", versions, "life_cycle__stage", "Negotiation"),
        ("in_enum", versions, "life_cycle__stage", "Negotiation"),
        ("in_enum", versions, "customer__account__industry", "x" * 100),
        ("in_enum", versions, "opportunity_type", "a\n\u202eb"),
        ("in_enum", "opportunity_versions__customer__contacts", "business_title", None),
        ("in_enum", spend, "currency_code", "XBT"),
        ("matches_pattern", spend, "amount", "-1"),
    ]
    rows_looked_at(connection, "r1", rows, 9)
    assert report_unknown_values(connection, "r1", quarantined(*rows)) == 5
    cut = "x" * 60 + "…"
    assert reported(connection, "r1") == [
        ("known_value", versions, f"Customer.Account.Industry = '{cut}'", 9, 1),
        ("known_value", versions, "Customer.Contacts[].BusinessTitle", 9, 1),
        ("known_value", versions, "LifeCycle.Stage = 'Negotiation'", 9, 2),
        ("known_value", versions, "OpportunityType = 'a??b'", 9, 1),
        ("known_value", versions, "Project.ExpectedCustomerSpend[].CurrencyCode", 9, 1),  # sensitive
    ]
    rows_looked_at(connection, "r2", rows, 10)
    rows.append(("in_enum", versions, "life_cycle__stage", "Dreaming"))
    assert report_unknown_values(connection, "r2", quarantined(*rows)) == 1
    assert reported(connection, "r2") == [("known_value", versions, "LifeCycle.Stage = 'Dreaming'", 10, 1)]
