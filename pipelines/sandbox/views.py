"""The shapes in which an opportunity is shown: whole, as a list entry, and as the payload of a snapshot."""

import re
from functools import cache
from typing import Any

from pipelines.sandbox.validation import service_model
from pipelines.sandbox.wire import Record

_WHOLE_AMOUNT = re.compile(r"[0-9]+\.?")


def opportunity_summary(record: Record) -> Record:
    """The entry of ListOpportunities: the members that its shape has, with amounts as lists print them."""
    summary: Record = _project(record, _shape("OpportunitySummary"))
    project = summary.get("Project")
    if isinstance(project, dict) and isinstance(project.get("ExpectedCustomerSpend"), list):
        project["ExpectedCustomerSpend"] = [_listed_spend(entry) for entry in project["ExpectedCustomerSpend"]]
    return summary


def snapshot_view(record: Record) -> Record:
    """The payload of an OpportunitySummaryView snapshot, where `LifeCycle` is spelt `Lifecycle`."""
    renamed = {"Lifecycle" if name == "LifeCycle" else name: value for name, value in record.items()}
    view: Record = _project(renamed, _shape("OpportunitySummaryView"))
    return view


def aws_full_view(aws_summary: Record) -> Record:
    """The payload of an AwsOpportunitySummaryFullView snapshot."""
    view: Record = _project(aws_summary, _shape("AwsOpportunitySummaryFullView"))
    return view


def _listed_spend(entry: Any) -> Any:
    """GetOpportunity says "531" where ListOpportunities says "531.0"."""
    amount = entry.get("Amount") if isinstance(entry, dict) else None
    if isinstance(amount, str) and _WHOLE_AMOUNT.fullmatch(amount):
        return {**entry, "Amount": amount.rstrip(".") + ".0"}
    return entry


Outline = dict[str, Any] | None


@cache
def _shape(name: str) -> Outline:
    return _outline(service_model().shape_for(name))


def _outline(shape: Any) -> Outline:
    """The member names of nested structures; None stands for anything that is taken as it is."""
    if shape.type_name != "structure":
        return None
    return {name: _outline(member) for name, member in shape.members.items()}


def _project(value: Any, outline: Outline) -> Any:
    if outline is None or not isinstance(value, dict):
        return value
    return {name: _project(item, outline[name]) for name, item in value.items() if name in outline}
