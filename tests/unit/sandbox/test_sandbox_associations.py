"""What is tied to an opportunity: solutions, products, offers, and the one who works on it."""

from typing import Any

import pytest
from written_deals import IN, SOLUTION, change, code_of, deal, error_of, violations_of

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.validation import service_model

MARKETPLACE = "arn:aws:aws-marketplace:us-east-1:999999999999:AWSMarketplace"
OFFER, OTHER_OFFER = f"{MARKETPLACE}/Offer/offer-a", f"{MARKETPLACE}/Offer/offer-b"
SOLUTIONS = [f"S-{number:07d}" for number in range(1, 12)]
AT_FAULT = "relatedEntityIdentifier"
ASSIGNEE = {"Email": "zoe@partner.example.com", "FirstName": "Zoë", "LastName": "Corvane", "BusinessTitle": "Seller"}


class Ties:
    """The ties of one opportunity, through the operations."""

    def __init__(self, client: Any, opportunity_id: str) -> None:
        self.client, self.opportunity_id = client, opportunity_id

    def request(self, entity_type: str, identifier: str) -> dict[str, Any]:
        related = {"RelatedEntityType": entity_type, "RelatedEntityIdentifier": identifier}
        return {**IN, "OpportunityIdentifier": self.opportunity_id, **related}

    def add(self, entity_type: str, identifier: str) -> None:
        self.client.associate_opportunity(**self.request(entity_type, identifier))

    def take(self, entity_type: str, identifier: str) -> None:
        self.client.disassociate_opportunity(**self.request(entity_type, identifier))

    def record(self) -> Any:
        return self.client.get_opportunity(**IN, Identifier=self.opportunity_id)


@pytest.fixture
def ties(sandbox: Sandbox, client: Any) -> Ties:
    sandbox.store.solutions = [SOLUTION | {"Id": solution_id} for solution_id in SOLUTIONS]
    return Ties(client, client.create_opportunity(**deal())["Id"])


@pytest.mark.parametrize(
    ("entity_type", "identifier"),
    [
        ("Solutions", SOLUTIONS[0]),
        ("Solutions", "Other"),
        ("AwsProducts", "AmazonRedshift"),
        ("AwsMarketplaceOffers", OFFER),
        ("AwsMarketplaceOfferSets", f"{MARKETPLACE}/OfferSet/offerset-a"),
        ("AwsMarketplaceSolutions", "arn:aws:aws-marketplace:us-east-1:999999999999:solution/s-1"),
        ("AwsMarketplaceProducts", f"{MARKETPLACE}/SaaSProduct/prod-1"),
    ],
)
def test_a_tie_is_seen_in_the_record_and_so_is_its_end(
    ties: Ties, clock: Any, entity_type: str, identifier: str
) -> None:
    assert entity_type in service_model().shape_for("RelatedEntityType").enum
    assert ties.record()["RelatedEntityIdentifiers"].get(entity_type, []) == []
    added = clock.forward(minutes=1)
    ties.add(entity_type, identifier)
    assert ties.record()["RelatedEntityIdentifiers"][entity_type] == [identifier]
    assert ties.record()["LastModifiedDate"] == added
    taken = clock.forward(minutes=1)
    ties.take(entity_type, identifier)
    assert ties.record()["RelatedEntityIdentifiers"][entity_type] == []
    assert ties.record()["LastModifiedDate"] == taken


def test_a_tie_leaves_everything_else_as_it_was(ties: Ties) -> None:
    before = ties.record()
    ties.add("Solutions", SOLUTIONS[0])
    after = ties.record()
    changed = {name for name in before if before[name] != after[name]} - {"ResponseMetadata"}
    assert changed == {"LastModifiedDate", "RelatedEntityIdentifiers"}


def test_an_update_from_before_a_tie_is_a_conflict(client: Any, ties: Ties) -> None:
    request = change(client, ties.opportunity_id, {"Project.Title": "New"})
    ties.add("Solutions", SOLUTIONS[0])
    assert code_of(client.update_opportunity, **request) == "ConflictException"


@pytest.mark.parametrize(
    ("entity_type", "identifier", "error"),
    [
        ("Solutions", "S-9999999", "ResourceNotFoundException"),
        ("Solutions", "Harbour", "ResourceNotFoundException"),
        ("AwsMarketplaceOffers", "offer-a", "INVALID_STRING_FORMAT"),
        ("AwsMarketplaceOfferSets", OFFER, "INVALID_STRING_FORMAT"),
        ("AwsMarketplaceSolutions", "S-0000001", "INVALID_STRING_FORMAT"),
    ],
)
def test_what_cannot_be_tied(client: Any, ties: Ties, entity_type: str, identifier: str, error: str) -> None:
    response = error_of(client.associate_opportunity, **ties.request(entity_type, identifier))
    if error == "INVALID_STRING_FORMAT":
        (entry,) = response["ErrorList"]
        assert (entry["FieldName"], entry["Code"]) == (AT_FAULT, error)
    else:
        assert response["Error"]["Code"] == error
    assert identifier not in response["Error"]["Message"]


def test_what_is_not_there_is_not_found(client: Any, ties: Ties) -> None:
    missing = {**ties.request("Solutions", SOLUTIONS[0]), "OpportunityIdentifier": "O404"}
    for call in (client.associate_opportunity, client.disassociate_opportunity):
        assert code_of(call, **missing) == "ResourceNotFoundException"
    untied = ties.request("Solutions", SOLUTIONS[0])
    assert code_of(client.disassociate_opportunity, **untied) == "ResourceNotFoundException"


def test_a_tie_that_is_there_already_is_refused_and_nothing_changes(client: Any, ties: Ties) -> None:
    """A client that is not sure whether it had tied the two looks at the record first."""
    ties.add("Solutions", SOLUTIONS[0])
    before = ties.record()["LastModifiedDate"]
    again = ties.request("Solutions", SOLUTIONS[0])
    assert violations_of(client.associate_opportunity, **again) == [(AT_FAULT, "DUPLICATE_KEY_VALUE")]
    assert ties.record()["LastModifiedDate"] == before


def test_there_are_ten_solutions_and_one_offer_at_most(client: Any, ties: Ties) -> None:
    for solution_id in SOLUTIONS[:10]:
        ties.add("Solutions", solution_id)
    ties.add("AwsMarketplaceOffers", OFFER)
    for request in (ties.request("Solutions", SOLUTIONS[10]), ties.request("AwsMarketplaceOffers", OTHER_OFFER)):
        assert violations_of(client.associate_opportunity, **request) == [(AT_FAULT, "TOO_MANY_VALUES")]


def test_a_deal_is_committed_with_a_solution_of_its_own_and_keeps_one(client: Any, ties: Ties) -> None:
    commit = {"LifeCycle.Stage": "Committed"}
    lacking = [("relatedEntityIdentifiers.solutions", "REQUIRED_FIELD_MISSING")]
    assert violations_of(client.update_opportunity, **change(client, ties.opportunity_id, commit)) == lacking
    ties.add("Solutions", "Other")
    assert violations_of(client.update_opportunity, **change(client, ties.opportunity_id, commit)) == lacking
    ties.add("Solutions", SOLUTIONS[0])
    client.update_opportunity(**change(client, ties.opportunity_id, commit))
    last = ties.request("Solutions", SOLUTIONS[0])
    assert violations_of(client.disassociate_opportunity, **last) == [(AT_FAULT, "ACTION_NOT_PERMITTED")]
    ties.add("Solutions", SOLUTIONS[1])
    ties.take("Solutions", SOLUTIONS[0])
    ties.take("Solutions", "Other")
    other = ties.request("Solutions", "Other")
    assert violations_of(client.associate_opportunity, **other) == [(AT_FAULT, "INVALID_VALUE")]
    assert ties.record()["RelatedEntityIdentifiers"]["Solutions"] == [SOLUTIONS[1]]


def test_an_approved_deal_may_change_its_solutions_but_not_lose_the_last(
    sandbox: Sandbox, client: Any, clock: Any, ties: Ties
) -> None:
    ties.add("Solutions", "Other")
    sandbox.store.edit(ties.opportunity_id, clock.forward(hours=1), {"LifeCycle.ReviewStatus": "Approved"})
    last = ties.request("Solutions", "Other")
    assert violations_of(client.disassociate_opportunity, **last) == [(AT_FAULT, "ACTION_NOT_PERMITTED")]
    ties.add("AwsMarketplaceProducts", f"{MARKETPLACE}/SaaSProduct/prod-1")
    ties.take("Solutions", "Other")
    sandbox.store.edit(ties.opportunity_id, clock.forward(hours=1), {"LifeCycle.ReviewStatus": "Action Required"})
    locked = ties.request("Solutions", SOLUTIONS[0])
    assert violations_of(client.associate_opportunity, **locked) == [(AT_FAULT, "ACTION_NOT_PERMITTED")]


@pytest.mark.parametrize(
    ("team", "emails"),
    [
        (None, ["zoe"]),
        ([("ann", "Lead")], ["ann", "zoe"]),
        ([("ann", "Lead"), ("bea", "Seller")], ["ann", "zoe"]),
        ([("zoe", "Lead"), ("bea", "Seller")], ["zoe", "bea"]),
    ],
)
def test_an_assignee_takes_their_place_in_the_team(
    client: Any, clock: Any, team: list[tuple[str, str]] | None, emails: list[str]
) -> None:
    members = [{"Email": f"{name}@partner.example.com", "BusinessTitle": title} for name, title in team or []]
    made = client.create_opportunity(**deal({"OpportunityTeam": members or None}))
    assigned = clock.forward(minutes=1)
    client.assign_opportunity(**IN, Identifier=made["Id"], Assignee=ASSIGNEE)
    got = client.get_opportunity(**IN, Identifier=made["Id"])
    assert [member["Email"].partition("@")[0] for member in got["OpportunityTeam"]] == emails
    assert ASSIGNEE in got["OpportunityTeam"]
    assert got["LastModifiedDate"] == assigned


def test_an_assignee_needs_a_place_and_an_opportunity(client: Any) -> None:
    full = [{"Email": f"m{number}@partner.example.com", "BusinessTitle": f"Lead {number}"} for number in range(10)]
    made = client.create_opportunity(**deal({"OpportunityTeam": full}))
    request = {**IN, "Identifier": made["Id"], "Assignee": ASSIGNEE}
    assert violations_of(client.assign_opportunity, **request) == [("assignee", "TOO_MANY_VALUES")]
    assert code_of(client.assign_opportunity, **request | {"Identifier": "O404"}) == "ResourceNotFoundException"
