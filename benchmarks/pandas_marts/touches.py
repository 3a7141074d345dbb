"""marts.touches: when each value that revenue is attributed to was first seen in an opportunity's record."""

import pandas as pd

from benchmarks.pandas_marts.files import Staged
from transforms.touches import CAMPAIGN, DIMENSIONS


def touches(staged: Staged, records: pd.DataFrame, current: pd.DataFrame) -> pd.DataFrame:
    """One row per opportunity, dimension and value."""
    last = records["opportunity_id"].map(current.set_index("opportunity_id")["row_key"])
    seen = records[["row_key", "opportunity_id", "observed_at"]].assign(is_current=records["row_key"] == last)
    shown = {CAMPAIGN: seen.assign(value=records["marketing__campaign_name"])} | {
        dimension: values.merge(seen, left_on="parent_key", right_on="row_key")
        for dimension, values in staged.values.items()
    }
    found = pd.concat([_first_seen(rows).assign(dimension=dimension) for dimension, rows in shown.items()])
    dimensions = pd.CategoricalDtype(sorted(DIMENSIONS), ordered=True)
    return found.astype({"dimension": dimensions}).sort_values(
        ["opportunity_id", "dimension", "value"], ignore_index=True
    )


def _first_seen(shown: pd.DataFrame) -> pd.DataFrame:
    """One row per opportunity and value of a dimension: when it was first seen, and its place among the current."""
    found = (
        shown[shown["value"].fillna("") != ""]
        .groupby(["opportunity_id", "value"], observed=True)
        .agg(touched_at=("observed_at", "min"), is_current=("is_current", "any"))
        .reset_index()
    )
    now = found[found["is_current"]]
    return found.assign(
        position=now.groupby("opportunity_id", observed=True)["touched_at"].rank("dense").astype("Int32")
    )
