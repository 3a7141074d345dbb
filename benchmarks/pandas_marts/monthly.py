"""The marts by month: stage_funnel, pipeline_monthly, pipeline_waterfall, outcomes_monthly."""

import pandas as pd

from benchmarks.pandas_marts.history import month_of
from benchmarks.staged_data import AS_OF
from transforms.dates import MICROSECONDS_PER_DAY
from transforms.month_ends import UNOBSERVED
from transforms.month_transitions import AMOUNTS
from transforms.pipeline_waterfall import ENTERING, LEAVING
from transforms.stages import LOST_STAGE, OPEN_STAGES, STAGE_RANKS, STAGES, WON_STAGE

CENTS = 100
KEY = ["cohort_month", "stage_rank"]


def stage_funnel(deals: pd.DataFrame, stints: pd.DataFrame) -> pd.DataFrame:
    """One row per cohort month and stage 1 to 6."""
    cohorts = deals.loc[deals["furthest_stage_rank"].notna(), ["opportunity_id", "aws_mrr_reporting"]].assign(
        cohort_month=month_of(deals["created_at"]), stage_rank=deals["furthest_stage_rank"]
    )
    is_lost_now = stints["exited_at"].isna() & (stints["stage"] == LOST_STAGE)
    cohorts["is_lost"] = cohorts["opportunity_id"].isin(stints.loc[is_lost_now, "opportunity_id"])
    stopped = cohorts.groupby(KEY).agg(
        stopped=("is_lost", "size"),
        lost=("is_lost", "sum"),
        mrr=("aws_mrr_reporting", "sum"),
        known=("aws_mrr_reporting", "count"),
    )
    ranks = pd.MultiIndex.from_product([cohorts["cohort_month"].drop_duplicates(), STAGE_RANKS.values()], names=KEY)
    funnel = stopped.reindex(ranks.sort_values(), fill_value=0)
    cohort = funnel.groupby("cohort_month")
    beyond = cohort.transform("sum") - cohort.cumsum() + funnel  # from this rank to the last
    reached, advanced = beyond["stopped"], beyond["stopped"] - funnel["stopped"]
    return funnel.assign(
        stage=list(STAGE_RANKS) * (len(funnel) // len(STAGE_RANKS)),
        reached=reached,
        advanced=advanced,
        open=funnel["stopped"] - funnel["lost"],
        conversion_to_next=(advanced / reached).where(reached > 0),
        conversion_from_first=reached / reached.groupby("cohort_month").transform("first"),
        median_days_in_stage=_median_days(cohorts, stints),
        reached_mrr=beyond["mrr"].where((reached == 0) | (beyond["known"] > 0)),
    ).reset_index()


def pipeline_monthly(ends: pd.DataFrame) -> pd.DataFrame:
    """One row per month and stage, as of the month's end."""
    changes = _totals(ends, "closing").sub(_totals(ends, "opening"), fill_value=0)
    rows = pd.MultiIndex.from_product([_calendar(ends), [*STAGES, UNOBSERVED]], names=["month", "stage"])
    totals = changes.reindex(rows, fill_value=0).groupby("stage").cumsum().reset_index()
    is_observed = totals["stage"] != UNOBSERVED
    number = totals["opportunities"]
    return totals.assign(
        opportunities=number.where(is_observed, 0),
        unobserved=number.mask(is_observed, 0),
        **{
            amount: totals[amount].where(is_observed & ((number == 0) | (totals[f"known_{amount}"] > 0)))
            for amount in AMOUNTS
        },
    )


def pipeline_waterfall(ends: pd.DataFrame) -> pd.DataFrame:
    """One row per month and measure: what moved the open pipeline."""
    rows = ends[ends["closing_stage"] != UNOBSERVED]
    one = pd.Series(CENTS, rows.index)
    values = {
        "count": (one, one),
        "aws_mrr": tuple(rows[f"{end}_aws_mrr_reporting"].fillna(0) for end in ("opening", "closing")),
    }
    moved = {
        measure: _moved(rows, *ends_of).reindex(_calendar(ends), fill_value=0) for measure, ends_of in values.items()
    }
    for parts in moved.values():
        parts["closing"] = (parts[list(ENTERING)].sum(axis=1) - parts[list(LEAVING)].sum(axis=1)).cumsum()
        parts["opening"] = parts["closing"].shift(fill_value=0)
    return pd.concat(moved, names=["measure", "month"]).reset_index().sort_values("month", kind="stable")


def outcomes_monthly(deals: pd.DataFrame, stints: pd.DataFrame) -> pd.DataFrame:
    """One row per month in which opportunities were decided."""
    decided = stints["exited_at"].isna() & stints["stage"].isin([WON_STAGE, LOST_STAGE])
    now = stints.loc[decided, ["opportunity_id", "stage", "entered_at"]].merge(
        deals[["opportunity_id", "created_at", "aws_mrr_reporting"]], on="opportunity_id"
    )
    is_won, mrr = now["stage"] == WON_STAGE, now["aws_mrr_reporting"]
    months = (
        now.assign(
            month=month_of(now["entered_at"]),
            is_won=is_won,
            is_lost=~is_won,
            won_mrr=mrr.where(is_won),
            lost_mrr=mrr.mask(is_won),
            cycle=_microseconds(now["entered_at"] - now["created_at"]),
        )
        .groupby("month")
        .agg(
            won=("is_won", "sum"),
            lost=("is_lost", "sum"),
            win_rate=("is_won", "mean"),
            won_mrr=("won_mrr", "sum"),
            known_won=("won_mrr", "count"),
            lost_mrr=("lost_mrr", "sum"),
            known_lost=("lost_mrr", "count"),
            cycle=("cycle", "median"),
        )
    )
    return months.assign(
        won_mrr=months["won_mrr"].where((months["won"] == 0) | (months["known_won"] > 0)),
        lost_mrr=months["lost_mrr"].where((months["lost"] == 0) | (months["known_lost"] > 0)),
        median_cycle_days=months["cycle"] / MICROSECONDS_PER_DAY,
    ).reset_index()


def _median_days(cohorts: pd.DataFrame, stints: pd.DataFrame) -> pd.Series:
    """By cohort month and rank, the median days of the stints that began and ended under observation."""
    over = stints[~stints["is_left_censored"] & stints["exited_at"].notna() & stints["stage_rank"].notna()]
    stays = over[["opportunity_id", "stage_rank"]].assign(stay=_microseconds(over["exited_at"] - over["entered_at"]))
    of_cohorts = stays.merge(cohorts[["opportunity_id", "cohort_month"]], on="opportunity_id")
    return of_cohorts.groupby(KEY)["stay"].median() / MICROSECONDS_PER_DAY


def _microseconds(duration: pd.Series) -> pd.Series:
    return duration // pd.Timedelta(microseconds=1)


def _calendar(ends: pd.DataFrame) -> pd.DatetimeIndex:
    """The months from the first in which an opportunity was created or observed to that of the as-of day."""
    return pd.date_range(ends["month"].min(), AS_OF.replace(day=1), freq="MS", name="month").as_unit("us")


def _totals(ends: pd.DataFrame, end: str) -> pd.DataFrame:
    """By month and the stage at one of its ends: opportunities, sums of amounts, and how many are known."""
    amounts = ends[[f"{end}_{amount}_reporting" for amount in AMOUNTS]].set_axis(list(AMOUNTS), axis=1)
    stages = amounts.groupby([ends["month"], ends[f"{end}_stage"].rename("stage")])
    return stages.sum().join(stages.count().add_prefix("known_")).assign(opportunities=stages.size())


def _moved(rows: pd.DataFrame, opening: pd.Series, closing: pd.Series) -> pd.DataFrame:
    """By month: what entered, grew, shrank and left, by the values at its two ends."""
    was, now = rows["opening_stage"], rows["closing_stage"]
    was_open, is_created, is_discovered = was.isin(OPEN_STAGES), was.isna(), was == UNOBSERVED
    is_reopened = was.isin([WON_STAGE, LOST_STAGE]) & rows["is_moved"]
    is_closed = was_open | is_created | is_discovered | is_reopened
    stays_open = was_open & now.isin(OPEN_STAGES)
    leaving, rise = opening.where(was_open, closing), closing - opening
    parts = {
        "created": closing.where(is_created, 0),
        "discovered": closing.where(is_discovered, 0),
        "reopened": closing.where(is_reopened, 0),
        "increased": rise.clip(lower=0).where(stays_open, 0),
        "decreased": (-rise).clip(lower=0).where(stays_open, 0),
        "won": leaving.where(is_closed & (now == WON_STAGE), 0),
        "lost": leaving.where(is_closed & (now == LOST_STAGE), 0),
    }
    return pd.DataFrame(parts).groupby(rows["month"]).sum()
