"""Helpers of the tests that write to the sandbox: a deal as a partner sends it, and what AWS says to it."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from deals import CUSTOMER, PROJECT, with_changes

from pipelines.sandbox.validation import service_model

IN = {"Catalog": "Sandbox"}
SOLUTION = {"Catalog": "Sandbox", "Id": "S-0000001", "Name": "Harbour", "Status": "Active", "Category": "Software"}
DEAL: dict[str, Any] = {
    "Catalog": "Sandbox",
    "ClientToken": "one",
    "PartnerOpportunityIdentifier": "CRM-1",
    "OpportunityType": "Net New Business",
    "PrimaryNeedsFromAws": ["Co-Sell - Deal Support"],
    "Customer": CUSTOMER,
    "Project": PROJECT,
    "LifeCycle": {"Stage": "Qualified", "TargetCloseDate": "2026-09-30", "NextSteps": "Call"},
}


def deal(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """A complete CreateOpportunity request; each dotted path gets its value, and None takes it away."""
    return with_changes(DEAL, changes)


def update_of(client: Any, opportunity_id: str) -> dict[str, Any]:
    """The whole record as it stands, in the form in which UpdateOpportunity takes it."""
    got = client.get_opportunity(**IN, Identifier=opportunity_id)
    members = service_model().operation_model("UpdateOpportunity").input_shape.members
    return {name: value for name, value in got.items() if name in members} | {"Identifier": opportunity_id}


def change(client: Any, opportunity_id: str, changes: dict[str, Any]) -> dict[str, Any]:
    """The same with a value put at each dotted path; None takes it away."""
    return with_changes(update_of(client, opportunity_id), changes)


def error_of(call: Callable[..., Any], **request: Any) -> dict[str, Any]:
    """The response that a refused request gets."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response


def code_of(call: Callable[..., Any], **request: Any) -> str:
    return str(error_of(call, **request)["Error"]["Code"])


def violations_of(call: Callable[..., Any], **request: Any) -> list[tuple[str, str]]:
    """Field and code of each business rule that a request breaks."""
    response = error_of(call, **request)
    assert (response["Error"]["Code"], response["Reason"]) == ("ValidationException", "BUSINESS_VALIDATION_FAILED")
    return [(entry["FieldName"], entry["Code"]) for entry in response["ErrorList"]]
