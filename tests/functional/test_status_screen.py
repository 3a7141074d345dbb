"""`cosell status` in every state that a data directory can be in: the verdict, and the one command that follows."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import ConfigurationError
from pipelines.locking import run_lock
from pipelines.settings import Settings
from pipelines.status import print_status

Lines = Callable[..., list[str]]
WAREHOUSE = r"/warehouse\.duckdb"
FOREIGN = "another version of cosell, or is none of its own: `cosell nightly` replaces it"


@pytest.fixture
def data_dir(demo_data_dir: Path, tmp_path: Path) -> Path:
    """A published night of our own."""
    shutil.copytree(demo_data_dir, tmp_path / "data", ignore=shutil.ignore_patterns("quality", "reports"))
    return tmp_path / "data"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """Prints the status of a data directory, some time after its night was published, and returns the lines."""

    def status(data_dir: Path, after: timedelta = timedelta(hours=3)) -> list[str]:
        capsys.readouterr()
        print_status(Settings(data_dir=data_dir), published_at(data_dir) + after)
        return capsys.readouterr().out.splitlines()

    return status


def published_at(data_dir: Path) -> datetime:
    path = data_dir / "warehouse.duckdb"
    if not path.exists():
        return datetime.now(UTC)
    with duckdb.connect(path, read_only=True) as connection:
        ((finished_at,),) = connection.execute("SELECT max(finished_at) FROM ops.runs").fetchall()
    return finished_at


def change(path: Path, *statements: str) -> None:
    with duckdb.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)


def a_later_run(status: str, error: str) -> str:
    """A run that began and ended an hour after the published one."""
    return (
        "INSERT INTO ops.runs SELECT 'z-later', started_at + INTERVAL 1 HOUR, finished_at + INTERVAL 1 HOUR, as_of, "
        f"catalog, '{status}', 0, 0, 0, 0, 0, NULL, '{error}' FROM ops.runs"
    )


def test_one_screen_says_what_one_asks_in_the_morning(demo_data_dir: Path, lines: Lines) -> None:
    shown = lines(demo_data_dir)
    with duckdb.connect(demo_data_dir / "warehouse.duckdb", read_only=True) as connection:
        ((as_of,),) = connection.execute("SELECT as_of FROM ops.runs").fetchall()
        ((findings,),) = connection.execute("SELECT count(*) FROM marts.hygiene WHERE severity = 'critical'").fetchall()
    assert shown[0] == f"Fresh and sound: published 3 h ago as of {as_of}."
    assert shown[-1] == "Next: `cosell drift`, which shows what AWS sent that is new."
    assert any(line.startswith(f"Hygiene: {findings:,} critical findings, ") for line in shown)
    for start in ("Since ", "The last 5 runs", "Reads in the last 24 h: ", "Quality: ", "Drift: 7 ", "Disk: landing "):
        assert any(line.startswith(start) for line in shown), start
    assert len(shown) <= 30


def test_what_was_found_is_next_when_nothing_drifts(data_dir: Path, lines: Lines) -> None:
    """Durations that hygiene suggests, then findings of any kind, then nothing."""
    change(data_dir / "landing.duckdb", "DELETE FROM quality.results WHERE suite = 'drift'")
    assert lines(data_dir)[-1].startswith("Next: `cosell intake plan --from-hygiene`, which proposes a duration for ")
    change(data_dir / "warehouse.duckdb", "UPDATE marts.hygiene SET suggestion = NULL")
    assert lines(data_dir)[-1] == "Next: `cosell query hygiene`, which lists what is wrong or missing in the deals."
    change(data_dir / "warehouse.duckdb", "DELETE FROM marts.hygiene")
    assert lines(data_dir)[-1] == "Next: `cosell query pipeline`, which shows the deals; nothing is to be mended."


@pytest.mark.parametrize(
    ("status", "says", "following"),
    [
        ("held", "The quality gate held the last run", "cosell drift"),  # the demo's records drift
        ("failed", "The last run failed", "cosell nightly"),
        ("interrupted", "The last run was interrupted", "cosell nightly"),
        ("killed", "The last run was killed", "cosell nightly"),
        ("running", "The last run was killed", "cosell nightly"),  # nobody holds the lock
    ],
)
def test_a_run_that_did_not_publish_comes_first(
    data_dir: Path, lines: Lines, status: str, says: str, following: str
) -> None:
    change(data_dir / "landing.duckdb", a_later_run(status, "what stopped it"))
    shown = lines(data_dir)
    assert shown[0].startswith(f"{says} 2 h ago; what is published is 3 h old, as of ")
    assert "Last error: what stopped it" in shown
    assert shown[-1].startswith(f"Next: `{following}`, ")


def test_a_run_killed_after_its_publication_and_before_its_record_is_published(data_dir: Path, lines: Lines) -> None:
    change(data_dir / "landing.duckdb", "UPDATE ops.runs SET status = 'running', finished_at = NULL")
    assert lines(data_dir)[0].startswith("Fresh and sound: ")


def test_a_night_that_was_never_started_is_noticed(data_dir: Path, lines: Lines) -> None:
    assert lines(data_dir, timedelta(hours=26))[0].startswith("Fresh and sound: published 26 h ago")
    shown = lines(data_dir, timedelta(hours=26, seconds=1))
    assert shown[0].startswith("Stale: published 26 h ago")
    assert shown[-1].startswith("Next: `cosell nightly`, ")


@pytest.mark.parametrize(
    ("as_of", "finished_at", "read_at", "says"),
    [
        ("2026-03-02", "2026-03-02 04:30", "2026-03-03 06:30", "Fresh and sound: published 26 h ago as of 2026-03-02."),
        ("2026-03-02", "2026-03-02 04:30", "2026-03-03 06:31", "Stale: published 26 h ago as of 2026-03-02."),
        ("2026-03-01", "2026-03-02 04:30", "2026-03-03 02:00", "Fresh and sound: published 21 h ago as of 2026-03-01."),
        (
            *("2026-03-01", "2026-03-02 04:30", "2026-03-03 02:01"),
            "Stale: published 21 h ago, but as of 2026-03-01, a day that ended 26 h ago.",
        ),
        (
            *("2024-01-05", "2026-03-02 04:30", "2026-03-02 04:41"),
            "Stale: published 11 min ago, but as of 2024-01-05, a day that ended 786 days ago.",
        ),
        ("2030-01-01", "2026-03-02 04:30", "2026-03-03 06:31", "Stale: published 26 h ago as of 2030-01-01."),
        (
            "2026-03-02",
            "2026-03-02 04:31",
            "2026-03-02 04:30",
            "Fresh and sound: published 0 min ago as of 2026-03-02.",
        ),
        (
            *("2026-03-02", "2026-03-02 04:32", "2026-03-02 04:30"),
            "Stale: published in the future, at 2026-03-02 04:32 UTC: a clock is or was wrong.",
        ),
    ],
)
def test_an_old_business_date_or_a_wrong_clock_is_stale(
    data_dir: Path, lines: Lines, as_of: str, finished_at: str, read_at: str, says: str
) -> None:
    night = f"UPDATE ops.runs SET as_of = '{as_of}', finished_at = '{finished_at}+00', started_at = '{finished_at}+00'"
    change(data_dir / "warehouse.duckdb", night)
    after = datetime.fromisoformat(read_at) - datetime.fromisoformat(finished_at)
    assert lines(data_dir, after)[0] == says


def test_a_warehouse_alone_says_what_it_knows(data_dir: Path, lines: Lines, tmp_path: Path) -> None:
    (tmp_path / "laptop").mkdir()
    shutil.copy(data_dir / "warehouse.duckdb", tmp_path / "laptop")
    shown = lines(tmp_path / "laptop")
    assert shown[0].startswith("Fresh and sound: published 3 h ago")
    assert any(line.startswith("Drift: 7 ") for line in shown)
    assert not [line for line in shown if line.startswith("Reads ")]
    assert [path.name for path in (tmp_path / "laptop").iterdir()] == ["warehouse.duckdb"]


def test_a_warehouse_that_is_gone_is_told(data_dir: Path, lines: Lines) -> None:
    (data_dir / "warehouse.duckdb").unlink()
    shown = lines(data_dir)
    assert shown[0] == f"What was published is gone: there is no {data_dir / 'warehouse.duckdb'}."
    assert shown[-1] == "Next: `cosell nightly`, which publishes anew from what has landed."


def test_nothing_has_run_yet(tmp_path: Path, lines: Lines) -> None:
    assert lines(tmp_path / "data") == [
        f"No run yet in {tmp_path / 'data'}.",
        "Next: `cosell nightly`, or `cosell nightly --demo`, which needs no AWS account.",
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_run_at_work_does_not_keep_it_from_telling(data_dir: Path, lines: Lines) -> None:
    (data_dir / ".work").mkdir(exist_ok=True)
    (data_dir / ".work" / "progress").write_text("extract: 300 listed, 12 fetched.")
    with run_lock(data_dir):
        shown = lines(data_dir)
    assert shown[0].startswith("A run is at work now; what is published is 3 h old, as of ")
    assert shown[1] == "extract: 300 listed, 12 fetched."
    assert any(line.startswith("Quality: ") for line in shown)
    assert shown[-1] == "Next: `cosell status`, when it has ended."


def test_the_report_is_shown_once_there_is_one(data_dir: Path, lines: Lines) -> None:
    assert not [line for line in lines(data_dir) if line.startswith("Report: ")]
    (data_dir / "reports").mkdir()
    (data_dir / "reports" / "latest.html").write_text("<!doctype html>")
    assert f"Report: {data_dir / 'reports' / 'latest.html'}" in lines(data_dir)


@pytest.mark.parametrize("missing", ["ALTER TABLE ops.basis DROP reporting_currency", "DROP TABLE ops.basis"])
def test_amounts_of_an_older_version_have_no_currency(data_dir: Path, lines: Lines, missing: str) -> None:
    (pipeline, *_) = [line for line in lines(data_dir) if line.startswith("  Open pipeline: ")]
    assert " deals, AWS MRR USD " in pipeline
    change(data_dir / "warehouse.duckdb", "ALTER TABLE ops.basis ADD another INTEGER", missing)
    assert pipeline.replace("USD ", "") in lines(data_dir)


@pytest.mark.parametrize(
    "missing",
    [
        "DROP TABLE marts.stage_history",
        "DROP SCHEMA ops CASCADE",
        "ALTER TABLE marts.hygiene DROP suggestion",
        "DELETE FROM ops.runs",
        "UPDATE ops.runs SET status = 'failed'",
    ],
)
def test_a_warehouse_that_lacks_a_part_is_no_bug(data_dir: Path, missing: str) -> None:
    change(data_dir / "warehouse.duckdb", missing)
    with pytest.raises(ConfigurationError, match=rf"{WAREHOUSE} was published by {FOREIGN}$"):
        print_status(Settings(data_dir=data_dir), datetime.now(UTC))


def test_it_names_nobody(demo_data_dir: Path, lines: Lines) -> None:
    with duckdb.connect(demo_data_dir / "warehouse.duckdb", read_only=True) as connection:
        names = connection.execute("SELECT unnest([customer_name, title]) AS name FROM marts.opportunities").fetchall()
    shown = "\n".join(lines(demo_data_dir))
    assert len(names) > 3000
    assert [name for (name,) in names if name and name in shown] == []
