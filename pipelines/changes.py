"""Which opportunities have to be computed anew, since what landed of them is not what their rows were made of."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl

from pipelines.database import fetch_row, has_table, registered
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


_CURRENCIES = (
    ("opportunity_versions", "software_revenue__value__currency_code"),
    ("opportunity_versions__project__expected_customer_spend", "currency_code"),
    ("resource_snapshots__project__expected_customer_spend", "currency_code"),
)


class Inputs(dy.Schema):
    """One row per opportunity: the landed records, and the exchange rates, that its rows in the marts were made of."""

    opportunity_id = dy.String(primary_key=True, description="Identifier of the opportunity in Partner Central.")
    fingerprint = dy.String(
        description="Sum of the hashes of its records, each of its key and its fetch, and of its currencies' rates."
    )


class Basis(dy.Schema):
    """One row per warehouse: what it was built with. With another one every opportunity is computed anew."""

    built_with = dy.String(
        description="Hash of this project's code, its libraries' versions and the reporting currency."
    )
    reporting_currency = dy.String(description="ISO 4217 code of the currency of the `…_reporting` columns and sums.")


def built_with(reporting_currency: str) -> str:
    """Identify all that every row of the marts depends on: code, libraries and reporting currency.

    Exchange rates are in the fingerprints of the opportunities that they matter to, and what depends on thresholds is
    computed every night.
    """
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


def read_inputs(connection: duckdb.DuckDBPyConnection, before: datetime, rates: Mapping[str, Fraction]) -> pl.DataFrame:
    """Read the rows of `ops.inputs` as the attached landing has them now, of records known before an instant, and as
    the attached `staging` has their currencies."""
    records = " UNION ALL ".join(
        f"SELECT {opportunity_id} AS opportunity_id, hash('{table}', {columns}) AS hashed "
        f"FROM {landing_table(connection, table)} WHERE {condition}"
        for table, (opportunity_id, columns, condition) in _RECORDS.items()
    )
    # Summed: of an exclusive or, two records that hash alike would cancel out.
    query = f"""SELECT opportunity_id, sum(hashed)::VARCHAR AS fingerprint
                FROM ({records} UNION ALL {_rates_of_opportunities()}) GROUP BY ALL"""
    known = pl.DataFrame(
        {"code": list(rates), "rate": [str(rate) for rate in rates.values()]},
        {"code": pl.String, "rate": pl.String},
    )
    with registered(connection, "known_rates", known):
        rows: pl.DataFrame = connection.sql(query, params={"before": before}).pl()
    return rows


def _rates_of_opportunities() -> str:
    """Return the SQL of the rate of each currency that is in any record of an opportunity."""
    shown = " UNION ".join(
        f"SELECT opportunity_id, code, rate FROM staging.{table}, known_rates WHERE {column} = code"
        for table, column in _CURRENCIES
    )
    return f"SELECT opportunity_id, hash('rate', code, rate) FROM ({shown})"


def changed_opportunities(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """One row per opportunity whose inputs are not the same, those that are new or gone included, in order."""
    both = before.join(now, on="opportunity_id", how="full", coalesce=True, suffix="_now")
    changed = both.filter(pl.col("fingerprint").ne_missing(pl.col("fingerprint_now")))
    return changed.select("opportunity_id").sort("opportunity_id")
