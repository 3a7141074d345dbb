"""Captured versions of a record, of which the last one is its state."""

from datetime import date

import polars as pl

from transforms.dates import end_of_day


def current_versions(versions: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """One row per opportunity that is in the marts: its last version before the end of the day `as_of` (UTC). One whose
    last version is excluded has none: an older version is not its state."""
    return last_of_each(versions, as_of).filter(~pl.col("is_excluded"))


def last_of_each(records: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """One row per opportunity: its last record before the end of the day `as_of` (UTC)."""
    known = records.filter(pl.col("last_modified_at") < end_of_day(as_of))
    last = known.group_by("opportunity_id").agg(pl.col("row_key").sort_by("last_modified_at", "row_key").last())
    return known.join(last, on="row_key", how="semi")
