"""What was observed of each opportunity, and its stints and months, the slow way: plain Python over dictionaries.
It shares nothing with the transforms but the staged rows."""

from collections import defaultdict
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any

import plain_python
from plain_python import RANKS, Row

OPEN = RANKS[:5]
CLOSED = ["Launched", "Closed Lost"]
AMOUNTS = ["aws_mrr", "aws_tcv", "deal_tcv", "software_tcv"]
MICROSECONDS_PER_DAY = 86_400_000_000


def rank_of(stage: str | None) -> int | None:
    return RANKS.index(stage) + 1 if stage in RANKS else None


def month_of(moment: datetime | date) -> date:
    return date(moment.year, moment.month, 1)


def next_month(month: date) -> date:
    return plain_python.add_months(month, 1)


def start_of(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def microseconds(first: datetime, last: datetime) -> int:
    passed = last - first
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def in_days(spans: list[int]) -> float | None:
    """Median of `spans` of microseconds, as days."""
    if not spans:
        return None
    ordered = sorted(spans)
    middle = Fraction(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2], 2)
    return float(middle / MICROSECONDS_PER_DAY)


def by_opportunity(rows: list[Row]) -> dict[str, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[row["opportunity_id"]].append(row)
    return found


def observations(world: Any, *, end: datetime, reporting: Any) -> list[Row]:
    last = plain_python.last_of_each(world.versions, end)
    rows = []
    for opportunity_id in sorted(key for key, version in last.items() if not version["is_excluded"]):
        rows += _observed(opportunity_id, world, end, reporting)
    return rows


def _observed(opportunity_id: str, world: Any, end: datetime, reporting: Any) -> list[Row]:
    versions = [
        ((row["last_modified_at"], 0, "", 0, row["row_key"]), _of_version(row, world.spend, reporting))
        for row in world.versions
        if row["opportunity_id"] == opportunity_id and not row["is_excluded"] and row["last_modified_at"] < end
    ]
    snapshots = [
        (
            (row["created_at"], 1, row["engagement_id"], row["revision"], row["row_key"]),
            _of_snapshot(row, world.snapshot_spend, reporting),
        )
        for row in world.snapshots
        if row["opportunity_id"] == opportunity_id and not row["is_excluded"]
        if row["created_at"] is not None and row["created_at"] < end
    ]
    rows, software_tcv = [], None
    for number, (_, row) in enumerate(sorted(versions + snapshots, key=lambda one: one[0]), start=1):
        if row["evidence"] == "version":
            software_tcv = row["software_tcv_reporting"]
        rows.append({**row, "observation": number, "software_tcv_reporting": software_tcv})
    return rows


def with_vanished(observed: list[Row], visibility: list[Row], end: datetime) -> list[Row]:
    """`observed`, and one row for each time that a full listing before `end` no longer showed an opportunity."""
    rows, changes_of = [], by_opportunity(visibility)
    for opportunity_id, seen in by_opportunity(observed).items():
        history = list(seen)
        for change in sorted(changes_of[opportunity_id], key=lambda row: row["observed_at"], reverse=True):
            before = [row for row in seen if row["observed_at"] <= change["observed_at"]]
            if before and not change["is_visible"] and change["observed_at"] < end:
                vanished = {**before[-1], "observed_at": change["observed_at"], "evidence": "vanished"}
                history.insert(len(before), vanished)
        rows += [{**row, "observation": number} for number, row in enumerate(history, start=1)]
    return rows


def _of_version(version: Row, spend: list[Row], reporting: Any) -> Row:
    stage = version["life_cycle__stage"]
    return {
        "opportunity_id": version["opportunity_id"],
        "observed_at": version["last_modified_at"],
        "evidence": "version",
        "stage": stage,
        "stage_rank": rank_of(stage),
        "target_close_date": plain_python.day(version["life_cycle__target_close_date"]),
        **_amounts(version, spend, reporting),
    }


def _of_snapshot(snapshot: Row, spend: list[Row], reporting: Any) -> Row:
    stage = snapshot["lifecycle__stage"]
    of_software = ["value__amount", "value__currency_code", "effective_date", "expiration_date"]
    return {
        "opportunity_id": snapshot["opportunity_id"],
        "observed_at": snapshot["created_at"],
        "evidence": "snapshot",
        "stage": stage,
        "stage_rank": rank_of(stage),
        "target_close_date": plain_python.day(snapshot["lifecycle__target_close_date"]),
        **_amounts({**snapshot, **{f"software_revenue__{name}": None for name in of_software}}, spend, reporting),
    }


def _amounts(record: Row, spend: list[Row], reporting: Any) -> Row:
    entries = [entry for entry in spend if entry["parent_key"] == record["row_key"]]
    found = plain_python.revenue(record, entries, reporting)
    return {
        **{name: found[name] for name in ("contract_months", *(f"{amount}_reporting" for amount in AMOUNTS))},
        "unconverted_currencies": ", ".join(plain_python.unconverted(record, entries, reporting)) or None,
    }


def stage_history(observed: list[Row], opportunities: list[Row]) -> list[Row]:
    seen, rows = by_opportunity(observed), []
    for opportunity in opportunities:
        staged = [row for row in seen[opportunity["opportunity_id"]] if row["stage"] is not None]
        entries = staged[:1] + [later for earlier, later in pairwise(staged) if later["stage"] != earlier["stage"]]
        for number, entry in enumerate(entries):
            stage_before = entries[number - 1]["stage"] if number > 0 else None
            exited_at = entries[number + 1]["observed_at"] if number + 1 < len(entries) else None
            rows.append(_stint(opportunity, number + 1, entry, exited_at, stage_before))
    return rows


def _stint(opportunity: Row, number: int, entry: Row, exited_at: datetime | None, stage_before: str | None) -> Row:
    entered_at = entry["observed_at"]
    return {
        "opportunity_id": opportunity["opportunity_id"],
        "stint": number,
        "stage": entry["stage"],
        "stage_rank": rank_of(entry["stage"]),
        "entered_at": entered_at,
        "exited_at": exited_at,
        "days_in_stage": exited_at and in_days([microseconds(entered_at, exited_at)]),
        "movement": _movement(stage_before, entry["stage"]),
        "is_left_censored": number == 1 and entered_at > opportunity["created_at"],
        "evidence": entry["evidence"],
    }


def _movement(stage_before: str | None, stage: str) -> str:
    if stage_before is None:
        return "entry"
    if stage == "Closed Lost":
        return "lost"
    if stage_before in CLOSED:
        return "reopen"
    ranks_up = RANKS.index(stage) - RANKS.index(stage_before)
    if ranks_up < 0:
        return "regress"
    return "advance" if ranks_up == 1 else "skip"


def state(seen: list[Row], end: datetime) -> tuple[str | None, Row]:
    """The last known stage and the last observation of one opportunity before `end`; neither, while no stage is
    known."""
    stage, last = None, {}
    for row in seen:
        if row["observed_at"] < end:
            stage, last = row["stage"] or stage, row
    return (None, {}) if stage is None else (stage, last)


def is_moved(seen: list[Row], month: date) -> bool:
    """Whether an opportunity entered a stage in `month`."""
    stage = None
    for row in seen:
        if row["stage"] not in (None, stage):
            stage = row["stage"]
            if month_of(row["observed_at"]) == month:
                return True
    return False


def first_month(seen: list[Row]) -> date | None:
    """The month of the first observation of one opportunity that shows a stage."""
    return next((month_of(row["observed_at"]) for row in seen if row["stage"] is not None), None)


def month_ends(observed: list[Row], opportunities: list[Row]) -> list[Row]:
    by_id, rows = by_opportunity(observed), []
    for opportunity in opportunities:
        seen = by_id[opportunity["opportunity_id"]]
        first, created = first_month(seen), month_of(opportunity["created_at"])
        months = {month_of(row["observed_at"]) for row in seen if first is not None}
        months = {month for month in months if month >= first}
        if first is None or created < first:
            months.add(created)
        rows += [_month_end(opportunity, seen, month) for month in sorted(months)]
    return rows


def _month_end(opportunity: Row, seen: list[Row], month: date) -> Row:
    opening_stage, opening = state(seen, start_of(month))
    closing_stage, closing = state(seen, start_of(next_month(month)))
    is_created_before = opportunity["created_at"] < start_of(month)
    return {
        "opportunity_id": opportunity["opportunity_id"],
        "month": month,
        "opening_stage": "unobserved" if opening_stage is None and is_created_before else opening_stage,
        "closing_stage": closing_stage or "unobserved",
        "is_moved": is_moved(seen, month),
        **{f"opening_{amount}_reporting": opening.get(f"{amount}_reporting") for amount in AMOUNTS},
        **{f"closing_{amount}_reporting": closing.get(f"{amount}_reporting") for amount in AMOUNTS},
    }
