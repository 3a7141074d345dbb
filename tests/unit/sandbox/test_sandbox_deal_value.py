"""The partner's own deal value over its life: converted by AWS, kept, replaced, ended."""

from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import orjson
import pytest
from deals import DURATION, MONTHLY, OWN, SPEND, months
from written_deals import IN, change, deal, violations_of

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.world import World

TARGET = ("project.expectedCustomerSpend.targetCompany", "INVALID_VALUE")


@pytest.fixture
def valued(client: Any) -> str:
    """An opportunity worth 36,000 over 36 months, which AWS has converted."""
    return str(client.create_opportunity(**deal({SPEND: [OWN], DURATION: months("36")}))["Id"])


def project_of(client: Any, opportunity_id: str) -> tuple[list[tuple[str, str]], str | None]:
    """Its spend by target, and its duration."""
    project = client.get_opportunity(**IN, Identifier=opportunity_id)["Project"]
    spends = [(entry["TargetCompany"], entry["Amount"]) for entry in project["ExpectedCustomerSpend"]]
    return spends, project.get("ExpectedContractDuration", {}).get("Value")


def test_aws_adds_its_entry_when_the_deal_is_created(client: Any, valued: str) -> None:
    assert project_of(client, valued) == ([("AWS", "1000.00"), ("Self", "36000")], "36")


@pytest.mark.parametrize(
    ("changes", "spends", "duration"),
    [
        # Whatever an update leaves out of the deal value stays.
        ({DURATION: None}, [("AWS", "1000.00"), ("Self", "36000")], "36"),
        ({SPEND: [MONTHLY]}, [("AWS", "700"), ("Self", "36000")], "36"),
        ({SPEND: []}, [("AWS", "1000.00"), ("Self", "36000")], "36"),
        ({SPEND: [MONTHLY], DURATION: None}, [("AWS", "700"), ("Self", "36000")], "36"),
        # Another value: an AWS entry stays as it is sent; without one AWS converts anew.
        ({SPEND: [MONTHLY, OWN | {"Amount": "72000"}]}, [("AWS", "700"), ("Self", "72000")], "36"),
        ({SPEND: [OWN | {"Amount": "72000"}]}, [("AWS", "2000.00"), ("Self", "72000")], "36"),
        ({SPEND: [OWN], DURATION: months("12")}, [("AWS", "3000.00"), ("Self", "36000")], "12"),
    ],
)
def test_an_update_of_the_deal_value(
    client: Any, valued: str, changes: dict[str, Any], spends: list[tuple[str, str]], duration: str
) -> None:
    client.update_opportunity(**change(client, valued, changes))
    assert project_of(client, valued) == (spends, duration)


def test_an_update_may_bring_a_duration_without_a_deal_value(client: Any) -> None:
    """As a creation may not."""
    made = client.create_opportunity(**deal())
    client.update_opportunity(**change(client, made["Id"], {DURATION: months("24")}))
    assert project_of(client, made["Id"]) == ([("AWS", "700")], "24")


def test_an_update_may_bring_the_deal_value_beside_what_aws_has(client: Any) -> None:
    made = client.create_opportunity(**deal())
    client.update_opportunity(**change(client, made["Id"], {SPEND: [MONTHLY, OWN], DURATION: months("36")}))
    assert project_of(client, made["Id"]) == ([("AWS", "700"), ("Self", "36000")], "36")


def test_an_update_cannot_leave_a_currency_behind(client: Any, valued: str) -> None:
    """The Self entry that AWS keeps counts as if it had been sent."""
    request = change(client, valued, {SPEND: [MONTHLY | {"CurrencyCode": "EUR"}]})
    field = "project.expectedCustomerSpend.currencyCode"
    assert violations_of(client.update_opportunity, **request) == [(field, "INVALID_VALUE")]


def test_the_deal_value_that_stays_counts_among_the_ten_entries(client: Any, valued: str) -> None:
    client.update_opportunity(**change(client, valued, {SPEND: [MONTHLY] * 9}))
    request = change(client, valued, {SPEND: [MONTHLY] * 10})
    assert violations_of(client.update_opportunity, **request) == [("project.expectedCustomerSpend", "TOO_MANY_VALUES")]


@pytest.mark.parametrize(
    ("spends", "answered"), [([MONTHLY], ([("AWS", "700")], None)), ([OWN], "project.expectedContractDuration")]
)
def test_a_duration_that_is_null_ends_the_deal_value(
    sandbox: Sandbox, client: Any, valued: str, spends: list[dict[str, str]], answered: Any
) -> None:
    """On the wire only: boto3 sends no null."""
    request = change(client, valued, {SPEND: spends, DURATION: None}) | IN
    request["Project"]["ExpectedContractDuration"] = None
    connection = HTTPConnection(sandbox.endpoint_url.removeprefix("http://"), timeout=10)
    headers = {"X-Amz-Target": "AWSPartnerCentralSelling.UpdateOpportunity", "Authorization": "unchecked"}
    connection.request("POST", "/", orjson.dumps(request), headers)
    body = orjson.loads(connection.getresponse().read())
    connection.close()
    if isinstance(answered, str):
        assert [entry["FieldName"] for entry in body["ErrorList"]] == [answered]
    else:
        assert body["Id"] == valued
        assert project_of(client, valued) == answered


def test_without_a_duration_aws_takes_any_company_for_itself(client: Any) -> None:
    made = client.create_opportunity(**deal({SPEND: [MONTHLY | {"TargetCompany": "Belavamond Foods Ltd"}]}))
    assert project_of(client, made["Id"]) == ([("AWS", "700")], None)


def test_a_catalog_may_accept_aws_entries_alone(connect: Callable[[Sandbox], Any], clock: Any) -> None:
    with Sandbox(World(opportunities=0, accepts_deal_value=False), clock=clock) as sandbox:
        client = connect(sandbox)
        refused = deal({SPEND: [MONTHLY, OWN], DURATION: months("36")})
        assert violations_of(client.create_opportunity, **refused) == [TARGET]
        assert violations_of(client.create_opportunity, **deal({SPEND: [OWN]})) == [TARGET]
        made = client.create_opportunity(**deal({DURATION: months("36")}))
        assert project_of(client, made["Id"]) == ([("AWS", "700")], "36")
        request = change(client, made["Id"], {SPEND: [MONTHLY, OWN]})
        assert violations_of(client.update_opportunity, **request) == [TARGET]
