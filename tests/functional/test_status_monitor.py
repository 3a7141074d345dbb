"""`cosell status --json` and `--max-age`: what a monitor reads, and the exit code that it goes by."""

import json
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.cli.reading import parse_duration
from pipelines.errors import ConfigurationError, OutdatedError
from pipelines.settings import Settings
from pipelines.status import how_old, print_status
from transforms.stages import OPEN_STAGES

COSELL = Path(sys.executable).parent / "cosell"
KEYS = """verdict summary next checked_at is_fresh published runs quality drifts quota first_load disk_bytes report
published.path published.run_id published.as_of published.currency published.finished_at published.age_seconds
published.rows
published.since_last_run published.this_month
this_month.since this_month.created this_month.discovered this_month.forward this_month.back this_month.reopened
this_month.won this_month.lost this_month.open_before this_month.aws_mrr_before this_month.open_now
this_month.aws_mrr_now
runs.run_id runs.started_at runs.status runs.as_of runs.finished_at runs.calls runs.opportunities_fetched
runs.rows_published runs.error
quality.rules_checked quality.rules_broken quality.opportunities_excluded quality.values_nulled quality.findings
quality.suggestions findings.critical findings.warning findings.info
quota.reads_spent quota.reads_allowed quota.writes_spent quota.writes_allowed
disk_bytes.landing disk_bytes.warehouse disk_bytes.quality disk_bytes.reports disk_bytes.backups disk_bytes.free"""
Told = Callable[..., dict[str, Any]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Returns the object that is printed for a data directory."""

    def status(data_dir: Path) -> dict[str, Any]:
        capsys.readouterr()
        print_status(Settings(data_dir=data_dir), datetime.now(UTC), as_json=True)
        return json.loads(capsys.readouterr().out)

    return status


def rows(data_dir: Path, sql: str) -> list[tuple]:
    with duckdb.connect(data_dir / "warehouse.duckdb", read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_its_keys_stay(demo_data_dir: Path, told: Told) -> None:
    status = told(demo_data_dir)
    quality, published = status["quality"], status["published"]
    parts = {
        "": status,
        "published.": published,
        "this_month.": published["this_month"],
        "runs.": status["runs"][0],
        "quality.": quality,
        "findings.": quality["findings"],
        "quota.": status["quota"],
        "disk_bytes.": status["disk_bytes"],
    }
    assert {f"{name}{key}" for name, part in parts.items() for key in part} == set(KEYS.split())


def test_its_figures_are_those_of_the_warehouse(demo_data_dir: Path, told: Told) -> None:
    status = told(demo_data_dir)
    ((run_id, calls, published),) = rows(demo_data_dir, "SELECT run_id, calls, rows_published FROM ops.runs")
    assert (status["published"]["run_id"], status["runs"][0]["calls"]) == (run_id, calls)
    assert status["quota"]["reads_spent"] == calls
    assert status["published"]["rows"]["opportunities"] == published
    assert status["disk_bytes"]["warehouse"] == (demo_data_dir / "warehouse.duckdb").stat().st_size
    assert status["disk_bytes"]["quality"] > 100_000
    findings = rows(demo_data_dir, "SELECT severity, count(*) FROM marts.hygiene GROUP BY ALL")
    assert status["quality"]["findings"] == dict(findings)


def test_the_month_agrees_with_the_marts(demo_data_dir: Path, told: Told) -> None:
    """They are made of month_ends and stage_history by other code."""
    month = told(demo_data_dir)["published"]["this_month"]
    waterfall = "FROM marts.pipeline_waterfall WHERE month = (SELECT max(month) FROM marts.pipeline_waterfall)"
    ((opening, created, discovered, closing),) = rows(
        demo_data_dir, f"SELECT opening, created, discovered, closing {waterfall} AND measure = 'count'"
    )
    assert (month["open_before"], month["open_now"]) == (opening, closing)
    assert (month["created"], month["discovered"]) == (created, discovered)
    ((opening_mrr, closing_mrr),) = rows(demo_data_dir, f"SELECT opening, closing {waterfall} AND measure = 'aws_mrr'")
    assert (month["aws_mrr_before"], month["aws_mrr_now"]) == (str(opening_mrr), str(closing_mrr))
    decided = rows(demo_data_dir, "SELECT won, lost FROM marts.outcomes_monthly ORDER BY month DESC LIMIT 1")
    assert [(month["won"], month["lost"])] == decided


def test_what_changed_since_the_night_before_is_what_happened_after_it_began(
    demo_data_dir: Path, tmp_path: Path, told: Told
) -> None:
    """As plain Python counts it. The night before began five days before this one."""
    shutil.copy(demo_data_dir / "warehouse.duckdb", tmp_path)
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute(
            "INSERT INTO ops.runs SELECT * REPLACE ('a-before' AS run_id, started_at - INTERVAL 5 DAY AS started_at, "
            "finished_at - INTERVAL 5 DAY AS finished_at) FROM ops.runs"
        )
    ((since,),) = rows(tmp_path, "SELECT min(started_at) FROM ops.runs")
    changes = told(tmp_path)["published"]["since_last_run"]
    assert datetime.fromisoformat(changes["since"]) == since
    before: dict[str, tuple] = defaultdict(lambda: (None, None))
    for opportunity_id, observed_at, stage, mrr in rows(
        tmp_path,
        "SELECT opportunity_id, observed_at, stage, aws_mrr_reporting FROM marts.observations "
        "ORDER BY opportunity_id, observation",
    ):
        if observed_at < since:
            before[opportunity_id] = (stage or before[opportunity_id][0], mrr)
    were_open = [mrr for stage, mrr in before.values() if stage in OPEN_STAGES]
    assert changes["open_before"] == len(were_open)
    assert Decimal(changes["aws_mrr_before"]) == sum(mrr for mrr in were_open if mrr is not None)
    moves = [
        (movement, stage, exited_at is None)
        for movement, stage, entered_at, exited_at in rows(
            tmp_path, "SELECT movement, stage, entered_at, exited_at FROM marts.stage_history"
        )
        if entered_at >= since
    ]
    assert changes["forward"] == sum(movement in {"advance", "skip"} for movement, *_ in moves) > 0
    assert changes["back"] == sum(movement == "regress" for movement, *_ in moves)
    assert changes["won"] == sum(stage == "Launched" and stays for _, stage, stays in moves) > 0
    assert changes["lost"] == sum(stage == "Closed Lost" and stays for _, stage, stays in moves)


def cosell(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COSELL, "status", *arguments], capture_output=True, text=True, check=False)


def test_nothing_published_ends_with_a_code_of_its_own(tmp_path: Path) -> None:
    result = cosell("--json", "--max-age", "26h", "--data-dir", tmp_path / "data")
    assert result.returncode == 6
    assert json.loads(result.stdout)["verdict"] == "nothing"
    (line,) = result.stderr.splitlines()
    assert line.startswith("cosell: nothing is published at ")
    assert line.endswith("run `cosell nightly`")


def test_a_fresh_night_is_well(demo_data_dir: Path) -> None:
    result = cosell("--json", "--max-age", "2d", "--data-dir", demo_data_dir)
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout)["is_fresh"] is True


@pytest.mark.parametrize("as_json", [False, True])
def test_older_than_it_may_be(demo_data_dir: Path, as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    ((finished_at,),) = rows(demo_data_dir, "SELECT finished_at FROM ops.runs")
    settings, max_age = Settings(data_dir=demo_data_dir), timedelta(hours=26)
    print_status(settings, finished_at + max_age, max_age=max_age, as_json=as_json)
    with pytest.raises(
        OutdatedError,
        match=r"what is published is stale \(published 26 h ago as of .*\), and --max-age is 26 h: .* `cosell nightly`",
    ):
        print_status(settings, finished_at + max_age + timedelta(seconds=1), max_age=max_age, as_json=as_json)
    assert capsys.readouterr().out.count("Stale: published 26 h ago") == 1


def test_a_warehouse_of_an_old_business_date_is_too_old(
    demo_data_dir: Path, tmp_path: Path, told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its age stays that of the publication."""
    shutil.copy(demo_data_dir / "warehouse.duckdb", tmp_path)
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute("UPDATE ops.runs SET as_of = '2024-01-05', finished_at = now() - INTERVAL 11 MINUTE")
        connection.execute("ALTER TABLE ops.basis DROP reporting_currency")  # as the version before had it
    status = told(tmp_path)
    assert (status["verdict"], status["is_fresh"]) == ("stale", False)
    assert 660 <= status["published"]["age_seconds"] < 720
    assert status["published"]["currency"] is None
    with pytest.raises(OutdatedError, match=r"\(published 11 min ago, but as of 2024-01-05, a day that ended \d+ days"):
        print_status(Settings(data_dir=tmp_path), datetime.now(UTC), max_age=timedelta(hours=1))


@pytest.mark.parametrize(
    ("began", "as_of", "as_of_now", "since"),
    [
        ("2026-03-01 04:30", "2026-03-01", "2026-03-02", "2026-03-01 04:30"),
        ("2026-03-01 04:30", "2026-02-28", "2026-03-02", "2026-03-01 00:00"),  # it knew the day before alone
        ("2026-03-01 04:30", "2024-01-05", "2026-03-02", "2024-01-06 00:00"),
        ("2026-03-01 23:59", "2026-03-01", "2026-03-01", "2026-03-01 23:59"),
        ("2026-03-02 00:00", "2026-03-02", "2026-03-01", None),
        ("2026-03-01 04:30", "2024-01-05", "2024-01-05", None),  # the same day again
        ("2026-03-01 04:30", "2026-03-01", "2024-01-05", None),  # a day long before
    ],
)
def test_the_night_before_knew_nothing_after_its_business_date(
    demo_data_dir: Path, tmp_path: Path, told: Told, began: str, as_of: str, as_of_now: str, since: str | None
) -> None:
    shutil.copy(demo_data_dir / "warehouse.duckdb", tmp_path)
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute(f"UPDATE ops.runs SET as_of = '{as_of_now}'")
        connection.execute(
            f"INSERT INTO ops.runs SELECT * REPLACE ('a-before' AS run_id, '{began}+00' AS started_at, "
            f"'{as_of}' AS as_of) FROM ops.runs"
        )
    changes = told(tmp_path)["published"]["since_last_run"]
    expected = None if since is None else datetime.fromisoformat(f"{since}+00:00")
    assert (changes and datetime.fromisoformat(changes["since"])) == expected


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize(("output", "reason"), [(">/dev/full", "No space left on device"), (">&-", "is closed")])
def test_a_status_that_cannot_be_written_is_told(tmp_path: Path, options: list[str], output: str, reason: str) -> None:
    script = f'"{COSELL}" status {" ".join(options)} --data-dir "{tmp_path}/data" {output}'
    result = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    (line,) = result.stderr.splitlines()
    assert result.returncode == 2
    assert line.startswith("cosell: cannot write the output: ")
    assert line.endswith(reason)


@pytest.mark.parametrize("text", ["", "26", "h", "-1h", "0h", "1.5h", "26 h", "1w", "100000d", "26H", "26h\n"])
def test_a_duration_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^--max-age .* is no duration: write it as 90m, 26h or 2d$"):
        parse_duration(text)


def test_durations() -> None:
    durations = [parse_duration(text) for text in ("90m", "26h", "2d", None)]
    assert durations == [timedelta(minutes=90), timedelta(hours=26), timedelta(days=2), None]


@pytest.mark.parametrize(
    ("age", "says"),
    [
        (timedelta(seconds=-5), "0 min"),
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(days=2), "2 days"),
        (timedelta(days=400), "400 days"),
    ],
)
def test_an_age_in_its_largest_unit(age: timedelta, says: str) -> None:
    assert how_old(age) == says


def test_whoever_stops_reading_ends_it_quietly(demo_data_dir: Path) -> None:
    script = f'"{COSELL}" status --data-dir "{demo_data_dir}" | head -1'
    result = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert result.stdout.startswith("Fresh and sound: published ")
    assert result.stderr == ""
