"""Whatever ends a night early, the published warehouse stays whole and the next night goes on from what has landed."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from preloaded import Command
from processes import Cosell

from pipelines.marts import MARTS
from pipelines.sandbox.server import Sandbox
from transforms.schema import declaration

OPPORTUNITIES = 250
NIGHTLY = ("nightly", "--catalog", "Sandbox", "--as-of", "2026-10-31")
STAGES = {
    "extract": signal.SIGTERM,
    "validate": signal.SIGINT,
    "transform": signal.SIGTERM,
    "audit": signal.SIGINT,
}  # SIGKILL has tests of its own
KEPT = {".lock", "landing.duckdb", "warehouse.duckdb", "quality"}
STAGE_BEFORE = {"validate": "extract", "transform": "validate", "audit": "transform"}


def marts(directory: Path) -> list[list[tuple]]:
    tables = [declaration(table).name for table in MARTS]
    with duckdb.connect(directory / "data" / "warehouse.duckdb", read_only=True) as connection:
        return [connection.execute(f"FROM marts.{table} ORDER BY ALL").fetchall() for table in tables]


def landed(directory: Path) -> list[list[tuple]]:
    """Every key of the landing, with how often it is there."""
    keys = {
        "opportunity_versions": "opportunity_id, last_modified_date",
        "opportunities": "opportunity_id",
        "aws_opportunity_summaries": "opportunity_id, last_modified_date",
        "engagement_associations": "engagement_id, resource_id",
        "resource_snapshots": "engagement_id, resource_id, template, revision",
        "solutions": "solution_id",
    }
    with duckdb.connect(directory / "data" / "landing.duckdb", read_only=True) as connection:
        return [
            connection.execute(
                f"SELECT {key}, count(*) FROM partner_central.{table} GROUP BY ALL ORDER BY ALL"
            ).fetchall()
            for table, key in keys.items()
        ]


def statuses(directory: Path) -> list[str]:
    with duckdb.connect(directory / "data" / "landing.duckdb", read_only=True) as connection:
        return [row[0] for row in connection.execute("SELECT status FROM ops.runs ORDER BY started_at").fetchall()]


@pytest.fixture(scope="module")
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return make_sandbox(OPPORTUNITIES)


@pytest.fixture(scope="module")
def undisturbed(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("undisturbed")
    result = Cosell(directory, sandbox.endpoint_url)(*NIGHTLY)
    assert result.returncode == 0, result.stderr
    return directory


def reach(process: Command, stage: str, sandbox: Sandbox, calls: int) -> None:
    """Wait until a night is in the middle of a stage."""
    if stage == "extract":
        while sandbox.calls.total() < calls + 300:
            assert process.poll() is None
        return
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(STAGE_BEFORE[stage]):
            return
    raise AssertionError(f"{stage} was never reached")


SIGNALLED_AS_IT_PUBLISHES = """
import os, signal
from pipelines.cli import main
rename = os.replace
def rename_and_signal(source, target):
    rename(source, target)
    if str(target).endswith("warehouse.duckdb"):
        os.kill(os.getpid(), signal.SIGTERM)
os.replace = rename_and_signal
main()
"""


def test_a_signal_in_each_stage(sandbox: Sandbox, undisturbed: Path, tmp_path: Path) -> None:
    """A night is ended in one stage after the other. The last one finds what the others landed, and itself published:
    its signal comes as the file gets its name."""
    cosell = Cosell(tmp_path, sandbox.endpoint_url)
    warehouse = tmp_path / "data" / "warehouse.duckdb"
    warehouse.parent.mkdir()
    duckdb.connect(warehouse).close()
    before = warehouse.read_bytes()
    for stage, number in STAGES.items():
        process = cosell.start(*NIGHTLY)
        reach(process, stage, sandbox, sandbox.calls.total())
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert "Traceback" not in err
        assert warehouse.read_bytes() == before
        assert process.returncode == 128 + number, err
        assert err.strip().splitlines()[-1].startswith("cosell: stopped by a signal")
        assert list(warehouse.parent.glob("warehouse.*.duckdb*")) == []
    result = cosell(*NIGHTLY, script=SIGNALLED_AS_IT_PUBLISHES)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("Published ")
    assert statuses(tmp_path) == [*["interrupted"] * len(STAGES), "published"]
    assert marts(tmp_path) == marts(undisturbed)
    assert landed(tmp_path) == landed(undisturbed)
    assert {path.name for path in (tmp_path / "data").iterdir()} == KEPT


def test_the_demo_ends_with_its_run(tmp_path: Path, sandbox: Sandbox) -> None:
    """SIGKILL leaves no sandbox behind: its pipe to the run closes."""
    process = Cosell(tmp_path, sandbox.endpoint_url).start_anew("nightly", "--demo")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    started: list[str] = []
    while not started:
        assert process.poll() is None
        started = [child for child in children.read_text().split() if is_sandbox(child)]
    process.kill()
    process.communicate(timeout=60)
    for child in started:
        wait_for_end(Path(f"/proc/{child}"))


def is_sandbox(child: str) -> bool:
    try:
        return "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):  # it ended since it was listed, or while it was read
        return False


def wait_for_end(process: Path) -> None:
    subprocess.run(["timeout", "20", "tail", f"--pid={process.name}", "-f", "/dev/null"], check=True)
