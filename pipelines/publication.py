"""Put a built warehouse in place whole, and start the next one from it."""

import hashlib
import os
import shutil
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl

from pipelines.changes import has_basis
from pipelines.database import fetch_row, has_table, open_database
from pipelines.tables import replace_table


class Published(dy.Schema):
    """One row per data directory: the warehouse that was published last."""

    sha256 = dy.String(description="Checksum of the file. A file with another one is not what the last run built.")


def publish(built: Path, published: Path, landing: Path) -> None:
    """Replace the published file by the built one, durably and in one step that no reader can see half of.

    Once the file has its new name, it is published: nothing that may fail follows.
    """
    with open_database(landing) as connection:
        replace_table(connection, "ops", Published, pl.DataFrame({"sha256": [_checksum(built)]}))
    sync(built)
    # Left by somebody who wrote into the published file: beside it DuckDB would refuse to open the new one.
    published.with_name(f"{published.name}.wal").unlink(missing_ok=True)
    os.replace(built, published)
    sync(published.parent)


def start_from_published(published: Path, landing: Path, path: Path, built_with: str) -> bool:
    """Copy the published file to `path`, to build upon, if it is ours to the last byte and was built with the same.

    Otherwise nothing is at `path`, and everything has to be computed.
    """
    if not published.exists():
        return False
    with open_database(landing) as connection:
        if not has_table(connection, "ops", "published"):
            return False
        (checksum,) = fetch_row(connection, "SELECT max(sha256) FROM ops.published")
    shutil.copyfile(published, path)
    if _checksum(path) == checksum:
        with open_database(path, read_only=True) as connection:
            if has_basis(connection, built_with):
                return True
    path.unlink()
    return False


def forget_published(connection: duckdb.DuckDBPyConnection, landing: str) -> None:
    """Let the next run compute everything, since what it would build upon is not right."""
    if has_table(connection, "ops", "published", database=landing):
        connection.execute(f"DELETE FROM {landing}.ops.published")


def remove_leftovers(data_dir: Path) -> None:
    """Remove what a killed run left half built. Only the run that holds the lock may call this."""
    for path in data_dir.glob("warehouse.????????T??????Z-????.duckdb*"):
        path.unlink()


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Have the disk keep what a file or directory holds now."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
