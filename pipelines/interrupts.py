"""SIGINT and SIGTERM as an exception that cannot get lost.

What a signal handler raises vanishes when the signal happens to arrive in a destructor or a weak reference's callback,
and turns into another error inside a library's own loop. So the signal is remembered, and raised again until heard.
"""

import signal
import sys
from types import FrameType
from typing import NoReturn

from pipelines.errors import Interrupted

RETRY_SECONDS = 0.2

_received: list[int] = []


def catch_signals() -> None:
    """Let SIGINT and SIGTERM raise Interrupted in the main thread from now on."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    signal.signal(signal.SIGALRM, lambda _number, frame: _interrupt(_received[0], frame))
    report = sys.unraisablehook
    sys.unraisablehook = lambda lost: None if isinstance(lost.exc_value, Interrupted) else report(lost)


def end_at_once() -> None:
    """Let a signal end the process even in the middle of a library's work, and whoever stops reading, as `head` does.

    For a verb that leaves nothing to tidy up.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


def heard(error: BaseException) -> BaseException:
    """Return what really ended the work, `error` or the signal behind it, which is then no longer raised."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    return Interrupted(_received[0]) if _received else error


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    _received.append(number)
    signal.setitimer(signal.ITIMER_REAL, RETRY_SECONDS)
    raise Interrupted(_received[0])
