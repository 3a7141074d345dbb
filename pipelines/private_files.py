"""What cosell keeps is for its user alone: directories 0700, files 0600."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OTHERS = 0o077  # what group and others may do
OWN_FILES = (
    "landing*.duckdb*",
    "warehouse*.duckdb*",
    "fx_rates.csv",
    "eurofxref-hist.*",
    "sandbox.json",
    ".lock",
    ".backup*",
    ".work",
    "backups",
    "quality",
    "reports",
)
"""What cosell writes or reads in a data directory. Anything else there is its user's, and stays as it is."""


@contextmanager
def for_owner_alone() -> Iterator[None]:
    """Keep everything that this process makes, for as long as the block runs, from group and others."""
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def make_private(data_dir: Path) -> list[Path]:
    """Take the access of group and others away from what is in a data directory already.

    Returns what must stay as it is, since it is not this user's own. Symbolic links are left alone.
    """
    return [path for path in _owned(data_dir) if not _is_private(path)]


def _owned(data_dir: Path) -> Iterator[Path]:
    yield data_dir.resolve()
    for path in sorted(path for pattern in OWN_FILES for path in data_dir.glob(pattern)):
        yield path
        if path.is_dir() and not path.is_symlink():
            for directory, names, files in os.walk(path):
                yield from (Path(directory, name) for name in (*names, *files))


def _is_private(path: Path) -> bool:
    """Make it so, if need be, and tell whether it is."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:  # a backup's file, gone since it was listed
        return True
    if mode & OTHERS and not stat.S_ISLNK(mode):
        try:
            path.chmod(stat.S_IMODE(mode) & ~OTHERS)
        except OSError:
            return False
    return True
