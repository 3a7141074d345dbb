"""What a partner changes in a deal: amounts, dates, next steps, people, what it is attributed to."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pipelines.sandbox.demo import words
from pipelines.sandbox.demo.deal import CENT, Deal, any_amount, marketing, related_entities, software_revenue
from pipelines.sandbox.demo.people import person
from pipelines.sandbox.events import Changes
from pipelines.sandbox.instants import EPOCH, NANOSECONDS_PER_SECOND, format_instant
from pipelines.sandbox.validation import service_model

HISTORY_LENGTH = 50


def edit(deal: Deal, now: int) -> Changes:
    """One edit between two stages; a target close date that has passed is usually mended first."""
    if deal.close < _day(now) and deal.dice.chance(0.6):
        return _push(deal, now)
    return deal.dice.weighted(EDITS)(deal, now)


def with_the_stage(deal: Deal, now: int) -> Changes:
    """What changes together with the stage."""
    dice = deal.dice
    changes: dict[tuple[str, ...], Any] = {}
    if dice.chance(0.6):
        changes |= _next_steps(deal, now)
    if dice.chance(0.25):
        changes |= _amounts(deal, now)
    if deal.stage not in ("Launched", "Closed Lost") and (dice.chance(0.25) or deal.close < _day(now)):
        changes |= _push(deal, now)
    activities = service_model().shape_for("SalesActivity").enum
    if len(deal.activities) < len(activities) and dice.chance(0.6):
        deal.activities = activities[: len(deal.activities) + 1]
        changes["Project", "SalesActivities"] = deal.activities
    return changes


def _day(now: int) -> date:
    return (EPOCH + timedelta(seconds=now // NANOSECONDS_PER_SECOND)).date()


def _push(deal: Deal, now: int) -> Changes:
    """The target close date moves, nearly always later."""
    days = deal.dice.whole(14, 120)
    earlier = deal.close - timedelta(days=days)
    is_pulled_in = deal.dice.chance(0.1) and earlier > _day(now)
    deal.close = earlier if is_pulled_in else max(deal.close, _day(now)) + timedelta(days=days)
    return {("LifeCycle", "TargetCloseDate"): deal.close.isoformat()}


def _amounts(deal: Deal, _now: int) -> Changes:
    """The value of the deal grows or shrinks."""
    factor = Decimal(round(deal.dice.around(1.08, 0.3), 2)).quantize(CENT, ROUND_HALF_UP)
    if deal.own_value is not None:
        deal.own_value = max(Decimal(1), (deal.own_value * factor).quantize(Decimal(1), ROUND_HALF_UP))
    if deal.monthly is not None:
        deal.monthly = _scaled(deal.monthly, factor)
    elif deal.dice.chance(0.4):
        deal.monthly = any_amount(deal.dice, 3_500)
    return {("Project", "ExpectedCustomerSpend"): deal.spends()}


def _scaled(amount: Decimal, factor: Decimal) -> Decimal:
    unit = CENT if amount % 1 else Decimal(1)
    return (amount * factor).quantize(unit, ROUND_HALF_UP)


def _deal_value(deal: Deal, now: int) -> Changes:
    """The partner states the contract's total value and duration."""
    if deal.own_value is not None:
        return _amounts(deal, now)
    deal.add_value()
    return {
        ("Project", "ExpectedContractDuration"): deal.duration(),
        ("Project", "ExpectedCustomerSpend"): deal.spends(),
    }


def _next_steps(deal: Deal, now: int) -> Changes:
    text = deal.dice.pick(words.NEXT_STEPS)
    deal.steps = [*deal.steps, {"Value": text, "Time": format_instant(now, 3)}][-HISTORY_LENGTH:]
    return {("LifeCycle", "NextSteps"): text, ("LifeCycle", "NextStepsHistory"): deal.steps}


def _marketing(deal: Deal, _now: int) -> Changes:
    return {("Marketing",): marketing(deal.dice)}


def _related(deal: Deal, _now: int) -> Changes:
    return {("RelatedEntityIdentifiers",): related_entities(deal.dice, deal.solution_ids)}


def _programs(deal: Deal, _now: int) -> Changes:
    return {("Project", "ApnPrograms"): deal.dice.some(words.APN_PROGRAMS, 1, 3)}


def _needs(deal: Deal, _now: int) -> Changes:
    return {("PrimaryNeedsFromAws",): deal.dice.some(service_model().shape_for("PrimaryNeedFromAws").enum, 1, 4)}


def _contacts(deal: Deal, _now: int) -> Changes:
    contacts = [person(deal.dice, deal.domain, words.JOB_TITLES) for _ in range(deal.dice.whole(1, 3))]
    return {("Customer", "Contacts"): contacts}


def _software(deal: Deal, _now: int) -> Changes:
    return {("SoftwareRevenue",): software_revenue(deal)}


EDITS: dict[Callable[[Deal, int], Changes], float] = {
    _next_steps: 5,
    _amounts: 4,
    _push: 3,
    _marketing: 1,
    _related: 2,
    _programs: 1,
    _needs: 1,
    _contacts: 0.7,
    _software: 0.8,
    _deal_value: 0.7,
}
