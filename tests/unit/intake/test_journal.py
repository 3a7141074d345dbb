"""The journal of a plan survives what may happen to it, and belongs to that plan alone."""

import json
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.errors import ConfigurationError
from pipelines.intake.journal import Entry, Journal, open_journal

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DIGEST = "a" * 64
ENTRIES = [
    Entry(2, "started", NOW, "O1"),
    Entry(2, "done", NOW, "O1"),
    Entry(3, "started", NOW),
    Entry(3, "created", NOW, "O9"),
    Entry(3, "failed", NOW, "O9", "AWS refuses AssociateOpportunity (relatedEntityIdentifier TOO_MANY_VALUES)"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json.journal"
    with open_journal(path, DIGEST) as journal:
        for entry in ENTRIES:
            journal.append(entry)
    return path


def last(journal: Journal) -> list[Entry | None]:
    return [journal.last(row) for row in (2, 3, 4)]


def test_what_was_appended_is_there_again(path: Path) -> None:
    with open_journal(path, DIGEST) as journal:
        assert last(journal) == [ENTRIES[1], ENTRIES[4], None]
        assert [journal.created_id(row) for row in (2, 3)] == [None, "O9"]
        journal.append(Entry(3, "done", NOW, "O9"))
    with open_journal(path, DIGEST) as journal:
        assert last(journal) == [ENTRIES[1], Entry(3, "done", NOW, "O9"), None]
    assert len(path.read_text().splitlines()) == 7
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_cut_off_anywhere_it_is_what_was_whole(path: Path) -> None:
    """Killed, or out of power, at any byte: every entry before is there, and it can be written on."""
    content = path.read_bytes()
    ends = [position + 1 for position, byte in enumerate(content) if byte == ord("\n")]
    for length in range(len(content)):
        path.write_bytes(content[:length])
        whole = max(0, sum(end <= length for end in ends) - 1)
        with open_journal(path, DIGEST) as journal:
            found = {entry.row: entry for entry in ENTRIES[:whole]}
            assert last(journal) == [found.get(2), found.get(3), None]
            journal.append(ENTRIES[0])
        assert [json.loads(line)["row"] for line in path.read_bytes().splitlines()[1:]] == [
            *[entry.row for entry in ENTRIES[:whole]],
            2,
        ]


def test_what_a_lost_page_leaves_is_cut_off(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\0" * 80)
    with open_journal(path, DIGEST) as journal:
        assert last(journal) == [ENTRIES[1], ENTRIES[4], None]
    assert b"\0" not in path.read_bytes()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"cosell_intake_journal": 1, "plan": "%s"}\n' % (b"b" * 64), "is the journal of another plan"),
        (b"a diary", "is no journal of cosell"),
        (b"a diary\nin lines\n", "is no journal of cosell"),
        (b"5\n", "is no journal of cosell"),
    ],
)
def test_another_ones_journal_is_left_as_it_is(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "plan.json.journal"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=says), open_journal(path, DIGEST):
        pass
    assert path.read_bytes() == content


@pytest.mark.parametrize("line", ["nonsense", "{}", '{"row": "2", "state": "done", "at": "2026-11-01T12:00:00+00:00"}'])
def test_damage_within_is_told(path: Path, line: str) -> None:
    header, *lines = path.read_text().splitlines()
    path.write_text("\n".join([header, line, *lines, ""]))
    with pytest.raises(ConfigurationError, match="is damaged: move plan and journal away"), open_journal(path, DIGEST):
        pass


def test_one_process_writes_it(path: Path) -> None:
    """The other one, as a process of its own, is told so; whatever the data directory that it has locked."""
    program = f"""
import pathlib
from pipelines.errors import LockedError
from pipelines.intake.journal import open_journal
try:
    with open_journal(pathlib.Path({str(path)!r}), {DIGEST!r}):
        print("opened")
except LockedError as error:
    print("locked", error.exit_code)
"""
    command = [sys.executable, "-c", program]
    with open_journal(path, DIGEST):
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "locked 5\n"
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "opened\n"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "nowhere" / "plan.json.journal", DIGEST)
    with pytest.raises(ConfigurationError, match="cannot be written: No such file or directory"), journal:
        pass
