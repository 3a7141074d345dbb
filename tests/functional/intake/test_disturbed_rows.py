"""Others change the records while a plan is performed, AWS refuses some of its rows, and answers get lost."""

from pathlib import Path

import pytest
from deal_world import NOW, SOLUTIONS, DealWorld, calls_of, create, plan_file, update

from pipelines.errors import AwsError
from pipelines.intake import applying
from pipelines.intake.applying import Outcome
from pipelines.intake.performance import perform_plan
from pipelines.intake.plan import Plan, journal_path, write_plan
from pipelines.partner_central import retries
from pipelines.sandbox.wire import Fault
from pipelines.settings import Settings

LOST = Fault(drop="after")
THROTTLE = Fault("ThrottlingException")
THEIRS = {"Amount": "50000", "CurrencyCode": "USD", "Frequency": "None", "TargetCompany": "Self"}
BY_SOMEBODY = {
    "Project__ExpectedCustomerSpend": [THEIRS],
    "Project__ExpectedContractDuration": {"Term": "Months", "Value": "12"},
}
SECRETS = ("Geheim", "36000", "50000", "Belavamond", "Move the shop")


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "BACKOFF_SECONDS", 1e-5)


def apply(settings: Settings, plan: Path) -> Outcome:
    """Perform a plan; nothing that it says or keeps shows a value of a record."""
    outcome = perform_plan(settings, plan, force=False, now=lambda: NOW)
    told = f"{outcome} {outcome.error(plan)} {journal_path(plan).read_text()}"
    assert [secret for secret in SECRETS if secret in told] == []
    return outcome


def problem(outcome: Outcome) -> tuple[int, str, str | None, str | None]:
    (entry,) = outcome.problems
    return entry.row, entry.state, entry.opportunity_id, entry.reason


def test_an_edit_since_the_plan_of_what_it_does_not_touch_stays(world: DealWorld, settings: Settings) -> None:
    path = plan_file(settings, update(2, world.deal(1)))
    world.edit("O1", Project__Title="Theirs", LifeCycle__Stage="Technical Validation")
    assert apply(settings, path).counts == {"done": 1}
    assert (world.months("O1"), world.store.records["O1"]["Project"]["Title"]) == ("36", "Theirs")
    assert world.store.records["O1"]["LifeCycle"]["Stage"] == "Technical Validation"


def test_an_edit_since_the_plan_of_what_it_touches_is_a_conflict(world: DealWorld, settings: Settings) -> None:
    path = plan_file(settings, update(2, world.deal(1)), update(3, world.deal(2)))
    world.edit("O1", **BY_SOMEBODY)
    outcome = apply(settings, path)
    assert outcome.counts == {"conflict": 1, "done": 1}
    reason = "tcv, contract_months changed in Partner Central since the plan: make a new plan"
    assert problem(outcome) == (2, "conflict", "O1", reason)
    assert (world.spend("O1"), world.months("O1")) == ([("Self", "50000")], "12")
    error = outcome.error(path)
    assert error is not None
    assert (error.exit_code, str(error)) == (3, "1 done, 1 conflict: mend those rows, then make a new plan")
    calls = dict(world.sandbox.calls)
    assert apply(settings, path) == outcome  # a conflict stays one
    assert world.sandbox.calls == calls


def test_an_edit_between_read_and_write_of_what_it_does_not_touch_stays(world: DealWorld, settings: Settings) -> None:
    path = plan_file(settings, update(2, world.deal(1)))
    world.before("UpdateOpportunity", lambda: world.edit("O1", Project__Title="Theirs"))
    assert apply(settings, path).counts == {"done": 1}
    assert (world.months("O1"), world.store.records["O1"]["Project"]["Title"]) == ("36", "Theirs")
    assert calls_of(settings) == {"GetOpportunity": 2, "UpdateOpportunity": 2}
    assert world.taken == {("UpdateOpportunity", "O1"): 1}


def test_an_edit_between_read_and_write_of_what_it_touches_is_a_conflict(world: DealWorld, settings: Settings) -> None:
    path = plan_file(settings, update(2, world.deal(1)))
    world.before("UpdateOpportunity", lambda: world.edit("O1", **BY_SOMEBODY))
    assert apply(settings, path).counts == {"conflict": 1}
    assert (world.spend("O1"), world.months("O1"), world.taken) == ([("Self", "50000")], "12", {})


def test_the_same_edit_by_somebody_else_is_as_good(world: DealWorld, settings: Settings) -> None:
    path = plan_file(settings, update(2, world.deal(1), stage="Committed", solution_ids=SOLUTIONS))
    world.before("UpdateOpportunity", lambda: world.edit("O1", LifeCycle__Stage="Committed"))
    assert apply(settings, path).counts == {"done": 1}
    assert world.taken["UpdateOpportunity", "O1"] == 1
    assert (world.months("O1"), world.solutions("O1")) == ("36", list(SOLUTIONS))


def test_edits_without_end_are_a_conflict(world: DealWorld, settings: Settings) -> None:
    path = plan_file(settings, update(2, world.deal(1)), update(3, world.deal(2)))
    tries = applying.MOST_TRIES
    world.before("UpdateOpportunity", *[lambda: world.edit("O1", LifeCycle__NextSteps="Call")] * tries)
    outcome = apply(settings, path)
    assert outcome.counts == {"conflict": 1, "done": 1}
    assert "changed again and again" in str(outcome.problems[0].reason)
    assert calls_of(settings)["UpdateOpportunity"] == tries + 1


@pytest.mark.parametrize("operation", ["UpdateOpportunity", "CreateOpportunity", "AssociateOpportunity"])
@pytest.mark.parametrize(
    "faults",
    [
        [LOST, LOST],
        [THROTTLE, Fault(drop="midway"), THROTTLE, THROTTLE],
        [Fault("InternalServerException", status=500), Fault(drop="before"), LOST],
    ],
    ids=["lost twice", "throttled and cut off", "failed and lost"],
)
def test_a_write_is_done_once_however_its_answers_get_lost(
    world: DealWorld, settings: Settings, operation: str, faults: list[Fault]
) -> None:
    path = plan_file(
        settings, update(2, world.deal(1), solution_ids=SOLUTIONS), create(3, "CRM-7", solution_ids=SOLUTIONS)
    )
    world.faults(operation, *faults)
    assert apply(settings, path).counts == {"done": 2}
    (created,) = world.by_crm_id("CRM-7")
    assert world.solutions("O1") == world.solutions(created) == list(SOLUTIONS)
    assert world.taken.pop(("CreateOpportunity", f"CRM-7 {created}")) >= 1  # by its token always the same one
    assert world.taken == {
        ("UpdateOpportunity", "O1"): 1,
        **{("AssociateOpportunity", f"{name} {solution}"): 1 for name in ("O1", created) for solution in SOLUTIONS},
    }


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ValidationException", "AWS refuses UpdateOpportunity (no field named)"),
        ("ResourceNotFoundException", "UpdateOpportunity: AWS shows no such resource in catalog Sandbox"),
        ("AccessDeniedException", "access denied: allow partnercentral:UpdateOpportunity on catalog Sandbox"),
    ],
)
def test_a_row_that_aws_refuses_does_not_hold_up_the_others(
    world: DealWorld, settings: Settings, code: str, reason: str
) -> None:
    path = plan_file(settings, *(update(row, world.deal(row)) for row in (2, 3)))
    world.faults("UpdateOpportunity", Fault(code, "Geheime Kundin GmbH"))
    outcome = apply(settings, path)
    assert outcome.counts == {"failed": 1, "done": 1}
    row, state, opportunity_id, told = problem(outcome)
    assert (row, state, opportunity_id) == (2, "failed", "O2")
    assert str(told).startswith(reason)
    error = outcome.error(path)
    assert error is not None
    assert error.exit_code == 4
    assert str(error).startswith("1 done, 1 failed: mend what the failed rows say, then run `cosell intake apply ")
    assert apply(settings, path).counts == {"done": 2}
    assert world.taken == {("UpdateOpportunity", "O2"): 1, ("UpdateOpportunity", "O3"): 1}


def test_what_aws_says_of_a_refused_row_names_the_fields(world: DealWorld, settings: Settings) -> None:
    """An edited plan with a postal code that is none, and a solution that the partner did not have yet."""
    path = plan_file(
        settings, create(2, "CRM-7", postal_code="!" * 21), create(3, "CRM-8", solution_ids=("S-0000009",))
    )
    outcome = apply(settings, path)
    assert outcome.counts == {"failed": 2}
    (created,) = world.by_crm_id("CRM-8")
    assert [(entry.row, entry.opportunity_id, entry.reason) for entry in outcome.problems] == [
        (2, None, "AWS refuses CreateOpportunity (customer.account.address.postalCode INVALID_STRING_FORMAT)"),
        (3, created, "AssociateOpportunity: AWS shows no such resource in catalog Sandbox"),
    ]
    world.store.solutions.append({"Id": "S-0000009"})
    assert apply(settings, path).counts == {"failed": 1, "done": 1}
    assert (world.by_crm_id("CRM-7"), world.by_crm_id("CRM-8")) == ([], [created])
    assert world.solutions(created) == ["S-0000009"]


def test_an_operation_that_is_denied_to_every_row_ends_it(world: DealWorld, settings: Settings) -> None:
    path = plan_file(settings, *(update(row, world.deal(row)) for row in range(2, 9)))
    world.faults("UpdateOpportunity", *[Fault("AccessDeniedException")] * 3)
    with pytest.raises(AwsError, match="allow partnercentral:UpdateOpportunity on catalog Sandbox in the IAM policy"):
        apply(settings, path)
    assert calls_of(settings) == {"GetOpportunity": 3, "UpdateOpportunity": 3}
    assert apply(settings, path).counts == {"done": 7}


def test_rows_that_are_denied_one_here_one_there_do_not_end_it(world: DealWorld, settings: Settings) -> None:
    path = plan_file(settings, *(update(row, world.deal(row)) for row in range(2, 9)))
    denied = Fault("AccessDeniedException")
    world.faults("UpdateOpportunity", denied, denied, None, denied, denied, Fault("ValidationException"), denied)
    assert apply(settings, path).counts == {"done": 1, "failed": 6}


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException", "Unheard"])
def test_what_concerns_all_rows_ends_it_and_the_next_apply_goes_on(
    world: DealWorld, settings: Settings, code: str
) -> None:
    path = plan_file(settings, update(2, world.deal(1)), create(3, "CRM-7"), update(4, world.deal(2)))
    world.faults("CreateOpportunity", Fault(code))
    with pytest.raises(AwsError) as caught:
        apply(settings, path)
    assert caught.value.exit_code == 4
    assert world.taken == {("UpdateOpportunity", "O1"): 1}
    assert apply(settings, path).counts == {"done": 3}
    (created,) = world.by_crm_id("CRM-7")
    expected = [("UpdateOpportunity", "O1"), ("CreateOpportunity", f"CRM-7 {created}"), ("UpdateOpportunity", "O2")]
    assert world.taken == dict.fromkeys(expected, 1)


def test_throttles_without_end_end_it(world: DealWorld, settings: Settings) -> None:
    path = plan_file(settings, update(2, world.deal(1)))
    world.faults("UpdateOpportunity", *[THROTTLE] * retries.ATTEMPTS)
    with pytest.raises(AwsError, match=r"AWS throttled UpdateOpportunity to the last attempt.*lower writes_per_second"):
        apply(settings, path)
    assert calls_of(settings) == {"GetOpportunity": 1, "UpdateOpportunity": retries.ATTEMPTS}
    assert apply(settings, path).counts == {"done": 1}


def test_a_token_that_is_taken_creates_nothing_else(world: DealWorld, settings: Settings) -> None:
    path = plan_file(settings, create(2, "CRM-7"))
    world.faults("CreateOpportunity", Fault("ConflictException"))
    assert problem(apply(settings, path))[:3] == (2, "failed", None)
    assert world.by_crm_id("CRM-7") == []
    assert apply(settings, path).counts == {"done": 1}
    assert len(world.by_crm_id("CRM-7")) == 1


def test_a_conflict_with_our_own_lost_create_is_settled(world: DealWorld, settings: Settings) -> None:
    """The answer got lost, and AWS answers the repeated request with a conflict in place of the opportunity."""
    path = plan_file(settings, create(2, "CRM-7", solution_ids=SOLUTIONS))
    world.faults("CreateOpportunity", LOST, Fault("ConflictException"))
    assert apply(settings, path).counts == {"done": 1}
    (created,) = world.by_crm_id("CRM-7")
    assert world.solutions(created) == list(SOLUTIONS)


def test_a_record_that_cannot_be_read_does_not_stay_in_front(world: DealWorld, settings: Settings) -> None:
    path = plan_file(settings, *(update(row, world.deal(row)) for row in (2, 3)))
    world.sandbox.fault = lambda operation, request: (
        Fault("OutOfOrderException") if request.get("Identifier") == "O2" else world.fault(operation, request)
    )
    for _ in range(2):
        with pytest.raises(AwsError, match="GetOpportunity failed"):
            apply(settings, path)
    assert world.taken == {("UpdateOpportunity", "O3"): 1}


def test_what_was_created_is_known_even_when_aws_has_forgotten_the_token(world: DealWorld, settings: Settings) -> None:
    """The answer to the create got lost, and the credentials expired before it could be asked for again."""
    path = plan_file(settings, create(2, "CRM-7", solution_ids=SOLUTIONS))
    world.faults("CreateOpportunity", LOST, Fault("ExpiredTokenException"))
    with pytest.raises(AwsError, match="credentials have expired"):
        apply(settings, path)
    (created,) = world.by_crm_id("CRM-7")
    world.store.answers.clear()
    assert apply(settings, path).counts == {"done": 1}
    assert (world.by_crm_id("CRM-7"), world.solutions(created)) == ([created], list(SOLUTIONS))


def test_two_plans_of_one_deal_create_it_once(world: DealWorld, settings: Settings) -> None:
    first = plan_file(settings, create(2, "CRM-7"), create(3, "CRM-8"))
    second = first.with_name("second.json")
    write_plan(
        second, Plan("Sandbox", NOW, "other.csv", False, (create(2, "CRM-7"), create(3, "CRM-8", title="Other")))
    )
    assert apply(settings, first).counts == {"done": 2}
    outcome = apply(settings, second)
    assert outcome.counts == {"done": 1, "conflict": 1}
    reason = "partner_opportunity_id is another opportunity's since the plan: make a new plan"
    assert problem(outcome) == (3, "conflict", None, reason)
    assert [len(world.by_crm_id(crm_id)) for crm_id in ("CRM-7", "CRM-8")] == [1, 1]
