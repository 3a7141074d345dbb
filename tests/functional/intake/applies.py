"""`cosell intake apply` as a process of its own, that can be killed at a request of choice."""

import os
import threading
from pathlib import Path
from signal import SIGKILL
from subprocess import PIPE
from typing import Any

from deal_world import DealWorld
from preloaded import Command

from pipelines.settings import Settings


def start(settings: Settings, plan: Path, stderr: int = PIPE, **env: str) -> Command:
    """Start an unpaced apply in the environment that the test has, in which nothing else is configured."""
    arguments = ["intake", "apply", str(plan), "--catalog", "Sandbox", "--data-dir", str(settings.data_dir)]
    unpaced = {"COSELL_READS_PER_SECOND": "0", "COSELL_WRITES_PER_SECOND": "0"}
    return Command(arguments, settings.data_dir, os.environ | unpaced | env, stderr=stderr)


class Killer:
    """Kills a process with SIGKILL a moment after the sandbox has received a request: before it is served or later."""

    def __init__(self, world: DealWorld) -> None:
        self._requests_left = 0
        self._seconds = 0.0
        self._process: Command | None = None
        world.sandbox.before_response.append(self._on_request)

    def watch(self, process: Command, requests: int, seconds: float) -> None:
        """Kill this process so many seconds after its so manieth request."""
        self._process, self._requests_left, self._seconds = process, requests, seconds

    def _on_request(self, *_: Any) -> None:
        self._requests_left -= 1
        if self._requests_left or self._process is None:
            return
        if self._seconds:
            threading.Timer(self._seconds, self._process.send_signal, [SIGKILL]).start()
        else:
            self._process.send_signal(SIGKILL)
