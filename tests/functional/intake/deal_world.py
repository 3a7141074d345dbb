"""A sandbox with a few deals in it, what it took from an apply, and the plans that tests perform on it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from pipelines.database import open_database
from pipelines.intake.deals import Change, Planned, Value
from pipelines.intake.plan import Plan, write_plan
from pipelines.migrations import migrate_landing
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.store import Store
from pipelines.sandbox.wire import Fault
from pipelines.settings import Settings

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CREATED_AT = "2026-09-01T08:00:00Z"
MODIFIED_AT = "2026-10-01T08:00:00.123456789Z"
SOLUTIONS = ("S-0000001", "S-0000002")
MONTHLY = {"Amount": "700", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"}
NEW_DEAL: dict[str, Value] = {
    "tcv": Decimal("36000"),
    "currency": "USD",
    "contract_months": 36,
    "title": "Move the shop",
    "customer_name": "Belavamond Foods Ltd",
    "country_code": "GB",
    "website": "https://www.belavamond.example.com",
    "industry": "Retail",
    "stage": "Qualified",
    "target_close_date": "2099-12-31",
    "use_case": "Storage & Backup",
    "business_problem": "The present platform leaves support within the year.",
    "delivery_models": ("SaaS or PaaS",),
}
"""The columns of a deal that Partner Central does not have yet."""


@dataclass
class DealWorld:
    """A sandbox whose clock stands still, which counts the writes that it took."""

    sandbox: Sandbox
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many writes were done, by operation and what identifies their opportunity in the request."""

    def __post_init__(self) -> None:
        self.store.solutions += [{"Catalog": "Sandbox", "Id": name, "Status": "Active"} for name in SOLUTIONS]
        self.sandbox.fault = self.fault

    @property
    def store(self) -> Store:
        return self.sandbox.store

    def deal(self, number: int, **account: Any) -> str:
        """Put opportunity `O<number>`: 700 USD a month for AWS, no contract duration, no solution."""
        opportunity_id = f"O{number}"
        record = {
            "Id": opportunity_id,
            "Catalog": "Sandbox",
            "CreatedDate": CREATED_AT,
            "LastModifiedDate": MODIFIED_AT,
            "PartnerOpportunityIdentifier": f"CRM-{number}",
            "Customer": {
                "Account": {
                    "CompanyName": "Geheime Kundin GmbH",
                    "Industry": "Retail",
                    "WebsiteUrl": "https://www.geheime.example.com",
                    **account,
                }
            },
            "Project": {"Title": "Move the shop", "ExpectedCustomerSpend": [dict(MONTHLY)]},
            "LifeCycle": {"Stage": "Qualified", "ReviewStatus": "Approved", "TargetCloseDate": "2099-12-31"},
            "RelatedEntityIdentifiers": {"Solutions": []},
        }
        self.store.put(record, NOW, opportunity_id)
        return opportunity_id

    def edit(self, opportunity_id: str, **changes: Any) -> None:
        """Change members as somebody else does: each path, its dots written as `__`, gets its value."""
        self.store.edit(opportunity_id, NOW, {path.replace("__", "."): value for path, value in changes.items()})

    def fault(self, operation: str, request: dict[str, Any]) -> Fault | None:
        """No fault, but the write counts once it is done. Tests that order faults put their own in front."""
        return Fault(change=partial(self.count, operation, request))

    def count(self, operation: str, request: dict[str, Any], answer: bytes) -> bytes:
        """Count a write that was done, under what it is about."""
        if operation == "AssociateOpportunity":
            self.taken[operation, f"{request['OpportunityIdentifier']} {request['RelatedEntityIdentifier']}"] += 1
        elif operation == "UpdateOpportunity":
            self.taken[operation, request["Identifier"]] += 1
        elif operation == "CreateOpportunity":
            self.taken[operation, f"{request['PartnerOpportunityIdentifier']} {orjson.loads(answer)['Id']}"] += 1
        return answer

    def faults(self, operation: str, *faults: Fault | None) -> None:
        """Let the next requests of an operation meet these faults, and those after them none."""
        in_turn = iter(faults)

        def fault(name: str, request: dict[str, Any]) -> Fault | None:
            found = next(in_turn, None) if name == operation else None
            if found is None or found.drop == "before" or found.response():
                return found or self.fault(name, request)
            return Fault(drop=found.drop, delay=found.delay, change=partial(self.count, name, request))

        self.sandbox.fault = fault

    def before(self, operation: str, *acts: Callable[[], None]) -> None:
        """Let each of the next requests of an operation find one of these acts done just before it is served."""
        in_turn = iter(acts)

        def act(name: str, _: dict[str, Any]) -> None:
            if name == operation:
                next(in_turn, lambda: None)()

        self.sandbox.before_response.append(act)

    def spend(self, opportunity_id: str) -> list[tuple[str, str]]:
        """Company and amount of each spend entry."""
        entries = self.store.records[opportunity_id]["Project"]["ExpectedCustomerSpend"]
        return [(entry["TargetCompany"], entry["Amount"]) for entry in entries]

    def months(self, opportunity_id: str) -> str | None:
        duration = self.store.records[opportunity_id]["Project"].get("ExpectedContractDuration")
        return duration and duration["Value"]

    def solutions(self, opportunity_id: str) -> list[str]:
        return self.store.records[opportunity_id]["RelatedEntityIdentifiers"]["Solutions"]

    def by_crm_id(self, crm_id: str) -> list[str]:
        """The opportunities that have an identifier of the partner's."""
        return [name for name, record in self.store.records.items() if record["PartnerOpportunityIdentifier"] == crm_id]


def update(row: int, opportunity_id: str, **after: Value) -> Planned:
    """A row that gives an opportunity of `deal` a TCV of 36,000 over 36 months, and these columns."""
    before: dict[str, Value] = {"currency": "USD", "title": "Move the shop", "stage": "Qualified"}
    values: dict[str, Value] = {"tcv": Decimal("36000"), "currency": "USD", "contract_months": 36, **after}
    changes = [Change(column, before.get(column), value) for column, value in values.items()]
    return Planned(row, "update", opportunity_id, None, tuple(changes))


def create(row: int, crm_id: str, **after: Value) -> Planned:
    """A row that creates NEW_DEAL under an identifier of the partner's, with these columns."""
    values = {"partner_opportunity_id": crm_id, **NEW_DEAL, **after}
    return Planned(row, "create", None, crm_id, tuple(Change(column, None, value) for column, value in values.items()))


def plan_file(settings: Settings, *rows: Planned, created_at: datetime = NOW) -> Path:
    """A plan in the data directory, which has a landing that knows of no calls."""
    settings.data_dir.mkdir(exist_ok=True)
    if not settings.landing_path.exists():
        migrate_landing(settings.landing_path, settings.data_dir / "scratch.duckdb")
    path = settings.data_dir / "plan.json"
    write_plan(path, Plan("Sandbox", created_at, "deals.csv", False, rows))
    return path


def calls_of(settings: Settings) -> dict[str, int]:
    """The calls that the landing remembers, by operation."""
    with open_database(settings.landing_path, read_only=True) as connection:
        found = connection.execute("SELECT operation, sum(calls)::BIGINT FROM ops.calls GROUP BY ALL").fetchall()
    return dict(found)
