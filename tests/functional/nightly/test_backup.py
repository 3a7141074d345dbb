"""A backup is consistent whenever it is made: while nothing runs, or in any stage of a night."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from landings import contents, damage, files, leave_a_log, make_landing, python
from processes import Cosell, settings_for
from test_interruption import KEPT, landed, marts

from pipelines.backup import back_up, pause_for_backup, restore_backup
from pipelines.errors import ConfigurationError, LockedError
from pipelines.landing_file import read_landing
from pipelines.sandbox.server import Sandbox

NIGHTLY = ("nightly", "--catalog", "Sandbox", "--as-of", "2026-10-31")
NOW = datetime(2026, 11, 1, 5, tzinfo=UTC)
BACKUP = "landing-20261101T050000Z.duckdb"  # made at that instant

WAITS_FOR_A_BACKUP_IN_EACH_STAGE = """
import time
from pathlib import Path
from pipelines.cli import main
from pipelines.database import fetch_row, has_table, open_database
from pipelines.progress import Progress

def point(stage):
    if stage != "extract":
        return stage
    with open_database(Path("data/landing.duckdb")) as connection:
        return "extract, landed in part" if has_table(connection, "partner_central", "opportunities") else "extract"

update, seen = Progress.update, set()
def wait_and_update(progress, detail):
    now = point(progress._stage)
    if now not in seen:
        seen.add(now)
        print(now, flush=True)
        while not Path("data/.backup-request").exists():
            time.sleep(0.01)
    update(progress, detail)

Progress.update = wait_and_update
main()
"""
IN_PART = "extract, landed in part"
POINTS = ["extract", IN_PART, "validate", "transform", "audit"]


@pytest.fixture(scope="module")
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return make_sandbox(120)


@pytest.fixture(scope="module")
def backed_up(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night of two windows that a backup was made of in each stage: `<stage>.duckdb`, beside its data directory."""
    directory = tmp_path_factory.mktemp("backed_up")
    cosell = Cosell(directory, sandbox.endpoint_url)
    process = cosell.start(*NIGHTLY, script=WAITS_FOR_A_BACKUP_IN_EACH_STAGE, COSELL_WINDOW_PAGES="1")
    assert process.stdout is not None
    told: list[str] = []
    for expected in POINTS:
        assert process.stdout.readline() == f"{expected}\n"
        back_up(settings_for(directory / "data"), directory / f"{expected}.duckdb", NOW, told.append)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    assert told == [f"A run is at work in {directory / 'data'}: the copy is made where it pauses next."] * len(POINTS)
    return directory


def test_a_night_is_not_disturbed_by_its_backups(backed_up: Path) -> None:
    names = {path.name for path in (backed_up / "data").iterdir()}
    assert names == KEPT | {".backup.lock"}
    assert {path.name for path in backed_up.glob("*.duckdb*")} == {f"{stage}.duckdb" for stage in POINTS}


@pytest.mark.parametrize("stage", POINTS[2:])
def test_a_backup_of_a_later_stage_holds_all_that_landed(stage: str, backed_up: Path) -> None:
    records = {table: rows for table, rows in contents(backed_up / f"{stage}.duckdb").items() if "partner" in table}
    assert len(records) > 8
    ended = contents(backed_up / "data" / "landing.duckdb")
    assert records == {table: ended[table] for table in records}


def test_a_night_goes_on_from_a_backup_to_the_same_end(backed_up: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    backup, calls = backed_up / f"{IN_PART}.duckdb", sandbox.calls.copy()
    before = contents(backup)["partner_central.opportunity_versions"]
    restore_backup(settings_for(tmp_path / "data"), backup, NOW)
    result = Cosell(tmp_path, sandbox.endpoint_url)(*NIGHTLY)
    assert result.returncode == 0, result.stderr
    assert landed(tmp_path) == landed(backed_up)
    assert marts(tmp_path) == marts(backed_up)
    versions = len(contents(backed_up / "data" / "landing.duckdb")["partner_central.opportunity_versions"])
    assert sandbox.calls["GetOpportunity"] - calls["GetOpportunity"] == versions - len(before)
    assert versions > len(before) > 0


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return make_landing(tmp_path / "data" / "landing.duckdb")


def copy(landing: Path, file: Path | None = None) -> str:
    """Back up while nothing runs: nobody is told to wait."""
    return back_up(settings_for(landing.parent), file, NOW, pytest.fail)


def test_while_nothing_runs(landing: Path) -> None:
    before = landing.read_bytes()
    backup = landing.parent / "backups" / BACKUP
    backup.parent.mkdir()
    (backup.parent / "landing-20261031T050000Z.duckdb.partial").touch()  # by a backup that was killed
    assert copy(landing) == (
        f"Backed up {landing} to {backup}: {backup.stat().st_size:,} bytes.\nTo go back to it: cosell restore {backup}"
    )
    assert contents(backup) == contents(landing)
    assert landing.read_bytes() == before
    assert list(backup.parent.iterdir()) == [backup]
    assert backup.stat().st_mode & 0o777 == 0o600
    assert backup.parent.stat().st_mode & 0o777 == 0o700


def test_what_a_killed_run_committed_last_is_in_it(landing: Path, tmp_path: Path) -> None:
    leave_a_log(landing, "INSERT INTO ops.calls VALUES ('a', '2026-11-01 04:31Z', 'GetOpportunity', 7)")
    before = files(landing.parent)
    copy(landing, tmp_path / "copy.duckdb")
    assert [calls for *_, calls in contents(tmp_path / "copy.duckdb")["ops.calls"]] == [7]
    assert files(landing.parent) == before
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["copy.duckdb"]


def test_a_file_is_never_replaced(landing: Path, tmp_path: Path) -> None:
    for there in (landing, landing.parent):
        with pytest.raises(ConfigurationError, match="is there already"):
            copy(landing, there)


def test_no_backup_is_made_of_a_damaged_landing(landing: Path, tmp_path: Path) -> None:
    left = damage(landing)
    with pytest.raises(ConfigurationError, match=f"^{landing} is damaged"):
        copy(landing, tmp_path / "copy.duckdb")
    assert landing.read_bytes() == left
    assert list(tmp_path.iterdir()) == [landing.parent]


def test_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="run `cosell nightly` first"):
        copy(tmp_path / "landing.duckdb")


def test_a_place_where_nobody_can_write(landing: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"copy.duckdb cannot be made: .*; name another place"):
        copy(landing, tmp_path / "file" / "copy.duckdb")


HOLDS_A_LOCK = """
import sys, time
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""


@contextmanager
def lock_held(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Hold a lock in a process of its own, until it is killed."""
    process = python(HOLDS_A_LOCK, path)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_run_that_is_killed_before_it_pauses_is_not_waited_for(landing: Path, tmp_path: Path) -> None:
    with lock_held(landing.parent / ".lock") as run:
        waiting = Cosell(tmp_path, "http://127.0.0.1:9").start("backup", "copy.duckdb")
        assert waiting.stderr is not None
        assert waiting.stderr.readline().startswith("A run is at work in ")
        run.kill()
        out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, err
    assert out.startswith(f"Backed up {landing} to {tmp_path / 'copy.duckdb'}: ")
    assert contents(tmp_path / "copy.duckdb") == contents(landing)
    assert set(files(landing.parent)) == {"landing.duckdb"}


def test_a_backup_that_is_killed_holds_no_run_up(landing: Path) -> None:
    """Before the run pauses for it, and while it does."""
    request = landing.parent / ".backup-request"
    request.touch()
    pause_for_backup(landing.parent)
    assert not request.exists()
    with lock_held(landing.parent / ".backup.lock") as backup:
        request.touch()
        pause = threading.Thread(target=pause_for_backup, args=[landing.parent])
        pause.start()
        while request.exists():
            assert pause.is_alive()
        assert (landing.parent / ".backup-granted").exists()
        backup.kill()
        pause.join(timeout=60)
        assert not pause.is_alive()
    assert set(files(landing.parent)) == {"landing.duckdb"}


def test_a_run_does_not_wait_for_ever(landing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The leave to copy is withdrawn, upon which the command asks again."""
    monkeypatch.setattr("pipelines.backup.LONGEST_PAUSE_SECONDS", 0)
    with lock_held(landing.parent / ".backup.lock"):
        (landing.parent / ".backup-request").touch()
        pause_for_backup(landing.parent)
    assert set(files(landing.parent)) == {"landing.duckdb"}


def test_a_copy_during_which_the_run_went_on_is_made_again(
    landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that was killed as it paused left its leave to copy; the next run writes."""
    copies = []

    def write_as_it_is_copied(source: str, target: str) -> None:
        Path(target).write_bytes(Path(source).read_bytes())
        copies.append(target)
        if len(copies) == 1:
            run.kill()
            run.communicate()
            with duckdb.connect(landing) as connection:
                connection.execute("INSERT INTO ops.calls VALUES ('b', '2026-11-01 04:31Z', 'GetOpportunity', 5)")

    monkeypatch.setattr("pipelines.backup.shutil.copyfile", write_as_it_is_copied)
    with lock_held(landing.parent / ".lock") as run:
        (landing.parent / ".backup-granted").touch()
        told: list[str] = []
        back_up(settings_for(landing.parent), tmp_path / "copy.duckdb", NOW, told.append)
    assert len(told) == 1
    assert len(copies) == 2
    assert contents(tmp_path / "copy.duckdb") == contents(landing)


def test_one_backup_at_a_time(landing: Path) -> None:
    with (
        lock_held(landing.parent / ".backup.lock"),
        pytest.raises(LockedError, match="another backup"),
    ):
        copy(landing)
    assert read_landing(landing).catalog == "Sandbox"
