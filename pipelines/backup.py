"""`cosell backup` and `cosell restore`: consistent copies of the landing, also from a night at work.

A night pauses where nothing is being written, and the waiting command copies the file as it is, write-ahead log and
all, which is what a kill at that instant would have left. The night does not copy it itself: a process that opens and
closes a file gives up every lock that it has on it, DuckDB's too (POSIX).
"""

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from pipelines.database import full_disk_told, open_database
from pipelines.errors import ConfigurationError, LockedError
from pipelines.landing_file import read_landing
from pipelines.locking import backup_lock, is_backup_at_work, run_lock
from pipelines.private_files import for_owner_alone, make_private
from pipelines.publication import sync
from pipelines.runs import QUOTA_WINDOW, Calls
from pipelines.settings import Settings
from pipelines.tables import create_table
from transforms.schema import declaration

LOGS = (".wal", ".wal.checkpoint", ".wal.recovery")  # what DuckDB keeps beside a file between two checkpoints
POLL_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 600.0  # for which a night waits for a copy; the command then asks again

Row = tuple[str, datetime, str, int]  # of ops.calls
Tell = Callable[[str], None]


def pause_for_backup(data_dir: Path) -> None:
    """Wait while a `cosell backup` that has asked for it copies the landing.

    Only the run that holds the lock may call this, and only while nothing is being written in the landing.
    """
    request, granted = _request(data_dir), _granted(data_dir)
    granted.unlink(missing_ok=True)  # by a run that was killed: whoever copies by it has to ask again
    try:
        request.rename(granted)
    except FileNotFoundError:
        return
    until = time.monotonic() + LONGEST_PAUSE_SECONDS
    try:
        while granted.exists() and is_backup_at_work(data_dir) and time.monotonic() < until:
            time.sleep(POLL_SECONDS)
    finally:
        granted.unlink(missing_ok=True)


def back_up(settings: Settings, file: Path | None, now: datetime, tell: Tell) -> str:
    """Copy the landing to a file that is not there yet, check the copy, and say what to do with it.

    `tell` is called when a run is at work, whose next pause is waited for. Raises ConfigurationError when the file
    cannot be made or the landing is damaged, LockedError when another backup is being made.
    """
    landing = settings.landing_path
    target = (file or settings.data_dir / "backups" / f"landing-{now:%Y%m%dT%H%M%SZ}.duckdb").absolute()
    if not landing.exists():
        raise ConfigurationError(f"there is no {landing} to back up: run `cosell nightly` first, or give --data-dir")
    if os.path.lexists(target):
        raise ConfigurationError(f"{target} is there already, and no backup replaces a file: name another")
    with for_owner_alone(), _written(target), _only_backup(settings.data_dir):
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.partial")
        for left in target.parent.glob("landing-????????T??????Z.duckdb.partial*"):  # by a backup that was killed
            left.unlink()
        try:
            _copy_at_rest(settings, partial, tell)
            _complete(partial, landing)
            partial.rename(target)
        finally:
            for suffix in ("", *LOGS):
                _beside(partial, suffix).unlink(missing_ok=True)
        sync(target.parent)
    size = target.stat().st_size
    return f"Backed up {landing} to {target}: {size:,} bytes.\nTo go back to it: cosell restore {target}"


def restore_backup(settings: Settings, file: Path, now: datetime) -> str:
    """Put a backup in the place of the landing, which is kept beside it, and say what to do next.

    The calls of the last 24 hours are carried over: they are spent, whatever is restored. Raises ConfigurationError
    when `file` is no landing that can be used, LockedError when a run is at work.
    """
    if not file.is_file():
        raise ConfigurationError(f"{file} is no file: name a backup that `cosell backup` made")
    backup = read_landing(file)
    if not backup.version:
        raise ConfigurationError(f"{file} holds nothing: name a backup that `cosell backup` made")
    landing, scratch = settings.landing_path, settings.work_path / settings.landing_path.name
    with run_lock(settings.data_dir), _written(landing):
        make_private(settings.data_dir)
        shutil.rmtree(settings.work_path, ignore_errors=True)
        settings.work_path.mkdir()
        _copy(file, scratch)
        carried = _carry_over_calls(landing, scratch, now) if landing.exists() else ""
        _complete(scratch, file)
        _forget_names(landing)
        replaced = "There was no landing."
        if carried:
            _take_log_in(landing)
            replaced = f"What it replaces is kept as {_set_aside(landing, now)}; {carried}."
        for suffix in LOGS:  # a log goes with its own file: DuckDB would refuse the new one beside it
            _beside(landing, suffix).unlink(missing_ok=True)
        scratch.replace(landing)
        sync(landing.parent)
        shutil.rmtree(settings.work_path, ignore_errors=True)
    night = f"cosell nightly --catalog {backup.catalog}" if backup.catalog else "cosell nightly"
    return f"Restored {landing} from {file}. {replaced}\nNext: {night}"


def _copy_at_rest(settings: Settings, partial: Path, tell: Tell) -> None:
    """Copy the landing while no run is at work, or while one pauses."""
    request, granted = _request(settings.data_dir), _granted(settings.data_dir)
    has_told = False
    try:
        request.touch()
        while True:
            with suppress(LockedError), run_lock(settings.data_dir, patience_seconds=0):
                make_private(settings.data_dir)
                if _is_copied(settings.landing_path, partial):  # no: another program is writing in it
                    return
            if not has_told:
                tell(f"A run is at work in {settings.data_dir}: the copy is made where it pauses next.")
                has_told = True
            if granted.exists():
                if _is_copied(settings.landing_path, partial) and granted.exists():
                    return
                request.touch()
            time.sleep(POLL_SECONDS)
    finally:
        request.unlink(missing_ok=True)
        granted.unlink(missing_ok=True)


def _is_copied(landing: Path, copy: Path) -> bool:
    """Copy a landing and tell whether it was at rest all the while."""
    try:
        before = _state(landing)
        _copy(landing, copy)
        return _state(landing) == before
    except FileNotFoundError:
        if landing.exists():  # a log went away: the run does not pause any more
            return False
        raise


def _state(landing: Path) -> list[tuple[int, int] | None]:
    paths = [_beside(landing, suffix) for suffix in ("", *LOGS)]
    return [(path.stat().st_size, path.stat().st_mtime_ns) if path.exists() else None for path in paths]


def _copy(source: Path, target: Path) -> None:
    """Copy a DuckDB file that nobody writes in, with the log beside it."""
    shutil.copyfile(source, target)
    for suffix in LOGS:
        _beside(target, suffix).unlink(missing_ok=True)
        if _beside(source, suffix).exists():
            shutil.copyfile(_beside(source, suffix), _beside(target, suffix))


def _complete(copy: Path, source: Path) -> None:
    """Take the log into a copy, check it, and make it durable. What is wrong with it is wrong with its source."""
    try:
        with open_database(copy) as connection:
            connection.execute("CHECKPOINT")
        read_landing(copy)
    except ConfigurationError as error:
        raise ConfigurationError(str(error).replace(str(copy), str(source))) from error
    sync(copy)


def _carry_over_calls(landing: Path, restored: Path, now: datetime) -> str:
    """Add to a restored landing the calls of the last 24 hours that it does not have, and say so."""
    try:
        with open_database(landing, read_only=True) as connection:
            spent = _calls_since(connection, now - QUOTA_WINDOW)
    except (ConfigurationError, duckdb.Error):
        return "its calls of the last 24 hours cannot be read, so they are not counted against the quota of AWS"
    with open_database(restored) as connection:
        create_table(connection, "ops", declaration(Calls))
        missing = list((spent - _calls_since(connection, now - QUOTA_WINDOW)).elements())
        if missing:
            connection.executemany("INSERT INTO ops.calls VALUES (?, ?, ?, ?)", missing)
    return f"the {sum(calls for *_, calls in spent.elements()):,} calls of the last 24 hours stay counted"


def _take_log_in(landing: Path) -> None:
    """Leave no log apart from its file while that gets another name. One that is damaged stays as it is."""
    if any(_beside(landing, suffix).exists() for suffix in LOGS):
        with suppress(ConfigurationError):
            read_landing(landing)
            with open_database(landing) as connection:
                connection.execute("CHECKPOINT")


def _calls_since(connection: duckdb.DuckDBPyConnection, instant: datetime) -> Counter[Row]:
    columns = ", ".join(Calls.column_names())
    return Counter(connection.execute(f"SELECT {columns} FROM ops.calls WHERE called_at > ?", [instant]).fetchall())


def _set_aside(landing: Path, now: datetime) -> Path:
    """Give the landing a second name, so that there is one under its own until another takes its place."""
    kept = landing.with_name(f"landing.{now:%Y%m%dT%H%M%SZ}.replaced.duckdb")
    for suffix in ("", *LOGS):
        if _beside(landing, suffix).exists():
            _name_again(_beside(landing, suffix), _beside(kept, suffix))
    return kept


def _name_again(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        shutil.copyfile(source, target)


def _forget_names(landing: Path) -> None:
    """Take away the names that a restore gave the landing and was then killed: it was not replaced."""
    for suffix in ("", *LOGS):
        named = _beside(landing, suffix)
        for path in landing.parent.glob(f"landing.*.replaced.duckdb{suffix}"):
            if named.exists() and path.samefile(named):
                path.unlink()


@contextmanager
def _only_backup(data_dir: Path) -> Iterator[None]:
    """Hold the lock of the one backup, by which a run knows whether it is still waited for."""
    lock = FileLock(backup_lock(data_dir), timeout=POLL_SECONDS * 10)  # a run holds it for an instant, to look
    try:
        lock.acquire()
    except Timeout as error:
        raise LockedError(f"another backup of {data_dir} is being made: wait for it to end") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """Tell in one line why a file could not be made."""
    try:
        with full_disk_told(path.parent):
            yield
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be made: {error.strerror}; name another place") from error


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _request(data_dir: Path) -> Path:
    return data_dir / ".backup-request"


def _granted(data_dir: Path) -> Path:
    return data_dir / ".backup-granted"
