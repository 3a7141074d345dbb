"""`cosell status`: last runs, freshness, row counts, calls spent against the quota, quality."""

from contextlib import suppress
from datetime import datetime, timedelta

import duckdb
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from expectations.schema import DRIFT_SUITE
from pipelines.database import fetch_row, has_table, open_database
from pipelines.estimates import calls_for, nights_for, time_for
from pipelines.listings import left_to_land
from pipelines.locking import no_run_starts
from pipelines.query import open_published
from pipelines.runs import calls_spent, has_published, has_runs
from pipelines.settings import Settings

LAST_RUNS = 5


def print_status(settings: Settings, now: datetime) -> None:
    """Print what a person asks in the morning: did it run, is it fresh, is it sound, what is left of the quota."""
    console = Console(highlight=False)
    if not (settings.landing_path.exists() or settings.warehouse_path.exists()):
        console.print(f"No run yet in {settings.data_dir}. Next: `cosell nightly`, or `cosell nightly --demo`.")
        return
    with no_run_starts(settings.data_dir) as is_free:
        if is_free and settings.landing_path.exists():
            _print_landing(console, settings, now)
        elif not is_free:
            _print_run_at_work(console, settings)
    if settings.warehouse_path.exists():
        with open_published(settings.warehouse_path) as warehouse:
            _print_published(console, warehouse, settings, now)
    else:
        console.print("Nothing is published yet.")


def _print_landing(console: Console, settings: Settings, now: datetime) -> None:
    with open_database(settings.landing_path, read_only=True) as landing:
        if has_runs(landing):
            _print_runs(console, landing)
            _print_quota(console, landing, settings, now)
        if has_table(landing, "quality", "results"):
            _print_drift(console, landing)


def _print_run_at_work(console: Console, settings: Settings) -> None:
    """Print how far the run is that holds the lock; it alone may look into the landing."""
    console.print("A run is at work now: it and the runs before it show here when it ends.")
    with suppress(FileNotFoundError):
        console.print(settings.progress_path.read_text(), markup=False, soft_wrap=True)


def _print_drift(console: Console, landing: duckdb.DuckDBPyConnection) -> None:
    """Print how much drift the last published run has reported, and those after it or killed before it."""
    (drifts,) = fetch_row(
        landing,
        """WITH published AS (SELECT run_id FROM ops.runs WHERE status = 'published' ORDER BY ALL DESC LIMIT 2)
           SELECT count(*) FROM quality.results WHERE suite = ? AND run_id > coalesce(
               (SELECT min(run_id) FROM published HAVING count(*) = 2), '')""",
        [DRIFT_SUITE],
    )
    if drifts:
        console.print(
            f"Drift: {drifts:,} things that AWS sent are unknown to its service model. Next: `cosell drift`.",
            soft_wrap=True,
        )


def _print_quota(console: Console, landing: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> None:
    """Print what is spent and left of the day's reads and writes, and how far a load is that takes more than them."""
    spent, written = (calls_spent(landing, now, writes=writes) for writes in (False, True))
    reads_left = max(0, settings.reads_per_day - spent)
    console.print(
        f"Reads in the last 24 h: {spent:,} of the {settings.reads_per_day:,} that are allowed, {reads_left:,} left.",
        soft_wrap=True,
    )
    if written:
        console.print(
            f"Writes in the last 24 h: {written:,} of the {settings.writes_per_day:,} that are allowed.", soft_wrap=True
        )
    left, listed = left_to_land(landing)
    if left and not has_published(landing):
        nights = nights_for(left, reads_left, settings.reads_per_day)
        time = time_for(left, settings.reads_per_second)
        console.print(
            f"First load: {listed - left:,} of {listed:,} opportunities have landed. The others take "
            f"{calls_for(left):,} calls, their snapshots aside: {f'{time}, ' if time else ''}"
            f"{'one night' if nights == 1 else f'{nights} nights'}. Next: `cosell nightly`, which goes on.",
            soft_wrap=True,
        )


def _print_runs(console: Console, landing: duckdb.DuckDBPyConnection) -> None:
    rows = landing.execute(
        """SELECT started_at, status, as_of, finished_at, calls, opportunities_fetched, rows_published, error
           FROM ops.runs ORDER BY started_at DESC LIMIT ?""",
        [LAST_RUNS],
    ).fetchall()
    table = Table(title=f"The last {LAST_RUNS} runs", title_justify="left", box=SIMPLE, pad_edge=False)
    for heading in ("started (UTC)", "status", "as of"):
        table.add_column(heading, no_wrap=True)
    for heading in ("took", "calls", "fetched", "published"):
        table.add_column(heading, no_wrap=True, justify="right")
    for started, status, as_of, finished, *counts, _error in rows:
        took = "" if finished is None else f"{(finished - started).total_seconds():.0f} s"
        numbers = ("" if count is None else f"{count:,}" for count in counts)
        table.add_row(f"{started:%Y-%m-%d %H:%M}", status, str(as_of), took, *numbers)
    console.print(table)
    if error := rows[0][-1]:
        console.print(f"Last error: {error}", markup=False, soft_wrap=True)


def _print_published(console: Console, warehouse: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> None:
    run_id, finished_at, as_of = fetch_row(
        warehouse,
        "SELECT run_id, finished_at, as_of FROM ops.runs WHERE status = 'published' ORDER BY started_at DESC LIMIT 1",
    )
    age = timedelta(seconds=round((now - finished_at).total_seconds()))
    console.print(f"Published: {settings.warehouse_path}, as of {as_of}, {age} old.", soft_wrap=True)
    rules, broken = fetch_row(
        warehouse,
        "SELECT count(*), count(*) FILTER (NOT success) FROM quality.results WHERE run_id = ? AND suite <> ?",
        [run_id, DRIFT_SUITE],
    )
    excluded, nulled = fetch_row(
        warehouse,
        """SELECT count(DISTINCT opportunity_id) FILTER (action = 'excluded'), count(*) FILTER (action = 'nulled')
           FROM quality.quarantine WHERE run_id = ?""",
        [run_id],
    )
    console.print(
        f"Quality: {rules:,} rules checked, {broken:,} broken; "
        f"{excluded:,} opportunities with an excluded record, {nulled:,} values set to null.",
        soft_wrap=True,
    )
    tables = warehouse.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts' ORDER BY ALL"
    ).fetchall()
    for (table,) in tables:
        (rows,) = fetch_row(warehouse, f"SELECT count(*) FROM marts.{table}")
        console.print(f"  marts.{table}: {rows:,} rows")
