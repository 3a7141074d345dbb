"""Tracebacks and logs of libraries without their messages, which may quote the data that they stumbled over."""

import logging
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from types import TracebackType

SHOW_ERRORS = "COSELL_SHOW_ERRORS"
OURS = frozenset({"pipelines", "transforms", "expectations"})
HINT = (
    f"cosell: this is a bug: run again, and report it if it stays. Messages that may quote records are left out; "
    f"{SHOW_ERRORS}=1 shows them, where nobody else reads the log."
)


def hide_messages() -> None:
    """Print what nothing caught, in whichever thread, and what libraries log, with files, lines and types alone.

    Messages of our own errors stay. Nothing is hidden where COSELL_SHOW_ERRORS is 1.
    """
    if os.environ.get(SHOW_ERRORS) == "1":
        return
    sys.excepthook = _print_bug
    threading.excepthook = _print_bug_of_thread
    sys.unraisablehook = lambda lost: _print_bug(lost.exc_type, lost.exc_value, lost.exc_traceback)
    logging.raiseExceptions = False  # a log line that cannot be written would be shown with its arguments
    if logging.lastResort is not None:  # the handler of all whom nobody gave one
        logging.lastResort.setFormatter(_LineWithoutMessage())


class _LineWithoutMessage(logging.Formatter):
    """Says who logged, where and how badly."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and the traceback without messages if there is one."""
        line = f"{record.levelname.lower()} of {record.name} ({record.filename}:{record.lineno})"
        error = record.exc_info[1] if record.exc_info else None
        return line if error is None else line + "\n" + "".join(_lines(error, error.__traceback__, set())).rstrip()


def _print_bug_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_type is not SystemExit:  # a thread's way to end itself
        _print_bug(ended.exc_type, ended.exc_value, ended.exc_traceback)


def _print_bug(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    lines = [f"{_name(kind)}\n"] if error is None else _lines(error, trace, set())
    sys.stderr.write("".join(lines) + HINT + "\n")


def _lines(error: BaseException, trace: TracebackType | None, told: set[int]) -> Iterator[str]:
    """Yield the lines of an error after those of what it came from, each error once."""
    told.add(id(error))
    origin, link = error.__cause__, "The above exception was the direct cause of the following exception:"
    if origin is None and not error.__suppress_context__:
        origin, link = error.__context__, "During handling of the above exception, another exception occurred:"
    if origin is not None and id(origin) not in told:
        yield from _lines(origin, origin.__traceback__, told)
        yield f"\n{link}\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(trace)
    is_ours = type(error).__module__.partition(".")[0] in OURS
    yield f"{_name(type(error))}: {error}\n" if is_ours else f"{_name(type(error))}\n"
    for member in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        if id(member) not in told:
            yield "\nOne of the group:\n\n"
            yield from _lines(member, member.__traceback__, told)


def _name(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
