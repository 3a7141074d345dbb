"""The published warehouse and the landing beside it, opened for reading, and of the catalog that is meant."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.database import open_database
from pipelines.errors import ConfigurationError
from pipelines.query import open_published
from pipelines.runs import has_runs, recorded_catalog


@contextmanager
def open_published_of(path: Path, catalog: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published warehouse of a catalog. Raises ConfigurationError when there is none, or another's."""
    with open_published(path) as connection:
        _check_catalog(connection, path, catalog)
        yield connection


@contextmanager
def open_landing_of(path: Path, catalog: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the landing of a catalog. Raises ConfigurationError when it is another's, LockedError while a run writes."""
    with open_database(path, read_only=True) as connection:
        if has_runs(connection):
            _check_catalog(connection, path, catalog)
        yield connection


def _check_catalog(connection: duckdb.DuckDBPyConnection, path: Path, catalog: str) -> None:
    held = recorded_catalog(connection)
    if held not in {None, catalog}:
        raise ConfigurationError(
            f"{path} holds catalog {held}, not {catalog}: give --catalog {held}, or the --data-dir of {catalog}"
        )
