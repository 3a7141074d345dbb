"""A landing of any earlier release is brought forward with all that is in it; one that cannot be is left alone."""

import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines import migrations
from pipelines.database import open_database
from pipelines.errors import ConfigurationError
from pipelines.landing_file import Landing, check_landing, read_landing
from pipelines.migrations import NEWEST_VERSION, migrate_landing

VERSION_1 = """
CREATE SCHEMA ops;
CREATE TABLE ops.runs (
    run_id VARCHAR NOT NULL, started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ, as_of DATE NOT NULL,
    catalog VARCHAR NOT NULL, status VARCHAR NOT NULL, calls BIGINT NOT NULL, retries BIGINT NOT NULL,
    opportunities_listed BIGINT NOT NULL, opportunities_fetched BIGINT NOT NULL, snapshots_fetched BIGINT NOT NULL,
    rows_published BIGINT, error VARCHAR);
INSERT INTO ops.runs VALUES ('20261031T043000Z-0a1b', '2026-10-31 04:30Z', '2026-10-31 04:41Z', '2026-10-31', 'AWS',
    'published', 12, 1, 3, 3, 4, 3, NULL);
"""
CALLS_OF_VERSION_1 = """
CREATE TABLE ops.calls (run_id VARCHAR NOT NULL, called_at TIMESTAMPTZ NOT NULL, operation VARCHAR NOT NULL,
    calls BIGINT NOT NULL);
INSERT INTO ops.calls VALUES ('20261031T043000Z-0a1b', '2026-10-31 04:31Z', 'GetOpportunity', 12);
CREATE TABLE ops.published (sha256 VARCHAR NOT NULL);
INSERT INTO ops.published VALUES ('c0ffee');
CREATE SCHEMA partner_central;
CREATE TABLE partner_central.opportunities (opportunity_id VARCHAR NOT NULL, payload VARCHAR NOT NULL);
INSERT INTO partner_central.opportunities VALUES ('O1', '{"Id":"O1"}');
"""


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return tmp_path / "landing.duckdb"


def write(path: Path, sql: str) -> None:
    with open_database(path) as connection:
        connection.execute(sql)


def migrate(landing: Path) -> Landing:
    migrate_landing(landing, landing.with_name("scratch.duckdb"))
    return read_landing(landing)


def columns(path: Path) -> list[tuple]:
    """The columns of the landing's own tables: types and descriptions."""
    with open_database(path, read_only=True) as connection:
        return connection.execute(
            """SELECT table_name, tables.comment, column_name, data_type, is_nullable, columns.comment
               FROM duckdb_columns() AS columns JOIN duckdb_tables() AS tables USING (schema_name, table_name)
               WHERE schema_name = 'ops' AND table_name <> 'published' ORDER BY table_name, column_index"""
        ).fetchall()


def contents(path: Path) -> dict[str, list[tuple]]:
    with open_database(path, read_only=True) as connection:
        tables = connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
        return {table: connection.execute(f"FROM {table}").fetchall() for (table,) in tables}


def test_a_new_landing_has_every_table_described(landing: Path) -> None:
    assert migrate(landing) == Landing(NEWEST_VERSION, None)
    described = columns(landing)
    assert {table for table, *_ in described} == {"runs", "calls", "listings", "schema_version"}
    assert all(of_table and of_column for _, of_table, *_, of_column in described)
    assert [path.name for path in landing.parent.iterdir()] == ["landing.duckdb"]


def test_version_1_goes_forward_with_its_history(landing: Path, tmp_path: Path) -> None:
    write(landing, VERSION_1 + CALLS_OF_VERSION_1)
    assert read_landing(landing) == Landing(1, "AWS")
    before = contents(landing)
    assert migrate(landing) == Landing(NEWEST_VERSION, "AWS")
    assert contents(landing) == before | {"ops.listings": [], "ops.schema_version": [(NEWEST_VERSION,)]}
    new = tmp_path / "new" / "landing.duckdb"
    new.parent.mkdir()
    migrate(new)
    assert columns(landing) == columns(new)


def test_version_1_whose_first_run_was_killed_as_it_began(landing: Path) -> None:
    """It made one table after the other."""
    write(landing, VERSION_1)
    assert migrate(landing) == Landing(NEWEST_VERSION, "AWS")
    assert contents(landing)["ops.calls"] == []


def test_migrating_again_changes_nothing(landing: Path) -> None:
    migrate(landing)
    before = landing.read_bytes()
    migrate(landing)
    assert landing.read_bytes() == before


def fail(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE ops.half_done (number INTEGER)")
    raise RuntimeError("half-way")


def test_a_migration_that_fails_leaves_the_version_before_it(landing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(landing, VERSION_1 + CALLS_OF_VERSION_1)
    before = contents(landing)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, fail))
        patch.setattr(migrations, "NEWEST_VERSION", NEWEST_VERSION + 1)
        with pytest.raises(RuntimeError, match="half-way"):
            migrate(landing)
    assert contents(landing) == before | {"ops.listings": [], "ops.schema_version": [(NEWEST_VERSION,)]}
    assert migrate(landing) == Landing(NEWEST_VERSION, "AWS")


KILLED_HALF_WAY = """
import os, signal, sys
from pathlib import Path
from pipelines import migrations
from pipelines.tables import create_table

def create_and_die(connection, schema, table):
    create_table(connection, schema, table)
    if table.name == "listings":
        os.kill(os.getpid(), signal.SIGKILL)

migrations.create_table = create_and_die
migrations.migrate_landing(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.parametrize(("sql", "killed"), [(VERSION_1 + CALLS_OF_VERSION_1, Landing(1, "AWS")), ("", None)])
def test_a_migration_that_is_killed_leaves_the_version_before_it(landing: Path, sql: str, killed: Landing) -> None:
    """Of a new landing nothing: it has no name of its own yet."""
    if sql:
        write(landing, sql)
    arguments = [sys.executable, "-c", KILLED_HALF_WAY, landing, landing.with_name("scratch.duckdb")]
    assert subprocess.run(arguments, check=False).returncode == -signal.SIGKILL
    assert (read_landing(landing) if landing.exists() else None) == killed
    landing.with_name("scratch.duckdb").unlink(missing_ok=True)
    landing.with_name("scratch.duckdb.wal").unlink(missing_ok=True)
    assert migrate(landing).version == NEWEST_VERSION


@pytest.mark.parametrize(
    ("sql", "refusal"),
    [
        (
            f"CREATE SCHEMA ops; CREATE TABLE ops.runs (run_id VARCHAR); CREATE TABLE ops.schema_version AS "
            f"SELECT {NEWEST_VERSION + 1} AS version",
            f"written by a newer cosell .schema version {NEWEST_VERSION + 1}.*upgrade cosell, or restore a backup",
        ),
        ("CREATE TABLE somebody_elses (number INTEGER)", "is not a landing of cosell"),
        (VERSION_1 + CALLS_OF_VERSION_1, "holds catalog AWS, not Sandbox"),
    ],
    ids=["newer", "foreign", "other catalog"],
)
def test_a_landing_that_is_refused_stays_as_it_was(landing: Path, sql: str, refusal: str) -> None:
    write(landing, sql)
    before = landing.read_bytes()
    with pytest.raises(ConfigurationError, match=refusal):
        check_landing(landing, "Sandbox")
    assert landing.read_bytes() == before
    assert [path.name for path in landing.parent.iterdir()] == ["landing.duckdb"]


def test_an_empty_database_is_a_landing_in_which_nothing_landed(landing: Path) -> None:
    write(landing, "SELECT 1")
    check_landing(landing, "AWS")
    assert migrate(landing) == Landing(NEWEST_VERSION, None)
