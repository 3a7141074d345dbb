"""A sandbox of Partner Central in a process of its own, with a delay and a quota as AWS has them, if wanted."""

import json
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import typer

from pipelines.partner_central.pacing import is_write
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.wire import Fault
from pipelines.sandbox.world import World

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "sandbox",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
}
ENDPOINT = "AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING"
DAY = "day"


class AwsManners:
    """What AWS does to each call: takes its time, and throttles any read beyond so many within one second."""

    def __init__(self, delay: float, reads_per_second: int) -> None:
        self.throttled = 0
        self._delay, self._reads_per_second = delay, reads_per_second
        self._granted: deque[float] = deque(maxlen=reads_per_second)

    def __call__(self, operation: str, _: dict[str, Any]) -> Fault | None:
        now = time.monotonic()
        if self._reads_per_second and not is_write(operation):
            if len(self._granted) == self._reads_per_second and now - self._granted[0] < 1:
                self.throttled += 1
                return Fault("ThrottlingException", delay=self._delay)
            self._granted.append(now)
        return Fault(delay=self._delay) if self._delay else None


class Served:
    """A sandbox in another process. `environment` leads any AWS client of a child process to it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.environment = ENVIRONMENT | {ENDPOINT: json.loads(self._line())}

    def calls(self) -> Counter[str]:
        """Return the requests since the last time by operation, and how many were `throttled`."""
        return Counter(json.loads(self._ask("calls")))

    def pass_day(self) -> None:
        """Let its world live another day."""
        self._ask(DAY)

    def _ask(self, line: str) -> str:
        if self._process.stdin is None:
            raise RuntimeError("the server was started without a way to ask it")
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""


@contextmanager
def served(opportunities: int, *, delay: float = 0.0, reads_per_second: int = 0) -> Iterator[Served]:
    """Serve a demo world, which stands still between two days, for as long as the block lasts."""
    options = {"--opportunities": opportunities, "--delay": delay, "--reads-per-second": reads_per_second}
    command = [sys.executable, "-m", "benchmarks.served", *(str(word) for option in options.items() for word in option)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        yield Served(process)


def main(opportunities: int = 2_000, delay: float = 0.0, reads_per_second: int = 0) -> None:
    """Serve until the standard input ends, and answer each of its lines with the calls since the last one."""
    days = [datetime.now(UTC) - timedelta(days=1)]
    manners = AwsManners(delay, reads_per_second)
    with Sandbox(World(opportunities), clock=lambda: days[-1]) as sandbox:
        sandbox.fault = manners
        typer.echo(json.dumps(sandbox.endpoint_url))
        for line in sys.stdin:
            if line.strip() == DAY:
                days.append(days[-1] + timedelta(days=1))
            typer.echo(json.dumps(sandbox.calls | Counter(throttled=manners.throttled)))
            sandbox.calls.clear()
            manners.throttled = 0


if __name__ == "__main__":
    typer.run(main)
