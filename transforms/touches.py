"""When each value that revenue is attributed to was first seen in an opportunity's record."""

from datetime import date

import dataframely as dy
import polars as pl

from transforms.dates import end_of_day
from transforms.versions import current_versions

CAMPAIGN = "campaign"
LISTS = {
    "channel": "marketing__channels",
    "solution": "related_entity_identifiers__solutions",
    "aws_product": "related_entity_identifiers__aws_products",
    "apn_program": "project__apn_programs",
    "partner_need": "primary_needs_from_aws",
}
"""Each dimension that is a list of a version, and that list."""
SNAPSHOT_LISTS = {dimension: LISTS[dimension] for dimension in ("solution", "aws_product", "partner_need")}
"""Those that a snapshot has."""
DIMENSIONS = (CAMPAIGN, *LISTS)


class Touches(dy.Schema):
    """One row per opportunity, dimension and value that an observation before the end of the as-of day showed: when
    it was first seen. These are the touches that marts.attribution gives credit to, if the record still has them."""

    opportunity_id = dy.String(primary_key=True, description="Identifier of the opportunity in Partner Central.")
    dimension = dy.String(
        primary_key=True,
        description="`campaign` (Marketing.CampaignName), `channel` (Marketing.Channels), `solution` and `aws_product` "
        "(RelatedEntityIdentifiers), `apn_program` (Project.ApnPrograms) or `partner_need` (PrimaryNeedsFromAws).",
    )
    value = dy.String(primary_key=True, description="The value, as the record has it; never empty.")
    touched_at = dy.Datetime(
        time_unit="us",
        time_zone="UTC",
        description="First observation that shows the value (UTC): a version or a snapshot.",
    )
    is_current = dy.Bool(
        description="Whether the version in marts.opportunities shows the value. One that it does not show has been "
        "removed, and gets no credit."
    )
    position = dy.Int32(
        nullable=True,
        description="Place in the order of touched_at among the current values of the opportunity and dimension, from "
        "1. Values first seen at the same instant share one position. Null for a removed value.",
    )


def touches(
    versions: pl.LazyFrame,
    values: pl.LazyFrame,
    snapshots: pl.LazyFrame,
    snapshot_values: pl.LazyFrame,
    *,
    as_of: date,
) -> pl.LazyFrame:
    """One row per opportunity, dimension and value, of what was known at the end of the day `as_of` (UTC).

    `values` are the items of the lists named above. Excluded records and snapshots without an instant show nothing; an
    opportunity that is not in the marts has no touches.
    """
    end = end_of_day(as_of)
    # Numbers stand for opportunities and texts until the end: grouping by texts would take twice as long.
    last = current_versions(versions, as_of).select("opportunity_id", last_key="row_key")
    deals = last.sort("opportunity_id").with_row_index("deal").cache()
    known = versions.filter(~pl.col("is_excluded"), pl.col("last_modified_at") < end).join(deals, on="opportunity_id")
    revisions = snapshots.filter(~pl.col("is_excluded"), pl.col("created_at") < end).join(deals, on="opportunity_id")
    of_version = {"seen_at": pl.col("last_modified_at"), "is_current": pl.col("row_key") == pl.col("last_key")}
    of_snapshot = {"seen_at": pl.col("created_at"), "is_current": pl.lit(False)}
    shown = [
        known.select("deal", dimension=pl.lit(CAMPAIGN), value="marketing__campaign_name", **of_version),
        _of_records(values, known.select("row_key", "deal", **of_version)),
        _of_records(snapshot_values, revisions.select("row_key", "deal", **of_snapshot)),
    ]
    numbers = [pl.col("dimension").cast(pl.Enum(DIMENSIONS)), pl.col("value").cast(pl.Categorical)]
    return (
        pl.concat(rows.with_columns(numbers) for rows in shown)
        .filter(pl.col("value").is_not_null(), pl.col("value") != "")
        .group_by("deal", "dimension", "value")
        .agg(touched_at=pl.col("seen_at").min(), is_current=pl.col("is_current").any())
        .pipe(_with_positions)
        .join(deals, on="deal")
        .with_columns(pl.col("dimension", "value").cast(pl.String))
        .select(Touches.column_names())
        .sort("opportunity_id", "dimension", "value")
    )


def _of_records(values: pl.LazyFrame, records: pl.LazyFrame) -> pl.LazyFrame:
    """`values` with the number of the opportunity and the instant of the record that each is part of."""
    shown = values.join(records, left_on="parent_key", right_on="row_key")
    return shown.select("deal", "dimension", "value", "seen_at", "is_current")


def _with_positions(touches: pl.LazyFrame) -> pl.LazyFrame:
    ordered = touches.sort("deal", "dimension", "is_current", "touched_at", descending=[False, False, True, False])
    changes = [pl.col(name).ne_missing(pl.col(name).shift(1)) for name in ("deal", "dimension")]
    starts_group = pl.any_horizontal(changes)
    step = (starts_group | (pl.col("touched_at") != pl.col("touched_at").shift(1))).cast(pl.Int32).cum_sum()
    first = pl.when(starts_group).then(step).forward_fill()
    return ordered.with_columns(position=pl.when("is_current").then(step - first + 1))
