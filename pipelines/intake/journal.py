"""The journal of a plan: what has been performed, kept beside it, so that the next `apply` goes on from there."""

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from pipelines.errors import ConfigurationError, LockedError
from pipelines.publication import sync

State = Literal["started", "created", "done", "conflict", "failed"]
"""`started`: a write may have been made. `created`: the opportunity is there, its solutions may not be."""
HEADER = "cosell_intake_journal"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: what became of a row of the plan at an instant. A reason names fields and codes, never values."""

    row: int
    state: State
    at: datetime
    opportunity_id: str | None = None
    reason: str | None = None


class Journal:
    """The entries of a plan's rows, to which one can only append."""

    def __init__(self, descriptor: int, entries: list[Entry]) -> None:
        self._descriptor = descriptor
        self._last = {entry.row: entry for entry in entries}
        self._created = {entry.row: entry.opportunity_id for entry in entries if entry.state == "created"}

    def last(self, row: int) -> Entry | None:
        """The last entry of a row; None if nothing was written for it yet."""
        return self._last.get(row)

    def created_id(self, row: int) -> str | None:
        """The opportunity that was created for a row."""
        return self._created.get(row)

    def append(self, entry: Entry) -> None:
        """Write an entry, which the disk holds when this returns."""
        _append(self._descriptor, {**asdict(entry), "at": entry.at.isoformat()})
        self._last[entry.row] = entry
        if entry.state == "created":
            self._created[entry.row] = entry.opportunity_id


@contextmanager
def open_journal(path: Path, digest: str) -> Iterator[Journal]:
    """Open the journal of the plan with this digest, which is begun if need be. A line cut off by a kill is removed.

    Raises ConfigurationError for one that belongs to another plan, is damaged, or cannot be written; LockedError while
    another process has it open.
    """
    is_new = not path.exists()
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror}; move the plan to a directory of your own"
        ) from error
    try:
        _lock(descriptor, path)
        if is_new:
            sync(path.parent)
        yield Journal(descriptor, _recover(descriptor, path, {HEADER: 1, "plan": digest}))
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    """Keep other processes out, even those of another data directory; the kernel lets go at the end of this one."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LockedError(f"another `cosell intake apply` is at work with {path}: wait for it to end") from None


def _recover(descriptor: int, path: Path, header: dict[str, Any]) -> list[Entry]:
    """Read the entries, cut off what was not written to its end, and begin the journal if it is empty."""
    with open(descriptor, "rb", closefd=False) as file:
        content = file.read()
    if _line(header).startswith(content):  # empty, or killed as it was begun
        os.ftruncate(descriptor, 0)
        _append(descriptor, header)
        return []
    first, *lines = content.splitlines(keepends=True)
    _check_header(first, path, header)
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.ftruncate(descriptor, whole)
        os.fsync(descriptor)
        lines.pop()
    try:
        return [_entry(line) for line in lines]
    except (KeyError, TypeError, ValueError):
        raise ConfigurationError(
            f"{path} is damaged: move plan and journal away, and make a new plan, which sees what has been done"
        ) from None


def _check_header(first: bytes, path: Path, header: dict[str, Any]) -> None:
    """Refuse a journal whose first line is not ours."""
    if first == _line(header):
        return
    try:
        is_ours = HEADER in json.loads(first)
    except (TypeError, ValueError):
        is_ours = False
    if not is_ours:
        raise ConfigurationError(f"{path} is no journal of cosell: move it away")
    raise ConfigurationError(
        f"{path} is the journal of another plan, or the plan was edited since: make a new plan under another name"
    )


def _entry(line: bytes) -> Entry:
    members = json.loads(line)
    entry = Entry(**members | {"at": datetime.fromisoformat(members["at"])})
    if type(entry.row) is not int or entry.state not in get_args(State):
        raise ValueError("not what append writes")
    return entry


def _line(members: dict[str, Any]) -> bytes:
    return json.dumps(members).encode() + b"\n"


def _append(descriptor: int, members: dict[str, Any]) -> None:
    line = _line(members)
    if os.write(descriptor, line) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(descriptor)
