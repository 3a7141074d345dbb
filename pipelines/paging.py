"""The output: which rows are shown, a pager where somebody reads on a terminal, and what cannot be written."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from pipelines.errors import ConfigurationError

PIPE_WIDTH = 10_000  # columns of text when nobody's terminal sets the width
PAGER = "less"
LESS = "RSX"  # wide lines are scrolled, not broken, and the text stays on the screen
NOT_SHOWN = frozenset({2, 126, 127})  # of a shell: its syntax (or a pager's options), not to be run, not found


@dataclass(frozen=True, slots=True)
class Page:
    """`limit` rows from the one after `offset`; all of them without a limit."""

    limit: int | None = None
    offset: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether no row is left out, however many there are."""
        return self.limit is None and self.offset == 0

    def of(self, relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
        """Return the rows of this page."""
        return relation.limit(sys.maxsize if self.limit is None else self.limit, self.offset)

    def note(self, rows: int) -> str | None:
        """Say which rows of so many these are and how to see the next; None when they are all."""
        end = rows if self.limit is None else min(rows, self.offset + self.limit)
        if self.offset == 0 and end == rows:
            return None
        if self.offset >= rows:
            return f"no rows after --offset {self.offset}: there are {rows:,}"
        following = f"; next: --offset {end}" if end < rows else ""
        return f"rows {self.offset + 1:,}-{end:,} of {rows:,}{following}"


EVERYTHING = Page()


def print_table(draw: Callable[[int], str], *, pager: bool) -> None:
    """Print a table that `draw` draws within so many columns of text.

    On a terminal that it is too large for, whole and through the pager, or without one with columns left out.
    """
    whole = draw(PIPE_WIDTH)
    columns, lines = shutil.get_terminal_size()
    fits = whole.count("\n") < lines and max(map(len, whole.splitlines())) <= columns
    if fits or not sys.stdout.isatty():
        sys.stdout.write(whole)
    elif not (pager and _is_paged(whole)):
        sys.stdout.write(draw(columns))


def _is_paged(text: str) -> bool:
    """Show a text in the pager, and tell whether there is one."""
    for number in (signal.SIGINT, signal.SIGPIPE):  # theirs while the pager has the terminal
        signal.signal(number, signal.SIG_IGN)
    command = os.environ.get("PAGER", "").strip() or PAGER
    try:
        pager = subprocess.run(  # noqa: S603 - the user's own command, as in git
            ["/bin/sh", "-c", command],
            input=text,
            encoding=sys.stdout.encoding,
            errors="replace",
            env={"LESS": LESS, **os.environ},
            check=False,
        )
    except OSError:
        return False
    return pager.returncode not in NOT_SHOWN


@contextmanager
def output_told() -> Iterator[None]:
    """Write all that is printed, and tell in one line of an output that cannot be written. Raises ConfigurationError.

    Whoever has stopped reading is none of that.
    """
    if sys.stdout is None:
        raise ConfigurationError("cannot write the output: the standard output is closed")
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python writes of it when it ends
        reason = (error.strerror or str(error)).partition(" (os error")[0]  # Polars' has no strerror
        raise ConfigurationError(f"cannot write the output: {reason}") from error
