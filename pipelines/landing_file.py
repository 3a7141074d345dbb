"""landing.duckdb as a file: whole, ours, and of a version that we know, before anything is written in it."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from expectations.rules import literal
from pipelines.database import MEMORY, damaged, fetch_row, open_database, read_everything
from pipelines.errors import ConfigurationError
from pipelines.migrations import NEWEST_VERSION, landing_version
from pipelines.runs import has_runs, recorded_catalog


@dataclass(frozen=True, slots=True)
class Landing:
    """What a landing file is: its schema version, and the catalog that it holds, None if nothing has landed."""

    version: int
    catalog: str | None


def check_landing(path: Path, catalog: str) -> None:
    """Refuse a landing that `read_landing` refuses, or that holds another catalog. An absent one is fine."""
    if not path.exists():
        _check_no_log_is_alone(path)
        return
    landing = read_landing(path)
    if landing.catalog not in {None, catalog}:
        raise ConfigurationError(
            f"{path} holds catalog {landing.catalog}, not {catalog}: give each catalog a --data-dir of its own"
        )


def read_landing(path: Path) -> Landing:
    """Read a landing file to its last value and tell what it is; it stays as it was, byte for byte.

    A write-ahead log that a kill cut short is fine: what was committed before is read. Raises ConfigurationError for
    a file that is damaged, another program's, or a newer cosell's; LockedError while another program has it open.
    """
    with open_database(path, read_only=True) as connection:
        connection.execute(f"SET memory_limit = {literal(MEMORY)}")
        if fetch_row(connection, "SELECT count(*) FROM duckdb_tables() WHERE NOT internal") == (0,):
            return Landing(0, None)
        if not has_runs(connection):
            raise ConfigurationError(
                f"{path} is not a landing of cosell: move it away, or choose another file or --data-dir"
            )
        version = landing_version(connection)
        if version > NEWEST_VERSION:
            raise ConfigurationError(
                f"{path} was written by a newer cosell (schema version {version}, known here up to {NEWEST_VERSION}): "
                "upgrade cosell, or restore a backup"
            )
        try:
            read_everything(connection)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:  # damage may show as any of them, the engine's internal ones included
            raise damaged(path) from error
        return Landing(version, recorded_catalog(connection))


def _check_no_log_is_alone(path: Path) -> None:
    """Keep DuckDB from deleting a log whose database is not there: what was committed last is in it."""
    log = path.with_name(f"{path.name}.wal")
    if log.exists():
        raise ConfigurationError(f"{log} is there without {path.name}: put that back beside it, or move the log away")
