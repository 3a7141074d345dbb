"""Read-only SQL on the published warehouse, and its result as a table, CSV, JSON or Parquet."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import duckdb

from pipelines.database import open_database
from pipelines.errors import ConfigurationError

Format = Literal["table", "csv", "json", "parquet"]
TABLE_ROWS = 100  # shown by the table format; the others give every row
PIPE_WIDTH = 10_000  # columns of text when nobody's terminal sets the width


@contextmanager
def open_warehouse(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published warehouse for reading alone: no writes, no other files, no network."""
    if not path.exists():
        raise ConfigurationError(f"nothing is published at {path}: run `cosell nightly` (or `--demo`) first")
    with open_database(path, read_only=True) as connection:
        connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        yield connection


def print_query(path: Path, sql: str, output_format: Format) -> None:
    """Print the rows of one statement. Raises ConfigurationError when the SQL does not run or gives no rows."""
    with open_warehouse(path) as connection:
        try:
            relation = connection.sql(sql)
            if relation is None:
                raise ConfigurationError("that statement gives no rows: `cosell query` reads and changes nothing")
            _print(relation, output_format)
        except duckdb.Error as error:
            raise ConfigurationError(f"SQL: {' '.join(str(error).split())}") from error


def _print(relation: duckdb.DuckDBPyRelation, output_format: Format) -> None:
    if output_format == "table":
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH
        relation.show(max_rows=TABLE_ROWS, max_width=width)
        return
    if output_format == "parquet" and sys.stdout.isatty():
        raise ConfigurationError(
            "Parquet is binary: send it to a file, `cosell query … --format parquet > rows.parquet`"
        )
    frame = relation.pl()
    output = sys.stdout.buffer
    match output_format:
        case "csv":
            frame.write_csv(output)
        case "json":
            frame.write_json(output)
            output.write(b"\n")
        case "parquet":
            frame.write_parquet(output)
