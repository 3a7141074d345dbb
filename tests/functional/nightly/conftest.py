"""A sandbox with a clock of our own, and the `cosell` command pointed at one."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from processes import STARTED_AT, Clock, Cosell, aws_environment

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


@pytest.fixture(scope="module")
def sandbox(
    make_sandbox: Callable[..., Sandbox], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sandbox]:
    """A sandbox of as many OPPORTUNITIES as the module says, for boto3 in this process too."""
    sandbox = make_sandbox(request.module.OPPORTUNITIES)
    with aws_environment(sandbox.endpoint_url, tmp_path_factory.mktemp("home")):
        yield sandbox


@pytest.fixture(scope="module")
def any_sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return make_sandbox()


@pytest.fixture
def cosell(tmp_path: Path, any_sandbox: Sandbox) -> Cosell:
    return Cosell(tmp_path, any_sandbox.endpoint_url)


@pytest.fixture(scope="module")
def namespace() -> list[str]:
    """How a command begins that may mount file systems of its own, which nobody else sees and which end with it.

    The kernel must allow namespaces to this user. Where it does not, as in many containers, the test is skipped and
    says so; continuous integration counts that as a failure.
    """
    command = ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        unavailable = pytest.fail if os.environ.get("CI") else pytest.skip
        unavailable("this machine lets nobody but its administrator make a mount namespace (unshare)")
    return command


@pytest.fixture
def run_with_mounts(cosell: Cosell, namespace: list[str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a shell script in a namespace of its own."""

    def run(script: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*namespace, "sh", "-c", script],
            cwd=cosell.directory,
            env=cosell.environment(**env),
            capture_output=True,
            text=True,
            check=False,
        )

    return run
