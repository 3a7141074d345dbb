"""What the landing says: the runs, those that published nothing included, and what is spent of the quota."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from expectations.schema import DRIFT_SUITE
from pipelines.database import fetch_row, has_table, open_database
from pipelines.listings import left_to_land
from pipelines.runs import calls_spent, has_published, has_runs

LAST_RUNS = 5


@dataclass(frozen=True, slots=True)
class Run:
    """A run as `ops.runs` has it; the order is that of the query."""

    run_id: str
    started_at: datetime
    status: str
    as_of: date
    finished_at: datetime | None
    calls: int
    opportunities_fetched: int
    rows_published: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Landed:
    """What the landing says; `first_load` is how many opportunities have landed, of how many, until it is through."""

    runs: list[Run]
    reads_spent: int
    writes_spent: int
    first_load: tuple[int, int] | None
    drifts: int


def read_landed(path: Path, now: datetime) -> Landed | None:
    """Read it from the landing; None from a file without a record of runs. Raises ConfigurationError when damaged."""
    with open_database(path, read_only=True) as landing:
        if not has_runs(landing):
            return None
        reads, writes = (calls_spent(landing, now, writes=writes) for writes in (False, True))
        left, listed = left_to_land(landing)
        is_loading = left > 0 and not has_published(landing)
        return Landed(
            last_runs(landing), reads, writes, (listed - left, listed) if is_loading else None, count_drifts(landing)
        )


def last_runs(connection: duckdb.DuckDBPyConnection) -> list[Run]:
    """Return the last runs of an open landing or warehouse, the latest first."""
    rows = connection.execute(
        """SELECT run_id, started_at, status, as_of, finished_at, calls, opportunities_fetched, rows_published, error
           FROM ops.runs ORDER BY started_at DESC LIMIT ?""",
        [LAST_RUNS],
    ).fetchall()
    return [Run(*row) for row in rows]


def count_drifts(connection: duckdb.DuckDBPyConnection) -> int:
    """Count the drift that the last published run has reported, and those after it or killed before it."""
    if not has_table(connection, "quality", "results"):
        return 0
    (drifts,) = fetch_row(
        connection,
        """WITH published AS (SELECT run_id FROM ops.runs WHERE status = 'published' ORDER BY ALL DESC LIMIT 2)
           SELECT count(*) FROM quality.results WHERE suite = ? AND run_id > coalesce(
               (SELECT min(run_id) FROM published HAVING count(*) = 2), '')""",
        [DRIFT_SUITE],
    )
    return int(drifts)
