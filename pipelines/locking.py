"""One run at a time in a data directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.errors import ConfigurationError, LockedError


@contextmanager
def run_lock(data_dir: Path) -> Iterator[None]:
    """Create the data directory if need be and hold its lock, which the kernel frees even after a SIGKILL.

    Raises LockedError when another run holds it, ConfigurationError when the directory cannot be written.
    """
    lock = FileLock(data_dir / ".lock", timeout=0)
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock.acquire()
    except Timeout as error:
        raise LockedError(f"another run is at work in {data_dir}: wait for it to end (`cosell status`)") from error
    except OSError as error:
        raise ConfigurationError(f"cannot write in {data_dir}: {error.strerror}; choose another --data-dir") from error
    try:
        yield
    finally:
        lock.release()
