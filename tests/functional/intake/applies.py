"""`cosell intake apply` as a process of its own, that can be killed at a request of choice."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from signal import SIGKILL
from typing import Any

from deal_world import DealWorld

from pipelines.settings import Settings

COSELL = Path(sys.executable).parent / "cosell"


def start(settings: Settings, plan: Path, stderr: int = subprocess.PIPE, **env: str) -> subprocess.Popen[str]:
    """Start an unpaced apply in the environment that the test has, in which nothing else is configured."""
    return subprocess.Popen(
        [COSELL, "intake", "apply", plan, "--catalog", "Sandbox", "--data-dir", settings.data_dir],
        cwd=settings.data_dir,
        env=os.environ | {"COSELL_READS_PER_SECOND": "0", "COSELL_WRITES_PER_SECOND": "0", **env},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )


class Killer:
    """Kills a process with SIGKILL a moment after the sandbox has received a request: before it is served or later."""

    def __init__(self, world: DealWorld) -> None:
        self._requests_left = 0
        self._seconds = 0.0
        self._process: subprocess.Popen[str] | None = None
        world.sandbox.before_response.append(self._on_request)

    def watch(self, process: subprocess.Popen[str], requests: int, seconds: float) -> None:
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
