"""The client over HTTP: pace, budget, retries, and what a person reads when AWS says no."""

import _thread
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from partner_world import FEW_ATTEMPTS, UNPACED, PartnerWorld

from pipelines.errors import AwsError, ConfigurationError, CosellError
from pipelines.partner_central.aws_errors import QuotaSpentError
from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.sandbox.wire import Fault

CUSTOMER = "Geheime Kundin GmbH"


def connect(quota: Quota = UNPACED, **options: Any) -> PartnerCentral:
    return PartnerCentral("Sandbox", quota=quota, attempts=FEW_ATTEMPTS, **options)


def test_the_body_is_kept_as_it_came(world: PartnerWorld) -> None:
    body = b'{ "Id":"O1",\n "Amount": 1.10, "Name":"\xc3\x84rzte \\u00e9", "Extra":{"New":null} }'
    world.sandbox.fault = lambda *_: Fault(status=200, body=body)
    reply = connect().call("GetOpportunity", Identifier="O1")
    assert reply.text == body.decode()
    assert reply.body == {"Id": "O1", "Amount": 1.1, "Name": "Ärzte é", "Extra": {"New": None}}


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"", b'{"a":"\xff"}'])
def test_an_answer_that_is_no_json_object_is_refused(world: PartnerWorld, body: bytes) -> None:
    world.sandbox.fault = lambda *_: Fault(status=200, body=body)
    with pytest.raises(AwsError, match="GetOpportunity answered with no JSON object: check the endpoint"):
        connect().call("GetOpportunity", Identifier="O1")


@pytest.mark.usefixtures("world")
def test_a_missing_resource_is_found_to_be_none() -> None:
    assert connect().find("GetOpportunity", Identifier="O1") is None
    with pytest.raises(AwsError, match="AWS shows no such resource in catalog Sandbox"):
        connect().call("GetOpportunity", Identifier="O1")


def test_every_attempt_is_counted(world: PartnerWorld) -> None:
    """Throttles and server errors are retried; each attempt is a call of the quota."""
    world.deals(1)
    answers = iter([Fault("ThrottlingException"), Fault("InternalServerException", status=500), None])
    world.sandbox.fault = lambda *_: next(answers)
    client = PartnerCentral("Sandbox", quota=UNPACED)
    client.call("GetOpportunity", Identifier="O1")
    assert client.calls == world.calls == {"GetOpportunity": 3}
    assert client.retries == 2


def test_no_call_leaves_once_the_budget_is_spent(world: PartnerWorld) -> None:
    client = connect(Quota(0, reads_per_day=10, reads_spent=8))
    for _ in range(2):
        client.call("ListSolutions")
    assert client.remaining() == 0
    with pytest.raises(QuotaSpentError, match="the day's AWS reads are spent"):
        client.call("ListSolutions")
    assert world.calls.total() == client.calls.total() == 2


def test_retries_stop_at_the_budget(world: PartnerWorld) -> None:
    world.sandbox.fault = lambda *_: Fault("InternalServerException", status=500)
    client = PartnerCentral("Sandbox", quota=Quota(0, reads_per_day=3))
    with pytest.raises(QuotaSpentError):
        client.call("ListSolutions")
    assert world.calls.total() == 3


def test_threads_together_keep_the_pace(world: PartnerWorld) -> None:
    """Measured at the server: 150 calls at 50 a second, and never a burst."""
    arrivals: list[float] = []
    world.sandbox.before_response.append(lambda *_: arrivals.append(time.monotonic()))
    client = connect(Quota(reads_per_second=50))
    client.map(lambda _: client.call("ListSolutions"), range(150))
    seconds = arrivals[-1] - arrivals[0]
    assert 25 < 149 / seconds <= 50 * 1.05  # a busy machine may be slower, and none may be faster
    assert max(sum(start <= other < start + 0.5 for other in arrivals) for start in arrivals) <= 25 * 1.4


def test_retries_keep_the_pace_too(world: PartnerWorld) -> None:
    world.sandbox.fault = lambda *_: Fault("InternalServerException", status=500)
    client = PartnerCentral("Sandbox", quota=Quota(reads_per_second=10), attempts=FEW_ATTEMPTS)
    started = time.monotonic()
    for _ in range(4):
        with pytest.raises(AwsError):
            client.call("ListSolutions")
    assert client.calls.total() == 8
    assert time.monotonic() - started >= 0.69


def test_the_first_error_ends_a_map(world: PartnerWorld) -> None:
    world.sandbox.fault = lambda *_: Fault("AccessDeniedException")
    client = connect()
    with pytest.raises(AwsError, match="access denied"):
        client.map(lambda _: client.call("ListSolutions"), range(500))
    assert world.calls.total() < 100


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of the one that is lost
def test_ctrl_c_ends_a_map(world: PartnerWorld) -> None:
    client = connect(Quota(reads_per_second=50))
    has_ended = threading.Event()

    def press() -> None:
        """Once, as a rule: an interrupt that meets a callback of the garbage collector is lost."""
        while not has_ended.wait(0.5):
            _thread.interrupt_main()

    threading.Thread(target=press, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        client.map(lambda _: client.call("ListSolutions"), range(1000))
    has_ended.set()
    assert world.calls.total() < 200


def test_a_repeated_token_is_refused(world: PartnerWorld) -> None:
    world.sandbox.fault = lambda *_: Fault(status=200, body=b'{"SolutionSummaries":[],"NextToken":"again"}')
    with pytest.raises(AwsError, match="ListSolutions repeats a page token"):
        list(connect().pages("ListSolutions", "SolutionSummaries"))


def test_empty_pages_are_walked_past(world: PartnerWorld) -> None:
    bodies = iter([b'{"NextToken":"a"}', b'{"NextToken":"b","SolutionSummaries":null}', b'{"NextToken":""}'])
    world.sandbox.fault = lambda *_: Fault(status=200, body=next(bodies))
    assert list(connect().pages("ListSolutions", "SolutionSummaries")) == [[], [], []]


@pytest.mark.parametrize("rows", [b'["x"]', b"{}", b"false", b'""'])
def test_a_list_of_something_else_is_refused(world: PartnerWorld, rows: bytes) -> None:
    world.sandbox.fault = lambda *_: Fault(status=200, body=b'{"SolutionSummaries":%s}' % rows)
    with pytest.raises(AwsError, match="without a list of SolutionSummaries"):
        list(connect().pages("ListSolutions", "SolutionSummaries"))


@pytest.mark.parametrize("token", [b"7", b"0", b"false", b'{"a": 1}', b"[]"])
def test_a_token_that_is_no_text_is_refused(world: PartnerWorld, token: bytes) -> None:
    """Taken for the end, it would make a listing look whole."""
    world.sandbox.fault = lambda *_: Fault(status=200, body=b'{"SolutionSummaries":[],"NextToken":%s}' % token)
    with pytest.raises(AwsError, match="ListSolutions answered with a page token that is no text"):
        list(connect().pages("ListSolutions", "SolutionSummaries"))


@pytest.mark.parametrize(
    ("code", "status", "says"),
    [
        ("ExpiredTokenException", 400, "AWS credentials have expired"),
        ("UnrecognizedClientException", 400, "AWS rejects the credentials"),
        ("InvalidSignatureException", 400, "the machine's clock"),
        ("AccessDeniedException", 400, "allow partnercentral:GetOpportunity on catalog Sandbox"),
        ("ThrottlingException", 400, "AWS throttled GetOpportunity to the last attempt"),
        ("InternalServerException", 500, r"GetOpportunity failed \(InternalServerException\): run again later"),
        ("UnknownOperationException", 404, r"GetOpportunity failed \(UnknownOperationException\)"),
    ],
)
def test_each_refusal_of_aws_names_the_next_step(world: PartnerWorld, code: str, status: int, says: str) -> None:
    world.sandbox.fault = lambda *_: Fault(code, f"about {CUSTOMER}", status)
    with pytest.raises(AwsError, match=says) as caught:
        connect().call("GetOpportunity", Identifier="O1")
    assert_is_one_safe_line(caught.value, 4)


def test_a_catalog_that_aws_does_not_know_is_a_mistake_of_configuration(world: PartnerWorld) -> None:
    body = b"""{"__type":"ValidationException","Message":"1 error","Reason":"REQUEST_VALIDATION_FAILED",
        "ErrorList":[{"FieldName":"Catalog","Message":"no","Code":"INVALID_ENUM_VALUE"}]}"""
    world.sandbox.fault = lambda *_: Fault(status=400, body=body)
    with pytest.raises(ConfigurationError, match="does not know the catalog Sandbox") as caught:
        connect().call("ListOpportunities")
    assert_is_one_safe_line(caught.value, 2)
    with pytest.raises(ConfigurationError, match="unknown catalog 'Nope': use AWS or Sandbox"):
        PartnerCentral("Nope")


@pytest.mark.usefixtures("world")
def test_an_invalid_request_names_its_fields_alone() -> None:
    with pytest.raises(AwsError, match="AWS rejects GetOpportunity") as caught:
        connect().call("GetOpportunity", Identifier=CUSTOMER)
    assert_is_one_safe_line(caught.value, 4)
    assert "dentifier INVALID_STRING_FORMAT" in str(caught.value)


def test_missing_credentials(world: PartnerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    client = connect()
    with pytest.raises(AwsError, match="no complete AWS credentials found: run `aws configure`") as caught:
        client.call("ListSolutions")
    assert_is_one_safe_line(caught.value, 4)
    assert client.calls.total() == world.calls.total() == 0


def test_half_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(AwsError, match="no complete AWS credentials found"):
        connect().call("ListSolutions")


def test_a_profile_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(AwsError, match="the AWS profile does not exist"):
        connect()


def test_a_credential_process_that_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = /bin/sh -c 'echo {CUSTOMER} >&2; exit 1'\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(AwsError, match="AWS credentials could not be fetched") as caught:
        connect().call("ListSolutions")
    assert_is_one_safe_line(caught.value, 4)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", "not a url"),
        ("AWS_DEFAULT_REGION", "us_east 1!"),
    ],
)
def test_a_malformed_endpoint_or_region_is_a_mistake_of_configuration(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        connect()
    assert_is_one_safe_line(caught.value, 2)


def test_the_region_is_the_one_that_answers_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert connect()._client.meta.region_name == "us-east-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert connect()._client.meta.region_name == "eu-west-1"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_an_endpoint_that_refuses_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", f"http://127.0.0.1:{port}")
    with pytest.raises(AwsError, match=f"no answer from 127.0.0.1:{port} .EndpointConnectionError.") as caught:
        connect().call("ListSolutions")
    assert_is_one_safe_line(caught.value, 4)


def test_a_password_in_the_endpoint_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", "http://user:hunter2@127.0.0.1:9")
    with pytest.raises(AwsError, match=r"no answer from 127\.0\.0\.1:9 ") as caught:
        connect().call("ListSolutions")
    assert "hunter2" not in f"{caught.value!r}{caught.value.__cause__!r}"


def test_an_endpoint_that_never_answers(monkeypatch: pytest.MonkeyPatch, silent_port: int) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", f"http://127.0.0.1:{silent_port}")
    client = connect(config=Config(read_timeout=0.2))
    with pytest.raises(AwsError, match=f"no answer from 127.0.0.1:{silent_port} .ReadTimeoutError."):
        client.call("ListSolutions")
    assert (client.calls.total(), client.retries) == (2, 1)


def test_an_endpoint_that_hangs_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def hang_up() -> None:
            for _ in range(2):
                server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", f"http://127.0.0.1:{port}")
        with pytest.raises(AwsError, match="no answer from"):
            connect().call("ListSolutions")
        thread.join()


def assert_is_one_safe_line(error: CosellError, exit_code: int) -> None:
    """One line, the right exit code, and nothing of keys or records, in the error or in what it hangs on to."""
    assert error.exit_code == exit_code
    shown = f"{error} {error.__cause__}"
    assert "\n" not in shown
    for secret in ("AKIAIOSFODNN7EXAMPLE", "secret-of-the-test", CUSTOMER):
        assert secret not in shown
    assert error.__suppress_context__
