"""What cosell writes is for its user alone, whatever umask and directory it finds."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import COSELL, Cosell

SMALL_WORLD = '{"opportunities": 10, "seed": 7, "started_at": "2025-05-01 00:00:00+00:00"}\n'


def modes(directory: Path) -> dict[str, int]:
    """The modes of a directory and of everything in it that is no symbolic link, by path."""
    paths = [directory, *directory.rglob("*")]
    return {str(path.relative_to(directory)): path.stat().st_mode & 0o777 for path in paths if not path.is_symlink()}


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Let files be made for everybody, unless the one who makes them cares."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_a_demo_and_what_was_there_before_it(tmp_path: Path) -> None:
    """Files of an earlier release are made private too; a link's target and files of others' names are left alone."""
    data = tmp_path / "data"
    for directory in (data, data / "quality", data / "backups"):
        directory.mkdir(mode=0o755)
    (data / "sandbox.json").write_text(SMALL_WORLD)
    (data / "backups" / "landing-20261031T043000Z.duckdb").touch(mode=0o644)
    (data / "quality" / "old.html").touch(mode=0o664)
    (data / "notes.txt").touch(mode=0o644)
    (tmp_path / "elsewhere.duckdb").touch(mode=0o644)
    (data / "landing.elsewhere.duckdb").symlink_to(tmp_path / "elsewhere.duckdb")
    cosell = Cosell(tmp_path, "http://127.0.0.1:9")
    night = cosell.anew("nightly", "--demo", COSELL_REPORT="true")
    assert night.returncode == 0, night.stderr
    backup = cosell("backup")
    assert backup.returncode == 0, backup.stderr
    found = modes(data)
    assert found.pop("notes.txt") == 0o644
    assert (tmp_path / "elsewhere.duckdb").stat().st_mode & 0o777 == 0o644
    assert {"landing.duckdb", "warehouse.duckdb", "fx_rates.csv", "sandbox.json", ".lock"} <= found.keys()
    assert len([path for path in found if path.startswith("quality/")]) > 40
    assert len([path for path in found if path.startswith("backups/")]) == 2
    open_to_others = {path: oct(mode) for path, mode in found.items() if mode & 0o077}
    assert open_to_others == {}


def test_what_cannot_be_made_private_is_a_warning(
    cosell: Cosell, run_with_mounts: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """A directory on a file system that is mounted read-only."""
    (cosell.directory / "data" / "reports").mkdir(parents=True)
    script = f"mount -t tmpfs -o ro,mode=755 tmpfs data/reports && exec {COSELL} nightly --fx nothing.csv"
    result = run_with_mounts(script)
    assert result.returncode == 2
    warning, error = result.stderr.splitlines()
    reports = cosell.directory / "data" / "reports"
    assert warning == f"warning: {reports} can be read by others than its owner, who alone can change that"
    assert "nothing.csv is no file" in error
