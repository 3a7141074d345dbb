"""Flatten landed payloads into relational staging tables, in one vectorised pass by DuckDB.

Every payload column is text as AWS sent it; what it may hold is AWS's service model's word. A list becomes a child
table. Rules run on these tables, quarantine mends them, transforms read them; they are dropped after the run. A night
stages the opportunities that have changed since the last one.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

import duckdb
import polars as pl

from expectations.rules import literal
from pipelines.database import has_table, registered
from pipelines.partner_central.service_model import (
    Record,
    StagedTable,
    json_structure,
    records,
    staged_tables,
)
from pipelines.partner_central.tables import LANDING_SCHEMAS

LANDING_DATASET = "partner_central"  # dlt's dataset, a schema of landing.duckdb

_AT = "opportunity_id || '@' || strftime({} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
_VERSION_KEY = _AT.format("last_modified_date")
_KEYS: Mapping[str, tuple[str, str, str, str]] = {
    # landing table: row key, opportunity, further typed columns, and when the record was known ("true": at any time)
    "opportunity_versions": (
        _VERSION_KEY,
        "opportunity_id",
        "last_modified_date AS last_modified_at",
        "last_modified_date < $before",
    ),
    "aws_opportunity_summaries": (
        _VERSION_KEY,
        "opportunity_id",
        "last_modified_date AS last_modified_at",
        "last_modified_date < $before",
    ),
    "engagement_associations": (
        "to_json([engagement_id, resource_id])::VARCHAR",  # either may have any character in it
        "resource_id",
        "",
        "true",
    ),
    "resource_snapshots": (
        "concat_ws('/', engagement_id, resource_id, template, revision)",
        "resource_id",
        "engagement_id, template, revision, created_at",
        "coalesce(created_at < $before, true)",
    ),
    "solutions": ("solution_id", "NULL::VARCHAR", "", "true"),
}
_AS_SENT = {
    # landing table: columns that keep what landing rules may take out
    "opportunity_versions": "nullif(trim(concat_ws(' ', left(item.Project.ExpectedContractDuration.Value, 40), "
    "left(item.Project.ExpectedContractDuration.Term, 40))), '') AS contract_duration_as_sent, ",
}


def stage(connection: duckdb.DuckDBPyConnection, before: datetime, only: pl.DataFrame | None = None) -> None:
    """Build every table of the attached database `staging` from the attached database `landing`.

    `malformed_members` says what the examination found of a record; where there was none, it is null.
    Only records known before `before` (UTC, exclusive) are staged: the as-of day's end. Of the opportunities in
    `only`, where it is given, with "" for what belongs to none.
    """
    tables = staged_tables()
    with _wanted(connection, only):
        for record in records():
            _parse(connection, record, before, is_part=only is not None)
            own = [table for table in tables if table.name.split("__")[0] == record.landing_table]
            by_name = {table.name: table for table in own}
            for table in own:
                connection.execute(f"CREATE OR REPLACE TABLE staging.{table.name} AS {_select(table, by_name)}")
            connection.execute("DROP TABLE staging.parsed")
        _stage_visibility(connection, before, is_part=only is not None)


def _wanted(connection: duckdb.DuckDBPyConnection, only: pl.DataFrame | None) -> AbstractContextManager[None]:
    return nullcontext() if only is None else registered(connection, "wanted", only)


def _landed(connection: duckdb.DuckDBPyConnection, table: str, opportunity: str, *, is_part: bool) -> str:
    """Return the SQL of a landing table, or of its rows of the opportunities that are wanted."""
    landed = landing_table(connection, table)
    if not is_part or not has_table(connection, LANDING_DATASET, table, database="landing"):
        return landed
    # The wanted rows are found by their opportunity alone, and only then are the payloads read.
    keys = f"SELECT rowid FROM {landed} WHERE coalesce({opportunity}, '') IN (SELECT opportunity_id FROM wanted)"
    return f"(FROM {landed} WHERE rowid IN ({keys}))"


def _parse(connection: duckdb.DuckDBPyConnection, record: Record, before: datetime, *, is_part: bool) -> None:
    row_key, opportunity, columns, condition = _KEYS[record.landing_table]
    payload = "payload"
    if record.payload_path:  # of a malformed payload nothing says that the record is not in it
        payload = f"json_extract(payload, '$.{'.'.join(record.payload_path)}')"
        condition = f"{condition} AND (json_type({payload}) <> 'NULL' OR malformed_members IS NOT NULL)"
    landed = _landed(connection, record.landing_table, opportunity, is_part=is_part)
    typed = ", ".join(filter(None, (f"{opportunity} AS opportunity_id", columns)))
    connection.execute(
        f"CREATE OR REPLACE TABLE staging.parsed AS SELECT row_key, {typed}, malformed_members, "
        f"from_json({payload}, $structure) AS record FROM (SELECT {row_key} AS row_key, * FROM {landed}) "
        f"LEFT JOIN ({_malformed(connection, record.landing_table)}) USING (row_key) WHERE {condition}",
        {"structure": json_structure(record.shape)} | ({"before": before} if "$before" in condition else {}),
    )


def _malformed(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Return the SQL of the malformed records of a table, by their key; none before the first examination."""
    if has_table(connection, "quality", "malformed", database="landing"):
        return (
            "SELECT row_key, members AS malformed_members FROM landing.quality.malformed "
            f"WHERE landing_table = {literal(table)}"
        )
    return "SELECT '' AS row_key, NULL::VARCHAR AS malformed_members WHERE false"


def row_key_sql(table: str) -> str:
    """Return the SQL of the key that a record of a landing table has in the staging."""
    return _KEYS[table][0]


def _stage_visibility(connection: duckdb.DuckDBPyConnection, before: datetime, *, is_part: bool) -> None:
    """Copy the one table that has no payload: it is what this project observed, not what AWS sent."""
    connection.execute(
        f"CREATE OR REPLACE TABLE staging.opportunity_visibility AS SELECT {_AT.format('observed_at')} AS row_key, "
        "opportunity_id, observed_at, is_visible "
        f"FROM {_landed(connection, 'opportunity_visibility', 'opportunity_id', is_part=is_part)} "
        "WHERE observed_at < $before",
        {"before": before},
    )


def landing_table(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Name a landing table; dlt makes one only when its first row lands, so an absent one is read as empty."""
    if has_table(connection, LANDING_DATASET, table, database="landing"):
        return f"landing.{LANDING_DATASET}.{table}"
    connection.register(f"empty_{table}", LANDING_SCHEMAS[table].empty_table())
    return f"empty_{table}"


def _select(table: StagedTable, tables: Mapping[str, StagedTable]) -> str:
    columns = ", ".join(f"{_member('item', path)} AS {column}" for column, path in table.columns.items())
    if table.parent is None:
        return (
            f"SELECT * EXCLUDE (record, item), false AS is_excluded, {_AS_SENT.get(table.name, '')}{columns} "
            f"FROM (SELECT *, record AS item FROM staging.parsed)"
        )
    return f"SELECT row_key, parent_key, opportunity_id, list_index, {columns} FROM ({_items(table, tables)})"


def _items(table: StagedTable, tables: Mapping[str, StagedTable]) -> str:
    """Return the query of a table's items, one row each: the unnested list of its parent's items."""
    if table.parent is None:
        return "SELECT row_key, opportunity_id, record AS item FROM staging.parsed"
    items = _member("item", table.list_path)
    return (
        "SELECT parent_key || '#' || list_index AS row_key, parent_key, opportunity_id, list_index, item FROM ("
        f"SELECT row_key AS parent_key, opportunity_id, unnest(range(len({items}))) AS list_index, "
        f"unnest({items}) AS item FROM ({_items(tables[table.parent], tables)}))"
    )


def _member(struct: str, path: tuple[str, ...]) -> str:
    return ".".join([struct, *(f'"{member}"' for member in path)])
