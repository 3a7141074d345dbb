"""An answer that takes too long, or grows without end, is given up: no night waits for it or drowns in it."""

import gzip
import ssl
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from pathlib import Path

import boto3
import pytest
from certificates import certificate_in
from hostile_answers import GOOD, Server, answer, assert_is_one_safe_line, serving, url_of
from partner_world import UNPACED, PartnerWorld

from pipelines.errors import AwsError
from pipelines.partner_central import bounds, retries
from pipelines.partner_central.aws_errors import TooLargeError
from pipelines.partner_central.client import PartnerCentral
from pipelines.partner_central.service_model import SERVICE

SECONDS = 0.5  # the bound in these tests
PACE_SECONDS = 0.4  # from byte to byte; the read timeout is 60 s
LONGEST_SECONDS = 12.0  # the shortest of the slow answers would take 14; a busy machine takes long for its 0.5
BYTES = 1_000_000  # the bound in these tests
MOST_MEMORY = 6_000_000
MOST_SENT = 25_000_000  # the kernel takes some of it before the client hangs up
BLOCK = b"x" * 65_536
BLOCKS = 800  # of an answer without end: 50 MB, so that without a bound it ends as a failure and no fire
OK = b"HTTP/1.1 200 OK\r\n"
HINTS = b"HTTP/1.1 100 Continue\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(retries, "BACKOFF_SECONDS", 0.001)
    with serving(answer()) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", url_of(server))
        yield server


def client(attempts: int = 3) -> PartnerCentral:
    return PartnerCentral("Sandbox", quota=UNPACED, attempts=attempts)


def at_length(body: bytes, *headers: str) -> bytes:
    return answer(body, "200 OK", *headers)


def in_chunks(body: bytes, *headers: str) -> bytes:
    head = "\r\n".join([CHUNKED.decode().rstrip(), *headers, "", ""]).encode()
    return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def to_the_end(body: bytes, *headers: str) -> bytes:
    return "\r\n".join([OK.decode().rstrip(), *headers, "", ""]).encode() + body


FRAMED: dict[str, Callable[..., bytes]] = {
    "at length": at_length,
    "in chunks": in_chunks,
    "to the end of the connection": to_the_end,
}


@contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < MOST_MEMORY


def dribbling(fast: bytes, slow: list[bytes]) -> Callable[[], Iterator[bytes]]:
    """Send a beginning at once, and the rest piece by piece."""

    def parts() -> Iterator[bytes]:
        yield fast
        for piece in slow:
            time.sleep(PACE_SECONDS)
            yield piece

    return parts


def bytewise(whole: bytes, fast: int) -> Callable[[], Iterator[bytes]]:
    return dribbling(whole[:fast], [bytes([byte]) for byte in whole[fast:]])


SLOW = {
    "from the first byte": bytewise(answer(), 0),
    "in the head": bytewise(answer(), len(OK)),
    "in the body": bytewise(answer(), len(answer()) - len(GOOD)),
    "in a chunk": bytewise(in_chunks(GOOD), len(CHUNKED)),
    "to the end of the connection": bytewise(to_the_end(GOOD), len(OK) + 2),
    "in an error": bytewise(answer(GOOD, "400 Bad Request"), 60),
    "in hints that it goes on": dribbling(b"", [HINTS] * 50),
}


@pytest.mark.parametrize("name", SLOW)
def test_an_answer_that_dribbles_ends_in_time(monkeypatch: pytest.MonkeyPatch, server: Server, name: str) -> None:
    monkeypatch.setattr(bounds, "MAX_ANSWER_SECONDS", SECONDS)
    server.answer = SLOW[name]
    started = time.monotonic()
    with pytest.raises(AwsError, match=r"no answer from 127.0.0.1:\d+ \(ReadTimeoutError\)") as caught:
        client(attempts=1).call("GetOpportunity", Identifier="O1")
    assert SECONDS <= time.monotonic() - started < LONGEST_SECONDS
    assert_is_one_safe_line(caught.value)


def test_the_next_attempt_may_be_faster(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    monkeypatch.setattr(bounds, "MAX_ANSWER_SECONDS", SECONDS)
    server.answer = lambda: [answer()] if server.requests == 3 else SLOW["in the body"]()
    patient = client()
    assert patient.call("GetOpportunity", Identifier="O1").text == GOOD.decode()
    assert (patient.calls.total(), patient.retries) == (3, 2)


LARGE = {
    "to the end of the connection": (OK + b"\r\n", BLOCK),
    "100 GB announced": (OK + b"Content-Length: 100000000000\r\n\r\n", BLOCK),
    "in chunks": (CHUNKED, b"10000\r\n" + BLOCK + b"\r\n"),
    "in what follows the chunks": (CHUNKED + b"0\r\n", b"X: x\r\n" * 10_000),
    "in hints that it goes on": (b"", HINTS * 2_500),
    "in an error": (b"HTTP/1.1 500 Internal Server Error\r\n\r\n", BLOCK),
}


@pytest.mark.parametrize("name", LARGE)
def test_an_answer_without_end_is_not_kept(monkeypatch: pytest.MonkeyPatch, server: Server, name: str) -> None:
    """Nor is it tried again."""
    monkeypatch.setattr(bounds, "MAX_ANSWER_BYTES", BYTES)
    head, block = LARGE[name]
    server.answer = lambda: chain([head], repeat(block, BLOCKS))
    patient = client()
    with (
        pytest.raises(TooLargeError, match=r"more than 1 MB from 127.0.0.1:\d+: none of AWS's") as caught,
        little_memory(),
    ):
        patient.call("GetOpportunity", Identifier="O1")
    assert_is_one_safe_line(caught.value)
    assert server.requests == 1
    assert server.sent < MOST_SENT


@pytest.mark.parametrize("framed", FRAMED)
def test_no_compressed_answer_is_unpacked(server: Server, framed: str) -> None:
    """20 KB that would be 20 MB."""
    server.answer = FRAMED[framed](gzip.compress(bytes(20_000_000)), "Content-Encoding: gzip")
    impatient = client(attempts=1)
    with pytest.raises(AwsError, match="GetOpportunity answered with no JSON object"), little_memory():
        impatient.call("GetOpportunity", Identifier="O1")


@pytest.mark.parametrize("framed", FRAMED)
def test_the_bound_belongs_to_what_is_allowed(monkeypatch: pytest.MonkeyPatch, server: Server, framed: str) -> None:
    server.answer = whole = FRAMED[framed](GOOD)
    monkeypatch.setattr(bounds, "MAX_ANSWER_BYTES", len(whole))
    assert client().call("GetOpportunity", Identifier="O1").text == GOOD.decode()
    monkeypatch.setattr(bounds, "MAX_ANSWER_BYTES", len(whole) - 1)
    with pytest.raises(TooLargeError):
        client().call("GetOpportunity", Identifier="O1")


def test_each_answer_has_bounds_of_its_own(monkeypatch: pytest.MonkeyPatch, world: PartnerWorld) -> None:
    """Three answers of 5 KB over one connection, under a bound of 8 KB."""
    monkeypatch.setattr(bounds, "MAX_ANSWER_BYTES", 8_000)
    world.deal(1, 1.0, Description="x" * 5_000)
    patient = client()
    assert len({patient.call("GetOpportunity", Identifier="O1").text for _ in range(3)}) == 1


def test_a_client_that_has_been_used_is_bounded_too(monkeypatch: pytest.MonkeyPatch, world: PartnerWorld) -> None:
    used = boto3.client(SERVICE, region_name="us-east-1")
    used.list_solutions(Catalog="Sandbox")
    bounded = PartnerCentral("Sandbox", quota=UNPACED, client=used)
    monkeypatch.setattr(bounds, "MAX_ANSWER_BYTES", 100)
    with pytest.raises(TooLargeError):
        bounded.call("ListSolutions")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_is_bounded_too(monkeypatch: pytest.MonkeyPatch, server: Server, scheme: str) -> None:
    """It answers for AWS, or dribbles its own word on the tunnel that it is asked for."""
    monkeypatch.setattr(bounds, "MAX_ANSWER_SECONDS", SECONDS)
    monkeypatch.setenv("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", f"{scheme}://partner-central.invalid")
    monkeypatch.setenv(f"{scheme}_proxy", url_of(server))
    server.answer = SLOW["from the first byte"]
    with pytest.raises(AwsError, match=r"partner-central\.invalid \(ReadTimeoutError\)"):
        client(attempts=1).call("GetOpportunity", Identifier="O1")
    assert server.requests == 1


def test_certificates_are_checked_as_before(monkeypatch: pytest.MonkeyPatch, server: Server, tmp_path: Path) -> None:
    """A certificate that AWS_CA_BUNDLE vouches for is taken, and what comes through it is bounded."""
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate := certificate_in(tmp_path))
    monkeypatch.setenv("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", url_of(server).replace("http:", "https:"))
    with pytest.raises(AwsError, match="SSLError"):
        client(attempts=1).call("GetOpportunity", Identifier="O1")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    assert client().call("GetOpportunity", Identifier="O1").text == GOOD.decode()
    monkeypatch.setattr(bounds, "MAX_ANSWER_SECONDS", SECONDS)
    server.answer = SLOW["in the body"]
    with pytest.raises(AwsError, match="ReadTimeoutError"):
        client(attempts=1).call("GetOpportunity", Identifier="O1")
