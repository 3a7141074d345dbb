"""The protocol itself: errors on the wire, faults, hooks, counts."""

import http.client
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from botocore.exceptions import ClientError

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.wire import Drop, Fault

TARGET = "AWSPartnerCentralSelling.ListOpportunities"
SIGNED = {"X-Amz-Target": TARGET, "Authorization": "AWS4-HMAC-SHA256 unchecked"}


@pytest.fixture
def wire(sandbox: Sandbox) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(sandbox.endpoint_url.removeprefix("http://"), timeout=10)
    yield connection
    connection.close()


def post(
    wire: http.client.HTTPConnection, body: bytes = b"{}", headers: dict[str, str] | None = None, method: str = "POST"
) -> tuple[int, dict[str, Any]]:
    wire.request(method, "/", body, SIGNED if headers is None else headers)
    response = wire.getresponse()
    return response.status, orjson.loads(response.read())


def test_a_violation_on_the_wire(wire: http.client.HTTPConnection) -> None:
    status, body = post(wire, b'{"Catalog": "AWS", "MaxResults": 0, "LifeCycleStage": ["Won"]}')
    assert status == 400
    assert body["__type"] == "com.amazonaws.partnercentralselling#ValidationException"
    assert body["Reason"] == "REQUEST_VALIDATION_FAILED"
    assert body["ErrorList"] == [
        {"FieldName": "maxResults", "Message": "maxResults must be from 1 to 100", "Code": "VALUE_OUT_OF_RANGE"},
        {
            "FieldName": "lifeCycleStage",
            "Message": "lifeCycleStage[0] is not one of the values of its enum",
            "Code": "INVALID_ENUM_VALUE",
        },
    ]
    assert body["Message"] == "; ".join(entry["Message"] for entry in body["ErrorList"])


def test_refused_writes_on_the_wire(wire: http.client.HTTPConnection) -> None:
    def write(operation: str, **request: Any) -> tuple[int, dict[str, Any]]:
        target = {"X-Amz-Target": f"AWSPartnerCentralSelling.{operation}"}
        return post(wire, orjson.dumps({"Catalog": "Sandbox", **request}), SIGNED | target)

    said = "nationalSecurity may be Yes in industry Government alone"
    assert write("CreateOpportunity", ClientToken="one", NationalSecurity="Yes") == (
        400,
        {
            "__type": "com.amazonaws.partnercentralselling#ValidationException",
            "Message": said,
            "Reason": "BUSINESS_VALIDATION_FAILED",
            "ErrorList": [{"FieldName": "nationalSecurity", "Message": said, "Code": "INVALID_VALUE"}],
        },
    )
    assert write("CreateOpportunity", ClientToken="one")[0] == 200
    assert write("CreateOpportunity", ClientToken="one", NationalSecurity="No") == (
        400,
        {
            "__type": "com.amazonaws.partnercentralselling#ConflictException",
            "Message": "This ClientToken was used before with another request.",
        },
    )
    assert write("SubmitOpportunity", Identifier="O1", InvolvementType="Co-Sell") == (
        400,
        {
            "__type": "com.amazonaws.partnercentralselling#ResourceNotFoundException",
            "Message": "Opportunity O1 was not found.",
        },
    )


@pytest.mark.parametrize(
    ("body", "headers", "status", "error"),
    [
        (b"{", SIGNED, 400, "SerializationException"),
        (b"[]", SIGNED, 400, "SerializationException"),
        (b'{"Catalog": "\xff"}', SIGNED, 400, "SerializationException"),
        (b"", SIGNED, 400, "ValidationException"),
        (b"{}", {"X-Amz-Target": TARGET}, 400, "MissingAuthenticationTokenException"),
        (b"{}", SIGNED | {"X-Amz-Target": f"{TARGET}s"}, 400, "UnknownOperationException"),
        (b"{}", SIGNED | {"X-Amz-Target": "DynamoDB.ListTables"}, 404, "UnknownOperationException"),
        (b"{}", {}, 404, "UnknownOperationException"),
    ],
)
def test_what_is_no_request(
    wire: http.client.HTTPConnection, body: bytes, headers: dict[str, str], status: int, error: str
) -> None:
    answered, answer = post(wire, body, headers)
    assert (answered, answer["__type"].partition("#")[2]) == (status, error)


def test_a_browser_is_told_what_this_is(wire: http.client.HTTPConnection) -> None:
    status, answer = post(wire, b"", {}, method="GET")
    assert status == 404
    assert "sandbox" in answer["Message"]


def test_an_operation_that_is_not_served_yet_says_so(client: Any) -> None:
    with pytest.raises(ClientError, match="does not serve ListEngagementFromOpportunityTasks yet"):
        client.list_engagement_from_opportunity_tasks(Catalog="AWS")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("ThrottlingException", 400),
        ("AccessDeniedException", 400),
        ("ExpiredTokenException", 400),
        ("UnrecognizedClientException", 400),
        ("InternalServerException", 500),
    ],
)
def test_an_injected_error(sandbox: Sandbox, client: Any, error: str, status: int) -> None:
    sandbox.fault = lambda operation, _: Fault(error, "as ordered", status) if operation == "ListSolutions" else None
    with pytest.raises(ClientError, match="as ordered") as caught:
        client.list_solutions(Catalog="Sandbox")
    assert caught.value.response["Error"]["Code"] == error
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert client.list_opportunities(Catalog="Sandbox")["OpportunitySummaries"] == []
    assert sandbox.calls == {"ListSolutions": 1, "ListOpportunities": 1}


def test_an_injected_body(sandbox: Sandbox, client: Any) -> None:
    """For instance an empty page that goes on."""
    sandbox.fault = lambda *_: Fault(body=b'{"OpportunitySummaries": [], "NextToken": "more"}', status=200)
    page = client.list_opportunities(Catalog="Sandbox")
    assert (page["OpportunitySummaries"], page["NextToken"]) == ([], "more")


def test_an_injected_delay_does_not_hold_up_others(sandbox: Sandbox, client: Any) -> None:
    sandbox.fault = lambda operation, _: Fault(delay=3) if operation == "ListSolutions" else None
    began = time.monotonic()
    with ThreadPoolExecutor() as threads:
        slow = threads.submit(client.list_solutions, Catalog="Sandbox")
        client.list_opportunities(Catalog="Sandbox")
        assert not slow.done()
        assert slow.result()["SolutionSummaries"] == []
    assert time.monotonic() - began >= 3


def test_hooks_run_before_each_request_is_served(sandbox: Sandbox, client: Any, clock: Any, record: Any) -> None:
    seen = []
    sandbox.before_response.append(lambda operation, request: seen.append((operation, request["Catalog"])))
    sandbox.before_response.append(lambda *_: sandbox.store.put(record("O1"), clock.now))
    assert client.get_opportunity(Catalog="Sandbox", Identifier="O1")["Id"] == "O1"
    assert seen == [("GetOpportunity", "Sandbox")]


@pytest.mark.parametrize(("drop", "is_served"), [("before", False), ("after", True), ("midway", True)])
def test_a_broken_connection(
    wire: http.client.HTTPConnection, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, drop: Drop, is_served: bool
) -> None:
    """The work is done or not; no answer comes, or half of one; the next connection is as good as any."""
    served: list[bytes] = []
    sandbox.fault = lambda *_: Fault(drop=drop, change=lambda body: served.append(body) or body)
    with pytest.raises((http.client.RemoteDisconnected, http.client.IncompleteRead)) as caught:
        post(wire, b'{"Catalog": "Sandbox"}')
    assert served == [b'{"OpportunitySummaries":[]}'] * is_served
    if drop == "midway":
        assert caught.value.partial == b'{"Opportunity'
    wire.close()
    sandbox.fault = None
    assert post(wire, b'{"Catalog": "Sandbox"}') == (200, {"OpportunitySummaries": []})
    assert caplog.messages == []


def test_another_request_may_be_served_and_its_body_changed(sandbox: Sandbox, client: Any, record: Any) -> None:
    sandbox.store.put(record("O1"), datetime(2026, 3, 1, tzinfo=UTC))
    sandbox.fault = lambda _, request: Fault(
        request=request | {"Identifier": "O1"}, change=lambda body: body.replace(b'"O1"', b'"O3"')
    )
    assert client.get_opportunity(Catalog="Sandbox", Identifier="O2")["Id"] == "O3"
