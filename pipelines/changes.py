"""Which opportunities have to be computed anew, since what landed of them is not what their rows were made of."""

import hashlib
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl

from pipelines.database import fetch_row, has_table
from pipelines.staging import landing_table

CODE = ("pipelines", "transforms", "expectations")
LIBRARIES = ("botocore", "dataframely", "duckdb", "great-expectations", "polars")

# Payloads are never looked at: what landed under a key changes only with the fetch that brought it.
_RECORDS = {
    "opportunity_versions": (
        "opportunity_id",
        "last_modified_date, fetched_at",
        "last_modified_date < $before",
    ),
    "aws_opportunity_summaries": (
        "opportunity_id",
        "last_modified_date, fetched_at",
        "last_modified_date < $before",
    ),
    "opportunity_visibility": (
        "opportunity_id",
        "observed_at, is_visible",
        "observed_at < $before",
    ),
    "resource_snapshots": (
        "resource_id",
        "engagement_id, template, revision, fetched_at",
        "created_at < $before",
    ),
}


class Inputs(dy.Schema):
    """One row per opportunity: the landed records that its rows in the marts were made of."""

    opportunity_id = dy.String(primary_key=True, description="Identifier of the opportunity in Partner Central.")
    fingerprint = dy.String(description="Sum of the hashes of its records, each of its key and its fetch.")


class Basis(dy.Schema):
    """One row per warehouse: what it was built with. With anything else every opportunity is computed anew."""

    built_with = dy.String(description="Hash of this project's code, its libraries' versions and the settings.")


def built_with(reporting_currency: str) -> str:
    """Identify everything but landing and as-of date that the marts depend on."""
    digest = hashlib.sha256(reporting_currency.encode())
    root = Path(__file__).parent.parent
    for path in sorted(path for package in CODE for path in (root / package).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    for library in LIBRARIES:
        digest.update(f"{library}=={version(library)}".encode())
    return digest.hexdigest()


def has_basis(connection: duckdb.DuckDBPyConnection, built_with: str) -> bool:
    """Tell whether a warehouse was built with the same."""
    query = "SELECT count(*) FROM ops.basis WHERE built_with = ?"
    return has_table(connection, "ops", "basis") and fetch_row(connection, query, [built_with]) == (1,)


def read_inputs(connection: duckdb.DuckDBPyConnection, before: datetime) -> pl.DataFrame:
    """Read the rows of `ops.inputs` as the attached landing has them now, of records known before an instant."""
    records = " UNION ALL ".join(
        f"SELECT {opportunity_id} AS opportunity_id, hash('{table}', {columns}) AS hashed "
        f"FROM {landing_table(connection, table)} WHERE {condition}"
        for table, (opportunity_id, columns, condition) in _RECORDS.items()
    )
    # Summed: of an exclusive or, two records that hash alike would cancel out.
    rows: pl.DataFrame = connection.sql(
        f"SELECT opportunity_id, sum(hashed)::VARCHAR AS fingerprint FROM ({records}) GROUP BY ALL",
        params={"before": before},
    ).pl()
    return rows


def changed_opportunities(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """One row per opportunity whose inputs are not the same, those that are new or gone included, in order."""
    both = before.join(now, on="opportunity_id", how="full", coalesce=True, suffix="_now")
    changed = both.filter(pl.col("fingerprint").ne_missing(pl.col("fingerprint_now")))
    return changed.select("opportunity_id").sort("opportunity_id")
