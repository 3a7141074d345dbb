"""`cosell report` makes the report of what is published again, for its owner alone."""

import os
import subprocess
import sys
from pathlib import Path

from warehouses import DEALS, publish_deals

from pipelines.report.page import write_report

COSELL = Path(sys.executable).parent / "cosell"


def cosell_report(directory: Path, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COSELL_"))}
    command = [COSELL, "report", "--data-dir", "data"]
    return subprocess.run(command, cwd=directory, env=clean | env, capture_output=True, text=True, check=False)


def test_it_writes_the_same_bytes_anywhere_for_its_owner_alone_and_says_where(tmp_path: Path) -> None:
    reports = tmp_path / "data" / "reports"
    write_report(publish_deals(tmp_path / "data", DEALS["one"]))
    written = (reports / "latest.html").read_bytes()
    kept = reports / "2026-11-19.html"
    kept.write_text("yesterday's")
    (reports / "latest.html").write_text("half a rep")
    done = cosell_report(tmp_path, TZ="Pacific/Auckland", LC_ALL="de_DE.UTF-8", PYTHONHASHSEED="7")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{reports / '2026-11-20.html'}\n", "")
    assert (reports / "latest.html").read_bytes() == (reports / "2026-11-20.html").read_bytes() == written
    assert kept.read_text() == "yesterday's"
    assert sorted(path.name for path in reports.glob("[!.]*")) == ["2026-11-19.html", "2026-11-20.html", "latest.html"]
    assert {path.stat().st_mode & 0o777 for path in reports.iterdir() if path != kept} == {0o600}
    assert reports.stat().st_mode & 0o777 == 0o700


def test_without_a_warehouse_it_says_in_one_line_what_to_do(tmp_path: Path) -> None:
    done = cosell_report(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "run `cosell nightly` (or `--demo`) first" in done.stderr
    assert not (tmp_path / "data").exists()
