"""Bring the marts up to date: compute the opportunities that changed anew, then what is summed over all of them."""

from collections.abc import Callable, Iterable
from datetime import date

import duckdb
import polars as pl

from pipelines.changes import Inputs, changed_opportunities, read_inputs
from pipelines.database import has_table, registered, transaction
from pipelines.tables import append_rows, create_table, replace_rows
from transforms.dates import end_of_day
from transforms.month_ends import MonthEnds
from transforms.month_transitions import MonthTransitions, changed_transitions, month_transitions
from transforms.per_opportunity import PER_OPPORTUNITY, Staged, per_opportunity
from transforms.rollups import OPPORTUNITY_COLUMNS, ROLLUPS, STINT_COLUMNS, roll_up
from transforms.schema import declaration
from transforms.staged import (
    AWS_OPPORTUNITY_SUMMARIES,
    EXPECTED_CUSTOMER_SPEND,
    OPPORTUNITY_VERSIONS,
    OPPORTUNITY_VISIBILITY,
    RESOURCE_SNAPSHOTS,
)

MARTS = (*PER_OPPORTUNITY, *ROLLUPS)
TABLES = (*(("marts", table) for table in MARTS), ("ops", Inputs), ("ops", MonthTransitions))
OPPORTUNITIES_AT_ONCE = 20_000  # bounds the memory of a build from nothing
SPEND = "project__expected_customer_spend"


def build_marts(
    connection: duckdb.DuckDBPyConnection,
    *,
    as_of: date,
    reporting_currency: str,
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> int:
    """Bring `marts`, and what they are made of in `ops`, up to date with the attached `landing` and `staging`.

    Rows that the file holds of an earlier build stay where their inputs are the same; the result is that of a build
    from nothing. Returns how many opportunities were computed.
    """
    with transaction(connection):
        return _build(connection, as_of, reporting_currency, on_progress)


def _build(
    connection: duckdb.DuckDBPyConnection, as_of: date, reporting_currency: str, on_progress: Callable[[int, int], None]
) -> int:
    if not has_table(connection, "ops", "inputs"):
        for schema, table in TABLES:
            create_table(connection, schema, declaration(table))
    inputs = read_inputs(connection, end_of_day(as_of))
    changed = changed_opportunities(connection.sql("FROM ops.inputs").pl(), inputs)
    transitions: pl.DataFrame = connection.sql("FROM ops.month_transitions").pl()
    for start in range(0, len(changed), OPPORTUNITIES_AT_ONCE):
        part = changed.slice(start, OPPORTUNITIES_AT_ONCE)
        with registered(connection, "part", part):
            transitions = _compute(connection, transitions, as_of, reporting_currency)
        on_progress(start + len(part), len(changed))
    replace_rows(connection, "ops", MonthTransitions, transitions)
    replace_rows(connection, "ops", Inputs, inputs)
    rolled_up = roll_up(
        _columns_of(connection, "marts.opportunities", OPPORTUNITY_COLUMNS),
        _columns_of(connection, "marts.stage_history", STINT_COLUMNS),
        transitions.lazy(),
        as_of=as_of,
    )
    for rollup, rows in rolled_up.items():
        replace_rows(connection, "marts", rollup, rows)
    return len(changed)


def _compute(
    connection: duckdb.DuckDBPyConnection, transitions: pl.DataFrame, as_of: date, reporting_currency: str
) -> pl.DataFrame:
    """Replace the rows of the opportunities in the view `part`; return `transitions` with their change."""
    removed = _of_part(connection, "marts.month_ends", MonthEnds.column_names())
    rows = per_opportunity(_staged(connection), as_of=as_of, reporting_currency=reporting_currency)
    for table in PER_OPPORTUNITY:
        connection.execute(
            f"DELETE FROM marts.{declaration(table).name} WHERE opportunity_id IN (SELECT opportunity_id FROM part)"
        )
        append_rows(connection, "marts", table, rows[table])
    added = rows[MonthEnds].lazy()
    return changed_transitions(transitions.lazy(), month_transitions(removed), month_transitions(added)).collect()


def _staged(connection: duckdb.DuckDBPyConnection) -> Staged:
    """Read everything staged of the opportunities in the view `part`."""
    return Staged(
        versions=_of_part(connection, "staging.opportunity_versions", OPPORTUNITY_VERSIONS),
        spend=_of_part(connection, f"staging.opportunity_versions__{SPEND}", EXPECTED_CUSTOMER_SPEND),
        aws_summaries=_of_part(connection, "staging.aws_opportunity_summaries", AWS_OPPORTUNITY_SUMMARIES),
        visibility=_of_part(connection, "staging.opportunity_visibility", OPPORTUNITY_VISIBILITY),
        snapshots=_of_part(connection, "staging.resource_snapshots", RESOURCE_SNAPSHOTS),
        snapshot_spend=_of_part(connection, f"staging.resource_snapshots__{SPEND}", EXPECTED_CUSTOMER_SPEND),
    )


def _of_part(connection: duckdb.DuckDBPyConnection, table: str, columns: Iterable[str]) -> pl.LazyFrame:
    # The wanted rows are found by their identifier alone, and only then are the other columns read.
    wanted = f"SELECT rowid FROM {table} SEMI JOIN part USING (opportunity_id)"
    rows: pl.DataFrame = connection.sql(f"SELECT {', '.join(columns)} FROM {table} WHERE rowid IN ({wanted})").pl()
    return rows.lazy()


def _columns_of(connection: duckdb.DuckDBPyConnection, table: str, columns: Iterable[str]) -> pl.LazyFrame:
    rows: pl.DataFrame = connection.sql(f"SELECT {', '.join(columns)} FROM {table}").pl()
    return rows.lazy()
