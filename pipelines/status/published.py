"""What the published warehouse says: whose night it is of, its checks, its findings, its rows, and what changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb

from expectations.schema import DRIFT_SUITE
from pipelines.database import fetch_row
from pipelines.intake.suggestions import SUGGESTED
from pipelines.query import foreign, open_published
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
    """The published night; `currency` is that of its sums, None where an older version of cosell published them.

    `since_last` is what changed after what the published run before it could know, if there is one, and if that is
    not later than all that this one knows.
    """

    run_id: str
    finished_at: datetime
    as_of: date
    currency: str | None
    quality: Quality
    rows: Mapping[str, int]
    since_last: Changes | None
    this_month: Changes
    runs: list[Run]
    drifts: int

    @property
    def known_until(self) -> datetime:
        """The end of what it can know: that of its business date, or of the night itself if that was earlier."""
        return min(self.finished_at, _end_of(self.as_of))


def read_published(path: Path) -> Published:
    """Read it from the published warehouse. Raises ConfigurationError when the file is none that cosell published."""
    with open_published(path) as warehouse:
        nights = warehouse.execute(
            """SELECT run_id, finished_at, as_of, started_at FROM ops.runs
               WHERE status = 'published' ORDER BY started_at DESC LIMIT 2"""
        ).fetchall()
        if not nights:
            raise foreign(path)
        run_id, finished_at, as_of, _ = nights[0]
        month = datetime(as_of.year, as_of.month, 1, tzinfo=UTC)
        return Published(
            run_id,
            finished_at,
            as_of,
            _currency(warehouse),
            _quality(warehouse, run_id),
            _rows(warehouse),
            _since_last(warehouse, as_of, nights[1:]),
            changes_since(warehouse, month),
            last_runs(warehouse),
            count_drifts(warehouse),
        )


def _since_last(warehouse: duckdb.DuckDBPyConnection, as_of: date, before: list[tuple[Any, ...]]) -> Changes | None:
    """Read what changed since the night before, which knew nothing after its start or after its business date."""
    since = min((min(started_at, _end_of(day)) for _, _, day, started_at in before), default=None)
    return None if since is None or since >= _end_of(as_of) else changes_since(warehouse, since)


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def _currency(warehouse: duckdb.DuckDBPyConnection) -> str | None:
    is_known = fetch_row(
        warehouse,
        "SELECT count(*) FROM duckdb_columns() WHERE (schema_name, table_name, column_name) = "
        "('ops', 'basis', 'reporting_currency')",
    )
    if is_known == (0,):
        return None
    (currency,) = fetch_row(warehouse, "SELECT any_value(reporting_currency) FROM ops.basis")
    return None if currency is None else str(currency)


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
