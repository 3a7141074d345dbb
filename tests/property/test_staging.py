"""Flattening by DuckDB agrees with flattening by hand, for any payload of the service model's shape."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import orjson
import polars as pl
import pytest
from botocore.model import ListShape, Shape, StructureShape
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.partner_central.service_model import StagedTable, records, staged_tables
from pipelines.partner_central.tables import LANDING_SCHEMAS
from pipelines.staging import stage
from transforms import staged as inputs
from transforms.touches import LISTS, SNAPSHOT_LISTS

MODIFIED_AT = datetime(2026, 5, 1, tzinfo=UTC)
SHAPES = {record.landing_table: record.shape for record in records()}
TABLES = {table.name: table for table in staged_tables()}
ITEMS = {name: inputs.DIMENSION_VALUES[name] for name in ("parent_key", "value")}
TEXTS = st.sampled_from(["", "a", "1.", "Ünïcode 株式会社", 'it\'s "quoted"', "null", "{x} :y", "\u202e\n"])


def payloads(shape: Shape) -> st.SearchStrategy[Any]:
    """Any payload of a shape, with members absent or null, and lists empty or with null items."""
    if isinstance(shape, StructureShape):
        members = {name: payloads(member) for name, member in shape.members.items()}
        return st.fixed_dictionaries({}, optional={name: st.none() | member for name, member in members.items()})
    if isinstance(shape, ListShape):
        return st.lists(st.none() | payloads(shape.member), max_size=2)
    return TEXTS


def member(item: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        item = item.get(name) if isinstance(item, dict) else None
    return item


def by_hand(table: StagedTable, row_key: str, payload: Any) -> Iterator[dict[str, Any]]:
    """Flatten slowly: the rows that one payload gives a table."""
    for key, parent, index, item in items(table, row_key, payload):
        columns = {column: member(item, path) for column, path in table.columns.items()}
        yield {"row_key": key, "parent_key": parent, "list_index": index, **columns}


def items(table: StagedTable, row_key: str, payload: Any) -> Iterator[tuple[str, str | None, int | None, Any]]:
    if table.parent is None:
        yield row_key, None, None, payload
        return
    for parent_key, _, _, parent in items(TABLES[table.parent], row_key, payload):
        for index, item in enumerate(member(parent, table.list_path) or []):
            yield f"{parent_key}#{index}", parent_key, index, item


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; ATTACH ':memory:' AS landing; ATTACH ':memory:' AS staging")
        connection.execute("CREATE SCHEMA landing.partner_central")
        yield connection


def land(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    frame = pl.DataFrame(rows, schema=pl.DataFrame(LANDING_SCHEMAS[table].empty_table()).schema)
    connection.register("rows_to_land", frame.to_arrow())
    connection.execute(f"CREATE OR REPLACE TABLE landing.partner_central.{table} AS FROM rows_to_land")
    connection.unregister("rows_to_land")


def staged(connection: duckdb.DuckDBPyConnection, table: str) -> pl.DataFrame:
    return connection.sql(f"FROM staging.{table} ORDER BY row_key").pl()


def version(number: int, payload: Any, modified_at: datetime = MODIFIED_AT) -> dict[str, Any]:
    return {
        "opportunity_id": f"O{number}",
        "last_modified_date": modified_at,
        "fetched_at": MODIFIED_AT,
        "payload": orjson.dumps(payload).decode(),
    }


@pytest.mark.parametrize("landing_table", ["opportunity_versions", "aws_opportunity_summaries"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_it_agrees_with_flattening_by_hand(
    connection: duckdb.DuckDBPyConnection, landing_table: str, data: st.DataObject
) -> None:
    landed = data.draw(st.lists(payloads(SHAPES[landing_table]), min_size=1, max_size=3))
    rows = [version(number, payload) for number, payload in enumerate(landed)]
    land(connection, landing_table, [{**row, "operation": "GetOpportunity"} for row in rows])
    stage(connection, MODIFIED_AT + timedelta(days=1))
    for name, table in TABLES.items():
        if name.split("__")[0] != landing_table:
            continue
        expected = [
            row
            for number, payload in enumerate(landed)
            for row in by_hand(table, f"O{number}@2026-05-01T00:00:00.000000Z", payload)
        ]
        found = staged(connection, name)
        kept = [column for column in ("row_key", "parent_key", "list_index") if column in found.columns]
        columns = [*kept, *table.columns]
        assert found.select(columns).sort("row_key").rows() == sorted(
            tuple(row[column] for column in columns) for row in expected
        )


def test_only_what_was_known_before_the_instant_is_staged(connection: duckdb.DuckDBPyConnection) -> None:
    before = datetime(2026, 5, 2, tzinfo=UTC)
    instants = [before - timedelta(microseconds=1), before, before + timedelta(days=1)]
    rows = [
        version(number, {"Arn": "a"}, instant) | {"operation": "GetOpportunity"}
        for number, instant in enumerate(instants)
    ]
    land(connection, "opportunity_versions", rows)
    stage(connection, before)
    assert staged(connection, "opportunity_versions")["opportunity_id"].to_list() == ["O0"]


def test_tables_that_have_not_landed_yet_are_empty(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DROP SCHEMA landing.partner_central CASCADE; CREATE SCHEMA landing.partner_central")
    stage(connection, MODIFIED_AT)
    counted = {name: staged(connection, name).height for name in TABLES}
    assert counted == dict.fromkeys(TABLES, 0)


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("opportunity_versions", inputs.OPPORTUNITY_VERSIONS),
        ("opportunity_versions__project__expected_customer_spend", inputs.EXPECTED_CUSTOMER_SPEND),
        ("aws_opportunity_summaries", inputs.AWS_OPPORTUNITY_SUMMARIES),
        ("opportunity_visibility", inputs.OPPORTUNITY_VISIBILITY),
        ("resource_snapshots", inputs.RESOURCE_SNAPSHOTS),
        ("resource_snapshots__project__expected_customer_spend", inputs.EXPECTED_CUSTOMER_SPEND),
        *((f"opportunity_versions__{path}", ITEMS) for path in LISTS.values()),
        *((f"resource_snapshots__{path}", ITEMS) for path in SNAPSHOT_LISTS.values()),
    ],
)
def test_transforms_get_the_columns_that_they_declare(
    connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, pl.DataType]
) -> None:
    stage(connection, MODIFIED_AT)
    found = staged(connection, table).schema
    assert {name: found[name] for name in columns} == columns


def test_what_is_of_another_type_is_kept_as_text_or_absent(connection: duckdb.DuckDBPyConnection) -> None:
    payload = {
        "Arn": 5,
        "Id": {"nested": True},
        "Project": {"Title": 1.50, "ExpectedCustomerSpend": "much", "ApnPrograms": [1, None, ["x"]]},
        "Customer": [],
    }
    land(connection, "opportunity_versions", [version(1, payload) | {"operation": "GetOpportunity"}])
    stage(connection, MODIFIED_AT + timedelta(days=1))
    columns = ["arn", "id", "project__title", "customer__account__company_name"]
    assert staged(connection, "opportunity_versions").select(columns).rows() == [("5", '{"nested":true}', "1.5", None)]
    programs = staged(connection, "opportunity_versions__project__apn_programs")
    assert programs["value"].to_list() == ["1", None, '["x"]']


@pytest.mark.parametrize(
    ("duration", "as_sent"),
    [
        ({"Value": "36", "Term": "Months"}, "36 Months"),
        ({"Value": "three years", "Term": "Years"}, "three years Years"),
        ({"Value": "36"}, "36"),
        ({"Term": "Months"}, "Months"),
        ({"Value": "9" * 50, "Term": "Months"}, f"{'9' * 40} Months"),
        ({}, None),
        ({"Value": None, "Term": None}, None),
        (None, None),
    ],
)
def test_the_contract_duration_is_kept_as_it_was_sent(
    connection: duckdb.DuckDBPyConnection, duration: dict[str, str | None] | None, as_sent: str | None
) -> None:
    payload = {"Project": {"ExpectedContractDuration": duration}}
    land(connection, "opportunity_versions", [version(1, payload) | {"operation": "GetOpportunity"}])
    stage(connection, MODIFIED_AT + timedelta(days=1))
    assert staged(connection, "opportunity_versions")["contract_duration_as_sent"].to_list() == [as_sent]
