"""What the records of deals have in common that tests write, read and plan."""

from copy import deepcopy
from typing import Any

Record = dict[str, Any]

OWN = {"Amount": "36000", "CurrencyCode": "USD", "Frequency": "None", "TargetCompany": "Self"}
MONTHLY = {"Amount": "700", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"}
SPEND, DURATION = "Project.ExpectedCustomerSpend", "Project.ExpectedContractDuration"
CUSTOMER: Record = {
    "Account": {
        "CompanyName": "Belavamond Foods Ltd",
        "Industry": "Retail",
        "WebsiteUrl": "https://www.belavamond.example.com",
        "Address": {"CountryCode": "GB", "PostalCode": "EC1A 1BB", "City": "London"},
    }
}
PROJECT: Record = {
    "Title": "Move the shop",
    "DeliveryModels": ["SaaS or PaaS"],
    "CustomerBusinessProblem": "The present platform leaves support within the year.",
    "CustomerUseCase": "Storage & Backup",
    "ExpectedCustomerSpend": [MONTHLY],
}


def months(value: str) -> dict[str, str]:
    return {"Term": "Months", "Value": value}


def with_changes(record: Record, changes: dict[str, Any] | None) -> Record:
    """A copy of a record in which each dotted path has its value; None takes it away."""
    changed = deepcopy(record)
    for path, value in (changes or {}).items():
        *parents, name = path.split(".")
        target = changed
        for parent in parents:
            target = target.setdefault(parent, {})
        if value is None:
            target.pop(name, None)
        else:
            target[name] = value
    return changed
