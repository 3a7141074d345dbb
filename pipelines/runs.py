"""The record of every run and of every AWS call, in schema `ops` of landing.duckdb: it outlives a failed run."""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

import dataframely as dy
import duckdb

from pipelines.database import attach, fetch_row, has_table, open_database
from pipelines.partner_central.pacing import is_write

QUOTA_WINDOW = timedelta(hours=24)  # AWS counts reads over any 24 hours

Status = Literal["running", "published", "held", "failed", "interrupted", "killed"]


class Runs(dy.Schema):
    """One row per run of the nightly."""

    run_id = dy.String(primary_key=True, description="Identifier of the run: its start in UTC and a random suffix.")
    started_at = dy.Datetime(time_unit="us", time_zone="UTC", description="Start of the run.")
    finished_at = dy.Datetime(
        time_unit="us",
        time_zone="UTC",
        nullable=True,
        description="End of the run; null if it runs or was killed.",
    )
    as_of = dy.Date(description="UTC business date the run is for.")
    catalog = dy.String(description="Partner Central catalog: AWS or Sandbox.")
    status = dy.String(
        description="running, published, held (by the quality gate), failed, interrupted (by a signal) or killed."
    )
    calls = dy.Int64(description="AWS calls made, retries included.")
    retries = dy.Int64(description="AWS calls that repeated a failed or throttled one.")
    opportunities_listed = dy.Int64(description="Rows of the opportunity listing that were read.")
    opportunities_fetched = dy.Int64(description="Opportunity versions fetched and landed.")
    snapshots_fetched = dy.Int64(description="Snapshot revisions fetched and landed.")
    rows_published = dy.Int64(nullable=True, description="Rows of marts.opportunities; null unless published.")
    error = dy.String(nullable=True, description="What stopped the run, in one line; null if nothing did.")


class Calls(dy.Schema):
    """One row per run, instant and AWS operation: calls that were made since the row before."""

    run_id = dy.String(description="The run that called: ops.runs.run_id, or that of an intake.")
    called_at = dy.Datetime(time_unit="us", time_zone="UTC", description="When they were recorded, soon after (UTC).")
    operation = dy.String(description="Name of the operation of the Partner Central Selling API.")
    calls = dy.Int64(description="AWS calls made, retries included: they count against the quota of 24 hours.")


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run has done so far; the order is that of the columns."""

    calls: int = 0
    retries: int = 0
    opportunities_listed: int = 0
    opportunities_fetched: int = 0
    snapshots_fetched: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    run_id: str
    finished_at: datetime
    status: Status
    counts: Counts
    rows_published: int | None = None
    error: str | None = None


def new_run_id(started_at: datetime) -> str:
    """Make the identifier of a run from its start."""
    return f"{started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def begin(landing: Path, warehouse: Path, run_id: str, started_at: datetime, as_of: date, catalog: str) -> None:
    """Record that a run started.

    No other run can be under way, since the lock is ours: one still recorded as running was killed, before it
    published or just after.
    """
    with open_database(landing) as connection:
        _settle_published(connection, warehouse)
        connection.execute("UPDATE ops.runs SET status = 'killed' WHERE status = 'running'")
        connection.execute(
            "INSERT INTO ops.runs VALUES (?, ?, NULL, ?, ?, 'running', 0, 0, 0, 0, 0, NULL, NULL)",
            [run_id, started_at, as_of, catalog],
        )


def _settle_published(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """Mark as published what was killed after its publication and before its record."""
    running = fetch_row(connection, "SELECT count(*) FROM ops.runs WHERE status = 'running'")
    if running == (0,) or not warehouse.exists():
        return
    with suppress(duckdb.Error):  # an unreadable warehouse proves nothing, and this run replaces it
        attach(connection, warehouse, "published", read_only=True)
        connection.execute(
            "UPDATE ops.runs SET status = 'published' WHERE status = 'running' AND run_id IN "
            "(SELECT run_id FROM published.ops.runs WHERE status = 'published')"
        )
        connection.execute("DETACH published")


def record_calls(
    connection: duckdb.DuckDBPyConnection, run_id: str, called_at: datetime, calls: Mapping[str, int]
) -> None:
    """Add calls per operation to the ledger, from which the next run knows what is left of the day's quota."""
    rows = [[run_id, called_at, operation, count] for operation, count in sorted(calls.items()) if count]
    if rows:
        connection.executemany("INSERT INTO ops.calls VALUES (?, ?, ?, ?)", rows)


def record_ending(connection: duckdb.DuckDBPyConnection, ending: Ending) -> None:
    """Record how a run ended in the `ops.runs` of an open database."""
    connection.execute(
        """UPDATE ops.runs SET finished_at = ?, status = ?, rows_published = ?, error = ?, calls = ?, retries = ?,
           opportunities_listed = ?, opportunities_fetched = ?, snapshots_fetched = ? WHERE run_id = ?""",
        [
            ending.finished_at,
            ending.status,
            ending.rows_published,
            ending.error,
            *astuple(ending.counts),
            ending.run_id,
        ],
    )


def calls_spent(connection: duckdb.DuckDBPyConnection, now: datetime, *, writes: bool = False) -> int:
    """Count the AWS calls that read, or those that write, of the 24 hours before `now` in an open landing."""
    spent = connection.execute(
        "SELECT operation, sum(calls)::BIGINT FROM ops.calls WHERE called_at > ? GROUP BY ALL", [now - QUOTA_WINDOW]
    ).fetchall()
    return sum(calls for operation, calls in spent if is_write(operation) == writes)


def recorded_catalog(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Return the catalog that an open landing holds, None if no run has landed anything."""
    (catalog,) = fetch_row(
        connection, "SELECT any_value(catalog) FROM ops.runs WHERE calls > 0 OR status = 'published'"
    )
    return None if catalog is None else str(catalog)


def has_runs(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether an open landing holds the record of runs: whether it is one of ours."""
    return has_table(connection, "ops", "runs")


def has_published(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether a run of an open landing has ever published."""
    return fetch_row(connection, "SELECT count(*) FROM ops.runs WHERE status = 'published'") != (0,)
