"""Whatever AWS sends: each opportunity is in the marts or excluded, no rule of the marts is broken, and nobody else's
rows change.

`make fuzz` draws many more examples than the tests do, and takes the time to find the smallest that fails:
FUZZ_EXAMPLES, in the environment, says how many.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import orjson
import polars as pl
from hostile_json import altered, as_json
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from expectations.landing import landing_rules
from expectations.marts import CURRENT_VERSIONS, MartTable, marts_rules
from expectations.quarantine import quarantine
from expectations.rules import Rule
from expectations.validation import holding
from pipelines.changes import find_changes
from pipelines.examination import examine_landing
from pipelines.marts import MARTS, SCHEMAS, build_marts
from pipelines.partner_central.service_model import staged_fields
from pipelines.partner_central.tables import LANDING_SCHEMAS, UNKNOWN_INSTANT, parse_instant
from pipelines.sandbox.store import Store
from pipelines.sandbox.world import World
from pipelines.staging import stage
from transforms.currency import Quote, ReportingCurrency
from transforms.dates import end_of_day
from transforms.limits import Thresholds
from transforms.per_opportunity import PER_OPPORTUNITY
from transforms.schema import declaration

FUZZ_EXAMPLES = os.environ.get("FUZZ_EXAMPLES")
PHASES = tuple(Phase) if FUZZ_EXAMPLES else (Phase.generate,)
AS_OF = date(2026, 10, 31)
NOW = datetime(2026, 10, 31, 12, tzinfo=UTC)
EUROS = ReportingCurrency("USD", "EUR", (Quote(AS_OF, "USD", Decimal("1.0837")),))
Record = dict[str, Any]
Rows = dict[str, list[Record]]


@cache
def world() -> Store:
    return World(opportunities=24, started_at=datetime(2025, 5, 1, tzinfo=UTC)).store(NOW)


def untouched_ids() -> list[str]:
    return list(world().records)[::2]


def landed_opportunity(opportunity_id: str, versions: Sequence[Record], summary: Record | None) -> Rows:
    """What the extraction would land of these versions, a day apart, and of AWS's side of the last."""
    rows = []
    for days, version in enumerate(reversed(versions)):
        payload = as_json(version)
        modified = parse_instant(orjson.loads(payload).get("LastModifiedDate"))
        rows.append(
            {
                "opportunity_id": opportunity_id,
                "last_modified_date": modified or UNKNOWN_INSTANT + timedelta(days),
                "operation": "GetOpportunity",
                "fetched_at": NOW,
                "payload": payload,
            }
        )
    rows = list({row["last_modified_date"]: row for row in rows}.values())
    sides = [] if summary is None else [{**rows[0], "payload": as_json(summary)}]
    return {"opportunity_versions": rows, "aws_opportunity_summaries": sides}


def landed_snapshots(engagement_id: str, opportunity_id: str, replies: Sequence[Record]) -> Rows:
    payloads = [as_json(reply) for reply in replies]
    snapshots = [
        {
            "engagement_id": engagement_id,
            "resource_id": opportunity_id,
            "template": "OpportunitySummaryView",
            "revision": revision,
            "created_at": parse_instant(orjson.loads(payload).get("CreatedAt")),
            "fetched_at": NOW,
            "payload": payload,
        }
        for revision, payload in enumerate(payloads, start=1)
    ]
    return {"resource_snapshots": snapshots}


def snapshot_replies(opportunity_id: str) -> tuple[str, list[Record]]:
    """The engagement of an opportunity, and the answers of GetResourceSnapshot."""
    for (engagement_id, resource_id, _), snapshots in world().snapshots.items():
        if resource_id == opportunity_id:
            return engagement_id, [
                {"CreatedAt": one.created_at, "Payload": orjson.loads(one.payload)} for one in snapshots
            ]
    return "", []


@cache
def untouched() -> Rows:
    rows: Rows = {table: [] for table in LANDING_SCHEMAS}
    for opportunity_id in untouched_ids():
        summary = world().aws_summaries.get(opportunity_id)
        add(rows, landed_opportunity(opportunity_id, [world().records[opportunity_id]], summary))
        engagement_id, replies = snapshot_replies(opportunity_id)
        add(rows, landed_snapshots(engagement_id, opportunity_id, replies))
    return rows


def add(rows: Rows, more: Rows) -> None:
    for table, landed in more.items():
        rows[table] = rows[table] + landed


names = st.text("/#@\u0000", max_size=2)  # what AWS calls a thing, of the characters that keys are made of


@st.composite
def hostile_rows(draw: st.DrawFn) -> Rows:
    """What lands of a few altered opportunities, their AWS summaries, snapshots, engagements and solutions."""
    rows: Rows = {table: [] for table in LANDING_SCHEMAS}
    chosen = st.lists(st.sampled_from(list(world().records)[1::2]), min_size=4, max_size=12, unique=True)
    for opportunity_id in draw(chosen):
        record, summary = world().records[opportunity_id], world().aws_summaries.get(opportunity_id)
        versions = draw(st.lists(altered(record), min_size=1, max_size=3))
        listed_as = draw(st.just(opportunity_id) | names.map(opportunity_id.__add__))
        add(rows, landed_opportunity(listed_as, versions, summary and draw(altered(summary))))
        engagement_id, replies = snapshot_replies(opportunity_id)
        if replies and draw(st.booleans()):
            add(rows, landed_snapshots(engagement_id, opportunity_id, [draw(altered(reply)) for reply in replies[:3]]))
    association = {"Catalog": "Sandbox", "EngagementId": "eng-1", "ResourceId": "O1"}
    rows["engagement_associations"] = [
        {"engagement_id": engagement_id, "resource_id": resource_id, "snapshot_revisions": 0}
        | {"fetched_at": NOW, "payload": as_json(draw(altered(association, most=2)))}
        for engagement_id, resource_id in draw(st.lists(st.tuples(names, names), max_size=6, unique=True))
    ]
    rows["solutions"] = [
        {"solution_id": name, "fetched_at": NOW, "payload": as_json(draw(altered(world().solutions[0], most=2)))}
        for name in draw(st.lists(names, max_size=3, unique=True))
    ]
    return rows


@dataclass(frozen=True)
class Night:
    """What a build made of a landing: the tables that it publishes, and what the checks found."""

    tables: dict[str, pl.DataFrame]
    quarantined: pl.DataFrame
    current: dict[str, bool]  # staged opportunities, and whether the newest version of each is excluded
    broken: set[str]

    def rows_of(self, opportunity_ids: Sequence[str]) -> dict[str, pl.DataFrame]:
        tables = {declaration(table).name: self.tables[declaration(table).name] for table in PER_OPPORTUNITY}
        return {name: rows.filter(pl.col("opportunity_id").is_in(opportunity_ids)) for name, rows in tables.items()}


@contextmanager
def landing(rows: Rows) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; ATTACH ':memory:' AS landing; ATTACH ':memory:' AS staging")
        connection.execute("CREATE SCHEMA landing.partner_central")
        for table, landed in rows.items():
            schema = pl.DataFrame(LANDING_SCHEMAS[table].empty_table()).schema
            connection.register("landed", pl.DataFrame(landed, schema=schema).to_arrow())
            connection.execute(f"CREATE TABLE landing.partner_central.{table} AS FROM landed")
            connection.unregister("landed")
        yield connection


def build(rows: Rows) -> Night:
    with landing(rows) as connection:
        before = payloads(connection)
        examine_landing(connection, "fuzz")
        stage(connection, end_of_day(AS_OF))
        of_landing = every_landing_rule()
        held = holding(broken(connection, "staging", of_landing))
        quarantined = quarantine(connection, "staging", of_landing, run_id="fuzz")
        current = dict(connection.execute(f"SELECT opportunity_id, is_excluded FROM {CURRENT_VERSIONS}").fetchall())
        changes = find_changes(connection, end_of_day(AS_OF), EUROS)
        build_marts(connection, changes, as_of=AS_OF, reporting=EUROS, thresholds=Thresholds())
        held += broken(connection, "marts", every_marts_rule())
        tables = {
            declaration(table).name: connection.sql(f"FROM {schema}.{declaration(table).name} ORDER BY ALL").pl()
            for table, schema in SCHEMAS.items()
        }
        assert payloads(connection) == before
    return Night(tables, quarantined, current, {rule.id for rule in held})


def payloads(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    tables = [table for table, schema in LANDING_SCHEMAS.items() if "payload" in schema.names]
    return [
        connection.execute(f"SELECT count(*), sum(hash(one)) FROM landing.partner_central.{table} AS one").fetchone()
        for table in tables
    ]


def broken(connection: duckdb.DuckDBPyConnection, schema: str, rules: Sequence[Rule]) -> list[Rule]:
    """The rules that fail by their SQL; that Great Expectations agrees is tested elsewhere."""
    with closing(connection.cursor()) as session:
        session.execute(f"USE {schema}")
        return [
            rule
            for rule in rules
            if rule.failing_rows
            and session.execute(f"SELECT 1 FROM ({rule.failing_in(rule.table)}) LIMIT 1").fetchone()
        ]


@cache
def every_landing_rule() -> list[Rule]:
    return landing_rules(staged_fields())


@cache
def every_marts_rule() -> list[Rule]:
    tables = []
    for schema in MARTS:
        table = declaration(schema)
        types = {column.name: column.duckdb_type for column in table.columns}
        required = [column.name for column in table.columns if not column.is_nullable]
        tables.append(MartTable(table.name, types, table.primary_key, required))
    return marts_rules(tables, reporting_currency=EUROS.code)


@cache
def quiet_night() -> Night:
    return build(untouched())


@settings(max_examples=int(FUZZ_EXAMPLES or 5), phases=PHASES)
@given(hostile=hostile_rows())
def test_hostile_payloads(hostile: Rows) -> None:
    rows: Rows = {table: [] for table in LANDING_SCHEMAS}
    add(rows, untouched())
    add(rows, hostile)
    night = build(rows)
    assert night.broken == set()
    excluded = night.quarantined.filter(action="excluded", source_table="opportunity_versions")
    published = set(night.tables["opportunities"]["opportunity_id"])
    known = {
        row["opportunity_id"] for row in rows["opportunity_versions"] if row["last_modified_date"] < end_of_day(AS_OF)
    }
    assert known == set(night.current)
    assert published == {opportunity_id for opportunity_id, is_excluded in night.current.items() if not is_excluded}
    assert known - published <= set(excluded["opportunity_id"])
    assert_same(night.rows_of(untouched_ids()), quiet_night().rows_of(untouched_ids()))
    again = build({table: landed[::-1] for table, landed in rows.items()})
    assert_same({**again.tables, "quarantine": again.quarantined}, {**night.tables, "quarantine": night.quarantined})


def assert_same(found: dict[str, pl.DataFrame], expected: dict[str, pl.DataFrame]) -> None:
    assert [name for name, rows in found.items() if not rows.equals(expected[name])] == []


def test_keys_that_look_alike_are_told_apart() -> None:
    row = {"snapshot_revisions": 0, "fetched_at": NOW, "payload": '{"Catalog": "Sandbox"}'}
    rows: Rows = {table: [] for table in LANDING_SCHEMAS}
    rows["engagement_associations"] = [
        {"engagement_id": "a/b", "resource_id": "c", **row},
        {"engagement_id": "a", "resource_id": "b/c", **row},
    ]
    assert build(rows).broken == set()


def test_the_quiet_night_has_something_in_every_mart() -> None:
    assert [name for name, rows in quiet_night().tables.items() if not rows.height] == []
    assert quiet_night().broken == set()
