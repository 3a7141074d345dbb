"""marts.stage_history and marts.month_ends."""

import numpy as np
import pandas as pd

from benchmarks.pandas_marts.observations import is_first
from transforms.month_ends import UNOBSERVED
from transforms.observations import AMOUNTS
from transforms.stages import LOST_STAGE, WON_STAGE

DAY = pd.Timedelta(days=1)


def stage_history(observed: pd.DataFrame, deals: pd.DataFrame) -> pd.DataFrame:
    """One row per stint of each opportunity in a stage."""
    known = observed[observed["stage"].notna()]
    stints = known[is_first(known) | (known["stage"] != known["stage"].shift())].reset_index(drop=True)
    starts = is_first(stints)
    entered_at = stints["observed_at"]
    exited_at = entered_at.groupby(stints["opportunity_id"]).shift(-1)
    created_at = stints["opportunity_id"].map(deals.set_index("opportunity_id")["created_at"])
    return stints.assign(
        stint=stints.groupby("opportunity_id").cumcount() + 1,
        entered_at=entered_at,
        exited_at=exited_at,
        days_in_stage=(exited_at - entered_at) / DAY,
        movement=_movement(stints, starts),
        is_left_censored=starts & (entered_at > created_at),
    )


def month_ends(observed: pd.DataFrame, deals: pd.DataFrame) -> pd.DataFrame:
    """One row per opportunity and month in which it was observed, or created without being observed."""
    seen = _observed(observed)
    first = seen.groupby("opportunity_id")["month"].min()
    created = pd.DataFrame({"opportunity_id": deals["opportunity_id"], "month": month_of(deals["created_at"])})
    first_month = created["opportunity_id"].map(first)
    unobserved = created[first_month.isna() | (created["month"] < first_month)].assign(stage=UNOBSERVED, moves=0)
    ends = pd.concat([unobserved, seen]).sort_values(["opportunity_id", "month"], ignore_index=True)
    before = ends.groupby("opportunity_id")[["stage", "moves", *AMOUNTS]].shift()
    return ends.assign(
        opening_stage=before["stage"],
        closing_stage=ends["stage"],
        is_moved=(ends["stage"] != UNOBSERVED) & (ends["moves"] > before["moves"].fillna(0)),
        **{f"opening_{amount}": before[amount] for amount in AMOUNTS},
        **{f"closing_{amount}": ends[amount] for amount in AMOUNTS},
    )


def month_of(instant: pd.Series) -> pd.Series:
    """First day of the month (UTC) that an instant is in."""
    return instant.dt.tz_localize(None).dt.to_period("M").dt.to_timestamp()


def _observed(observed: pd.DataFrame) -> pd.DataFrame:
    """One row per opportunity and month in which it was observed, from the first one that shows a stage: its last
    known state, and how many stages it had entered so far."""
    rows = observed[["opportunity_id", "stage", *AMOUNTS]].assign(month=month_of(observed["observed_at"]))
    rows["stage"] = rows.groupby("opportunity_id")["stage"].ffill()
    rows = rows.dropna(subset="stage")
    is_entered = is_first(rows) | (rows["stage"] != rows["stage"].shift())
    rows["moves"] = is_entered.groupby(rows["opportunity_id"]).cumsum()
    return rows.drop_duplicates(["opportunity_id", "month"], keep="last")


def _movement(stints: pd.DataFrame, starts: pd.Series) -> np.ndarray:
    climb = stints["stage_rank"] - stints["stage_rank"].shift()
    movements = {
        "entry": starts,
        "lost": stints["stage"] == LOST_STAGE,
        "reopen": stints["stage"].shift().isin([LOST_STAGE, WON_STAGE]),
        "regress": (climb < 0).fillna(False).astype(bool),
        "advance": (climb == 1).fillna(False).astype(bool),
    }
    return np.select(list(movements.values()), list(movements), "skip")
