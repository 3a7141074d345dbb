"""A run that was killed is recorded by the next one, as what it was."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipelines import runs
from pipelines.database import open_database
from pipelines.migrations import migrate_landing
from pipelines.tables import create_table
from transforms.schema import declaration

STARTED_AT = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)
AS_OF = date(2026, 11, 1)


def begin(directory: Path, run_id: str, hour: int) -> None:
    started_at = STARTED_AT.replace(hour=hour)
    migrate_landing(directory / "landing.duckdb", directory / "scratch.duckdb")
    runs.begin(directory / "landing.duckdb", directory / "warehouse.duckdb", run_id, started_at, AS_OF, "AWS")


def statuses(directory: Path) -> dict[str, str]:
    with open_database(directory / "landing.duckdb", read_only=True) as connection:
        return dict(connection.execute("SELECT run_id, status FROM ops.runs ORDER BY started_at").fetchall())


def test_killed_before_publication(tmp_path: Path) -> None:
    begin(tmp_path, "first", 4)
    begin(tmp_path, "second", 5)
    assert statuses(tmp_path) == {"first": "killed", "second": "running"}


def test_killed_after_publication(tmp_path: Path) -> None:
    """The warehouse is in place, its record in the landing is not: the warehouse is right."""
    begin(tmp_path, "first", 4)
    with open_database(tmp_path / "warehouse.duckdb") as connection:
        create_table(connection, "ops", declaration(runs.Runs))
        connection.execute(
            "INSERT INTO ops.runs VALUES ('first', ?, ?, ?, 'AWS', 'published', 0, 0, 0, 0, 0, 0, NULL)",
            [STARTED_AT, STARTED_AT, AS_OF],
        )
    begin(tmp_path, "second", 5)
    assert statuses(tmp_path) == {"first": "published", "second": "running"}


def test_an_unreadable_warehouse_proves_nothing(tmp_path: Path) -> None:
    begin(tmp_path, "first", 4)
    (tmp_path / "warehouse.duckdb").write_bytes(b"not a database" * 100)
    begin(tmp_path, "second", 5)
    assert statuses(tmp_path) == {"first": "killed", "second": "running"}


@pytest.mark.parametrize(
    ("day", "hour", "minute", "spent"), [(1, 9, 30, 12), (2, 4, 29, 12), (2, 4, 30, 5), (2, 5, 30, 0)]
)
def test_calls_count_for_a_day(tmp_path: Path, day: int, hour: int, minute: int, spent: int) -> None:
    """7 calls at 04:30 and 5 at 05:30: a call is free again when 24 hours have passed."""
    begin(tmp_path, "first", 4)
    landing = tmp_path / "landing.duckdb"
    with open_database(landing) as connection:
        runs.record_calls(connection, "first", STARTED_AT, {"ListOpportunities": 3, "GetOpportunity": 4})
        runs.record_calls(connection, "first", STARTED_AT.replace(hour=5), {"GetOpportunity": 5, "ListSolutions": 0})
        assert runs.calls_spent(connection, datetime(2026, 11, day, hour, minute, tzinfo=UTC)) == spent
