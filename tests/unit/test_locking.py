"""Who waits for whom in a data directory."""

import threading
from pathlib import Path

import pytest
from filelock import FileLock

from pipelines import locking
from pipelines.errors import LockedError
from pipelines.locking import backup_lock, run_lock
from pipelines.private_files import make_private


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "BACKUP_PATIENCE_SECONDS", 20.0)


def test_a_run_does_not_wait_for_another(tmp_path: Path) -> None:
    with run_lock(tmp_path), pytest.raises(LockedError, match="another run is at work"):  # noqa: SIM117
        with run_lock(tmp_path, patience_seconds=0.1):
            pass


def test_a_run_waits_for_a_backup(tmp_path: Path) -> None:
    waiting, ended = threading.Event(), threading.Event()

    def back_up() -> None:
        with FileLock(backup_lock(tmp_path)), run_lock(tmp_path):
            waiting.set()
            assert not ended.wait(0.5)  # for longer than the run has patience with another

    backup = threading.Thread(target=back_up)
    backup.start()
    assert waiting.wait(10)
    with run_lock(tmp_path, patience_seconds=0.1):
        ended.set()
    backup.join()


def test_a_file_that_goes_away_while_files_are_made_private(tmp_path: Path) -> None:
    """A backup's request comes and goes beside a night that starts."""
    ended = threading.Event()
    request = tmp_path / ".backup-request"

    def come_and_go() -> None:
        while not ended.is_set():
            request.touch()
            request.unlink()

    backup = threading.Thread(target=come_and_go)
    backup.start()
    try:
        assert [make_private(tmp_path) for _ in range(3000)] == [[]] * 3000
    finally:
        ended.set()
        backup.join()
