"""Publication replaces one file by another in one step, whatever lies beside it; the next build starts from it."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.publication import publish, remove_leftovers, start_from_published
from pipelines.runs import new_run_id

BUILT_WITH = "code 1"


def make(path: Path, number: int) -> Path:
    with duckdb.connect(path) as connection:
        connection.execute(f"CREATE TABLE night AS SELECT {number} AS number")
        connection.execute("CREATE SCHEMA ops")
        connection.execute(f"CREATE TABLE ops.basis AS SELECT '{BUILT_WITH}' AS built_with")
    return path


def read(path: Path) -> list[tuple]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute("FROM night").fetchall()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    duckdb.connect(tmp_path / "landing.duckdb").close()
    return tmp_path


def publish_night(data_dir: Path, number: int) -> Path:
    published = data_dir / "warehouse.duckdb"
    publish(make(data_dir / "warehouse.run.duckdb", number), published, data_dir / "landing.duckdb")
    return published


def start_next(data_dir: Path, built_with: str = BUILT_WITH) -> list[tuple] | None:
    """What the next build starts from."""
    path = data_dir / "warehouse.next.duckdb"
    started = start_from_published(data_dir / "warehouse.duckdb", data_dir / "landing.duckdb", path, built_with)
    assert started == path.exists()
    return read(path) if started else None


def test_a_reader_keeps_the_old_file_and_the_next_one_gets_the_new(data_dir: Path) -> None:
    published = publish_night(data_dir, 1)
    with duckdb.connect(published, read_only=True) as reader:
        publish_night(data_dir, 2)
        assert reader.execute("FROM night").fetchall() == [(1,)]
    assert read(published) == [(2,)]
    assert {path.name for path in data_dir.iterdir()} == {"landing.duckdb", "warehouse.duckdb"}


def test_a_log_that_somebody_left_does_not_spoil_the_new_file(data_dir: Path) -> None:
    """A write-ahead log of the old file, as a writer that was killed leaves it."""
    published = data_dir / "warehouse.duckdb"
    log = data_dir / "warehouse.duckdb.wal"
    with duckdb.connect(make(published, 1)) as writer:
        writer.execute("CREATE TABLE mine (number INTEGER)")
        left = log.read_bytes()
    log.write_bytes(left)
    publish_night(data_dir, 2)
    assert read(published) == [(2,)]


def test_leftovers_of_killed_runs_go_and_what_is_published_stays(tmp_path: Path) -> None:
    """So does what an operator put there."""
    killed = new_run_id(datetime(2026, 11, 1, 4, 30, tzinfo=UTC))
    kept = {"warehouse.duckdb", "warehouse.2026-10-backup.duckdb"}
    for name in (*kept, f"warehouse.{killed}.duckdb"):
        make(tmp_path / name, 1)
    (tmp_path / f"warehouse.{killed}.duckdb.wal").touch()
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_the_next_build_starts_from_what_was_published(data_dir: Path) -> None:
    publish_night(data_dir, 1)
    publish_night(data_dir, 2)
    assert start_next(data_dir) == [(2,)]


def test_it_starts_from_nothing_when_nothing_was_published(data_dir: Path) -> None:
    assert start_next(data_dir) is None


def test_it_starts_from_nothing_after_other_code_settings_or_libraries(data_dir: Path) -> None:
    publish_night(data_dir, 1)
    assert start_next(data_dir, "code 2") is None


def test_it_starts_from_nothing_when_somebody_wrote_into_the_published_file(data_dir: Path) -> None:
    with duckdb.connect(publish_night(data_dir, 1)) as writer:
        writer.execute("DELETE FROM night")
    assert start_next(data_dir) is None


def test_it_starts_from_nothing_when_what_is_published_is_not_what_a_run_noted(data_dir: Path) -> None:
    publish_night(data_dir, 1)
    make(data_dir / "warehouse.run.duckdb", 2).replace(data_dir / "warehouse.duckdb")
    assert start_next(data_dir) is None


def test_it_starts_from_nothing_when_the_published_file_is_damaged(data_dir: Path) -> None:
    published = publish_night(data_dir, 1)
    content = bytearray(published.read_bytes())
    content[len(content) // 2] ^= 1
    published.write_bytes(content)
    assert start_next(data_dir) is None


def test_it_starts_from_nothing_when_the_published_file_is_another_programs(data_dir: Path) -> None:
    (data_dir / "warehouse.duckdb").write_text("not a database")
    assert start_next(data_dir) is None
