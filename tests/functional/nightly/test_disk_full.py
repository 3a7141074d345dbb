"""A full disk in any stage: one clear line, the old warehouse byte for byte, and the next night is published."""

from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import duckdb
import pytest
from preloaded import Preloaded
from processes import Cosell

from pipelines.sandbox.server import Sandbox

STAGES = ["extract", "validate", "transform", "audit", "publish"]
NIGHTLY = ("nightly", "--catalog", "Sandbox", "--as-of", "2026-10-31")

FILLS_THE_DISK = """
import sys
from contextlib import contextmanager
from pipelines import nightly
from pipelines.cli import main
from pipelines.progress import Progress

stage, publish, full_at = Progress.stage, nightly.publish, sys.argv.pop(1)

def fill(name):
    if name == full_at:
        with open("data/filler", "wb", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError:
                pass

@contextmanager
def stage_on_a_full_disk(progress, name):
    with stage(progress, name):
        fill(name)
        yield

def publish_on_a_full_disk(*paths):
    fill("publish")
    publish(*paths)

Progress.stage, nightly.publish = stage_on_a_full_disk, publish_on_a_full_disk
main()
"""
SHELL = "import os, sys; os.execvp('sh', ['sh', '-ec', sys.argv[1]])"
SPACE_AGAIN = "rm data/filler && cmp warehouse.duckdb data/warehouse.duckdb"


@pytest.fixture(scope="module")
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return make_sandbox(40)


@pytest.fixture(scope="module")
def with_mounts(namespace: list[str]) -> Iterator[Preloaded]:
    with Preloaded(*namespace) as server:
        yield server


@pytest.fixture
def cosell(tmp_path: Path, sandbox: Sandbox, with_mounts: Preloaded) -> Cosell:
    """The command where `data` is a small tmpfs with a published warehouse, which nobody else sees."""
    cosell = Cosell(tmp_path, sandbox.endpoint_url, with_mounts)
    (tmp_path / "data").mkdir()
    duckdb.connect(tmp_path / "warehouse.duckdb").close()
    shell(cosell, "mount -t tmpfs -o size=40m tmpfs data && cp warehouse.duckdb data")
    return cosell


def shell(cosell: Cosell, line: str) -> str:
    result = cosell(line, script=SHELL)
    assert result.returncode == 0, result.stderr
    return result.stdout


def found_full(cosell: Cosell, result: CompletedProcess[str], name: str = "data") -> list[str]:
    """Assert how a command ended that found the disk of a directory full; return the stages that ended before."""
    *lines, last = result.stderr.splitlines()
    assert last == f"cosell: the disk of {cosell.directory / name} is full: free some space and run again"
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return [line.split()[0] for line in lines if line.endswith(" s)")]


@pytest.mark.timeout(600)
def test_the_disk_is_full_as_a_stage_begins(cosell: Cosell) -> None:
    """To its last byte, in one stage after the other; then a night has space again."""
    for number, stage in enumerate(STAGES):
        result = cosell(stage, *NIGHTLY, script=FILLS_THE_DISK)
        assert found_full(cosell, result) == STAGES[:number]
        shell(cosell, SPACE_AGAIN)
    published = cosell(*NIGHTLY)
    assert published.returncode == 0, published.stderr
    assert published.stdout.startswith("Published ")
    *failed, last = cosell("query", "--format", "csv", "SELECT status FROM ops.runs ORDER BY started_at").stdout.split()
    assert (failed.pop(0), last) == ("status", "published")
    assert len(failed) == len(STAGES)
    assert set(failed) <= {"failed", "killed"}  # the disk may have been too full to say so


@pytest.mark.timeout(600)
def test_the_disk_is_full_elsewhere(cosell: Cosell) -> None:
    """At once, under the Data Docs alone, and under a backup, which leaves nothing there."""
    shell(cosell, "cat /dev/zero > data/filler || true")
    assert found_full(cosell, cosell(*NIGHTLY)) == []
    shell(cosell, SPACE_AGAIN)
    shell(cosell, "mkdir data/quality full && mount -t tmpfs -o size=64k tmpfs data/quality")
    assert found_full(cosell, cosell(*NIGHTLY)) == ["extract"]
    shell(cosell, "umount data/quality && cmp warehouse.duckdb data/warehouse.duckdb")
    shell(cosell, "mount -t tmpfs -o size=64k tmpfs full")
    found_full(cosell, cosell("backup", "full/landing.duckdb"), "full")
    assert shell(cosell, "ls -A full data/landing.duckdb").split() == ["data/landing.duckdb", "full:"]
