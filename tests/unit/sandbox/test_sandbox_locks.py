"""What may be changed in an opportunity, by where its review stands."""

from typing import Any

import pytest
from deals import MONTHLY, SPEND, months
from written_deals import IN, change, code_of, deal, update_of, violations_of

from pipelines.sandbox.server import Sandbox

NOT_PERMITTED = "ACTION_NOT_PERMITTED"
STATUS = "LifeCycle.ReviewStatus"
# A change of each member that some status locks, with the field that is then at fault.
CHANGES: dict[str, tuple[str, Any]] = {
    "partnerOpportunityIdentifier": ("PartnerOpportunityIdentifier", "CRM-2"),
    "customer.account.address.countryCode": ("Customer.Account.Address.CountryCode", "FR"),
    "customer.account.address.postalCode": ("Customer.Account.Address.PostalCode", "75001"),
    "customer.account.address.city": ("Customer.Account.Address.City", "Paris"),
    "customer.account.address.streetAddress": ("Customer.Account.Address.StreetAddress", "1 Rue Exemple"),
    "customer.account.industry": ("Customer.Account.Industry", "Travel"),
    "customer.account.websiteUrl": ("Customer.Account.WebsiteUrl", "https://example.com"),
    "customer.account.companyName": ("Customer.Account.CompanyName", "Other Ltd"),
    "project.customerBusinessProblem": ("Project.CustomerBusinessProblem", "Another problem altogether."),
    "project.title": ("Project.Title", "Another title"),
    "project.expectedCustomerSpend": (SPEND, [MONTHLY | {"Amount": "800"}]),
    "project.expectedContractDuration.term": ("Project.ExpectedContractDuration", months("12")),
    "project.salesActivities": ("Project.SalesActivities", ["SOW Signed"]),
    "lifeCycle.targetCloseDate": ("LifeCycle.TargetCloseDate", "2026-12-31"),
    "lifeCycle.stage": ("LifeCycle.Stage", "Business Validation"),
    "lifeCycle.nextSteps": ("LifeCycle.NextSteps", "Visit"),
    "opportunityType": ("OpportunityType", "Expansion"),
    "primaryNeedsFromAws": ("PrimaryNeedsFromAws", []),
}
LOCKED_ONCE_APPROVED = {
    "partnerOpportunityIdentifier",
    "customer.account.address.countryCode",
    "customer.account.address.postalCode",
    "customer.account.industry",
    "customer.account.websiteUrl",
    "project.customerBusinessProblem",
    "project.title",
}
OPEN_WHEN_ACTION_IS_REQUIRED = {
    "partnerOpportunityIdentifier",
    "customer.account.address.countryCode",
    "customer.account.address.postalCode",
    "customer.account.address.city",
    "customer.account.address.streetAddress",
    "customer.account.websiteUrl",
    "project.customerBusinessProblem",
    "project.expectedCustomerSpend",
    "lifeCycle.targetCloseDate",
}


@pytest.fixture
def reviewed(sandbox: Sandbox, client: Any, clock: Any) -> Any:
    """Make an opportunity whose review stands somewhere."""

    def make(status: str) -> str:
        made = client.create_opportunity(**deal())
        sandbox.store.edit(made["Id"], clock.forward(hours=1), {STATUS: status})
        return str(made["Id"])

    return make


@pytest.mark.parametrize(
    ("status", "locked"),
    [
        ("Pending Submission", set()),
        ("Approved", LOCKED_ONCE_APPROVED),
        ("Action Required", CHANGES.keys() - OPEN_WHEN_ACTION_IS_REQUIRED),
    ],
)
def test_a_status_locks_its_fields_and_no_other(
    sandbox: Sandbox, client: Any, clock: Any, reviewed: Any, status: str, locked: set[str]
) -> None:
    opportunity_id = reviewed(status)
    for field, (path, value) in CHANGES.items():
        request = change(client, opportunity_id, {path: value})
        if field in locked:
            found = violations_of(client.update_opportunity, **request)
            assert found[0] == (field, NOT_PERMITTED)
            assert {name.rpartition(".")[0] for name, _ in found} == {field.rpartition(".")[0]}
        else:
            client.update_opportunity(**request)
            sandbox.store.edit(opportunity_id, clock.forward(hours=1), {STATUS: status})


@pytest.mark.parametrize("status", ["Submitted", "In review", "Rejected"])
def test_nothing_can_be_changed_under_review_or_after_a_rejection(client: Any, reviewed: Any, status: str) -> None:
    refusal = [("lifeCycle.reviewStatus", NOT_PERMITTED)]
    opportunity_id = reviewed(status)
    assert violations_of(client.update_opportunity, **update_of(client, opportunity_id)) == refusal
    related = {"RelatedEntityType": "AwsProducts", "RelatedEntityIdentifier": "AmazonS3"}
    for call in (client.associate_opportunity, client.disassociate_opportunity):
        assert violations_of(call, **IN, OpportunityIdentifier=opportunity_id, **related) == refusal


def test_a_locked_field_that_is_left_out_counts_as_changed(client: Any, reviewed: Any) -> None:
    request = change(client, reviewed("Approved"), {"Project.Title": None, "PartnerOpportunityIdentifier": None})
    assert violations_of(client.update_opportunity, **request) == [
        ("partnerOpportunityIdentifier", NOT_PERMITTED),
        ("project.title", NOT_PERMITTED),
    ]


def test_locked_fields_and_broken_rules_are_told_together(client: Any, reviewed: Any) -> None:
    changes = {"Project.Title": "New", "LifeCycle.TargetCloseDate": "2026-01-01", "NationalSecurity": "Yes"}
    assert violations_of(client.update_opportunity, **change(client, reviewed("Approved"), changes)) == [
        ("project.title", NOT_PERMITTED),
        ("lifeCycle.targetCloseDate", "INVALID_VALUE"),
        ("nationalSecurity", "INVALID_VALUE"),
    ]


def test_an_update_that_comes_too_late_is_a_conflict_whatever_else_is_wrong(
    sandbox: Sandbox, client: Any, clock: Any, reviewed: Any
) -> None:
    opportunity_id = reviewed("Approved")
    request = change(client, opportunity_id, {"Project.Title": "New"})
    sandbox.store.edit(opportunity_id, clock.forward(hours=1), {"LifeCycle.NextSteps": "Visit"})
    assert code_of(client.update_opportunity, **request) == "ConflictException"


def test_what_aws_required_goes_into_review_again_once_it_is_done(client: Any, reviewed: Any) -> None:
    opportunity_id = reviewed("Action Required")
    client.update_opportunity(**update_of(client, opportunity_id))
    assert update_of(client, opportunity_id)["LifeCycle"]["ReviewStatus"] == "Action Required", "nothing was done"
    client.update_opportunity(**change(client, opportunity_id, {"LifeCycle.TargetCloseDate": "2026-12-31"}))
    assert update_of(client, opportunity_id)["LifeCycle"]["ReviewStatus"] == "Submitted"


def test_the_review_is_not_the_clients_to_write(client: Any) -> None:
    review = {"ReviewStatus": "Approved", "ReviewComments": "Well done.", "ReviewStatusReason": "None"}
    steps = {"NextStepsHistory": [{"Value": "Invented", "Time": "2020-01-01T00:00:00Z"}]}
    made = client.create_opportunity(**deal({f"LifeCycle.{name}": value for name, value in (review | steps).items()}))
    for _ in range(2):
        life_cycle = update_of(client, made["Id"])["LifeCycle"]
        assert life_cycle["ReviewStatus"] == "Pending Submission"
        assert not {"ReviewComments", "ReviewStatusReason"} & life_cycle.keys()
        assert [step["Value"] for step in life_cycle["NextStepsHistory"]] == ["Call"]
        changes = {f"LifeCycle.{name}": value for name, value in review.items()}
        client.update_opportunity(**change(client, made["Id"], changes))
