"""Contenders of `benchmarks.transform`: the same tables of the same staging, by the transforms and by SQL."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl

from benchmarks.harness import Taken
from benchmarks.staged_data import AS_OF, REPORTING
from pipelines.database import attach, open_database, set_up_for_build, transaction
from pipelines.marts import OPPORTUNITIES_AT_ONCE, SPEND
from pipelines.tables import append_rows, create_table
from transforms.attribution_sums import AttributionSums
from transforms.hygiene import hygiene
from transforms.limits import Thresholds
from transforms.month_ends import MonthEnds, month_ends
from transforms.month_transitions import MonthTransitions
from transforms.observations import observations, with_vanished
from transforms.opportunities import Opportunities, opportunities
from transforms.outcomes_monthly import outcomes_monthly
from transforms.per_opportunity import PER_OPPORTUNITY, Staged, per_opportunity
from transforms.pipeline_monthly import pipeline_monthly
from transforms.pipeline_waterfall import pipeline_waterfall
from transforms.record_facts import RecordFacts, record_facts
from transforms.rollups import ROLLED_UP, ROLLUPS, roll_up
from transforms.running_sums import RUNNING_SUMS, SUMMED, changed_sums, running_sums
from transforms.schema import declaration
from transforms.stage_funnel import stage_funnel
from transforms.stage_history import stage_history
from transforms.staged import (
    AWS_OPPORTUNITY_SUMMARIES,
    EXPECTED_CUSTOMER_SPEND,
    OPPORTUNITY_VERSIONS,
    OPPORTUNITY_VISIBILITY,
    RESOURCE_SNAPSHOTS,
)
from transforms.touches import LISTS, SNAPSHOT_LISTS, Touches, touches

THRESHOLDS = Thresholds()
SQL = Path(__file__).parent / "sql"
TABLES: Mapping[str, type[dy.Schema]] = {
    f"{'ops' if table is RecordFacts else 'marts'}.{declaration(table).name}": table
    for table in (*PER_OPPORTUNITY, *ROLLUPS)
}
"""The tables that every contender makes."""
FILES = (
    *("shared", "observations", "opportunities", "stage_history", "month_ends", "touches", "record_facts"),
    *("stage_funnel", "pipeline_monthly", "pipeline_waterfall", "outcomes_monthly", "attribution", "hygiene"),
)
"""The hand-written SQL in the order in which it runs: what several tables read, then a file for each."""


def build(directory: Path, path: Path) -> None:
    """Make the tables by the transforms, in parts of so many opportunities."""
    names = {table: name for name, table in TABLES.items()}
    sums = {table: table.create_empty() for table in RUNNING_SUMS}
    none = {table: table.create_empty().lazy() for table in SUMMED}
    with _warehouse(directory, path) as connection:
        set_up_for_build(connection, path.with_suffix(".spilled"))
        for name, table in TABLES.items():
            create_table(connection, name.partition(".")[0], declaration(table))
        for first, last in _parts(connection):  # each committed, as a night does
            rows = per_opportunity(_staged(connection, first, last), as_of=AS_OF, reporting=REPORTING)
            _append(connection, rows)
            before = {table: frame.lazy() for table, frame in sums.items()}
            added = {table: rows[table].lazy() for table in SUMMED}
            changed = changed_sums(before, running_sums(none), running_sums(added))
            sums = {table: frame.collect() for table, frame in changed.items()}
            connection.commit()
            connection.begin()
        tables = {table: frame.lazy() for table, frame in sums.items()}
        for table in ROLLED_UP.keys() - sums.keys():
            query = f"SELECT {', '.join(ROLLED_UP[table])} FROM {names[table]}"
            tables[table] = connection.sql(query).pl().lazy()
        _append(connection, roll_up(tables, as_of=AS_OF, thresholds=THRESHOLDS))


def _append(connection: duckdb.DuckDBPyConnection, rows: Mapping[type[dy.Schema], pl.DataFrame]) -> None:
    for name, table in TABLES.items():
        if table in rows:
            append_rows(connection, name.partition(".")[0], table, rows[table])


def time_each(directory: Path, path: Path) -> Taken:
    """Compute each table, of all opportunities at once, and return the CPU of each, without reading and writing."""
    taken = {}

    def collected(name: str, *plans: pl.LazyFrame) -> pl.LazyFrame:
        started = time.process_time()
        *_, rows = (plan.collect() for plan in plans)
        taken[name] = time.process_time() - started
        return rows.lazy()

    with _warehouse(directory, path) as connection:
        parts = _parts(connection)
        staged = _staged(connection, parts[0][0], parts[-1][1])
    records, summed = (staged.versions, staged.spend), {}
    run = {"as_of": AS_OF, "reporting": REPORTING}
    seen = observations(*records, staged.snapshots, staged.snapshot_spend, **run)
    observed = seen.collect().lazy()
    collected("observations", seen, with_vanished(observed, staged.visibility, AS_OF))
    current = collected(
        "opportunities", opportunities(*records, staged.aws_summaries, staged.visibility, observed, **run)
    )
    stints = collected("stage_history", stage_history(observed, current))
    summed[MonthEnds] = collected("month_ends", month_ends(observed, current))
    summed[Touches] = collected(
        "touches",
        touches(staged.versions, staged.values, staged.snapshots, staged.snapshot_values, as_of=AS_OF),
    )
    facts = collected("record_facts", record_facts(*records, staged.values, observed, as_of=AS_OF))
    sums = running_sums({**summed, Opportunities: current})
    transitions = collected("month_transitions", sums[MonthTransitions])
    collected("stage_funnel", stage_funnel(current, stints))
    collected("pipeline_monthly", pipeline_monthly(transitions, as_of=AS_OF))
    collected("pipeline_waterfall", pipeline_waterfall(transitions, as_of=AS_OF))
    collected("outcomes_monthly", outcomes_monthly(current, stints))
    collected("attribution", sums[AttributionSums])
    collected("hygiene", hygiene(current, facts, as_of=AS_OF, thresholds=THRESHOLDS))
    return taken


def build_by_sql(directory: Path, path: Path) -> Taken:
    """Make the tables by hand-written SQL. Returns the CPU that each file took."""
    taken = {}
    rates = {REPORTING.code: 1, **REPORTING.rates}
    with _warehouse(directory, path) as connection:
        connection.execute("CREATE TEMP TABLE rates (currency_code VARCHAR, numerator HUGEINT, denominator HUGEINT)")
        connection.executemany(
            "INSERT INTO rates VALUES (?, ?, ?)", [(c, *r.as_integer_ratio()) for c, r in rates.items()]
        )
        connection.execute(f"SET VARIABLE as_of = DATE '{AS_OF}'")
        for name in ("stale_after_days", "duration_tolerance_months", "mrr_tolerance_share"):
            connection.execute(f"SET VARIABLE {name} = {getattr(THRESHOLDS, name)}")
        for name in FILES:
            started = time.process_time()
            connection.execute((SQL / f"{name}.sql").read_text())
            taken[name] = time.process_time() - started
    return taken


@contextmanager
def _warehouse(directory: Path, path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path.unlink(missing_ok=True)
    with open_database(path) as connection:
        attach(connection, directory / "staging.duckdb", "staging", read_only=True)
        with transaction(connection):
            connection.execute("CREATE SCHEMA marts; CREATE SCHEMA ops")
            yield connection


def _parts(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Return the first and the last opportunity of each part."""
    return connection.execute(
        f"""SELECT min(opportunity_id), max(opportunity_id)
            FROM (SELECT opportunity_id,
                         (row_number() OVER (ORDER BY opportunity_id) - 1) // {OPPORTUNITIES_AT_ONCE} AS part
                  FROM (SELECT DISTINCT opportunity_id FROM staging.opportunity_versions))
            GROUP BY part ORDER BY part"""
    ).fetchall()


def _staged(connection: duckdb.DuckDBPyConnection, first: str, last: str) -> Staged:
    def rows(table: str, columns: Iterable[str]) -> pl.LazyFrame:
        query = f"SELECT {', '.join(columns)} FROM staging.{table} WHERE opportunity_id BETWEEN ? AND ?"
        frame: pl.DataFrame = connection.sql(query, params=[first, last]).pl()
        return frame.lazy()

    def values(record: str, lists: Mapping[str, str]) -> pl.LazyFrame:
        return pl.concat(
            rows(f"{record}__{path}", ["parent_key", f"'{dimension}' AS dimension", "value"])
            for dimension, path in lists.items()
        )

    return Staged(
        versions=rows("opportunity_versions", OPPORTUNITY_VERSIONS),
        spend=rows(f"opportunity_versions__{SPEND}", EXPECTED_CUSTOMER_SPEND),
        values=values("opportunity_versions", LISTS),
        aws_summaries=rows("aws_opportunity_summaries", AWS_OPPORTUNITY_SUMMARIES),
        visibility=rows("opportunity_visibility", OPPORTUNITY_VISIBILITY),
        snapshots=rows("resource_snapshots", RESOURCE_SNAPSHOTS),
        snapshot_spend=rows(f"resource_snapshots__{SPEND}", EXPECTED_CUSTOMER_SPEND),
        snapshot_values=values("resource_snapshots", SNAPSHOT_LISTS),
    )
