"""A sandbox with a clock of our own, and the `cosell` command pointed at one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from processes import STARTED_AT, Clock, Cosell

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.world import World


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def make_sandbox(clock: Clock) -> Iterator[Callable[..., Sandbox]]:
    """Start sandboxes that end with the module."""
    with ExitStack() as stack:

        def make(opportunities: int = 60, seed: int = 7) -> Sandbox:
            world = World(opportunities=opportunities, seed=seed, started_at=STARTED_AT)
            return stack.enter_context(Sandbox(world, clock=clock))

        yield make


@pytest.fixture
def cosell(tmp_path: Path, make_sandbox: Callable[..., Sandbox]) -> Cosell:
    return Cosell(tmp_path, make_sandbox().endpoint_url)
