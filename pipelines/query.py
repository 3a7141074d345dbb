"""Read-only SQL on the published warehouse, and its result as a table, CSV, JSON or Parquet."""

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Literal

import duckdb
import polars as pl

from expectations.rules import quoted
from pipelines.database import open_database
from pipelines.errors import ConfigurationError
from pipelines.paging import EVERYTHING, Page, output_told, print_table

Format = Literal["table", "csv", "json", "parquet"]
TABLE_ROWS = 100  # of a table, where nobody says how many; the other formats give every row

READING = frozenset(
    {
        duckdb.StatementType.SELECT,  # FROM, VALUES, WITH, DESCRIBE, SHOW and SUMMARIZE are kinds of it
        duckdb.StatementType.MULTI,  # a PIVOT that first looks for its columns
    }
)
EXPLAIN = re.compile(r"^\s*EXPLAIN(\s+ANALYZE|\s*\([^()]*\))?", re.IGNORECASE)
ALLOWED = (
    "`cosell query` runs one statement that reads the published warehouse, and no files, network, extensions or "
    "settings: SELECT, WITH, FROM, VALUES, PIVOT, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN"
)
# What a statement of an allowed kind may still try, and the file opened for reading alone does not stop.
LOCKS = """
SET temp_directory = '';
SET python_enable_replacements = false;
SET allow_persistent_secrets = false;
SET allow_community_extensions = false;
SET autoinstall_known_extensions = false;
SET autoload_known_extensions = false;
SET enable_external_access = false;
SET disabled_filesystems = 'LocalFileSystem';
SET lock_configuration = true
"""
LOCKED = ("disabled by configuration", "has been locked", "read-only", "exists in the", "Expected a single SELECT")
"""What DuckDB says of them, and of the extensions that it then advises to install."""

NESTED = frozenset({"list", "array", "struct", "map"})
UNWRITABLE = frozenset({"bignum", "bit", "blob", "interval", "time with time zone", "union", "variant"})
"""Types that Polars writes neither as CSV nor as JSON: they become what DuckDB shows of them."""
TEXT = frozenset({"varchar", "enum"}) | UNWRITABLE
FORMULA_STARTS = "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"
"""What makes a spreadsheet take a cell for a formula; the last four are the full-width = + - @."""
UNSEEN = " \u00a0\u200b\u2060\ufeff"
"""What a spreadsheet may pass over in front of a formula: blanks, and characters of no width."""
UNSEEN_SQL = " || ".join(f"chr({ord(character)})" for character in UNSEEN)
FORMULA_STARTS_SQL = ", ".join(f"chr({ord(start)})" for start in FORMULA_STARTS)


@contextmanager
def open_warehouse(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published warehouse for reading alone: no writes, no other files, no network, no Python variables."""
    if not path.exists():
        raise ConfigurationError(f"nothing is published at {path}: run `cosell nightly` (or `--demo`) first")
    with open_database(path, read_only=True) as connection:
        connection.execute(LOCKS)
        yield connection


@contextmanager
def open_published(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published warehouse for queries of our own. Raises ConfigurationError when it lacks what they read."""
    with open_warehouse(path) as connection:
        try:
            yield connection
        except (duckdb.CatalogException, duckdb.BinderException) as error:  # a table or a column is missing
            raise foreign(path) from error


def foreign(path: Path) -> ConfigurationError:
    """Say that a warehouse lacks what we read, and what to do."""
    return ConfigurationError(
        f"{path} was published by another version of cosell, or is none of its own: `cosell nightly` replaces it"
    )


def print_query(
    path: Path, sql: str, output_format: Format, page: Page = EVERYTHING, *, pager: bool = False
) -> str | None:
    """Print the rows of one statement, or a page of them, and return which ones these are if they are not all.

    Raises ConfigurationError when the SQL is not allowed or does not run, or when the rows cannot be written.
    """
    if output_format == "parquet" and sys.stdout and sys.stdout.isatty():
        raise ConfigurationError(
            "Parquet is binary: send it to a file, `cosell query … --format parquet > rows.parquet`"
        )
    if output_format == "table" and page.limit is None:
        page = Page(TABLE_ROWS, page.offset)
    with open_warehouse(path) as connection:
        try:
            relation, note = connection.sql(_reading_statement(sql)), None
            if not page.is_whole:
                relation = relation.materialize()  # so that it runs once, to count and to show
                note = page.note(relation.shape[0])
                relation = page.of(relation)
            with output_told():
                _print(relation, output_format, pager=pager)
        except duckdb.Error as error:
            raise ConfigurationError(f"SQL: {_line_of(error)}") from error
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise ConfigurationError(
                f"these columns cannot be written as {output_format}: cast them, or choose another --format"
            ) from error
    return note


def _reading_statement(sql: str) -> duckdb.Statement:
    """Return the one statement of an SQL text. Raises ConfigurationError unless it is one, and of a kind that reads."""
    try:
        (statement,) = duckdb.extract_statements(sql)
        if statement.type in READING:
            return statement
        if statement.type == duckdb.StatementType.EXPLAIN:
            _reading_statement(EXPLAIN.sub("", statement.query, count=1))  # ANALYZE runs it
            return statement
    except ValueError:  # none or several; or a kind that DuckDB knows and its client for Python does not
        pass
    except TypeError as error:  # what DuckDB's client says of bytes that the shell passed on as they are
        raise ConfigurationError("SQL: the statement is not UTF-8") from error
    raise ConfigurationError(f"SQL: {ALLOWED}")


def _line_of(error: duckdb.Error) -> str:
    if isinstance(error, duckdb.OutOfMemoryException):
        return "out of memory: ask for fewer rows, columns or groups at a time"
    line = " ".join(str(error).split())
    return ALLOWED if any(words in line for words in LOCKED) else line


def _print(relation: duckdb.DuckDBPyRelation, output_format: Format, *, pager: bool) -> None:
    if output_format == "table":
        print_table(partial(_drawn, relation), pager=pager)
        return
    output = sys.stdout.buffer
    match output_format:
        case "csv":
            _cells(relation).pl().write_csv(output)
        case "json":
            _writable(relation).pl().write_json(output)
            output.write(b"\n")
        case "parquet":
            rows = io.BytesIO()  # Polars makes an error of its own of an output that cannot be written
            relation.pl().write_parquet(rows)
            output.write(rows.getbuffer())


def _drawn(relation: duckdb.DuckDBPyRelation, width: int) -> str:
    """Draw every row, with columns left out that exceed a width."""
    with redirect_stdout(io.StringIO()) as drawn:
        relation.show(max_rows=max(1, relation.shape[0]), max_width=width)
    return drawn.getvalue()


def _writable(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Turn the columns that Polars cannot write into text. By position, since two columns may share a name."""
    return relation.project(
        ", ".join(
            f"#{number}{'::VARCHAR' if kind.id in UNWRITABLE else ''} AS {quoted(name)}"
            for number, (name, kind) in enumerate(zip(relation.columns, relation.types, strict=True), start=1)
        )
    )


def _cells(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Turn nested columns into JSON text, and put an apostrophe before every text that would be a formula."""
    columns = []
    for number, (name, kind) in enumerate(zip(relation.columns, relation.types, strict=True), start=1):
        value = f"#{number}"
        if kind.id in NESTED:
            value = f"to_json({value})::VARCHAR"
        elif kind.id in TEXT:
            text = f"{value}::VARCHAR"
            value = f"if(left(ltrim({text}, {UNSEEN_SQL}), 1) IN ({FORMULA_STARTS_SQL}), '''' || {text}, {text})"
        heading = f"'{name}" if name.lstrip(UNSEEN).startswith(tuple(FORMULA_STARTS)) else name
        columns.append(f"{value} AS {quoted(heading)}")
    return relation.project(", ".join(columns))
