"""A backup takes the place of the landing in one step; what it replaces is kept, and what AWS counted stays counted."""

import signal
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from landings import contents, damage, files, leave_a_log, make_landing
from processes import Cosell, settings_for

from pipelines.backup import restore_backup
from pipelines.errors import ConfigurationError
from pipelines.migrations import NEWEST_VERSION

NOW = datetime(2026, 11, 1, 5, tzinfo=UTC)
BEFORE_THE_BACKUP = "INSERT INTO ops.calls VALUES ('a', '2026-10-31 05:30Z', 'GetOpportunity', 1)"
AFTER_IT = (
    "INSERT INTO ops.calls VALUES ('b', '2026-11-01 04:30Z', 'GetOpportunity', 20)",
    "INSERT INTO ops.calls VALUES ('b', '2026-11-01 04:30Z', 'ListOpportunities', 300)",
)
MORE_THAN_A_DAY_AGO = "INSERT INTO ops.calls VALUES ('c', '2026-10-31 04:59Z', 'GetOpportunity', 4000)"
OF_THE_KILLED = "INSERT INTO ops.calls VALUES ('d', '2026-11-01 04:31Z', 'GetOpportunity', 50000)"
REPLACED = "landing.20261101T050000Z.replaced.duckdb"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return make_landing(tmp_path / "backup" / "backup.duckdb", BEFORE_THE_BACKUP)


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return make_landing(
        tmp_path / "data" / "landing.duckdb",
        BEFORE_THE_BACKUP,
        MORE_THAN_A_DAY_AGO,
        *AFTER_IT,
        "CREATE TABLE newer (number INTEGER)",
    )


def restore(landing: Path, backup: Path) -> str:
    return restore_backup(settings_for(landing.parent), backup, NOW)


def calls(path: Path) -> list[int]:
    return [calls for *_, calls in contents(path)["ops.calls"]]


def test_the_landing_is_replaced_and_kept(landing: Path, backup: Path) -> None:
    """The calls of the last 24 hours stay counted, those that the backup has too once."""
    before, restored = contents(landing), contents(backup)
    kept = landing.with_name(REPLACED)
    assert restore(landing, backup) == (
        f"Restored {landing} from {backup}. What it replaces is kept as {kept}; "
        "the 321 calls of the last 24 hours stay counted.\nNext: cosell nightly --catalog Sandbox"
    )
    assert calls(landing) == [1, 20, 300]
    assert contents(landing) | {"ops.calls": None} == restored | {"ops.calls": None}
    assert contents(kept) == before
    assert calls(backup) == [1]
    assert set(files(landing.parent)) == {"landing.duckdb", REPLACED}


def test_there_was_no_landing(backup: Path, tmp_path: Path) -> None:
    landing = tmp_path / "new" / "landing.duckdb"
    assert "There was no landing." in restore(landing, backup)
    assert contents(landing) == contents(backup)
    assert landing.stat().st_mode & 0o777 == 0o600
    assert landing.parent.stat().st_mode & 0o777 == 0o700


def test_the_log_of_the_landing_goes_with_it(landing: Path, backup: Path) -> None:
    """DuckDB refuses a file beside which the log of another lies."""
    leave_a_log(landing, OF_THE_KILLED)
    restore(landing, backup)
    assert calls(landing) == [1, 20, 300, 50000]
    assert calls(landing.with_name(REPLACED)) == [1, 20, 300, 4000, 50000]
    assert set(files(landing.parent)) == {"landing.duckdb", REPLACED}


def test_a_damaged_landing_is_replaced_and_kept_too(landing: Path, backup: Path) -> None:
    leave_a_log(landing, OF_THE_KILLED)
    damage(landing)
    left = files(landing.parent)
    assert "calls of the last 24 hours cannot be read, so they are not counted" in restore(landing, backup)
    assert contents(landing) == contents(backup)
    now = files(landing.parent)
    assert now.keys() == {"landing.duckdb", REPLACED, f"{REPLACED}.wal"}
    assert now[REPLACED] == left["landing.duckdb"]
    assert now[f"{REPLACED}.wal"] == left["landing.duckdb.wal"]


def test_the_log_of_a_copy_that_somebody_made_by_hand_is_taken_in(landing: Path, backup: Path) -> None:
    leave_a_log(backup, OF_THE_KILLED)
    before = files(backup.parent)
    restore(landing, backup)
    assert 50000 in calls(landing)
    assert files(backup.parent) == before


@pytest.mark.parametrize(
    ("sql", "refusal"),
    [
        ("DROP SCHEMA ops CASCADE; CREATE TABLE somebody_elses (number INTEGER)", "is not a landing of cosell"),
        ("DROP SCHEMA ops CASCADE", "holds nothing"),
        (f"UPDATE ops.schema_version SET version = {NEWEST_VERSION + 1}", "written by a newer cosell"),
    ],
)
def test_what_is_no_backup_is_refused(landing: Path, backup: Path, sql: str, refusal: str) -> None:
    with duckdb.connect(backup) as connection:
        connection.execute(sql)
    before = files(landing.parent)
    with pytest.raises(ConfigurationError, match=f"^{backup} .*{refusal}"):
        restore(landing, backup)
    assert files(landing.parent) == before


def test_a_damaged_backup_is_refused(landing: Path, backup: Path) -> None:
    damage(backup)
    before = files(landing.parent)
    with pytest.raises(ConfigurationError, match=f"^{backup} is damaged"):
        restore(landing, backup)
    assert files(landing.parent) == before


KILLED_AS_IT_RESTORES = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from pipelines import backup
from pipelines.settings import Settings

def kill_at(module, name):
    original = getattr(module, name)
    def killed(*arguments, **keywords):
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(module, name, killed)

module, name = sys.argv[1].split(".")
kill_at({"os": os, "Path": Path, "backup": backup}[module], name)
settings = Settings(catalog="Sandbox", data_dir=sys.argv[2])
backup.restore_backup(settings, Path(sys.argv[3]), datetime(2026, 11, 1, 5, tzinfo=UTC))
"""


@pytest.mark.parametrize("step", ["backup._carry_over_calls", "os.link", "backup._complete", "Path.replace"])
def test_a_restore_that_is_killed_leaves_the_landing(step: str, landing: Path, backup: Path) -> None:
    before = contents(landing)
    cosell = Cosell(landing.parents[1], "http://127.0.0.1:9")
    result = cosell(step, str(landing.parent), str(backup), script=KILLED_AS_IT_RESTORES)
    assert result.returncode == -signal.SIGKILL, result.stderr
    assert contents(landing) == before
    landing.with_name(REPLACED).unlink(missing_ok=True)  # the second restore of a test comes at the same instant
    restore(landing, backup)
    assert calls(landing) == [1, 20, 300]
    assert set(files(landing.parent)) == {"landing.duckdb", REPLACED}


def test_the_commands(landing: Path, tmp_path: Path) -> None:
    """Exit codes and lines, with the default file."""
    cosell = Cosell(tmp_path, "http://127.0.0.1:9")
    result = cosell.anew("backup")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    (backup,) = (tmp_path / "data" / "backups").iterdir()
    assert f"cosell restore {backup}" in result.stdout
    result = cosell.anew("restore", str(backup))
    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith("Next: cosell nightly --catalog Sandbox\n")
    for arguments in (["backup", str(backup)], ["restore", "nothing.duckdb"]):
        result = cosell(*arguments)
        assert result.returncode == 2
        assert result.stderr.startswith("cosell: ")
        assert result.stderr.count("\n") == 1
