"""The server as a process and as a thread: where it listens, how it ends."""

import signal
import socket
import statistics
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from itertools import count
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import boto3
import pytest
from botocore.config import Config

from pipelines.sandbox.server import Sandbox, is_loopback, serve_forever
from pipelines.sandbox.world import World

SERVE = textwrap.dedent(
    """
    from pipelines.sandbox.server import serve_forever
    from pipelines.sandbox.world import World
    serve_forever(World(opportunities=5), port=0, announce=lambda line: print(line, flush=True))
    print("ended in good order", flush=True)
    """
)


def connect(sandbox: Sandbox) -> Any:
    """A boto3 client without retries, so that a failed request is seen."""
    return boto3.client(
        "partnercentral-selling",
        region_name="us-east-1",
        endpoint_url=sandbox.endpoint_url,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(max_pool_connections=8, retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def served() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate()


def test_it_says_what_it_is_and_ctrl_c_ends_it(served: subprocess.Popen[str]) -> None:
    assert served.stdout is not None
    banner = served.stdout.readline()
    assert banner.startswith("This is a sandbox")
    url = banner.split("Listening on ")[1].partition(",")[0]
    with pytest.raises(HTTPError, match="404") as refused:
        urlopen(url, timeout=10)  # noqa: S310 - our own server
    refused.value.close()
    served.send_signal(signal.SIGINT)
    output, errors = served.communicate(timeout=20)
    assert (output, errors, served.returncode) == ("ended in good order\n", "", 0)


def test_it_does_not_listen_beyond_loopback_unless_told_so() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "partner.example.com"):
        with pytest.raises(ValueError, match="no loopback address"):
            serve_forever(World(opportunities=0), host=host)
    assert all(map(is_loopback, ["127.0.0.1", "127.8.8.8", "::1", "localhost"]))


def test_a_taken_port_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        serve_forever(World(opportunities=0), port=taken.getsockname()[1])


def test_many_threads_are_served_at_once() -> None:
    with Sandbox(World(opportunities=40)) as sandbox:
        client = connect(sandbox)
        wanted = list(sandbox.store.records) * 5
        with ThreadPoolExecutor(8) as threads:
            found = threads.map(lambda name: client.get_opportunity(Catalog="Sandbox", Identifier=name)["Id"], wanted)
            assert list(found) == wanted
        client.close()
        assert sandbox.calls["GetOpportunity"] == len(wanted)


def test_answers_do_not_wait_for_a_delayed_acknowledgement() -> None:
    """Nagle's algorithm would add 40 ms to each."""
    with Sandbox(World(opportunities=0)) as sandbox:
        connection = HTTPConnection(sandbox.endpoint_url.removeprefix("http://"), timeout=10)
        spans = []
        for _ in range(30):
            began = time.monotonic()
            connection.request("POST", "/", b"{}")
            connection.getresponse().read()
            spans.append(time.monotonic() - began)
        connection.close()
    assert statistics.median(spans) < 0.02


def test_the_world_moves_on_with_the_clock() -> None:
    start, days = datetime(2026, 3, 2, tzinfo=UTC), count()
    world = World(opportunities=548, started_at=start)  # one a day
    with Sandbox(world, clock=lambda: start + timedelta(days=next(days))) as sandbox:
        client = connect(sandbox)
        sizes = [len(client.list_opportunities(Catalog="Sandbox")["OpportunitySummaries"]) for _ in range(5)]
        client.close()
    assert sizes == [1, 2, 3, 4, 5]


def test_the_world_may_be_in_the_other_catalog() -> None:
    with Sandbox(World(opportunities=3, catalog="AWS")) as sandbox:
        assert {name: len(store.records) for name, store in sandbox.stores.items()} == {"AWS": 3, "Sandbox": 0}
        assert {record["Catalog"] for record in sandbox.store.records.values()} == {"AWS"}


def test_two_sandboxes_do_not_know_each_other() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    with (
        Sandbox(World(opportunities=3), clock=lambda: now) as one,
        Sandbox(World(opportunities=0), clock=lambda: now) as other,
    ):
        assert one.endpoint_url != other.endpoint_url
        assert (len(one.store.records), len(other.store.records)) == (3, 0)
    with pytest.raises(RuntimeError, match="not running"):
        _ = one.endpoint_url
