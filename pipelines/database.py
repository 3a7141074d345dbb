"""DuckDB files, opened with one clear line when they cannot be used."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from expectations.rules import literal
from pipelines.errors import ConfigurationError, LockedError


@contextmanager
def open_database(path: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB file in UTC and close it. Raises ConfigurationError or LockedError naming the file."""
    try:
        connection = duckdb.connect(path, read_only=read_only)
    except duckdb.IOException as error:
        raise _unusable(path, str(error)) from error
    try:
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        yield connection
    finally:
        connection.close()


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


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str, *, read_only: bool = False) -> None:
    """Attach a DuckDB file to an open connection under a name."""
    connection.execute(f"ATTACH {literal(str(path))} AS {name}{' (READ_ONLY)' if read_only else ''}")


def _unusable(path: Path, reason: str) -> ConfigurationError | LockedError:
    if "Could not set lock" in reason:
        return LockedError(f"{path} is open in another program: close it there, then run again")
    if "Permission denied" in reason or "Read-only" in reason:
        return ConfigurationError(f"{path} cannot be opened: permission denied; give this user access to it")
    if "not a valid DuckDB" in reason or "Could not read enough bytes" in reason or "orrupt" in reason:
        return ConfigurationError(f"{path} is damaged or no DuckDB file: restore it from a backup or move it away")
    return ConfigurationError(f"{path} cannot be opened: {reason.splitlines()[0]}")
