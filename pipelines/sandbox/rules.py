"""What the service does with a written record beyond storing it: the members it owns, keeps or derives."""

from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

from pipelines.sandbox.instants import format_instant
from pipelines.sandbox.store import member
from pipelines.sandbox.validation import service_model
from pipelines.sandbox.wire import Record

REVIEW_MEMBERS = ("ReviewStatus", "ReviewComments", "ReviewStatusReason")
NO_RELATED_ENTITIES: Record = {"AwsMarketplaceOffers": [], "Solutions": [], "AwsProducts": []}
CENT = Decimal("0.01")
WIDE = Context(prec=60, rounding=ROUND_HALF_UP)  # an amount has up to 33 digits


def created(request: Record, catalog: str, opportunity_id: str, arn: str, now: int) -> Record:
    """The first version of an opportunity: Pending Submission, with nothing associated yet."""
    record = {
        **_members(request, "CreateOpportunity"),
        "Catalog": catalog,
        "Id": opportunity_id,
        "Arn": arn,
        "CreatedDate": format_instant(now),
        "RelatedEntityIdentifiers": dict(NO_RELATED_ENTITIES),
    }
    review = {"ReviewStatus": "Pending Submission"}
    record["LifeCycle"] = _life_cycle(request, review, [], now)
    _convert_deal_value(record)
    return record


def updated(request: Record, current: Record, now: int) -> Record:
    """The next version: the request's members, null for those it omits, and what an update cannot change.

    An omitted ExpectedContractDuration stays, alone among the members.
    """
    writable = service_model().operation_model("UpdateOpportunity").input_shape.members
    record = {name: None if name in writable else value for name, value in current.items()}
    record.update(_members(request, "UpdateOpportunity"))
    duration = member(current, "Project", "ExpectedContractDuration")
    if duration is not None and member(record, "Project", "ExpectedContractDuration") is None:
        record["Project"] = {**(record["Project"] or {}), "ExpectedContractDuration": duration}
    life_cycle = current.get("LifeCycle") or {}
    review = {name: life_cycle[name] for name in REVIEW_MEMBERS if name in life_cycle}
    record["LifeCycle"] = _life_cycle(request, review, life_cycle.get("NextStepsHistory") or [], now)
    _convert_deal_value(record)
    return record


def _members(request: Record, operation: str) -> Record:
    """The members of a request that GetOpportunity shows again; explicit nulls are absent members."""
    shown = service_model().operation_model("GetOpportunity").output_shape.members
    sent = service_model().operation_model(operation).input_shape.members
    return {
        name: without_nulls(value)
        for name, value in request.items()
        if name in shown and name in sent and name != "LastModifiedDate" and value is not None
    }


def without_nulls(value: Any) -> Any:
    """The same value without the members that are null."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def _life_cycle(request: Record, review: Record, history: list[Record], now: int) -> Record:
    """The review is AWS's to decide and the history of next steps AWS's to keep."""
    sent = without_nulls(request.get("LifeCycle") or {})
    life_cycle = {**sent, **review}
    steps = sent.get("NextSteps")
    if steps and (not history or history[-1]["Value"] != steps):
        history = [*history, {"Value": steps, "Time": format_instant(now)}][-50:]
    life_cycle["NextStepsHistory"] = history
    return life_cycle


def _convert_deal_value(record: Record) -> None:
    """AWS turns the partner's own deal value into AWS spend a month: total value by months, to the cent."""
    spends = member(record, "Project", "ExpectedCustomerSpend") or []
    months = member(record, "Project", "ExpectedContractDuration", "Value")
    own = [entry for entry in spends if entry.get("TargetCompany") == "Self"]
    if len(own) != 1 or months is None or any(entry.get("TargetCompany") == "AWS" for entry in spends):
        return
    try:
        monthly = WIDE.divide(Decimal(own[0].get("Amount") or ""), Decimal(int(months)))
    except (InvalidOperation, ValueError, ZeroDivisionError):
        return
    amount = format(monthly.quantize(CENT, context=WIDE), "f")
    converted = {
        "Amount": amount,
        "CurrencyCode": own[0]["CurrencyCode"],
        "Frequency": "Monthly",
        "TargetCompany": "AWS",
    }
    record["Project"]["ExpectedCustomerSpend"] = [converted, *spends]
