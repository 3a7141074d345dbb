"""A page of a result: which rows are shown, what the others are, and a pager where somebody reads on a terminal."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import duckdb

PIPE_WIDTH = 10_000  # columns of text when nobody's terminal sets the width
PAGER = "less"
LESS = "RSX"  # wide lines are scrolled, not broken, and the text stays on the screen


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
    command = shlex.split(os.environ.get("PAGER") or PAGER)
    try:
        subprocess.run(command, input=text, text=True, env={"LESS": LESS, **os.environ}, check=False)  # noqa: S603
    except OSError:
        return False
    return True
