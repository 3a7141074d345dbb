"""A sandbox over real HTTP with a clock that the test moves, and boto3's own client for it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.store import Store
from pipelines.sandbox.world import PAST, World

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Clock:
    """Stands still until the test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    """An empty world."""
    with Sandbox(World(opportunities=0), clock=clock) as running:
        yield running


def open_client(sandbox: Sandbox) -> Any:
    return boto3.client(
        "partnercentral-selling",
        region_name="us-east-1",
        endpoint_url=sandbox.endpoint_url,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def connect() -> Iterator[Callable[[Sandbox], Any]]:
    """A boto3 client of a sandbox, without retries, so that every answer is seen."""
    clients = []

    def connected(sandbox: Sandbox) -> Any:
        clients.append(open_client(sandbox))
        return clients[-1]

    yield connected
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def writer() -> Iterator[Any]:
    """A client of one empty world for the whole module, whose clock stands still at START."""
    with Sandbox(World(opportunities=0), clock=lambda: START) as running:
        client = open_client(running)
        yield client
        client.close()


@pytest.fixture
def client(sandbox: Sandbox, connect: Callable[[Sandbox], Any]) -> Any:
    return connect(sandbox)


@pytest.fixture
def record() -> Callable[..., dict[str, Any]]:
    """A small opportunity; `stage`, `modified` and the like fill in what a test is about."""

    def build(
        opportunity_id: str,
        modified: str = "2026-03-01T00:00:00Z",
        created: str = "2026-02-01T00:00:00Z",
        stage: str = "Qualified",
        review: str = "Approved",
        company: str = "Belavamond Foods Ltd",
        close: str = "2026-09-30",
    ) -> dict[str, Any]:
        return {
            "Catalog": "Sandbox",
            "Id": opportunity_id,
            "CreatedDate": created,
            "LastModifiedDate": modified,
            "Customer": {"Account": {"CompanyName": company}},
            "LifeCycle": {"Stage": stage, "ReviewStatus": review, "TargetCloseDate": close},
            "RelatedEntityIdentifiers": {},
        }

    return build


@pytest.fixture(scope="session")
def store() -> Store:
    """The default demo world at the end of its 18 months; to be looked at only."""
    started = datetime(2025, 3, 1, tzinfo=UTC)
    return World(opportunities=2000, seed=7, started_at=started).store(started + PAST)
