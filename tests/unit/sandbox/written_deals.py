"""Helpers of the tests that write to the sandbox: a deal as a partner sends it, and what AWS says to it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipelines.sandbox.validation import service_model

IN = {"Catalog": "Sandbox"}
OWN = {"Amount": "36000", "CurrencyCode": "USD", "Frequency": "None", "TargetCompany": "Self"}
MONTHLY = {"Amount": "700", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"}
SPEND, DURATION = "Project.ExpectedCustomerSpend", "Project.ExpectedContractDuration"
SOLUTION = {"Catalog": "Sandbox", "Id": "S-0000001", "Name": "Harbour", "Status": "Active", "Category": "Software"}
DEAL: dict[str, Any] = {
    "Catalog": "Sandbox",
    "ClientToken": "one",
    "PartnerOpportunityIdentifier": "CRM-1",
    "OpportunityType": "Net New Business",
    "PrimaryNeedsFromAws": ["Co-Sell - Deal Support"],
    "Customer": {
        "Account": {
            "CompanyName": "Belavamond Foods Ltd",
            "Industry": "Retail",
            "WebsiteUrl": "https://www.belavamond.example.com",
            "Address": {"CountryCode": "GB", "PostalCode": "EC1A 1BB", "City": "London"},
        }
    },
    "Project": {
        "Title": "Move the shop",
        "DeliveryModels": ["SaaS or PaaS"],
        "CustomerBusinessProblem": "The present platform leaves support within the year.",
        "CustomerUseCase": "Storage & Backup",
        "ExpectedCustomerSpend": [MONTHLY],
    },
    "LifeCycle": {"Stage": "Qualified", "TargetCloseDate": "2026-09-30", "NextSteps": "Call"},
}


def months(value: str) -> dict[str, str]:
    return {"Term": "Months", "Value": value}


def deal(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """A complete CreateOpportunity request; each dotted path gets its value, and None takes it away."""
    request = deepcopy(DEAL)
    for path, value in (changes or {}).items():
        *parents, name = path.split(".")
        target = request
        for parent in parents:
            target = target.setdefault(parent, {})
        if value is None:
            target.pop(name, None)
        else:
            target[name] = value
    return request


def update_of(client: Any, opportunity_id: str) -> dict[str, Any]:
    """The whole record as it stands, in the form in which UpdateOpportunity takes it."""
    got = client.get_opportunity(**IN, Identifier=opportunity_id)
    members = service_model().operation_model("UpdateOpportunity").input_shape.members
    return {name: value for name, value in got.items() if name in members} | {"Identifier": opportunity_id}


def change(client: Any, opportunity_id: str, changes: dict[str, Any]) -> dict[str, Any]:
    """The same with a value put at each dotted path; None takes it away."""
    request = update_of(client, opportunity_id)
    for path, value in changes.items():
        *parents, name = path.split(".")
        target = request
        for parent in parents:
            target = target[parent]
        if value is None:
            del target[name]
        else:
            target[name] = value
    return request


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
