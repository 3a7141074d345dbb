"""Staging tables made by hand, as the pipeline would have flattened them out of the landing."""

from collections.abc import Iterable, Mapping, Sequence

import duckdb

from expectations.fields import Field
from pipelines.partner_central.service_model import staged_fields, staged_tables

Row = Mapping[str, object]

KEY_TYPES = {
    "list_index": "BIGINT",
    "is_excluded": "BOOLEAN",
    "created_at": "TIMESTAMPTZ",
    "last_modified_at": "TIMESTAMPTZ",
}
RECORD_COLUMNS = ("malformed_members", "is_excluded", "last_modified_at", "created_at")
REQUIRED: dict[str, Row] = {
    "opportunity_versions": {
        "id": "O1",
        "catalog": "AWS",
        "created_date": "2026-01-01T00:00:00Z",
        "last_modified_date": "2026-02-01T00:00:00Z",
    },
    "resource_snapshots": {"created_at": "2026-01-01 00:00:00+00"},
    "solutions": {
        "id": "S-1",
        "catalog": "AWS",
        "name": "a",
        "status": "Active",
        "category": "b",
        "created_date": "2026-01-01T00:00:00Z",
    },
    "aws_opportunity_summaries": {"catalog": "AWS"},
    "engagement_associations": {"catalog": "AWS"},
}


def connect_to_staging() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("ATTACH ':memory:' AS staging")
    return connection


def model_fields(table: str, *columns: str) -> list[Field]:
    """What the service model says of some columns (all, if none is named) of one staged table."""
    return [f for f in staged_fields() if f.table == table and (f.column in columns or not columns)]


def create_table(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row]) -> None:
    """Make a staging table of whatever columns its rows have, of records with what the examination says of them."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    columns += ["malformed_members"] if "__" not in table and "malformed_members" not in columns else []
    declared = ", ".join(f"{column} {KEY_TYPES.get(column, 'VARCHAR')}" for column in columns)
    connection.execute(f"CREATE TABLE staging.{table} ({declared})")
    insert(connection, table, rows)


def create_every_table(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every staged table, empty, with all of its columns."""
    for table in staged_tables():
        keys = ["row_key", "opportunity_id"]
        keys += ["parent_key", "list_index"] if table.parent else [*RECORD_COLUMNS]
        declared = ", ".join(f"{column} {KEY_TYPES.get(column, 'VARCHAR')}" for column in (*keys, *table.columns))
        connection.execute(f"CREATE TABLE staging.{table.name} ({declared})")


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Row]) -> None:
    for row in rows:
        places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        connection.execute(f"INSERT INTO staging.{table} ({', '.join(row)}) VALUES ({places})", list(row.values()))
