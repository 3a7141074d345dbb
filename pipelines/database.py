"""DuckDB files, opened with one clear line when they cannot be used."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from expectations.rules import literal
from pipelines.errors import ConfigurationError, LockedError

_SESSION = """
SET TimeZone = 'UTC';
SET enable_progress_bar = false;
SET disabled_optimizers = 'compressed_materialization'
"""
"""DuckDB 2.0.0 packs integers by the range that it knows of them, and with a scalar subquery in the filter the sums of
a sorted GROUP BY are packed too small: an error, or a wrong number. `test_sums_are_right` has the query."""
MEMORY = "800MB"
"""What DuckDB may hold of a night's 2 GB. By default it takes most of the machine's, as a cache that saves little."""
_FULL = "No space left"
_DAMAGE = re.compile(
    "not a valid DuckDB|Could not read enough bytes|replaying WAL|Corrupt database file|"
    "corrupt database file|appears to be corrupted|Corrupted .* segment"
)


@contextmanager
def open_database(
    path: Path, *, read_only: bool = False, storage: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB file in UTC and close it. Raises ConfigurationError or LockedError naming the file.

    `storage` is the version of DuckDB from which on a new file can be read, this one if none is given; a file that is
    there keeps its own.
    Damage counts whenever it is met: DuckDB checks a block when it reads it.
    """
    version = {"storage_compatibility_version": storage} if storage else {}
    try:
        connection = duckdb.connect(path, read_only=read_only, config={**version})
    except duckdb.Error as error:
        if _FULL in str(error):  # of a disk, not of this file: `full_disk_told` says of which
            raise
        raise _unusable(path, str(error)) from error
    try:
        connection.execute(_SESSION)
        yield connection
    except duckdb.Error as error:
        if _DAMAGE.search(str(error)):
            raise damaged(path) from error
        raise
    finally:
        connection.close()


def read_everything(connection: duckdb.DuckDBPyConnection) -> None:
    """Read every value of every table, so that DuckDB checks every block in use. About 2 s of CPU for each GB.

    Raises duckdb.Error when a block is damaged. Hashes are what needs the values: counts come from the statistics.
    """
    for (table,) in connection.execute(
        'SELECT format(\'"{}"."{}"\', schema_name, table_name) FROM duckdb_tables() WHERE NOT internal'
    ).fetchall():
        connection.execute(f"SELECT bit_xor(hash(*COLUMNS(*))) FROM {table}").fetchall()


def damaged(path: Path) -> ConfigurationError:
    """Say that a file is damaged, and what to do."""
    return ConfigurationError(
        f"{path} is damaged or no DuckDB file: restore it from a backup (`cosell restore`), or move it away"
    )


def fetch_row(connection: duckdb.DuckDBPyConnection, sql: str, parameters: object = None) -> tuple[Any, ...]:
    """Return the one row of a query, which is then finished: DuckDB refuses other work until it is."""
    (row,) = connection.execute(sql, parameters).fetchall()
    return tuple(row)


def has_table(connection: duckdb.DuckDBPyConnection, schema: str, table: str, database: str | None = None) -> bool:
    """Tell whether a table is in an open database, or in one attached to it under a name."""
    return fetch_row(
        connection,
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = coalesce(?, current_database()) "
        "AND schema_name = ? AND table_name = ?",
        [database, schema, table],
    ) == (1,)


@contextmanager
def registered(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> Iterator[None]:
    """Let queries read a frame under a name for as long as the block runs."""
    connection.register(name, frame.to_arrow())
    try:
        yield
    finally:
        connection.unregister(name)


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what the block did as one, or none of it. One sync of the disk instead of one for each statement."""
    connection.begin()
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # the first error is the one to tell
            connection.rollback()
        raise
    connection.commit()


@contextmanager
def full_disk_told(directory: Path) -> Iterator[None]:
    """Tell of a full disk in one line, whichever library met it. Raises ConfigurationError."""
    try:
        yield
    except (OSError, duckdb.Error) as error:
        if _FULL in str(error):
            raise ConfigurationError(f"the disk of {directory} is full: free some space and run again") from error
        raise


def set_up_for_build(connection: duckdb.DuckDBPyConnection, spill: Path) -> None:
    """Have an open connection hold no more than MEMORY, write what is beyond it to the directory `spill`, and hand
    over texts as Polars keeps them."""
    connection.execute(
        f"SET memory_limit = {literal(MEMORY)}; SET temp_directory = {literal(str(spill))}; "
        "SET produce_arrow_string_view = true"
    )


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str, *, read_only: bool = False) -> None:
    """Attach a DuckDB file to an open connection under a name."""
    connection.execute(f"ATTACH {literal(str(path))} AS {name}{' (READ_ONLY)' if read_only else ''}")


def _unusable(path: Path, reason: str) -> ConfigurationError | LockedError:
    if "Could not set lock" in reason:
        return LockedError(f"{path} is open in another program: close it there, then run again")
    if "Permission denied" in reason or "Read-only" in reason:
        return ConfigurationError(f"{path} cannot be opened: permission denied; give this user access to it")
    if _DAMAGE.search(reason):
        return damaged(path)
    return ConfigurationError(f"{path} cannot be opened: {reason.splitlines()[0]}")
