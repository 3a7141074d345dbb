"""Which opportunities have to be staged, checked and computed anew, since what landed of them is not what their rows
were made of."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl

from expectations.marts import CURRENT_VERSIONS
from pipelines.database import fetch_row, has_table, registered
from pipelines.staging import landing_table
from pipelines.tables import append_rows, create_table
from transforms.currency import ReportingCurrency, rates_in
from transforms.schema import declaration

CODE = ("pipelines", "transforms", "expectations")
LIBRARIES = ("botocore", "dataframely", "duckdb", "great-expectations", "polars")
NO_OPPORTUNITY = ""
"""Stands for the opportunity of a record that belongs to none, such as a solution."""

# Payloads are never looked at: what landed under a key changes only with the fetch that brought it.
_RECORDS = {
    # landing table: opportunity, what tells one state of a record from another, and when the record is known
    "opportunity_versions": ("opportunity_id", "last_modified_date, fetched_at", "last_modified_date < $before"),
    "aws_opportunity_summaries": ("opportunity_id", "last_modified_date, fetched_at", "last_modified_date < $before"),
    "opportunity_visibility": ("opportunity_id", "observed_at, is_visible", "observed_at < $before"),
    "engagement_associations": ("resource_id", "engagement_id, fetched_at", "true"),
    "resource_snapshots": (
        "resource_id",
        "engagement_id, template, revision, fetched_at",
        "coalesce(created_at < $before, true)",
    ),
    "solutions": (f"'{NO_OPPORTUNITY}'", "solution_id, fetched_at", "true"),
}
_CURRENCIES = " UNION ".join(
    f"SELECT opportunity_id, {column} AS code FROM staging.{table} WHERE {column} IS NOT NULL"
    for table, column in (
        ("opportunity_versions", "software_revenue__value__currency_code"),
        ("opportunity_versions__project__expected_customer_spend", "currency_code"),
        ("resource_snapshots__project__expected_customer_spend", "currency_code"),
    )
)
_STAGED_FACTS = f"""
SELECT opportunity_id, currencies, is_excluded
FROM (SELECT opportunity_id, string_agg(code, ' ' ORDER BY code) AS currencies FROM ({_CURRENCIES}) GROUP BY ALL)
FULL JOIN {CURRENT_VERSIONS} USING (opportunity_id)
"""


class Inputs(dy.Schema):
    """One row per opportunity, and one with an empty identifier for records of none: what its rows were made of."""

    opportunity_id = dy.String(primary_key=True, description="Identifier of the opportunity in Partner Central.")
    fingerprint = dy.String(description="Sum of the hashes of its landed records, each of its key and its fetch.")
    currencies = dy.String(
        nullable=True,
        description="ISO 4217 codes in its records, in alphabetical order, with blanks between: another rate of one of "
        "them changes its rows. Null when there are none.",
    )
    is_excluded = dy.Bool(
        nullable=True, description="Whether its newest version is out of the marts; null when it has no version."
    )


class Basis(dy.Schema):
    """One row per warehouse: what it was built with. With another one every opportunity is computed anew."""

    built_with = dy.String(
        description="Hash of this project's code, its libraries' versions and the reporting currency."
    )
    reporting_currency = dy.String(description="ISO 4217 code of the currency of the `…_reporting` columns and sums.")


def built_with(reporting_currency: str) -> str:
    """Identify all that every row of the marts depends on: code, libraries and reporting currency.

    Another exchange rate changes the opportunities that have its currency, and what depends on thresholds is computed
    every night.
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


@dataclass(frozen=True, slots=True)
class Changes:
    """What has landed of every opportunity, and which are not as they were in the warehouse that is built upon."""

    landed: pl.DataFrame
    """One row per opportunity: `opportunity_id, fingerprint`."""
    changed: pl.DataFrame
    """One row per opportunity that is new, gone or another: `opportunity_id`, in order."""
    is_from_nothing: bool
    """Whether nothing is built upon."""

    @property
    def opportunities(self) -> pl.DataFrame:
        """Those that changed, without what stands for the records of none."""
        return self.changed.filter(pl.col("opportunity_id") != NO_OPPORTUNITY)


def find_changes(connection: duckdb.DuckDBPyConnection, before: datetime, reporting: ReportingCurrency) -> Changes:
    """Compare what the attached `landing` knew before an instant with what the open warehouse was made of.

    An opportunity has changed when records of it landed, came again or went, or a currency in them has another rate.
    """
    landed = _read_landed(connection, before)
    if not has_table(connection, "ops", "inputs"):
        return Changes(landed, landed.select("opportunity_id").sort("opportunity_id"), is_from_nothing=True)
    kept = connection.sql("SELECT opportunity_id, fingerprint, currencies FROM ops.inputs").pl()
    moved = _differing(rates_in(connection.sql("FROM ops.fx_rates").pl(), reporting.code), reporting.rates)
    both = kept.join(landed, on="opportunity_id", how="full", coalesce=True, suffix="_now")
    is_other = pl.col("fingerprint").ne_missing(pl.col("fingerprint_now"))
    has_other_rate = pl.col("currencies").str.split(" ").list.set_intersection(moved).list.len() > 0
    changed = both.filter(is_other | has_other_rate.fill_null(False)).select("opportunity_id").sort("opportunity_id")
    return Changes(landed, changed, is_from_nothing=False)


def keep_inputs(connection: duckdb.DuckDBPyConnection, changes: Changes, staged: pl.DataFrame | None = None) -> None:
    """Replace the rows of `ops.inputs` of the opportunities that changed; the attached `staging` holds these.

    `staged` are the facts of them, as `staged_facts` reads them, where something else staged them.
    """
    create_table(connection, "ops", declaration(Inputs))
    facts = staged_facts(connection) if staged is None else staged
    landed = changes.landed.join(changes.changed, on="opportunity_id", how="semi")
    with registered(connection, "changed", changes.changed):
        connection.execute("DELETE FROM ops.inputs WHERE opportunity_id IN (SELECT opportunity_id FROM changed)")
    append_rows(connection, "ops", Inputs, landed.join(facts, on="opportunity_id", how="left"))


def staged_facts(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """One row per opportunity in the attached `staging`: `opportunity_id, currencies, is_excluded`."""
    rows: pl.DataFrame = connection.sql(_STAGED_FACTS).pl()
    return rows


def _read_landed(connection: duckdb.DuckDBPyConnection, before: datetime) -> pl.DataFrame:
    records = " UNION ALL ".join(
        f"SELECT {opportunity_id} AS opportunity_id, hash('{table}', {columns}) AS hashed "
        f"FROM {landing_table(connection, table)} WHERE {condition}"
        for table, (opportunity_id, columns, condition) in _RECORDS.items()
    )
    # Summed: of an exclusive or, two records that hash alike would cancel out.
    query = f"SELECT opportunity_id, sum(hashed)::VARCHAR AS fingerprint FROM ({records}) GROUP BY ALL"
    rows: pl.DataFrame = connection.sql(query, params={"before": before}).pl()
    return rows


def _differing(one: Mapping[str, Fraction], other: Mapping[str, Fraction]) -> list[str]:
    """List the currencies of which the two say another rate, or one says none."""
    return sorted(code for code in {*one, *other} if one.get(code) != other.get(code))
