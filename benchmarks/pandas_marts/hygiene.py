"""marts.hygiene: what is wrong or missing in the records."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import pandas as pd

from benchmarks.pandas_marts.observations import END
from benchmarks.staged_data import AS_OF
from transforms.limits import LONGEST_CONTRACT_MONTHS, Thresholds
from transforms.stages import WON_STAGE

THRESHOLDS = Thresholds()
TODAY = pd.Timestamp(AS_OF)
Text: TypeAlias = str | pd.Series | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: which rows break it, of those it applies to, and what to say of them."""

    id: str
    severity: str
    is_broken: Callable[[pd.DataFrame], pd.Series]
    detail: Callable[[pd.DataFrame], Text]
    suggestion: Callable[[pd.DataFrame], Text] = lambda _rows: None
    applies_to: Callable[[pd.DataFrame], pd.Series] = lambda rows: rows["is_open"]


def hygiene(facts: pd.DataFrame) -> pd.DataFrame:
    """One row per opportunity and broken rule, of the frame that `record_facts` makes."""
    return pd.concat(_findings(facts, rule) for rule in RULES).sort_values(["opportunity_id", "rule"])


def _findings(facts: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    rows = facts[rule.applies_to(facts)]
    rows = rows[rule.is_broken(rows)]
    return rows[["opportunity_id"]].assign(
        rule=rule.id,
        severity=rule.severity,
        detail=rule.detail(rows),
        suggestion=pd.Series(rule.suggestion(rows), rows.index, dtype="str"),
    )


def _months_from_dates(rows: pd.DataFrame) -> pd.Series:
    months = rows["dates_months"]
    return months.where(months.between(1, LONGEST_CONTRACT_MONTHS)).astype("str")


def _amount(cents: pd.Series) -> pd.Series:
    return (cents // 100).astype("str") + "." + (cents % 100).astype("str").str.zfill(2)


def _day_and_age(instant: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The day as text, and how many days before the as-of day it was."""
    day = instant.dt.tz_localize(None).dt.normalize()
    return day.dt.strftime("%Y-%m-%d").astype("str"), (TODAY - day).dt.days.astype("str")


def _disagreement(rows: pd.DataFrame) -> pd.Series:
    """By how much the two terms differ, in months."""
    return (rows["contract_months"] - rows["dates_months"]).abs()


def _past_detail(rows: pd.DataFrame) -> pd.Series:
    day, age = _day_and_age(rows["target_close_date"])
    return "target close date " + day + " (days past: " + age + ")"


def _stale_detail(rows: pd.DataFrame) -> pd.Series:
    day, age = _day_and_age(rows["last_modified_at"])
    return "last changed " + day + " (days ago: " + age + ")"


def _is_far_from_mrr(rows: pd.DataFrame) -> pd.Series:
    gap = (rows["deal_mrr"] - rows["aws_mrr"]).abs()
    parts = int(1 / THRESHOLDS.mrr_tolerance_share)
    return (rows["aws_currency_code"] == rows["deal_currency_code"]) & (gap * parts > rows["aws_mrr"])


def _tcv_detail(rows: pd.DataFrame) -> pd.Series:
    deal = _amount(rows["deal_mrr"]) + " " + rows["deal_currency_code"]
    return (
        "the TCV gives "
        + deal
        + " a month, the AWS entries "
        + _amount(rows["aws_mrr"])
        + " "
        + rows["aws_currency_code"]
    )


RULES = (
    Rule(
        "missing_contract_duration",
        "warning",
        lambda rows: rows["contract_duration_as_sent"].isna(),
        lambda _: "no expected contract duration",
        _months_from_dates,
    ),
    Rule(
        "invalid_contract_duration",
        "critical",
        lambda rows: rows["contract_duration_as_sent"].notna() & rows["contract_months"].isna(),
        lambda rows: 'sent as "' + rows["contract_duration_as_sent"] + '": not 1 to 144 whole months',
        _months_from_dates,
    ),
    Rule(
        "missing_spend",
        "warning",
        lambda rows: ~rows["has_spend"],
        lambda _: "expected spend for AWS or Self without an amount, or none",
    ),
    Rule("target_close_date_past", "warning", lambda rows: rows["target_close_date"] < TODAY, _past_detail),
    Rule(
        "stale",
        "warning",
        lambda rows: rows["last_modified_at"] < END - pd.Timedelta(days=THRESHOLDS.stale_after_days),
        _stale_detail,
    ),
    Rule(
        "missing_closed_lost_reason",
        "warning",
        lambda rows: rows["closed_lost_reason"].isna(),
        lambda _: "Closed Lost without a valid reason",
        applies_to=lambda rows: rows["is_lost"],
    ),
    Rule(
        "missing_solution",
        "critical",
        lambda rows: ~rows["has_solution"],
        lambda rows: rows["stage"] + " without a solution",
        applies_to=lambda rows: rows["stage"].isin(["Committed", WON_STAGE]),
    ),
    Rule(
        "duration_disagrees_with_dates",
        "warning",
        lambda rows: _disagreement(rows) > THRESHOLDS.duration_tolerance_months,
        lambda rows: (
            rows["contract_months"].astype("str") + " months, but the dates span " + rows["dates_months"].astype("str")
        ),
    ),
    Rule(
        "mixed_currencies",
        "critical",
        lambda rows: rows["spend_currencies"].str.contains(",", regex=False),
        lambda rows: "expected spend in " + rows["spend_currencies"],
    ),
    Rule(
        "partition_currency",
        "critical",
        lambda rows: (
            (rows["aws_partition"] == "aws-eusc")
            & rows["spend_currencies"].notna()
            & (rows["spend_currencies"] != "EUR")
        ),
        lambda rows: "aws-eusc, but expected spend in " + rows["spend_currencies"],
        lambda _: "EUR",
    ),
    Rule(
        "national_security_industry",
        "critical",
        lambda rows: rows["is_national_security"] & (rows["industry"] != "Government"),
        lambda rows: "national security, but industry " + rows["industry"].fillna("unknown"),
    ),
    Rule(
        "action_required",
        "critical",
        lambda rows: rows["review_status"] == "Action Required",
        lambda _: "AWS's review asks for corrections",
    ),
    Rule("missing_next_steps", "info", lambda rows: ~rows["has_next_steps"], lambda _: "no next steps"),
    Rule("tcv_disagrees_with_mrr", "warning", _is_far_from_mrr, _tcv_detail, lambda rows: _amount(rows["deal_mrr"])),
    Rule(
        "missing_fx_rate",
        "warning",
        lambda rows: rows["unconverted_currencies"].notna(),
        lambda rows: "amounts in " + rows["unconverted_currencies"] + f" cannot be converted as of {AS_OF}",
        applies_to=lambda rows: pd.Series(True, rows.index),
    ),
)
