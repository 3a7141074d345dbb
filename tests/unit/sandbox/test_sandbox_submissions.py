"""An opportunity on its way to AWS: submitted alone, or in an engagement with its first snapshot."""

from typing import Any

import pytest
from written_deals import IN, SOLUTION, change, code_of, deal, violations_of

from pipelines.sandbox.events import OPPORTUNITY_VIEW
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.validation import response_check

NEEDED = "REQUIRED_FIELD_MISSING"
SOLUTIONS, STATUS = "relatedEntityIdentifiers.solutions", "lifeCycle.reviewStatus"
CO_SELL = {"InvolvementType": "Co-Sell"}


@pytest.fixture
def solved(sandbox: Sandbox, client: Any) -> Any:
    """Create a deal with changes and tie it to a solution."""
    sandbox.store.solutions = [SOLUTION]

    def make(changes: dict[str, Any] | None = None, solution_id: str = SOLUTION["Id"]) -> str:
        opportunity_id = str(client.create_opportunity(**deal(changes))["Id"])
        related = {"RelatedEntityType": "Solutions", "RelatedEntityIdentifier": solution_id}
        client.associate_opportunity(**IN, OpportunityIdentifier=opportunity_id, **related)
        return opportunity_id

    return make


def status_of(client: Any, opportunity_id: str) -> str:
    return str(client.get_opportunity(**IN, Identifier=opportunity_id)["LifeCycle"]["ReviewStatus"])


@pytest.mark.parametrize(
    ("submission", "visibility"), [(CO_SELL, "Full"), ({**CO_SELL, "Visibility": "Limited"}, "Limited")]
)
def test_a_submission_begins_the_review_and_awss_side(
    sandbox: Sandbox, client: Any, clock: Any, solved: Any, submission: dict[str, str], visibility: str
) -> None:
    opportunity_id = solved()
    related = {**IN, "RelatedOpportunityIdentifier": opportunity_id}
    assert code_of(client.get_aws_opportunity_summary, **related) == "ResourceNotFoundException"
    submitted = clock.forward(hours=1)
    client.submit_opportunity(**IN, Identifier=opportunity_id, **submission)
    got = client.get_opportunity(**IN, Identifier=opportunity_id)
    assert (got["LifeCycle"]["ReviewStatus"], got["LastModifiedDate"]) == ("Submitted", submitted)
    summary = client.get_aws_opportunity_summary(**related)
    assert (summary["InvolvementType"], summary["Visibility"]) == ("Co-Sell", visibility)
    assert (summary["Origin"], summary["LifeCycle"]["Stage"]) == ("Partner Referral", "Not Started")
    assert summary["Project"]["ExpectedCustomerSpend"] == deal()["Project"]["ExpectedCustomerSpend"]
    assert list(response_check("GetAwsOpportunitySummary")(sandbox.store.aws_summaries[opportunity_id], "")) == []


@pytest.mark.parametrize(
    ("changes", "solution_id", "violation"),
    [
        ({}, None, (SOLUTIONS, NEEDED)),
        ({}, "Other", ("project.otherSolutionDescription", NEEDED)),
        ({"Customer.Account.Industry": None}, SOLUTION["Id"], ("customer.account.industry", NEEDED)),
        (
            {"LifeCycle.Stage": "Closed Lost", "LifeCycle.ClosedLostReason": "Price"},
            SOLUTION["Id"],
            ("lifeCycle.stage", "ACTION_NOT_PERMITTED"),
        ),
    ],
)
def test_an_unfinished_opportunity_is_not_submitted(
    client: Any, solved: Any, changes: dict[str, Any], solution_id: str | None, violation: tuple[str, str]
) -> None:
    opportunity_id = solved(changes, solution_id) if solution_id else client.create_opportunity(**deal(changes))["Id"]
    assert violations_of(client.submit_opportunity, **IN, Identifier=opportunity_id, **CO_SELL) == [violation]
    assert status_of(client, opportunity_id) == "Pending Submission"
    assert client.list_engagements(**IN)["EngagementSummaryList"] == []


def test_an_empty_opportunity_lacks_everything_that_aws_needs(client: Any) -> None:
    made = client.create_opportunity(**IN, ClientToken="empty")
    assert violations_of(client.submit_opportunity, **IN, Identifier=made["Id"], **CO_SELL) == [
        (SOLUTIONS, NEEDED),
        ("customer.account.industry", NEEDED),
        ("customer.account.websiteUrl", NEEDED),
    ]


def test_the_rules_hold_on_the_day_of_the_submission(client: Any, clock: Any, solved: Any) -> None:
    opportunity_id = solved({"LifeCycle.TargetCloseDate": "2026-03-05"})
    clock.forward(days=10)
    broken = [("lifeCycle.targetCloseDate", "INVALID_VALUE")]
    assert violations_of(client.submit_opportunity, **IN, Identifier=opportunity_id, **CO_SELL) == broken


def test_the_solution_other_is_described(client: Any, solved: Any) -> None:
    opportunity_id = solved({"Project.OtherSolutionDescription": "A bespoke integration"}, "Other")
    client.submit_opportunity(**IN, Identifier=opportunity_id, **CO_SELL)
    assert status_of(client, opportunity_id) == "Submitted"


@pytest.mark.parametrize("status", ["Submitted", "In review", "Approved", "Action Required", "Rejected"])
def test_an_opportunity_is_submitted_once(sandbox: Sandbox, client: Any, clock: Any, solved: Any, status: str) -> None:
    opportunity_id = solved()
    sandbox.store.edit(opportunity_id, clock.forward(hours=1), {"LifeCycle.ReviewStatus": status})
    refusal = [(STATUS, "ACTION_NOT_PERMITTED")]
    assert violations_of(client.submit_opportunity, **IN, Identifier=opportunity_id, **CO_SELL) == refusal


def test_what_is_not_there_is_not_found(client: Any) -> None:
    assert code_of(client.submit_opportunity, **IN, Identifier="O404", **CO_SELL) == "ResourceNotFoundException"
    task = {**IN, "ClientToken": "t", "Identifier": "O404", "AwsSubmission": CO_SELL}
    assert code_of(client.start_engagement_from_opportunity_task, **task) == "ResourceNotFoundException"


def test_a_task_engages_takes_the_first_snapshot_and_submits(client: Any, clock: Any, solved: Any) -> None:
    opportunity_id, started = solved(), clock.forward(hours=1)
    task = client.start_engagement_from_opportunity_task(
        **IN, ClientToken="task", Identifier=opportunity_id, AwsSubmission={**CO_SELL, "Visibility": "Limited"}
    )
    assert (task["TaskStatus"], task["OpportunityId"], task["StartTime"]) == ("COMPLETE", opportunity_id, started)
    answer = {name: value for name, value in task.items() if name not in ("ResponseMetadata", "StartTime")}
    assert list(response_check("StartEngagementFromOpportunityTask")(answer, "")) == []
    assert answer.keys() >= {"TaskId", "TaskArn", "EngagementInvitationId", "ResourceSnapshotJobId"}
    (engagement,) = client.list_engagements(**IN)["EngagementSummaryList"]
    assert (engagement["Id"], engagement["CreatedAt"]) == (task["EngagementId"], started)
    (association,) = client.list_engagement_resource_associations(**IN)["EngagementResourceAssociationSummaries"]
    assert (association["EngagementId"], association["ResourceId"]) == (task["EngagementId"], opportunity_id)
    snapshot = client.get_resource_snapshot(
        **IN,
        EngagementIdentifier=task["EngagementId"],
        ResourceType="Opportunity",
        ResourceIdentifier=opportunity_id,
        ResourceSnapshotTemplateIdentifier=OPPORTUNITY_VIEW,
    )
    assert (snapshot["Revision"], snapshot["CreatedAt"]) == (1, started)
    view = snapshot["Payload"]["OpportunitySummary"]
    assert (view["Lifecycle"]["Stage"], view["Lifecycle"]["ReviewStatus"]) == ("Qualified", "Pending Submission")
    assert status_of(client, opportunity_id) == "Submitted"
    summary = client.get_aws_opportunity_summary(**IN, RelatedOpportunityIdentifier=opportunity_id)
    assert summary["Visibility"] == "Limited"


def test_a_task_is_done_once_for_a_token(sandbox: Sandbox, client: Any, clock: Any, solved: Any) -> None:
    request = {**IN, "ClientToken": "one", "Identifier": solved(), "AwsSubmission": CO_SELL}
    first = client.start_engagement_from_opportunity_task(**request)
    clock.forward(hours=1)
    again = client.start_engagement_from_opportunity_task(**request)
    assert {**again, "ResponseMetadata": None} == {**first, "ResponseMetadata": None}
    other = request | {"AwsSubmission": {"InvolvementType": "For Visibility Only"}}
    assert code_of(client.start_engagement_from_opportunity_task, **other) == "ConflictException"
    assert (len(sandbox.store.engagements), sum(map(len, sandbox.store.snapshots.values()))) == (1, 1)
    late = client.start_engagement_from_opportunity_task(**request | {"ClientToken": "two"})
    assert (late["TaskStatus"], late["ReasonCode"]) == ("FAILED", "OpportunitySubmissionFailed")
    assert late.keys().isdisjoint({"EngagementId", "EngagementInvitationId", "ResourceSnapshotJobId"})


def test_a_task_that_fails_says_why_and_changes_nothing(sandbox: Sandbox, client: Any) -> None:
    made = client.create_opportunity(**deal())
    request = {**IN, "ClientToken": "early", "Identifier": made["Id"], "AwsSubmission": CO_SELL}
    task = client.start_engagement_from_opportunity_task(**request)
    assert (task["TaskStatus"], task["ReasonCode"]) == ("FAILED", "OpportunityValidationFailed")
    assert task["Message"].startswith(f"{SOLUTIONS} must have a solution")
    assert (sandbox.store.engagements, sandbox.store.snapshots, sandbox.store.aws_summaries) == ({}, {}, {})
    assert client.get_opportunity(**IN, Identifier=made["Id"])["LastModifiedDate"] == made["LastModifiedDate"]


def test_one_token_may_serve_two_operations(client: Any, solved: Any) -> None:
    opportunity_id = solved({"ClientToken": "same"})
    task = client.start_engagement_from_opportunity_task(
        **IN, ClientToken="same", Identifier=opportunity_id, AwsSubmission=CO_SELL
    )
    assert task["TaskStatus"] == "COMPLETE"


def test_a_deal_from_its_creation_to_its_launch(sandbox: Sandbox, client: Any, clock: Any, solved: Any) -> None:
    """AWS approves it in between."""
    opportunity_id = solved()
    client.submit_opportunity(**IN, Identifier=opportunity_id, **CO_SELL)
    for status in ("In review", "Approved"):
        sandbox.store.edit(opportunity_id, clock.forward(days=1), {"LifeCycle.ReviewStatus": status})
    for stage in ("Technical Validation", "Business Validation", "Committed", "Launched"):
        clock.forward(days=7)
        client.update_opportunity(**change(client, opportunity_id, {"LifeCycle.Stage": stage}))
    got = client.get_opportunity(**IN, Identifier=opportunity_id)
    assert (got["LifeCycle"]["Stage"], got["LifeCycle"]["ReviewStatus"]) == ("Launched", "Approved")
