"""What each full listing of Partner Central said, in `ops.listings` of landing.duckdb, and what is left to land."""

from typing import TYPE_CHECKING

import dataframely as dy
import duckdb

from pipelines.database import fetch_row, has_table
from pipelines.staging import LANDING_DATASET

if TYPE_CHECKING:
    from pipelines.partner_central.visibility import FullListing


class Listings(dy.Schema):
    """One row per full listing of Partner Central: how many opportunities it showed, and what had changed."""

    run_id = dy.String(description="The run that listed: ops.runs.run_id.")
    listed_at = dy.Datetime(time_unit="us", time_zone="UTC", description="End of the listing (UTC).")
    opportunities = dy.Int64(description="Opportunities listed.")
    vanished = dy.Int64(description="Opportunities that were in sight until then and were not listed.")
    returned = dy.Int64(description="Opportunities that were out of sight until then and were listed.")
    is_believed = dy.Bool(
        description="Whether the vanished ones were marked so; false: they were too many at once, and none was."
    )


def record_listing(connection: duckdb.DuckDBPyConnection, run_id: str, full: "FullListing") -> None:
    """Add what a full listing said to an open landing."""
    connection.execute(
        "INSERT INTO ops.listings VALUES (?, ?, ?, ?, ?, ?)",
        [run_id, full.listed_at, full.opportunities, full.vanished, full.returned, full.is_believed],
    )


def left_to_land(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Count what the last full listing showed that is not in an open landing, and all that it showed.

    A first load that takes longer than a day's quota leaves some for the next runs.
    """
    listed = 0
    if has_table(connection, "ops", "listings"):
        (listed,) = fetch_row(connection, "SELECT coalesce(arg_max(opportunities, listed_at), 0) FROM ops.listings")
    landed = gone = 0
    if has_table(connection, LANDING_DATASET, "opportunities"):
        (landed,) = fetch_row(connection, f"SELECT count(*) FROM {LANDING_DATASET}.opportunities")
    if has_table(connection, LANDING_DATASET, "opportunity_visibility"):
        (gone,) = fetch_row(
            connection,
            f"""SELECT count(*) FILTER (NOT is_visible) FROM (
                SELECT arg_max(is_visible, observed_at) AS is_visible
                FROM {LANDING_DATASET}.opportunity_visibility GROUP BY opportunity_id)""",
        )
    return max(0, listed - (landed - gone)), listed
