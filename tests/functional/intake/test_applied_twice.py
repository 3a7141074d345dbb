"""Whatever a sheet of deals says: what its plan lets through is done, and done twice it is as if done once."""

import csv
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from deal_world import NOW, SOLUTIONS, DealWorld
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.intake.applying import Outcome, apply_plan
from pipelines.intake.deals import Deal, Planned
from pipelines.intake.journal import open_journal
from pipelines.intake.plan import Plan
from pipelines.intake.rules import decide
from pipelines.intake.sheet import read_sheet
from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.world import World

Row = dict[str, str]
NEW: Row = {
    "title": "Move the shop",
    "customer_name": "Belavamond Foods Ltd",
    "country_code": "GB",
    "website": "https://www.belavamond.example.com",
    "industry": "Retail",
    "stage": "Qualified",
    "target_close_date": "2027-03-31",
    "use_case": "Storage & Backup",
    "business_problem": "The present platform leaves support within the year.",
    "delivery_models": "SaaS or PaaS",
}
OWN = {"Amount": "9000", "CurrencyCode": "USD", "Frequency": "None", "TargetCompany": "Self"}
STATES: list[dict[str, Any]] = [
    {},
    {"LifeCycle__ReviewStatus": "Pending Submission"},
    {"LifeCycle__ReviewStatus": "Action Required"},
    {"LifeCycle__ReviewStatus": "In review"},
    {"LifeCycle__Stage": "Closed Lost"},
    {"LifeCycle__TargetCloseDate": "2026-01-31"},
    {"Project__ExpectedCustomerSpend": []},
    {"Project__ExpectedCustomerSpend": None, "RelatedEntityIdentifiers__Solutions": [SOLUTIONS[0]]},
    {"Project__ExpectedContractDuration": {"Term": "Months", "Value": "24"}, "Project__ExpectedCustomerSpend": [OWN]},
    {"Project__ExpectedContractDuration": {"Term": "Months", "Value": "many"}},
]
"""What has become of a deal of `DealWorld.deal` before the plan is made."""
numbers = count(1)


@st.composite
def rows(draw: st.DrawFn) -> tuple[Row, dict[str, Any] | None]:
    """A row of a sheet but for what identifies it, and the state of its opportunity; None if there is none yet."""
    cents = draw(st.integers(0, 10**9))
    row = {
        "tcv": draw(st.sampled_from([f"{cents}", f"{cents / 100:.2f}", f"{cents / 10:.1f}", "36000", "9000", "-5"])),
        "currency": draw(st.sampled_from(["USD", "USD", "USD", "USD", "EUR"])),
        "contract_months": draw(st.sampled_from(["1", "7", "24", "36", "144", "36.0", "145"])),
    }
    optional = {
        "stage": ["", "", "Qualified", "Committed"],
        "target_close_date": ["", "2026-12-31", "2027-01-31", "2028-02-29", "2025-01-01"],
        "title": ["", "", "Another title"],
        "delivery_models": ["", "SaaS or PaaS; Managed Services"],
        "solution_ids": ["", "", SOLUTIONS[0], "; ".join(SOLUTIONS), "; ".join(SOLUTIONS), "S-0000009"],
    }
    cells = {column: draw(st.sampled_from(choices)) for column, choices in optional.items()}
    state = draw(st.none() | st.sampled_from(STATES))
    return row | (NEW if state is None else {}) | {name: cell for name, cell in cells.items() if cell}, state


@pytest.fixture(scope="module")
def world() -> Iterator[DealWorld]:
    with Sandbox(World(opportunities=0), clock=lambda: NOW) as sandbox:
        yield DealWorld(sandbox)


@pytest.fixture(scope="module")
def client(world: DealWorld) -> Iterator[PartnerCentral]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", world.sandbox.endpoint_url)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test-secret")
        yield PartnerCentral("Sandbox", quota=Quota(0, writes_per_second=0))


def deals_of(world: DealWorld, drawn: list[tuple[Row, dict[str, Any] | None]], directory: Path) -> list[Deal]:
    """The deals of a sheet, read from its file; their opportunities are put into the sandbox."""
    sheet: list[Row] = []
    for row, state in drawn:
        number = next(numbers)
        sheet.append({"opportunity_id": "", "partner_opportunity_id": f"CRM-{number}", **row})
        if state is not None:
            sheet[-1]["opportunity_id"] = world.deal(number)
            world.edit(f"O{number}", **state)
    with (directory / "deals.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, dict.fromkeys(name for row in sheet for name in row))
        writer.writeheader()
        writer.writerows(sheet)
    return read_sheet(directory / "deals.csv").deals


def plan_of(client: PartnerCentral, deals: list[Deal], convert: bool) -> Plan:
    def decided(deal: Deal) -> Planned:
        found = client.find("GetOpportunity", Identifier=deal.opportunity_id) if deal.opportunity_id else None
        solutions = frozenset(SOLUTIONS)
        return decide(deal, found and found.body, convert=convert, today=NOW.date(), solutions=solutions)

    return Plan("Sandbox", NOW, "deals.csv", convert, tuple(decided(deal) for deal in deals))


def apply(client: PartnerCentral, plan: Plan, journal: Path) -> Outcome:
    with open_journal(journal, plan.digest) as opened:
        return apply_plan(plan, opened, client, now=lambda: NOW, on_row=lambda _: None)


@settings(max_examples=40)
@given(st.lists(rows(), min_size=6, max_size=12), st.booleans())
def test_applied_twice_is_applied_once(
    world: DealWorld,
    client: PartnerCentral,
    drawn: list[tuple[Row, dict[str, Any] | None]],
    convert: bool,
) -> None:
    """The second time the journal is lost, so that every row is performed anew; the third time there is a new plan."""
    with tempfile.TemporaryDirectory() as directory:
        deals = deals_of(world, drawn, Path(directory))
        plan = plan_of(client, deals, convert)
        first = apply(client, plan, Path(directory, "first"))
        state, taken = deepcopy(world.store.records), world.taken.copy()
        assert first.problems == ()
        assert apply(client, plan, Path(directory, "second")) == first
    assert (world.store.records, world.taken) == (state, taken)
    known = [
        replace(deal, opportunity_id=next(iter(world.by_crm_id(str(deal.partner_opportunity_id))), None))
        for deal in deals
    ]
    again = plan_of(client, known, convert).rows
    expected = {"update": "unchanged", "create": "unchanged", "refused": "refused", "unchanged": "unchanged"}
    assert [planned.action for planned in again] == [expected[planned.action] for planned in plan.rows]
