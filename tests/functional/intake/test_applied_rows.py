"""What becomes of a row of a plan that nothing disturbs, in the sandbox and in the outcome."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from deal_world import MODIFIED_AT, MONTHLY, NOW, SOLUTIONS, DealWorld, calls_of, create, plan_file, update

from pipelines.intake.applying import Outcome
from pipelines.intake.deals import Change, Planned, Reason
from pipelines.intake.performance import perform_plan
from pipelines.settings import Settings

ONE, OTHER = SOLUTIONS
OWN = {"Amount": "36000", "CurrencyCode": "USD", "Frequency": "None", "TargetCompany": "Self"}
DURATION = {"Term": "Months", "Value": "36"}
BY_AN_UPDATE = {"Project", "LifeCycle", "LastModifiedDate"}


def apply(settings: Settings, plan: Path) -> Outcome:
    return perform_plan(settings, plan, force=False, now=lambda: NOW)


def requests_of(world: DealWorld) -> list[tuple[str, dict[str, Any]]]:
    """The requests that come from now on."""
    found: list[tuple[str, dict[str, Any]]] = []
    world.sandbox.before_response.append(lambda operation, request: found.append((operation, request)))
    return found


def test_an_update_adds_the_value_of_the_deal_and_leaves_all_else(world: DealWorld, settings: Settings) -> None:
    before = world.store.records[world.deal(1)]
    requests = requests_of(world)
    path = plan_file(settings, update(2, "O1"))
    outcome = apply(settings, path)
    assert (outcome.counts, outcome.problems, outcome.error(path)) == ({"done": 1}, (), None)
    after = world.store.records["O1"]
    assert after["Project"] == {
        "Title": "Move the shop",
        "ExpectedCustomerSpend": [MONTHLY, OWN],
        "ExpectedContractDuration": DURATION,
    }
    assert {name: after[name] for name in before.keys() - BY_AN_UPDATE} == {
        name: before[name] for name in before.keys() - BY_AN_UPDATE
    }
    assert world.sandbox.calls == calls_of(settings) == {"GetOpportunity": 1, "UpdateOpportunity": 1}
    assert requests[1][1]["LastModifiedDate"] == MODIFIED_AT  # to the last of nine digits


def test_converted_it_is_the_aws_entry_alone(world: DealWorld, settings: Settings) -> None:
    world.deal(1)
    changes = (Change("currency", "USD", "USD"), Change("aws_mrr", Decimal("700"), Decimal("1000.00")))
    outcome = apply(settings, plan_file(settings, Planned(2, "update", "O1", None, changes)))
    assert outcome.counts == {"done": 1}
    assert (world.spend("O1"), world.months("O1")) == ([("AWS", "1000.00")], None)


def test_a_new_opportunity_gets_its_solutions(world: DealWorld, settings: Settings) -> None:
    outcome = apply(settings, plan_file(settings, create(2, "CRM-7", solution_ids=SOLUTIONS)))
    assert outcome.counts == {"done": 1}
    (created,) = world.by_crm_id("CRM-7")
    assert world.spend(created) == [("AWS", "1000.00"), ("Self", "36000")]  # AWS converts it
    assert world.solutions(created) == [ONE, OTHER]
    assert world.store.records[created]["LifeCycle"]["ReviewStatus"] == "Pending Submission"
    assert calls_of(settings) == {"ListOpportunities": 1, "CreateOpportunity": 1, "AssociateOpportunity": 2}


def test_solutions_come_before_the_stage_that_needs_them(world: DealWorld, settings: Settings) -> None:
    world.deal(1)
    outcome = apply(settings, plan_file(settings, update(2, "O1", stage="Committed", solution_ids=(ONE,))))
    assert outcome.counts == {"done": 1}
    assert (world.solutions("O1"), world.months("O1")) == ([ONE], "36")
    assert world.store.records["O1"]["LifeCycle"]["Stage"] == "Committed"
    assert calls_of(settings) == {"GetOpportunity": 2, "AssociateOpportunity": 1, "UpdateOpportunity": 1}


def test_solutions_alone_take_no_update(world: DealWorld, settings: Settings) -> None:
    """Those that the plan saw may have gone since: it adds its own, and no others."""
    world.deal(1)
    change = Change("solution_ids", (OTHER,), (OTHER, ONE))
    outcome = apply(settings, plan_file(settings, Planned(2, "update", "O1", None, (change,))))
    assert outcome.counts == {"done": 1}
    assert world.solutions("O1") == [ONE]
    assert world.taken == {("AssociateOpportunity", "O1 S-0000001"): 1}


def test_what_is_so_already_is_not_written(world: DealWorld, settings: Settings) -> None:
    world.deal(1)
    world.edit(
        "O1", Project__ExpectedCustomerSpend=[OWN | {"Amount": "36000.0"}], Project__ExpectedContractDuration=DURATION
    )
    assert apply(settings, plan_file(settings, update(2, "O1"))).counts == {"done": 1}
    assert world.sandbox.calls == {"GetOpportunity": 1}


def test_rows_without_work_cost_no_call(world: DealWorld, settings: Settings) -> None:
    unchanged = Planned(2, "unchanged", "O1", None)
    refused = Planned(3, "refused", "O2", None, reasons=(Reason("tcv", "is needed"),))
    path = plan_file(settings, unchanged, refused)
    outcome = apply(settings, path)
    assert outcome.counts == {"unchanged": 1, "refused": 1}
    error = outcome.error(path)
    assert error is not None
    assert (error.exit_code, str(error)) == (
        3,
        "1 unchanged, 1 refused: mend those rows, then make a new plan",
    )
    assert world.sandbox.calls == calls_of(settings) == {}


def test_a_plan_is_performed_once(world: DealWorld, settings: Settings) -> None:
    world.deal(1)
    path = plan_file(settings, update(2, "O1"), create(3, "CRM-7"))
    assert apply(settings, path).counts == {"done": 2}
    calls = dict(world.sandbox.calls)
    assert apply(settings, path).counts == {"done": 2}
    assert world.sandbox.calls == calls


@pytest.mark.parametrize(
    ("status", "says"),
    [("In review", "nothing can be changed while its review status is In review"), ("Rejected", "status is Rejected")],
)
def test_a_review_that_has_begun_since_the_plan_refuses_the_row(
    world: DealWorld, settings: Settings, status: str, says: str
) -> None:
    world.deal(1)
    world.edit("O1", LifeCycle__ReviewStatus=status)
    outcome = apply(settings, plan_file(settings, update(2, "O1")))
    assert outcome.counts == {"failed": 1}
    assert says in str(outcome.problems[0].reason)
    assert world.sandbox.calls == {"GetOpportunity": 1}


def test_what_this_program_does_not_know_is_not_erased(world: DealWorld, settings: Settings) -> None:
    """AWS has added a member since the plan: sent without it, the record would lose it."""
    world.deal(1, Nickname="Geheim")
    outcome = apply(settings, plan_file(settings, update(2, "O1")))
    assert outcome.counts == {"failed": 1}
    assert "what this program does not know (Customer.Account.Nickname)" in str(outcome.problems[0].reason)
    assert world.sandbox.calls == {"GetOpportunity": 1}
