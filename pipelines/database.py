"""DuckDB files: open them with one clear line when they cannot be used, and create tables as they are declared."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dataframely as dy
import duckdb
import polars as pl

from pipelines.errors import ConfigurationError, LockedError
from transforms.schema import TableDeclaration, declaration


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


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str, *, read_only: bool = False) -> None:
    """Attach a DuckDB file to an open connection under a name."""
    connection.execute(f"ATTACH {_literal(str(path))} AS {name}{' (READ_ONLY)' if read_only else ''}")


def create_table(connection: duckdb.DuckDBPyConnection, schema: str, table: TableDeclaration) -> None:
    """Create the table in `schema` unless it exists, with the types and comments that its declaration gives."""
    name = f"{schema}.{table.name}"
    columns = ", ".join(
        f"{column.name} {column.duckdb_type}{'' if column.is_nullable else ' NOT NULL'}" for column in table.columns
    )
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")
    connection.execute(f"COMMENT ON TABLE {name} IS {_literal(table.comment)}")
    for column in table.columns:
        connection.execute(f"COMMENT ON COLUMN {name}.{column.name} IS {_literal(column.comment)}")


def fill_table(
    connection: duckdb.DuckDBPyConnection, schema: str, declared: type[dy.Schema], rows: pl.DataFrame
) -> None:
    """Append rows to `schema`.<table>, which is created as declared if need be.

    Raises dataframely's ValidationError when the rows are not what the schema declares: that is a bug.
    """
    table = declaration(declared)
    create_table(connection, schema, table)
    connection.register("rows_to_append", declared.validate(rows).to_arrow())
    connection.execute(f"INSERT INTO {schema}.{table.name} SELECT * FROM rows_to_append")
    connection.unregister("rows_to_append")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _unusable(path: Path, reason: str) -> ConfigurationError | LockedError:
    if "Could not set lock" in reason:
        return LockedError(f"{path} is open in another program: close it there, then run again")
    if "Permission denied" in reason or "Read-only" in reason:
        return ConfigurationError(f"{path} cannot be opened: permission denied; give this user access to it")
    if "not a valid DuckDB" in reason or "Could not read enough bytes" in reason or "orrupt" in reason:
        return ConfigurationError(f"{path} is damaged or no DuckDB file: restore it from a backup or move it away")
    return ConfigurationError(f"{path} cannot be opened: {reason.splitlines()[0]}")
