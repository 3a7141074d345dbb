"""What a person sees while a run works: a live line on a terminal, one line a stage in a log."""

import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from rich.console import Console
from rich.status import Status

SECONDS_BETWEEN_LOG_LINES = 30.0


def go_on_unheard() -> None:
    """Let no line on stdout or stderr that cannot be written end the process: `cosell nightly 2>&1 | head -1`."""
    sys.stdout, sys.stderr = (_unheard(stream) for stream in (sys.stdout, sys.stderr))


def _unheard(stream: TextIO) -> TextIO:
    if stream is None:  # it was closed before the process began
        return stream
    raw = _Unheard(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=stream.encoding, errors=stream.errors, line_buffering=True)


class _Unheard(io.FileIO):
    """A file that becomes the null device when it can be written no longer, also for the processes started then."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self.fileno())
            os.close(null)
            return super().write(data)


class Progress:
    """Print the stages of a run on stderr, with what each did and how long it took.

    `at_rest` is called where a stage begins, says how far it is, and ends: nothing writes in the landing then.
    """

    def __init__(self, console: Console | None = None, *, at_rest: Callable[[], None] = lambda: None) -> None:
        self._at_rest = at_rest
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._status: Status | None = None
        self._stage = ""
        self._detail = ""
        self._logged_at = 0.0
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Show a stage for as long as the block runs, then its last detail and its seconds."""
        started_at = self._logged_at = time.monotonic()
        self._stage, self._detail = name, ""
        self._at_rest()
        with self._console.status(f"{name:<9}") if self._console.is_terminal else _nothing() as self._status:
            yield
        self.seconds[name] = time.monotonic() - started_at
        self._console.print(f"{name:<9} {self._detail} ({self.seconds[name]:.1f} s)")
        self._at_rest()

    def warn(self, line: str) -> None:
        """Print a line that a person should read, and that ends nothing."""
        self._console.print(f"warning: {line}", markup=False)

    def update(self, detail: str) -> None:
        """Say how far the stage is."""
        self._detail = detail
        if self._status is not None:
            self._status.update(f"{self._stage:<9} {detail}")
        elif time.monotonic() - self._logged_at > SECONDS_BETWEEN_LOG_LINES:
            self._logged_at = time.monotonic()
            self._console.print(f"{self._stage:<9} {detail} …")
        self._at_rest()


@contextmanager
def _nothing() -> Iterator[None]:
    yield None
