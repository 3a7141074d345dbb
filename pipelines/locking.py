"""One run at a time in a data directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.errors import ConfigurationError, LockedError
from pipelines.private_files import for_owner_alone

PATIENCE_SECONDS = 3.0  # a run waits this long for the lock, since `cosell status` holds it for a moment
BACKUP_PATIENCE_SECONDS = 600.0  # and so long while a backup copies the landing


@contextmanager
def run_lock(data_dir: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Create the data directory if need be and hold its lock, which the kernel frees even after a SIGKILL.

    Files made meanwhile are for their owner alone. Raises LockedError when another run holds the lock,
    ConfigurationError when the directory cannot be written.
    """
    with for_owner_alone():
        lock = FileLock(data_dir / ".lock")
        try:
            data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            _acquire(lock, data_dir, patience_seconds)
        except Timeout as error:
            raise LockedError(f"another run is at work in {data_dir}: wait for it to end (`cosell status`)") from error
        except OSError as error:
            raise ConfigurationError(
                f"cannot write in {data_dir}: {error.strerror}; choose another --data-dir"
            ) from error
        try:
            yield
        finally:
            lock.release()


def _acquire(lock: FileLock, data_dir: Path, patience_seconds: float) -> None:
    """Take the lock, and wait longer for a backup, but for who does not wait at all. Raises Timeout."""
    try:
        lock.acquire(timeout=patience_seconds)
    except Timeout:
        if not (patience_seconds and is_backup_at_work(data_dir)):
            raise
        lock.acquire(timeout=BACKUP_PATIENCE_SECONDS)


@contextmanager
def no_run_starts(data_dir: Path) -> Iterator[bool]:
    """Yield whether no run is at work, and let none start meanwhile: a file opened then cannot get in its way."""
    with for_owner_alone():
        lock = FileLock(data_dir / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()


def backup_lock(data_dir: Path) -> Path:
    """The lock of the one `cosell backup` of a data directory."""
    return data_dir / ".backup.lock"


def is_backup_at_work(data_dir: Path) -> bool:
    """Tell whether a backup is being made, or waits for a run to pause."""
    try:
        with FileLock(backup_lock(data_dir), timeout=0):
            return False
    except Timeout:
        return True
