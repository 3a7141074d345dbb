"""marts.observations: the known states of each opportunity over time."""

import pandas as pd

from benchmarks.pandas_marts.files import Staged
from benchmarks.pandas_marts.revenue import CURRENCY_OF, parse_date, with_reporting, with_revenue
from benchmarks.staged_data import AS_OF
from transforms.dates import end_of_day
from transforms.revenue import UNKNOWN_CURRENCY
from transforms.stages import STAGE_RANKS

END = pd.Timestamp(end_of_day(AS_OF))
EVIDENCE = pd.CategoricalDtype(["version", "snapshot", "vanished"], ordered=True)
OBSERVED = """
row_key opportunity_id observed_at evidence engagement_id revision stage target_close_date
project__expected_contract_duration__term project__expected_contract_duration__value marketing__campaign_name
software_revenue__value__amount software_revenue__value__currency_code
""".split()


def known_records(staged: Staged, current: pd.DataFrame) -> pd.DataFrame:
    """One row per version and snapshot before the as-of day's end, of the opportunities in the marts: with revenue."""
    records = (
        pd.concat(
            [staged.versions.assign(evidence="version"), staged.snapshots.assign(evidence="snapshot")],
            ignore_index=True,
        )
        .astype({"evidence": EVIDENCE})
        .rename(
            columns={
                "last_modified_at": "observed_at",
                "life_cycle__stage": "stage",
                "life_cycle__target_close_date": "target_close_date",
            }
        )
    )
    is_known = ~records["is_excluded"] & (records["observed_at"] < END)
    is_in_marts = records["opportunity_id"].isin(current["opportunity_id"])
    return (
        records.loc[is_known & is_in_marts, OBSERVED]
        .reset_index(drop=True)
        .pipe(with_revenue, staged.spend)
        .pipe(with_reporting, CURRENCY_OF)
    )


def observations(records: pd.DataFrame) -> pd.DataFrame:
    """One row per version and snapshot, in the order of each opportunity's history."""
    observed = records.sort_values(
        ["opportunity_id", "observed_at", "evidence", "engagement_id", "revision"], ignore_index=True
    )
    # On a snapshot, which does not show it, software revenue is that of the version before.
    shows_software = (observed["evidence"] == "version") | is_first(observed)
    of_version = observed.index.to_series().where(shows_software).ffill().astype(int)
    return observed.assign(
        observation=observed.groupby("opportunity_id").cumcount() + 1,
        stage_rank=observed["stage"].map(STAGE_RANKS).astype("Int32"),
        target_close_date=parse_date(observed["target_close_date"]),
        unconverted_currencies=_unconverted_currencies(observed),
        software_tcv_reporting=observed["software_tcv_reporting"].take(of_version).array,
    )


def with_vanished(observed: pd.DataFrame, visibility: pd.DataFrame) -> pd.DataFrame:
    """`observed`, and one row per full listing that no longer showed an opportunity, with the last state before it."""
    gone = visibility.loc[
        ~visibility["is_visible"] & (visibility["observed_at"] < END), ["opportunity_id", "observed_at"]
    ]
    if gone.empty:
        return observed
    states = observed[observed["opportunity_id"].isin(gone["opportunity_id"])].drop(columns="evidence")
    vanished = pd.merge_asof(
        gone.sort_values("observed_at"),
        states.sort_values("observed_at", kind="stable"),
        on="observed_at",
        by="opportunity_id",
    ).dropna(subset="observation")
    rows = pd.concat([observed, vanished.assign(evidence="vanished").astype({"evidence": EVIDENCE})]).sort_values(
        ["opportunity_id", "observed_at", "evidence", "observation"], ignore_index=True
    )
    return rows.assign(observation=rows.groupby("opportunity_id").cumcount() + 1)


def is_first(rows: pd.DataFrame) -> pd.Series:
    """Whether a row, in order, is the first of its opportunity."""
    return rows["opportunity_id"] != rows["opportunity_id"].shift()


def _unconverted_currencies(observed: pd.DataFrame) -> pd.Series:
    """The currencies of the amounts that are known and could not be converted, with commas between."""
    found = []
    for amount in ("aws_mrr", "deal_tcv", "software_tcv"):
        is_unconverted = observed[amount].notna() & observed[f"{amount}_reporting"].isna()
        currency = observed.loc[is_unconverted, f"{CURRENCY_OF[amount]}_currency_code"]
        found.append(currency.fillna(UNKNOWN_CURRENCY).rename("currency"))
    different = pd.concat(found).rename_axis("row").reset_index().drop_duplicates()
    return different.groupby("row")["currency"].agg(", ".join).reindex(observed.index).astype("str")
