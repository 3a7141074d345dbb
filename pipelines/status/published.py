"""What the published warehouse says: whose night it is of, its checks, its findings, its rows, and what changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from expectations.schema import DRIFT_SUITE
from pipelines.database import fetch_row
from pipelines.intake.suggestions import SUGGESTED
from pipelines.query import open_published
from pipelines.status.changes import Changes, changes_since
from pipelines.status.landed import Run, count_drifts, last_runs

DURATION_RULES = [rule for rule, column in SUGGESTED.items() if column == "contract_months"]
"""Those whose suggestion intake can plan as it is; the others ask for --convert or for a sheet."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What the checks of the published night say, and how many findings of hygiene there are by severity.

    `suggestions` counts the opportunities for which hygiene suggests a contract duration.
    """

    rules_checked: int
    rules_broken: int
    opportunities_excluded: int
    values_nulled: int
    findings: Mapping[str, int]
    suggestions: int


@dataclass(frozen=True, slots=True)
class Published:
    """The published night; `currency` is that of its sums.

    `since_last` is what changed since the published run before it began, if there is one.
    """

    run_id: str
    finished_at: datetime
    as_of: date
    currency: str
    quality: Quality
    rows: Mapping[str, int]
    since_last: Changes | None
    this_month: Changes
    runs: list[Run]
    drifts: int


def read_published(path: Path) -> Published:
    """Read it from the published warehouse. Raises ConfigurationError when the file is none that cosell published."""
    with open_published(path) as warehouse:
        nights = warehouse.execute(
            """SELECT run_id, finished_at, as_of, started_at FROM ops.runs
               WHERE status = 'published' ORDER BY started_at DESC LIMIT 2"""
        ).fetchall()
        run_id, finished_at, as_of, _ = nights[0]
        (currency,) = fetch_row(warehouse, "SELECT reporting_currency FROM ops.basis")
        month = datetime(as_of.year, as_of.month, 1, tzinfo=UTC)
        return Published(
            run_id,
            finished_at,
            as_of,
            currency,
            _quality(warehouse, run_id),
            _rows(warehouse),
            changes_since(warehouse, nights[1][-1]) if len(nights) == 2 else None,
            changes_since(warehouse, month),
            last_runs(warehouse),
            count_drifts(warehouse),
        )


def _quality(warehouse: duckdb.DuckDBPyConnection, run_id: str) -> Quality:
    rules = fetch_row(
        warehouse,
        "SELECT count(*), count(*) FILTER (NOT success) FROM quality.results WHERE run_id = ? AND suite <> ?",
        [run_id, DRIFT_SUITE],
    )
    quarantined = fetch_row(
        warehouse,
        """SELECT count(DISTINCT opportunity_id) FILTER (action = 'excluded'), count(*) FILTER (action = 'nulled')
           FROM quality.quarantine WHERE run_id = ?""",
        [run_id],
    )
    *findings, suggestions = fetch_row(
        warehouse,
        """SELECT count(*) FILTER (severity = 'critical'), count(*) FILTER (severity = 'warning'),
           count(*) FILTER (severity = 'info'),
           count(DISTINCT opportunity_id) FILTER (suggestion IS NOT NULL AND rule IN (SELECT unnest(?)))
           FROM marts.hygiene""",
        [DURATION_RULES],
    )
    by_severity = dict(zip(("critical", "warning", "info"), findings, strict=True))
    checked, broken = rules
    excluded, nulled = quarantined
    return Quality(checked, broken, excluded, nulled, by_severity, suggestions)


def _rows(warehouse: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Count the rows of each mart."""
    tables = warehouse.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts' ORDER BY ALL"
    ).fetchall()
    return {table: fetch_row(warehouse, f"SELECT count(*) FROM marts.{table}")[0] for (table,) in tables}
