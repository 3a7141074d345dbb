"""What is tried again, how often, and what ends the waiting."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

import pytest
from botocore.config import Config
from partner_world import UNPACED, PartnerWorld

from pipelines.errors import AwsError
from pipelines.partner_central import client as client_module
from pipelines.partner_central import retries
from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.sandbox.wire import Fault

NAME = "Geheime Kundin GmbH"
HTML = b"<html><body>Proxy of Geheime Kundin GmbH</body></html>"
THROTTLE = Fault("ThrottlingException")


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "BACKOFF_SECONDS", 1e-5)


@pytest.fixture
def endless_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of hours: whoever does not end them hangs."""
    monkeypatch.setattr(retries, "BACKOFF_SECONDS", 1e6)
    monkeypatch.setattr(retries, "LONGEST_BACKOFF_SECONDS", 1e6)


def answer(world: PartnerWorld, *faults: Fault | None) -> None:
    """Let the next requests meet these faults, and those after them none."""
    in_turn: Iterator[Fault | None] = chain(faults, repeat(None))
    world.sandbox.fault = lambda *_: next(in_turn)


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize(
    "fault",
    [
        THROTTLE,
        Fault("TooManyRequestsException", status=429),
        Fault("InternalServerException", status=500),
        Fault("RequestTimeoutException"),
        Fault("ProvisionedThroughputExceededException"),
        Fault("Unheard", status=429),
        Fault(status=503, body=HTML),
        Fault(status=429, body=b""),
        Fault(drop="before"),
        Fault(drop="after"),
        Fault(drop="midway"),
        Fault(status=200, body=HTML),
        Fault(status=200, body=b'{"SolutionSummaries": [{"Id": "S-0000001"'),
        Fault(status=400, body=b'{"__type": "ThrottlingExc'),
        Fault(status=204, body=b""),
        Fault("ThrottlingException", drop="midway"),
    ],
    ids=lambda fault: f"{fault.error_type or ''} {fault.status} {fault.body or ''} {fault.drop or ''}",
)
def test_a_failure_in_passing_is_tried_again(world: PartnerWorld, fault: Fault) -> None:
    world.store.solutions += [{"Id": "S-0000001"}]
    answer(world, fault, fault)
    client = PartnerCentral("Sandbox", quota=UNPACED)
    assert client.call("ListSolutions").body == {"SolutionSummaries": [{"Id": "S-0000001"}]}
    assert client.calls == world.calls == {"ListSolutions": 3}
    assert client.retries == 2


@pytest.mark.parametrize(
    "code",
    ["ExpiredTokenException", "UnrecognizedClientException", "AccessDeniedException", "ValidationException", "Unheard"],
)
def test_a_refusal_for_a_reason_is_not(world: PartnerWorld, code: str) -> None:
    answer(world, Fault(code))
    with pytest.raises(AwsError):
        PartnerCentral("Sandbox", quota=UNPACED).call("ListSolutions")
    assert world.calls.total() == 1


@pytest.mark.parametrize("status", [301, 403, 407])
def test_nor_is_that_of_a_proxy(world: PartnerWorld, status: int) -> None:
    answer(world, Fault(status=status, body=HTML))
    with pytest.raises(AwsError, match=f"got HTTP status {status} and no word of AWS") as caught:
        PartnerCentral("Sandbox", quota=UNPACED).call("ListSolutions")
    assert world.calls.total() == 1
    assert NAME not in repr(caught.value)


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize("is_known", [False, True], ids=["never answered", "answered before"])
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault(drop="before"), "no answer from 127.0.0.1"),
        (Fault(status=200, body=HTML), "answered with no JSON object"),
        (Fault(status=502, body=HTML), "got HTTP status 502 and no word of AWS"),
    ],
    ids=["drops", "HTML", "HTML 502"],
)
def test_what_is_not_aws_gets_few_attempts(world: PartnerWorld, is_known: bool, fault: Fault, says: str) -> None:
    """Until AWS has answered once: then it is AWS, on a bad night."""
    client = PartnerCentral("Sandbox", quota=UNPACED)
    if is_known:
        client.call("ListSolutions")
    world.sandbox.fault = lambda *_: fault
    with pytest.raises(AwsError, match=says) as caught:
        client.call("ListSolutions")
    assert client.retries == (19 if is_known else 3)
    assert NAME not in repr(caught.value)


@pytest.mark.usefixtures("short_waits")
def test_a_throttle_is_an_answer(world: PartnerWorld) -> None:
    world.sandbox.fault = lambda *_: THROTTLE
    client = PartnerCentral("Sandbox", quota=UNPACED)
    with pytest.raises(AwsError, match="AWS throttled ListSolutions to the last attempt"):
        client.call("ListSolutions")
    assert client.calls == world.calls == {"ListSolutions": 20}


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_retries_of_boto3_do_not_come_on_top(world: PartnerWorld, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("AWS_RETRY_MODE", mode)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    world.sandbox.fault = lambda *_: THROTTLE
    config = Config(retries={"mode": mode, "max_attempts": 5})
    with pytest.raises(AwsError, match="AWS throttled"):
        PartnerCentral("Sandbox", quota=UNPACED, config=config, attempts=3).call("ListSolutions")
    assert world.calls.total() == 3


def test_a_wrong_endpoint_is_told_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", f"http://127.0.0.1:{port}")
    started = time.monotonic()
    with pytest.raises(AwsError, match="no answer from"):
        PartnerCentral("Sandbox", quota=UNPACED).call("ListSolutions")
    assert time.monotonic() - started < 10  # 3.5 s of waits at most


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b"[]"),
        (400, b'"text"'),
        (400, b"\xff\xfe"),
        (400, b"[" * 100_000),
        (400, b'{"__type": 5, "Message": {"a": 1}}'),
        (400, b'{"__type": "ValidationException", "ErrorList": "Geheime Kundin GmbH"}'),
        (400, b'{"__type": "ValidationException", "ErrorList": [7, {"FieldName": ["x"], "Code": null}], "Reason": 3}'),
        (400, b'{"__type": "Geheim", "Message": "Geheime Kundin GmbH"}'),
        (400, b'{"__type": "Geheime Kundin GmbH"}'),
        (400, b'{"__type": "two\\nlines"}'),
        (400, b'{"__type": "%s"}' % (b"x" * 1_000_000)),
        (400, b'{"__type": "ValidationException", "ErrorList": [{"FieldName": "Geheime Kundin GmbH"}]}'),
        (302, HTML),
        (307, b""),
        (206, b'{"SolutionSummaries": []}'),
        (500, b'{"__type": null}'),
        (599, b"\x00"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_error_that_makes_no_sense_is_one_line(world: PartnerWorld, status: int, body: bytes) -> None:
    world.sandbox.fault = lambda *_: Fault(status=status, body=body)
    with pytest.raises(AwsError) as caught:
        PartnerCentral("Sandbox", quota=UNPACED, attempts=2).call("ListSolutions")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200
    assert NAME not in f"{caught.value!r} {vars(caught.value.__context__) if caught.value.__context__ else ''}"


@pytest.mark.usefixtures("endless_waits")
def test_an_error_ends_the_waits_of_the_other_threads(world: PartnerWorld) -> None:
    """O1 to O3 are throttled and wait for hours when O4 is refused. The client can be used again."""
    throttled = threading.Semaphore(0)

    def fault(_: str, request: dict[str, Any]) -> Fault:
        if request["Identifier"] != "O4":
            throttled.release()
            return THROTTLE
        return Fault("AccessDeniedException", delay=0.2)

    world.deals(4)
    world.sandbox.fault = fault
    client = PartnerCentral("Sandbox", quota=UNPACED)
    with pytest.raises(AwsError, match="access denied"):
        client.map(lambda number: client.call("GetOpportunity", Identifier=f"O{number}"), range(1, 5))
    assert all(throttled.acquire(blocking=False) for _ in range(3))
    world.sandbox.fault = None
    assert client.map(lambda number: client.call("GetOpportunity", Identifier=f"O{number}").body["Id"], [2, 1]) == [
        "O2",
        "O1",
    ]


@pytest.fixture
def python_hears_ctrl_c() -> Iterator[None]:
    """As it does at its start, whatever a library has made of it since."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt_after(world: PartnerWorld, requests: int) -> None:
    """Send Ctrl-C's signal to this process a little after so many requests have come, when whoever sent them waits.

    To the main thread, which alone may act on it: the kernel may choose any thread of a process.
    """
    interrupt = threading.Timer(0.3, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
    world.sandbox.before_response.append(lambda *_: interrupt.start() if world.calls.total() == requests else None)


@pytest.mark.usefixtures("endless_waits", "python_hears_ctrl_c")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("in_threads", [True, False], ids=["map", "call"])
def test_ctrl_c_ends_every_wait(world: PartnerWorld, in_threads: bool) -> None:
    client = PartnerCentral("Sandbox", quota=UNPACED)
    interrupt_after(world, client.threads if in_threads else 1)
    world.sandbox.fault = lambda *_: THROTTLE
    with pytest.raises(KeyboardInterrupt):
        _ = client.map(client.call, ["ListSolutions"] * 50) if in_threads else client.call("ListSolutions")
    assert world.calls.total() == (client.threads if in_threads else 1)


@pytest.mark.usefixtures("endless_waits", "python_hears_ctrl_c")
@pytest.mark.timeout(60)
def test_ctrl_c_ends_the_waits_for_the_pace(world: PartnerWorld) -> None:
    client = PartnerCentral("Sandbox", quota=Quota(reads_per_second=1e-5))
    interrupt_after(world, 1)
    with pytest.raises(KeyboardInterrupt):
        client.map(lambda _: client.call("ListSolutions"), range(50))
    assert client.calls.total() == world.calls.total() == 1


def test_throttles_change_nothing_about_the_pace(world: PartnerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured at the server: the first 100 requests at 25 a second, of which 30 % are throttled."""
    monkeypatch.setattr(retries, "BACKOFF_SECONDS", 0.1)
    arrivals: list[float] = []

    def throttle_some(*_: object) -> Fault | None:
        arrivals.append(time.monotonic())
        return THROTTLE if len(arrivals) % 10 in (1, 4, 7) else None

    world.sandbox.fault = throttle_some
    client = PartnerCentral("Sandbox", quota=Quota(reads_per_second=25), threads=8)
    client.map(lambda _: client.call("ListSolutions"), range(75))
    assert client.retries / len(arrivals) == pytest.approx(0.3, abs=0.02)
    assert 99 / (arrivals[99] - arrivals[0]) == pytest.approx(25, rel=0.05)


@pytest.mark.parametrize(("rows", "calls"), [(b"[]", 31), (b'[{"Id": "S-1"}]', 32)], ids=["empty", "the same"])
def test_pages_without_anything_new_end(
    world: PartnerWorld, monkeypatch: pytest.MonkeyPatch, rows: bytes, calls: int
) -> None:
    """Each with a token that was never there before."""
    monkeypatch.setattr(client_module, "MAX_STALE_PAGES", 30)
    page = b'{"SolutionSummaries": %s, "NextToken": "%d"}'
    world.sandbox.fault = lambda *_: Fault(status=200, body=page % (rows, world.calls.total()))
    client = PartnerCentral("Sandbox", quota=UNPACED)
    with pytest.raises(AwsError, match="ListSolutions answers with pages without anything new, and no end"):
        list(client.pages("ListSolutions", "SolutionSummaries"))
    assert world.calls.total() == calls
