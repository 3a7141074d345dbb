"""The staging of changes of sight, the one landing table without a payload."""

from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl

from pipelines.partner_central.tables import LANDING_SCHEMAS
from pipelines.staging import stage
from transforms.staged import OPPORTUNITY_VISIBILITY

BEFORE = datetime(2026, 5, 2, tzinfo=UTC)


def staged_visibility(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    stage(connection, BEFORE)
    return connection.sql("FROM staging.opportunity_visibility ORDER BY row_key").pl()


def test_only_changes_before_the_instant_are_staged(connection: duckdb.DuckDBPyConnection) -> None:
    last = BEFORE - timedelta(microseconds=1)
    rows = [("O1", last - timedelta(days=1), False), ("O1", last, True), ("O2", BEFORE, False)]
    columns = LANDING_SCHEMAS["opportunity_visibility"]
    landed = pl.DataFrame(rows, schema=columns.names, orient="row").to_arrow().cast(columns)
    connection.register("landed", landed)
    connection.execute("CREATE TABLE landing.partner_central.opportunity_visibility AS FROM landed")
    assert staged_visibility(connection).rows() == [
        ("O1@2026-04-30T23:59:59.999999Z", *rows[0]),
        ("O1@2026-05-01T23:59:59.999999Z", *rows[1]),
    ]


def test_before_anything_has_gone_the_table_is_there_and_empty(connection: duckdb.DuckDBPyConnection) -> None:
    staged = staged_visibility(connection)
    assert staged.is_empty()
    assert {name: staged.schema[name] for name in OPPORTUNITY_VISIBILITY} == OPPORTUNITY_VISIBILITY
