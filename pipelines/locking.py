"""One run at a time in a data directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.errors import ConfigurationError, LockedError

PATIENCE_SECONDS = 3.0  # a run waits this long for the lock, since `cosell status` holds it for a moment


@contextmanager
def run_lock(data_dir: Path) -> Iterator[None]:
    """Create the data directory if need be and hold its lock, which the kernel frees even after a SIGKILL.

    Raises LockedError when another run holds it, ConfigurationError when the directory cannot be written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(data_dir / ".lock", timeout=PATIENCE_SECONDS)
        lock.acquire()
    except Timeout as error:
        raise LockedError(f"another run is at work in {data_dir}: wait for it to end (`cosell status`)") from error
    except OSError as error:
        raise ConfigurationError(f"cannot write in {data_dir}: {error.strerror}; choose another --data-dir") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def no_run_starts(data_dir: Path) -> Iterator[bool]:
    """Yield whether no run is at work, and let none start meanwhile: a file opened then cannot get in its way."""
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
