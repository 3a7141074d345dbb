"""Helpers of the tests of requests and rules: an opportunity's record, a row about it, and the sandbox's verdict."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
from deals import CUSTOMER, DURATION, MONTHLY, OWN, PROJECT, SPEND, Record, months, with_changes

from pipelines.intake.deals import Deal
from pipelines.sandbox.instants import to_nanoseconds
from pipelines.sandbox.operations import serve
from pipelines.sandbox.store import Store
from pipelines.sandbox.wire import ApiError

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
MODIFIED = "2026-03-01T08:00:00.123456789Z"
SOLUTIONS = ("S-0000001", "S-0000002")
ESTIMATE = {"EstimationUrl": f"https://calculator.aws/#/estimate?id={'a' * 32}"}
STATUS, STAGE = "LifeCycle.ReviewStatus", "LifeCycle.Stage"
CLOSE, LOST_REASON = "LifeCycle.TargetCloseDate", "LifeCycle.ClosedLostReason"
ACCOUNT, RELATED = "Customer.Account", "RelatedEntityIdentifiers"
EURO = {"CurrencyCode": "EUR"}
RECORD: Record = {
    "Catalog": "Sandbox",
    "Id": "O1",
    "Arn": "arn:aws:partnercentral:us-east-1:111122223333:catalog/Sandbox/opportunity/O1",
    "CreatedDate": "2026-02-01T00:00:00Z",
    "LastModifiedDate": MODIFIED,
    "PartnerOpportunityIdentifier": "CRM-1",
    "OpportunityTeam": [{"FirstName": "Invented", "LastName": "Person"}],
    "Marketing": None,
    "Customer": CUSTOMER,
    "Project": PROJECT | {"CompetitorName": None},
    "LifeCycle": {
        "Stage": "Qualified",
        "ReviewStatus": "Pending Submission",
        "TargetCloseDate": "2026-09-30",
        "NextStepsHistory": [{"Value": "Call", "Time": "2026-02-01T00:00:00Z"}],
    },
    "RelatedEntityIdentifiers": {"Solutions": ["S-0000001"]},
}
ROW: dict[str, Any] = {"tcv": Decimal("36000"), "currency": "USD", "contract_months": 36}
NEW_ROW: dict[str, Any] = {
    **ROW,
    "title": "Move the shop",
    "customer_name": "Belavamond Foods Ltd",
    "country_code": "GB",
    "website": "https://www.belavamond.example.com",
    "industry": "Retail",
    "stage": "Qualified",
    "target_close_date": "2026-09-30",
    "use_case": "Storage & Backup",
    "business_problem": "The present platform leaves support within the year.",
    "delivery_models": ("SaaS or PaaS",),
}
VALUED = {SPEND: [MONTHLY, OWN], DURATION: months("36")}


def record(changes: dict[str, Any] | None = None) -> Record:
    """The record; each dotted path gets its value, and None takes it away."""
    return with_changes(RECORD, changes)


def row(changes: dict[str, Any] | None = None) -> Deal:
    """A row about the record, with the value of the deal and these columns besides."""
    return Deal(2, "O1", "CRM-1", {**ROW, **(changes or {})})


def new_row(changes: dict[str, Any] | None = None) -> Deal:
    """A row about a deal that AWS does not know; None takes a column away."""
    wanted = {column: value for column, value in {**NEW_ROW, **(changes or {})}.items() if value is not None}
    return Deal(2, None, "CRM-1", wanted)


def is_taken(operation: str, request: Record, present: Record | None = None) -> bool:
    """Whether the sandbox takes a request, as it comes over the wire, where `present` is the one opportunity."""
    store = Store("Sandbox", solutions=[{"Id": solution} for solution in SOLUTIONS])
    if present is not None:
        store.put(present, NOW)
    body = orjson.loads(orjson.dumps({"Catalog": "Sandbox", **request}))
    try:
        serve(operation, body, {"Sandbox": store}, to_nanoseconds(NOW), "key")
    except ApiError as error:
        if error.error_type != "ValidationException":
            raise
        return False
    return True
