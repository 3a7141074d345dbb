"""The roll-ups of history the slow way: plain Python over the rows of `plain_history`. Every month is looked at
anew by scanning all that was observed of an opportunity, so that no change is ever carried from one month to the
next."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import plain_attribution
import plain_history
import plain_hygiene
import plain_python
from plain_history import (
    AMOUNTS,
    CLOSED,
    OPEN,
    by_opportunity,
    in_days,
    is_moved,
    microseconds,
    month_of,
    next_month,
    start_of,
    state,
)
from plain_python import RANKS, Row


def total(amounts: list[Decimal | None]) -> Decimal | None:
    """What is known of `amounts`, added up; unknown when there are some and none is known."""
    known = [amount for amount in amounts if amount is not None]
    return None if amounts and not known else plain_python.to_money(sum(map(Fraction, known), Fraction()))


def months(observed: list[Row], opportunities: list[Row], as_of: date) -> Iterator[date]:
    """Every month from the first in which an opportunity was created or observed in a stage to that of `as_of`."""
    firsts = [row["created_at"] for row in opportunities]
    firsts += [row["observed_at"] for row in observed if row["stage"] is not None]
    month = month_of(min(firsts)) if firsts else date.max
    while month <= month_of(as_of):
        yield month
        month = next_month(month)


def month_transitions(ends: list[Row]) -> list[Row]:
    groups = defaultdict(list)
    for row in ends:
        groups[row["month"], row["opening_stage"], row["closing_stage"], row["is_moved"]].append(row)
    names = ("month", "opening_stage", "closing_stage", "is_moved")
    ordered = sorted(groups.items(), key=lambda group: (group[0][0], group[0][1] or "", *group[0][2:]))
    return [{**dict(zip(names, key, strict=True)), **_transition(those)} for key, those in ordered]


def _transition(those: list[Row]) -> Row:
    columns = [f"{end}_{amount}" for end in ("opening", "closing") for amount in AMOUNTS]
    known = {name: [row[f"{name}_reporting"] for row in those] for name in columns}
    known = {name: [amount for amount in amounts if amount is not None] for name, amounts in known.items()}
    mrr = [(row["opening_aws_mrr_reporting"] or 0, row["closing_aws_mrr_reporting"] or 0) for row in those]
    rises = [Fraction(closing) - Fraction(opening) for opening, closing in mrr]
    return {
        "opportunities": len(those),
        "increased_aws_mrr": plain_python.to_money(Fraction(sum(rise for rise in rises if rise > 0))),
        "decreased_aws_mrr": plain_python.to_money(Fraction(sum(-rise for rise in rises if rise < 0))),
        **{name: total(amounts) for name, amounts in known.items()},
        **{name.replace("_", "_known_", 1): len(amounts) for name, amounts in known.items()},
    }


def pipeline_monthly(observed: list[Row], opportunities: list[Row], *, as_of: date) -> list[Row]:
    by_id, rows = by_opportunity(observed), []
    for month in months(observed, opportunities, as_of):
        end = start_of(next_month(month))
        standing = defaultdict(list)
        for opportunity in opportunities:
            stage, last = state(by_id[opportunity["opportunity_id"]], end)
            if stage is not None or opportunity["created_at"] < end:
                standing[stage or "unobserved"].append(last)
        rows += [_standing(month, stage, standing[stage]) for stage in (*RANKS, "Closed Lost", "unobserved")]
    return rows


def _standing(month: date, stage: str, those: list[Row]) -> Row:
    if stage == "unobserved":
        return (
            {"month": month, "stage": stage, "opportunities": 0} | dict.fromkeys(AMOUNTS) | {"unobserved": len(those)}
        )
    return {
        "month": month,
        "stage": stage,
        "opportunities": len(those),
        **{amount: total([last[f"{amount}_reporting"] for last in those]) for amount in AMOUNTS},
        "unobserved": 0,
    }


def pipeline_waterfall(observed: list[Row], opportunities: list[Row], *, as_of: date) -> list[Row]:
    by_id, rows = by_opportunity(observed), []
    for month in months(observed, opportunities, as_of):
        for measure in ("count", "aws_mrr"):
            sums = defaultdict(Fraction)
            for opportunity in opportunities:
                for part, value in _moved(opportunity, by_id[opportunity["opportunity_id"]], month, measure):
                    sums[part] += value
            parts = "opening created discovered reopened increased decreased won lost closing".split()
            rows.append(
                {"month": month, "measure": measure} | {part: plain_python.to_money(sums[part]) for part in parts}
            )
    return rows


def _moved(opportunity: Row, seen: list[Row], month: date, measure: str) -> Iterator[tuple[str, Fraction]]:
    """What one opportunity adds to the parts of the waterfall in `month`."""
    (stage_before, before), (stage, after) = state(seen, start_of(month)), state(seen, start_of(next_month(month)))
    opening, closing = Fraction(1), Fraction(1)
    if measure == "aws_mrr":
        opening = Fraction(before.get("aws_mrr_reporting") or 0)
        closing = Fraction(after.get("aws_mrr_reporting") or 0)
    outcome = {"Launched": "won", "Closed Lost": "lost"}.get(stage)
    if stage_before in OPEN:
        yield "opening", opening
    if stage in OPEN:
        yield "closing", closing
    if stage_before in OPEN and stage in OPEN:
        yield ("increased", closing - opening) if closing > opening else ("decreased", opening - closing)
    elif stage_before in OPEN:
        yield outcome, opening
    elif stage is not None and is_moved(seen, month):
        is_created = opportunity["created_at"] >= start_of(month)
        yield "reopened" if stage_before is not None else "created" if is_created else "discovered", closing
        if outcome is not None:
            yield outcome, closing


def stage_funnel(opportunities: list[Row], stints: list[Row]) -> list[Row]:
    last_stage = {row["opportunity_id"]: row["stage"] for row in stints}
    cohorts = defaultdict(list)
    for opportunity in opportunities:
        if opportunity["furthest_stage_rank"] is not None:
            cohorts[month_of(opportunity["created_at"])].append(opportunity)
    return [
        {"cohort_month": month, **_funnel_stage(rank, cohort, stints, last_stage)}
        for month, cohort in sorted(cohorts.items())
        for rank in range(1, 7)
    ]


def _funnel_stage(rank: int, cohort: list[Row], stints: list[Row], last_stage: dict[str, str]) -> Row:
    reached = [row for row in cohort if row["furthest_stage_rank"] >= rank]
    ended = [row for row in cohort if row["furthest_stage_rank"] == rank]
    lost = [row for row in ended if last_stage[row["opportunity_id"]] == "Closed Lost"]
    advanced = len(reached) - len(ended)
    ids = {row["opportunity_id"] for row in cohort}
    spans = [
        microseconds(stint["entered_at"], stint["exited_at"])
        for stint in stints
        if stint["opportunity_id"] in ids and stint["stage_rank"] == rank
        if stint["exited_at"] is not None and not stint["is_left_censored"]
    ]
    return {
        "stage": RANKS[rank - 1],
        "stage_rank": rank,
        "reached": len(reached),
        "advanced": advanced,
        "lost": len(lost),
        "open": len(ended) - len(lost),
        "conversion_to_next": float(Fraction(advanced, len(reached))) if reached else None,
        "conversion_from_first": float(Fraction(len(reached), len(cohort))),
        "median_days_in_stage": in_days(spans),
        "reached_mrr": total([row["aws_mrr_reporting"] for row in reached]),
    }


def outcomes_monthly(opportunities: list[Row], stints: list[Row]) -> list[Row]:
    last = {row["opportunity_id"]: row for row in stints}
    decided = defaultdict(list)
    for opportunity in opportunities:
        stint = last.get(opportunity["opportunity_id"])
        if stint is not None and stint["stage"] in CLOSED:
            decided[month_of(stint["entered_at"])].append((stint["stage"], stint["entered_at"], opportunity))
    return [{"month": month, **_outcomes(of_month)} for month, of_month in sorted(decided.items())]


def _outcomes(decided: list[tuple[str, datetime, Row]]) -> Row:
    won = [opportunity for stage, _, opportunity in decided if stage == "Launched"]
    lost = [opportunity for stage, _, opportunity in decided if stage == "Closed Lost"]
    return {
        "won": len(won),
        "lost": len(lost),
        "win_rate": float(Fraction(len(won), len(decided))),
        "won_mrr": total([row["aws_mrr_reporting"] for row in won]),
        "lost_mrr": total([row["aws_mrr_reporting"] for row in lost]),
        "median_cycle_days": in_days([microseconds(row["created_at"], at) for _, at, row in decided]),
    }


def end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def tables_of_records(world: Any, *, as_of: date, reporting: Any, thresholds: Any) -> dict[str, list[Row]]:
    """Every table of `world` that does not look at stints and months, by name; of opportunities the columns that a
    member of the world can fill."""
    end = end_of(as_of)
    opportunities = plain_python.opportunities(world, end=end, reporting=reporting)
    observed = plain_history.observations(world, end=end, reporting=reporting)
    touches = plain_attribution.touches(world, end)
    facts = plain_hygiene.record_facts(world, end, observed)
    sums = plain_attribution.attribution_sums(touches, opportunities)
    return {
        "opportunities": opportunities,
        "observations": plain_history.with_vanished(observed, world.visibility, end),
        "touches": touches,
        "record_facts": facts,
        "attribution_sums": sums,
        "attribution": plain_attribution.attribution(sums),
        "hygiene": plain_hygiene.hygiene(opportunities, facts, as_of, thresholds),
    }


def tables(world: Any, *, as_of: date, reporting: Any, thresholds: Any) -> dict[str, list[Row]]:
    """Every table of `world`, by name."""
    of_records = tables_of_records(world, as_of=as_of, reporting=reporting, thresholds=thresholds)
    opportunities = of_records["opportunities"]
    observed = [row for row in of_records["observations"] if row["evidence"] != "vanished"]
    stints = plain_history.stage_history(observed, opportunities)
    ends = plain_history.month_ends(observed, opportunities)
    return {
        **of_records,
        "stage_history": stints,
        "month_ends": ends,
        "month_transitions": month_transitions(ends),
        "stage_funnel": stage_funnel(opportunities, stints),
        "pipeline_monthly": pipeline_monthly(observed, opportunities, as_of=as_of),
        "pipeline_waterfall": pipeline_waterfall(observed, opportunities, as_of=as_of),
        "outcomes_monthly": outcomes_monthly(opportunities, stints),
    }
