"""A full disk in any stage: one clear line, the old warehouse byte for byte, and the next night is published."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from processes import COSELL, Cosell

from pipelines.sandbox.server import Sandbox

STAGES = ["extract", "validate", "transform", "audit", "publish"]
NIGHTLY = "nightly --catalog Sandbox --as-of 2026-10-31"

FILLS_THE_DISK = """
import os, sys
from contextlib import contextmanager
from pathlib import Path
from pipelines import nightly
from pipelines.cli import main
from pipelines.progress import Progress

stage, publish, full_at = Progress.stage, nightly.publish, sys.argv[1]

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
sys.argv = ["cosell", *sys.argv[2:]]
main()
"""

TOLD = """
set -e
told() { "$@" 2>&1 && echo "exit code 0" || echo "exit code $?"; }
mount -t tmpfs -o size=40m tmpfs data
cp warehouse.duckdb data
"""
STAGE_BY_STAGE = f"""
for stage in {" ".join(STAGES)}; do
    echo "== $stage"
    told {sys.executable} fills_the_disk.py $stage {NIGHTLY}
    rm data/filler
    cmp warehouse.duckdb data/warehouse.duckdb
done
echo "== space again"
told {COSELL} {NIGHTLY}
{COSELL} query --format csv "SELECT status FROM ops.runs ORDER BY started_at" > statuses.csv
"""
ELSEWHERE = f"""
head -c 39m /dev/zero > data/filler
echo "== before it begins"
told sh -c "cat /dev/zero > data/rest; exec {COSELL} {NIGHTLY}"
rm data/filler data/rest
echo "== Data Docs"
mkdir data/quality full
mount -t tmpfs -o size=64k tmpfs data/quality
told {COSELL} {NIGHTLY}
umount data/quality
cmp warehouse.duckdb data/warehouse.duckdb
echo "== backup"
mount -t tmpfs -o size=64k tmpfs full
told {COSELL} backup full/landing.duckdb
ls -A full data/landing.duckdb
"""


@pytest.fixture(scope="module")
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return make_sandbox(40)


@pytest.fixture
def told(
    cosell: Cosell, sandbox: Sandbox, run_with_mounts: Callable[..., subprocess.CompletedProcess[str]]
) -> Callable[[str], dict[str, list[str]]]:
    """Run a script on a small tmpfs with a published warehouse; return the lines that each part of it told."""
    cosell.endpoint_url = sandbox.endpoint_url
    (cosell.directory / "data").mkdir()
    (cosell.directory / "fills_the_disk.py").write_text(FILLS_THE_DISK)
    duckdb.connect(cosell.directory / "warehouse.duckdb").close()

    def run(script: str) -> dict[str, list[str]]:
        result = run_with_mounts(TOLD + script)
        assert result.returncode == 0, result.stdout + result.stderr
        assert "Traceback" not in result.stdout + result.stderr
        parts = (part.partition("\n") for part in result.stdout.split("== ")[1:])
        return {name: rest.splitlines() for name, _, rest in parts}

    return run


def ended_stages(lines: list[str]) -> list[str]:
    return [line.split()[0] for line in lines if line.endswith(" s)")]


def full(directory: Path) -> list[str]:
    """The end of a command that found a disk full."""
    return [f"cosell: the disk of {directory} is full: free some space and run again", "exit code 2"]


@pytest.mark.timeout(600)
def test_the_disk_is_full_as_a_stage_begins(cosell: Cosell, told: Callable[[str], dict[str, list[str]]]) -> None:
    """To its last byte, in one stage after the other; then a night has space again."""
    lines = told(STAGE_BY_STAGE)
    for number, stage in enumerate(STAGES):
        assert ended_stages(lines[stage]) == STAGES[:number]
        assert lines[stage][-2:] == full(cosell.directory / "data")
    *_, published, _next_step, exit_code = lines["space again"]
    assert published.startswith("Published ")
    assert exit_code == "exit code 0"
    header, *failed, last = (cosell.directory / "statuses.csv").read_text().splitlines()
    assert (header, last) == ("status", "published")
    assert len(failed) == len(STAGES)
    assert set(failed) <= {"failed", "killed"}  # the disk may have been too full to say so


@pytest.mark.timeout(600)
def test_the_disk_is_full_elsewhere(cosell: Cosell, told: Callable[[str], dict[str, list[str]]]) -> None:
    """At once, under the Data Docs alone, and under a backup, which leaves nothing there."""
    lines = told(ELSEWHERE)
    assert lines["before it begins"][-2:] == full(cosell.directory / "data")
    assert ended_stages(lines["Data Docs"]) == ["extract"]
    assert lines["Data Docs"][-2:] == full(cosell.directory / "data")
    assert lines["backup"] == [*full(cosell.directory / "full"), "data/landing.duckdb", "", "full:"]
