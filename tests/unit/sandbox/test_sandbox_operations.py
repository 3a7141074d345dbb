"""Each operation over HTTP, through boto3."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from botocore.exceptions import ClientError

from pipelines.sandbox.events import OPPORTUNITY_VIEW, Engagement
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.store import Snapshot

IN = {"Catalog": "Sandbox"}
ENGAGEMENTS = ["eng-0000000000000a", "eng-0000000000000b"]
PARTNER = "111122223333"


def error_of(call: Callable[..., Any], **request: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response


def code_of(call: Callable[..., Any], **request: Any) -> str:
    return str(error_of(call, **request)["Error"]["Code"])


def test_create_get_update_get(sandbox: Sandbox, client: Any, clock: Any) -> None:
    project = {
        "Title": "Größe 规模 🚀",
        "ExpectedContractDuration": {"Term": "Months", "Value": "12"},
        "ExpectedCustomerSpend": [
            {"Amount": "600", "CurrencyCode": "USD", "Frequency": "None", "TargetCompany": "Self"}
        ],
    }
    made = client.create_opportunity(**IN, ClientToken="one", PartnerOpportunityIdentifier="CRM-1", Project=project)
    assert made["PartnerOpportunityIdentifier"] == "CRM-1"
    got = client.get_opportunity(**IN, Identifier=made["Id"])
    assert got["LastModifiedDate"] == got["CreatedDate"] == clock.now
    assert [spend["Amount"] for spend in got["Project"]["ExpectedCustomerSpend"]] == ["50.00", "600"]
    clock.forward(hours=1)
    update = {**IN, "Identifier": made["Id"], "LastModifiedDate": got["LastModifiedDate"]}
    updated = client.update_opportunity(**update, Project={"Title": "New"})
    assert updated["LastModifiedDate"] == clock.now
    got = client.get_opportunity(**IN, Identifier=made["Id"])
    assert got["Project"]["Title"] == "New"
    assert got["Project"]["ExpectedContractDuration"]["Value"] == "12"
    assert code_of(client.update_opportunity, **update, Project={"Title": "Late"}) == "ConflictException"
    assert sandbox.calls == {"CreateOpportunity": 1, "GetOpportunity": 2, "UpdateOpportunity": 2}


def test_a_client_token_is_answered_once(client: Any, clock: Any) -> None:
    first = client.create_opportunity(**IN, ClientToken="same", Project={"Title": "A"})
    clock.forward(minutes=5)
    again = client.create_opportunity(**IN, ClientToken="same", Project={"Title": "A"})
    assert again["Id"] == first["Id"]
    assert again["LastModifiedDate"] == first["LastModifiedDate"]
    other = {**IN, "ClientToken": "same", "Project": {"Title": "B"}}
    assert code_of(client.create_opportunity, **other) == "ConflictException"
    assert len(client.list_opportunities(**IN)["OpportunitySummaries"]) == 1


def test_versions_never_share_an_instant_even_if_the_clock_stands_still(client: Any) -> None:
    made = client.create_opportunity(**IN, ClientToken="one")
    seen = [made["LastModifiedDate"]]
    for _ in range(3):
        update = {**IN, "Identifier": made["Id"], "LastModifiedDate": seen[-1]}
        seen.append(client.update_opportunity(**update)["LastModifiedDate"])
    assert sorted(set(seen)) == seen


def test_an_update_knows_the_version_by_its_microseconds(
    sandbox: Sandbox, client: Any, clock: Any, record: Any
) -> None:
    sandbox.store.put(record("O1", modified="2026-03-01T00:00:00.123456789Z"), clock.now)
    seen = client.get_opportunity(**IN, Identifier="O1")["LastModifiedDate"]
    assert client.update_opportunity(**IN, Identifier="O1", LastModifiedDate=seen)["Id"] == "O1"


def test_catalogs_are_apart(client: Any) -> None:
    made = client.create_opportunity(**IN, ClientToken="one")
    assert client.list_opportunities(Catalog="AWS")["OpportunitySummaries"] == []
    assert code_of(client.get_opportunity, Catalog="AWS", Identifier=made["Id"]) == "ResourceNotFoundException"
    assert code_of(client.list_opportunities, Catalog="Production") == "ValidationException"


def test_amounts_in_lists_have_a_decimal_place(sandbox: Sandbox, client: Any, clock: Any, record: Any) -> None:
    for number, amount in enumerate(["531", "531.5", "1.", "", "12.07"]):
        spend = {"Amount": amount, "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"}
        sandbox.store.put(record(f"O{number}") | {"Project": {"ExpectedCustomerSpend": [spend]}}, clock.now)
    sort = {"SortBy": "Identifier", "SortOrder": "ASCENDING"}
    listed = client.list_opportunities(**IN, Sort=sort)["OpportunitySummaries"]
    amounts = [entry["Project"]["ExpectedCustomerSpend"][0]["Amount"] for entry in listed]
    assert amounts == ["531.0", "531.5", "1.0", "", "12.07"]
    got = client.get_opportunity(**IN, Identifier="O0")
    assert got["Project"]["ExpectedCustomerSpend"][0]["Amount"] == "531"


def test_awss_side_exists_from_the_submission_on(sandbox: Sandbox, client: Any, clock: Any, record: Any) -> None:
    sandbox.store.put(record("O1"), clock.now)
    request = {**IN, "RelatedOpportunityIdentifier": "O1"}
    assert code_of(client.get_aws_opportunity_summary, **request) == "ResourceNotFoundException"
    sandbox.store.put_aws_summary("O1", {"Catalog": "Sandbox", "Insights": {"EngagementScore": "High"}})
    assert client.get_aws_opportunity_summary(**request)["Insights"] == {"EngagementScore": "High"}


@pytest.fixture
def engaged(sandbox: Sandbox) -> Sandbox:
    """Two engagements; O1 with three revisions in the first, O2 without any snapshot in the second."""
    for day, (engagement_id, resource) in enumerate(zip(ENGAGEMENTS, ["O1", "O2"], strict=True), start=1):
        created_at = int(datetime(2026, 1, day, tzinfo=UTC).timestamp()) * 10**9
        sandbox.store.engage(Engagement(engagement_id, resource, f"About {resource}", created_at, PARTNER))
    for revision in (1, 2, 3):
        payload = orjson.dumps({"OpportunitySummary": {"Lifecycle": {"NextSteps": f"step {revision}"}}})
        snapshot = Snapshot(f"2026-01-0{revision}T00:00:00Z", PARTNER, payload)
        sandbox.store.add_snapshot((ENGAGEMENTS[0], "O1", OPPORTUNITY_VIEW), snapshot)
    return sandbox


@pytest.mark.usefixtures("engaged")
def test_engagements(client: Any) -> None:
    listed = client.list_engagements(**IN)["EngagementSummaryList"]
    assert [(entry["Id"], entry["Title"]) for entry in listed] == [
        (ENGAGEMENTS[0], "About O1"),
        (ENGAGEMENTS[1], "About O2"),
    ]

    def ids(**request: Any) -> list[str]:
        return [entry["Id"] for entry in client.list_engagements(**IN, **request)["EngagementSummaryList"]]

    assert ids(Sort={"SortBy": "CreatedDate", "SortOrder": "DESCENDING"}) == ENGAGEMENTS[::-1]
    assert ids(EngagementIdentifier=[ENGAGEMENTS[1], "arn:x"]) == ENGAGEMENTS[1:]
    assert ids(EngagementIdentifier=[listed[0]["Arn"]]) == ENGAGEMENTS[:1]
    assert ids(CreatedBy=[PARTNER]) == ENGAGEMENTS
    assert ids(CreatedBy=["999999999999"]) == ids(ExcludeCreatedBy=[PARTNER]) == []
    assert ids(ContextTypes=["CustomerProject"]) == ENGAGEMENTS
    assert ids(ContextTypes=["Lead"]) == ids(ExcludeContextTypes=["CustomerProject"]) == []
    first = client.list_engagements(**IN, MaxResults=1)
    assert ids(MaxResults=1, NextToken=first["NextToken"]) == ENGAGEMENTS[1:]


@pytest.mark.usefixtures("engaged")
def test_associations_need_a_snapshot(client: Any) -> None:
    def pairs(**request: Any) -> list[tuple[str, str]]:
        page = client.list_engagement_resource_associations(**IN, **request)
        return [
            (entry["EngagementId"], entry["ResourceId"]) for entry in page["EngagementResourceAssociationSummaries"]
        ]

    assert pairs() == pairs(ResourceIdentifier="O1") == pairs(ResourceType="Opportunity") == [(ENGAGEMENTS[0], "O1")]
    assert pairs(EngagementIdentifier=ENGAGEMENTS[1]) == pairs(CreatedBy="AWS") == pairs(ResourceIdentifier="O2") == []


@pytest.mark.usefixtures("engaged")
def test_snapshots(client: Any) -> None:
    (summary,) = client.list_resource_snapshots(**IN, EngagementIdentifier=ENGAGEMENTS[0])["ResourceSnapshotSummaries"]
    assert (summary["Revision"], summary["ResourceId"]) == (3, "O1")
    request = {
        **IN,
        "EngagementIdentifier": ENGAGEMENTS[0],
        "ResourceType": "Opportunity",
        "ResourceIdentifier": "O1",
        "ResourceSnapshotTemplateIdentifier": OPPORTUNITY_VIEW,
    }
    latest, first = client.get_resource_snapshot(**request), client.get_resource_snapshot(**request, Revision=1)
    assert (latest["Revision"], latest["Arn"]) == (3, summary["Arn"])
    assert first["CreatedAt"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert first["Payload"] == {"OpportunitySummary": {"Lifecycle": {"NextSteps": "step 1"}}}
    assert code_of(client.get_resource_snapshot, **request, Revision=4) == "ResourceNotFoundException"
    other = request | {"ResourceSnapshotTemplateIdentifier": "Unheard"}
    assert code_of(client.get_resource_snapshot, **other) == "ResourceNotFoundException"
    unknown = {**IN, "EngagementIdentifier": "eng-00000000000000"}
    assert code_of(client.list_resource_snapshots, **unknown) == "ResourceNotFoundException"
    assert client.list_resource_snapshots(**IN, EngagementIdentifier=ENGAGEMENTS[1])["ResourceSnapshotSummaries"] == []


def test_solutions(sandbox: Sandbox, client: Any) -> None:
    rows = [("S-2", "Alpha", "Active", "Software Product"), ("S-1", "Beta", "Draft", "Managed Service")]
    sandbox.store.solutions = [
        {
            "Catalog": "Sandbox",
            "Id": i,
            "Name": n,
            "Status": s,
            "Category": c,
            "CreatedDate": f"2026-01-0{i[-1]}T00:00:00Z",
        }
        for i, n, s, c in rows
    ]

    def names(**request: Any) -> list[str]:
        return [entry["Name"] for entry in client.list_solutions(**IN, **request)["SolutionSummaries"]]

    assert names() == ["Beta", "Alpha"]
    for sort_by, ascending in {
        "Identifier": ["Beta", "Alpha"],
        "Name": ["Alpha", "Beta"],
        "Status": ["Alpha", "Beta"],
        "Category": ["Beta", "Alpha"],
        "CreatedDate": ["Beta", "Alpha"],
    }.items():
        assert names(Sort={"SortBy": sort_by, "SortOrder": "ASCENDING"}) == ascending
        assert names(Sort={"SortBy": sort_by, "SortOrder": "DESCENDING"}) == ascending[::-1]
    assert names(Status=["Active"]) == names(Identifier=["S-2"]) == names(Category=["Software Product"]) == ["Alpha"]
    assert names(AwsMarketplaceSolutionArn=["arn:none"]) == []
    token = client.list_solutions(**IN, MaxResults=1)["NextToken"]
    assert names(MaxResults=1, NextToken=token) == ["Alpha"]
