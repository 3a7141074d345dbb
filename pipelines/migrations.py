"""The landing's own tables, and what each release changed in them: applied in order, each whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl

from pipelines.database import fetch_row, has_table, open_database, transaction
from pipelines.listings import Listings
from pipelines.runs import Calls, Runs, has_runs
from pipelines.tables import create_table, replace_table
from transforms.schema import declaration


class SchemaVersion(dy.Schema):
    """One row per landing: which tables of cosell's own it has, and in which shape."""

    version = dy.Int64(description="How many migrations it has been through; 1 was not written down yet.")


def _create_runs(connection: duckdb.DuckDBPyConnection) -> None:
    for table in (Runs, Calls):
        create_table(connection, "ops", declaration(table))


def _create_listings(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the full listings, and describe what was there: the table of calls had no comments."""
    for table in (Runs, Calls, Listings):
        create_table(connection, "ops", declaration(table))


# Never change one that a release has brought. One that alters a declared table says IF NOT EXISTS: a new landing goes
# through all of them, and its tables are made as they are declared now.
MIGRATIONS: tuple[Callable[[duckdb.DuckDBPyConnection], None], ...] = (_create_runs, _create_listings)
NEWEST_VERSION = len(MIGRATIONS)


def landing_version(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the schema version of an open landing; 0 if it is empty."""
    if has_table(connection, "ops", "schema_version"):
        return int(fetch_row(connection, "SELECT version FROM ops.schema_version")[0])
    return 1 if has_runs(connection) else 0


def migrate_landing(path: Path, scratch: Path) -> None:
    """Bring a checked landing to the newest version. A new one is made at `scratch` and gets its name when it is whole.

    A migration that is killed or fails leaves the version before it.
    """
    if path.exists():
        _migrate(path)
        return
    _migrate(scratch)
    with open_database(scratch) as connection:
        connection.execute("CHECKPOINT")  # what closing does too, but without a word when it fails
    os.replace(scratch, path)


def _migrate(path: Path) -> None:
    with open_database(path) as connection:
        for version in range(landing_version(connection), NEWEST_VERSION):
            with transaction(connection):
                MIGRATIONS[version](connection)
                replace_table(connection, "ops", SchemaVersion, pl.DataFrame({"version": [version + 1]}))
