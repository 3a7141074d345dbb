"""Writes that are throttled, cut off, repeated or raced: each happens once or not at all, and the client can tell."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from written_deals import IN, change, code_of, deal, update_of

from pipelines.sandbox.faults import Turbulence
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.wire import Drop, Fault


def once(operation: str, fault: Fault) -> Callable[[str, Any], Fault | None]:
    """A fault in the first request of an operation."""
    left = [fault]
    return lambda name, _: left.pop() if name == operation and left else None


@pytest.mark.parametrize("error", ["ThrottlingException", "InternalServerException"])
def test_a_write_that_is_thrown_back_changes_nothing(sandbox: Sandbox, client: Any, error: str) -> None:
    made = client.create_opportunity(**deal())
    before = update_of(client, made["Id"])
    sandbox.fault = lambda operation, _: None if operation.startswith("Get") else Fault(error)
    related = {"RelatedEntityType": "AwsProducts", "RelatedEntityIdentifier": "AmazonS3"}
    assert code_of(client.create_opportunity, **deal({"ClientToken": "two"})) == error
    assert code_of(client.update_opportunity, **change(client, made["Id"], {"Project.Title": "New"})) == error
    assert code_of(client.associate_opportunity, **IN, OpportunityIdentifier=made["Id"], **related) == error
    assert code_of(client.submit_opportunity, **IN, Identifier=made["Id"], InvolvementType="Co-Sell") == error
    assert update_of(client, made["Id"]) == before
    assert len(sandbox.store.records) == 1


@pytest.mark.parametrize(("drop", "is_there"), [("before", False), ("after", True)])
def test_a_creation_whose_answer_never_came_is_asked_for_again(
    sandbox: Sandbox, client: Any, drop: Drop, is_there: bool
) -> None:
    sandbox.fault = once("CreateOpportunity", Fault(drop=drop))
    with pytest.raises(ConnectionClosedError):
        client.create_opportunity(**deal())
    assert len(sandbox.store.records) == is_there
    made = client.create_opportunity(**deal())
    assert sandbox.store.records.keys() == {made["Id"]}


def test_a_creation_whose_answer_was_cut_off_is_asked_for_again(sandbox: Sandbox, client: Any) -> None:
    """boto3 raises nothing then: half of a JSON text is an answer without members to it."""
    sandbox.fault = once("CreateOpportunity", Fault(drop="midway"))
    assert "Id" not in client.create_opportunity(**deal())
    made = client.create_opportunity(**deal())
    assert sandbox.store.records.keys() == {made["Id"]}


def test_an_update_whose_answer_never_came_is_a_conflict_when_repeated(sandbox: Sandbox, client: Any) -> None:
    """It was served: the record is as asked for, and the client finds that out by reading it again."""
    made = client.create_opportunity(**deal())
    request = change(client, made["Id"], {"Project.Title": "New"})
    sandbox.fault = once("UpdateOpportunity", Fault(drop="after"))
    with pytest.raises(ConnectionClosedError):
        client.update_opportunity(**request)
    assert code_of(client.update_opportunity, **request) == "ConflictException"
    assert update_of(client, made["Id"])["Project"]["Title"] == "New"


def test_one_of_many_updates_of_one_version_wins(sandbox: Sandbox, client: Any) -> None:
    made = client.create_opportunity(**deal())
    requests = [change(client, made["Id"], {"Project.Title": f"Title {number}"}) for number in range(8)]

    def answer(request: dict[str, Any]) -> str:
        try:
            client.update_opportunity(**request)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return str(request["Project"]["Title"])

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(answer, requests))
    assert answers.count("ConflictException") == 7
    (winner,) = set(answers) - {"ConflictException"}
    assert update_of(client, made["Id"])["Project"]["Title"] == winner


def test_one_of_many_creations_with_one_token_makes_the_opportunity(sandbox: Sandbox, client: Any) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: client.create_opportunity(**deal())["Id"], range(8)))
    assert set(answers) == set(sandbox.store.records)
    assert len(sandbox.store.records) == 1


def test_in_turbulence_each_deal_is_created_once(sandbox: Sandbox, client: Any) -> None:
    sandbox.fault = turbulence = Turbulence(seed=3, dropped=0.2, cut_off=0.1, slow=0.0)

    def created(number: int) -> str:
        """Ask with the same token until the answer is whole."""
        while True:
            try:
                answer = client.create_opportunity(**deal({"ClientToken": f"deal {number}"}))
            except (ClientError, ConnectionClosedError):
                continue
            if "Id" in answer:
                return str(answer["Id"])

    made = [created(number) for number in range(60)]
    assert all(turbulence.dealt[kind] > 0 for kind in ("throttled", "dropped before", "dropped after", "cut off"))
    assert sandbox.store.records.keys() == set(made)
    assert len(set(made)) == 60
