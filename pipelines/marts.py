"""Bring the marts up to date: compute the opportunities that changed anew, then what is summed over all of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import dataframely as dy
import duckdb
import polars as pl

from pipelines.changes import Changes
from pipelines.database import has_table, registered, transaction
from pipelines.tables import append_rows, create_table, replace_rows
from transforms.currency import FxRates, ReportingCurrency
from transforms.limits import Thresholds
from transforms.per_opportunity import PER_OPPORTUNITY, Staged, per_opportunity
from transforms.record_facts import RecordFacts
from transforms.rollups import ROLLED_UP, ROLLUPS, roll_up
from transforms.running_sums import RUNNING_SUMS, SUMMED, changed_sums, running_sums
from transforms.schema import declaration
from transforms.staged import (
    AWS_OPPORTUNITY_SUMMARIES,
    DIMENSION_VALUES,
    EXPECTED_CUSTOMER_SPEND,
    OPPORTUNITY_VERSIONS,
    OPPORTUNITY_VISIBILITY,
    RESOURCE_SNAPSHOTS,
)
from transforms.touches import LISTS, SNAPSHOT_LISTS

Tables = dict[type[dy.Schema], pl.DataFrame]
LazyTables = dict[type[dy.Schema], pl.LazyFrame]

MARTS = (*(table for table in PER_OPPORTUNITY if table is not RecordFacts), *ROLLUPS)
SCHEMAS: dict[type[dy.Schema], str] = {
    **dict.fromkeys(MARTS, "marts"),
    **dict.fromkeys((RecordFacts, FxRates, *RUNNING_SUMS), "ops"),
}
"""Each table that is built, and the schema it is in."""
OPPORTUNITIES_AT_ONCE = 10_000  # bounds the memory of a build from nothing
SPEND = "project__expected_customer_spend"


@dataclass(frozen=True, slots=True)
class Computed:
    """What a build did: how many opportunities it computed, and the tables over all of them that came out others."""

    opportunities: int
    rolled_up: frozenset[type[dy.Schema]]


def build_marts(
    connection: duckdb.DuckDBPyConnection,
    changes: Changes,
    *,
    as_of: date,
    reporting: ReportingCurrency,
    thresholds: Thresholds,
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Computed:
    """Bring `marts`, and what they are made of in `ops`, up to date with what has changed, as `staging` has it.

    Rows that the file holds of other opportunities stay; the result is that of a build from nothing. Each part is
    committed, since DuckDB keeps in memory what is not: after an error the file is of no use.
    """
    computed = compute_opportunities(connection, changes, as_of=as_of, reporting=reporting, on_progress=on_progress)
    with transaction(connection):
        return Computed(computed, roll_up_marts(connection, as_of=as_of, reporting=reporting, thresholds=thresholds))


def compute_opportunities(
    connection: duckdb.DuckDBPyConnection,
    changes: Changes,
    *,
    as_of: date,
    reporting: ReportingCurrency,
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> int:
    """Replace the rows of the opportunities that changed, and their part of the running sums; return how many."""
    with transaction(connection):
        create_marts(connection)
    changed = changes.opportunities
    sums: Tables = {table: connection.sql(f"FROM {_name(table)}").pl() for table in RUNNING_SUMS}
    for start in range(0, len(changed), OPPORTUNITIES_AT_ONCE):
        part = changed.slice(start, OPPORTUNITIES_AT_ONCE)
        with registered(connection, "part", part), transaction(connection):
            sums = _compute(connection, sums, as_of, reporting)
        on_progress(start + len(part), len(changed))
    with transaction(connection):
        _replace(connection, sums)
    return len(changed)


def roll_up_marts(
    connection: duckdb.DuckDBPyConnection, *, as_of: date, reporting: ReportingCurrency, thresholds: Thresholds
) -> frozenset[type[dy.Schema]]:
    """Make every table that is about all opportunities anew, of their rows and of the running sums.

    Returns those whose rows are not what they were.
    """
    _replace(connection, {FxRates: reporting.table()})
    rolled_up = {table: _columns_of(connection, _name(table), columns) for table, columns in ROLLED_UP.items()}
    made = roll_up(rolled_up, as_of=as_of, thresholds=thresholds)
    others = {table: rows for table, rows in made.items() if not rows.equals(_rows_of(connection, table, rows))}
    _replace(connection, others)
    return frozenset(others)


def _rows_of(connection: duckdb.DuckDBPyConnection, table: type[dy.Schema], like: pl.DataFrame) -> pl.DataFrame:
    rows: pl.DataFrame = connection.sql(f"FROM {_name(table)}").pl()
    return rows.cast(like.schema)


def create_marts(connection: duckdb.DuckDBPyConnection) -> None:
    """Create every table in SCHEMAS, where nothing is built upon."""
    if not has_table(connection, "marts", "opportunities"):
        for table, schema in SCHEMAS.items():
            create_table(connection, schema, declaration(table))


def _compute(connection: duckdb.DuckDBPyConnection, sums: Tables, as_of: date, reporting: ReportingCurrency) -> Tables:
    """Replace the rows of the opportunities in the view `part`; return `sums` with their change."""
    removed: LazyTables = {table: _of_part(connection, _name(table), table.column_names()) for table in SUMMED}
    rows = per_opportunity(staged_part(connection), as_of=as_of, reporting=reporting)
    for table in PER_OPPORTUNITY:
        name = _name(table)
        connection.execute(f"DELETE FROM {name} WHERE opportunity_id IN (SELECT opportunity_id FROM part)")
        append_rows(connection, SCHEMAS[table], table, rows[table])
    before: LazyTables = {table: frame.lazy() for table, frame in sums.items()}
    added: LazyTables = {table: rows[table].lazy() for table in SUMMED}
    changed = changed_sums(before, running_sums(removed), running_sums(added))
    return {table: frame.collect() for table, frame in changed.items()}


def _replace(connection: duckdb.DuckDBPyConnection, tables: Tables) -> None:
    for table, rows in tables.items():
        replace_rows(connection, SCHEMAS[table], table, rows)


def _name(table: type[dy.Schema]) -> str:
    return f"{SCHEMAS[table]}.{declaration(table).name}"


def staged_part(connection: duckdb.DuckDBPyConnection) -> Staged:
    """Read everything staged of the opportunities in the view `part`."""
    return Staged(
        versions=_of_part(connection, "staging.opportunity_versions", OPPORTUNITY_VERSIONS),
        spend=_of_part(connection, f"staging.opportunity_versions__{SPEND}", EXPECTED_CUSTOMER_SPEND),
        values=_values_of_part(connection, "opportunity_versions", LISTS),
        aws_summaries=_of_part(connection, "staging.aws_opportunity_summaries", AWS_OPPORTUNITY_SUMMARIES),
        visibility=_of_part(connection, "staging.opportunity_visibility", OPPORTUNITY_VISIBILITY),
        snapshots=_of_part(connection, "staging.resource_snapshots", RESOURCE_SNAPSHOTS),
        snapshot_spend=_of_part(connection, f"staging.resource_snapshots__{SPEND}", EXPECTED_CUSTOMER_SPEND),
        snapshot_values=_values_of_part(connection, "resource_snapshots", SNAPSHOT_LISTS),
    )


def _values_of_part(connection: duckdb.DuckDBPyConnection, record: str, lists: Mapping[str, str]) -> pl.LazyFrame:
    """Read the items of those lists of a record that are dimensions of attribution."""
    return pl.concat(
        _of_part(connection, f"staging.{record}__{path}", ["parent_key", "value"])
        .with_columns(dimension=pl.lit(dimension))
        .select(list(DIMENSION_VALUES))
        for dimension, path in lists.items()
    )


def _of_part(connection: duckdb.DuckDBPyConnection, table: str, columns: Iterable[str]) -> pl.LazyFrame:
    # The wanted rows are found by their identifier alone, and only then are the other columns read.
    wanted = f"SELECT rowid FROM {table} SEMI JOIN part USING (opportunity_id)"
    rows: pl.DataFrame = connection.sql(f"SELECT {', '.join(columns)} FROM {table} WHERE rowid IN ({wanted})").pl()
    return rows.lazy()


def _columns_of(connection: duckdb.DuckDBPyConnection, table: str, columns: Iterable[str]) -> pl.LazyFrame:
    rows: pl.DataFrame = connection.sql(f"SELECT {', '.join(columns)} FROM {table}").pl()
    return rows.lazy()
