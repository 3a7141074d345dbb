"""What the service does with a written record beyond storing it: the members it owns, keeps or derives."""

from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

from pipelines.sandbox.business_rules import AWS_TARGET, FREQUENCIES, OWN_TARGET, own_entries, spend_entries
from pipelines.sandbox.instants import format_instant
from pipelines.sandbox.locks import AWSS_OWN, PENDING
from pipelines.sandbox.store import member
from pipelines.sandbox.validation import service_model
from pipelines.sandbox.wire import Record

NO_RELATED_ENTITIES: Record = {"AwsMarketplaceOffers": [], "Solutions": [], "AwsProducts": []}
DURATION = ("Project", "ExpectedContractDuration")
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
    record["LifeCycle"] = _life_cycle(request, {"ReviewStatus": PENDING}, now)
    _name_aws(record)
    _convert_deal_value(record)
    return record


def updated(request: Record, current: Record, now: int) -> Record:
    """The next version: the request's members, null for those it omits, and what an update cannot change.

    An omitted ExpectedContractDuration stays, alone among the members, and with it the partner's own deal value when
    no other is sent; a null one ends both.
    """
    writable = service_model().operation_model("UpdateOpportunity").input_shape.members
    record = {name: None if name in writable else value for name, value in current.items()}
    record.update(_members(request, "UpdateOpportunity"))
    _keep_deal_value(request, current, record)
    record["LifeCycle"] = _life_cycle(request, current.get("LifeCycle") or {}, now)
    _name_aws(record)
    _convert_deal_value(record)
    return record


def _keep_deal_value(request: Record, current: Record, record: Record) -> None:
    duration = member(record, *DURATION)
    if duration is None and not _ends_deal_value(request):
        duration = member(current, *DURATION)
    if duration is None:
        return
    project = {**(record["Project"] or {}), "ExpectedContractDuration": duration}
    if (own := own_entries(current)) and not own_entries(record):
        project["ExpectedCustomerSpend"] = [*spend_entries(record), *own]
    record["Project"] = project


def _ends_deal_value(request: Record) -> bool:
    """Whether the duration is sent, and sent as null."""
    project = request.get("Project")
    return isinstance(project, dict) and project.get("ExpectedContractDuration", ...) is None


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


def _life_cycle(request: Record, current: Record, now: int) -> Record:
    """The review is AWS's to decide and the history of next steps AWS's to keep."""
    sent = without_nulls(request.get("LifeCycle") or {})
    life_cycle = {name: value for name, value in sent.items() if name not in AWSS_OWN}
    life_cycle |= {name: current[name] for name in AWSS_OWN if name in current}
    steps, history = sent.get("NextSteps"), current.get("NextStepsHistory") or []
    if steps and (not history or history[-1]["Value"] != steps):
        history = [*history, {"Value": steps, "Time": format_instant(now)}][-50:]
    life_cycle["NextStepsHistory"] = history
    return life_cycle


def _name_aws(record: Record) -> None:
    """Without a contract duration AWS takes every company but the partner itself for AWS."""
    if member(record, *DURATION) is None and (entries := spend_entries(record)):
        record["Project"]["ExpectedCustomerSpend"] = [
            entry if entry.get("TargetCompany") == OWN_TARGET else {**entry, "TargetCompany": AWS_TARGET}
            for entry in entries
        ]


def _convert_deal_value(record: Record) -> None:
    """AWS turns the partner's own deal value into AWS spend a month: total value by months, to the cent.

    AWS does it by a model of its own, whose result cannot be known here. An AWS entry that was sent stays as it is.
    """
    spends, months = spend_entries(record), member(record, *DURATION, "Value")
    own = own_entries(record)
    if len(own) != 1 or months is None or any(entry.get("TargetCompany") == AWS_TARGET for entry in spends):
        return
    try:
        monthly = WIDE.divide(Decimal(own[0].get("Amount") or ""), Decimal(int(months)))
    except (InvalidOperation, ValueError, ZeroDivisionError):
        return
    converted = {
        "Amount": format(monthly.quantize(CENT, context=WIDE), "f"),
        "CurrencyCode": own[0]["CurrencyCode"],
        "Frequency": FREQUENCIES[AWS_TARGET],
        "TargetCompany": AWS_TARGET,
    }
    record["Project"]["ExpectedCustomerSpend"] = [converted, *spends]
