"""Publication replaces one file by another in one step, whatever lies beside it."""

from pathlib import Path

import duckdb

from pipelines.warehouse import publish, remove_leftovers


def make(path: Path, number: int) -> Path:
    with duckdb.connect(path) as connection:
        connection.execute(f"CREATE TABLE night AS SELECT {number} AS number")
    return path


def read(path: Path) -> list[tuple]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute("FROM night").fetchall()


def test_a_reader_keeps_the_old_file_and_the_next_one_gets_the_new(tmp_path: Path) -> None:
    published = make(tmp_path / "warehouse.duckdb", 1)
    with duckdb.connect(published, read_only=True) as reader:
        publish(make(tmp_path / "warehouse.run.duckdb", 2), published)
        assert reader.execute("FROM night").fetchall() == [(1,)]
    assert read(published) == [(2,)]
    assert [path.name for path in tmp_path.iterdir()] == ["warehouse.duckdb"]


def test_a_log_that_somebody_left_does_not_spoil_the_new_file(tmp_path: Path) -> None:
    """A write-ahead log of the old file, as a writer that was killed leaves it."""
    published = tmp_path / "warehouse.duckdb"
    log = tmp_path / "warehouse.duckdb.wal"
    with duckdb.connect(make(published, 1)) as writer:
        writer.execute("CREATE TABLE mine (number INTEGER)")
        left = log.read_bytes()
    log.write_bytes(left)
    publish(make(tmp_path / "warehouse.run.duckdb", 2), published)
    assert read(published) == [(2,)]


def test_leftovers_of_killed_runs_go_and_what_is_published_stays(tmp_path: Path) -> None:
    make(tmp_path / "warehouse.duckdb", 1)
    make(tmp_path / "warehouse.killed.duckdb", 2)
    (tmp_path / "warehouse.killed.duckdb.wal").touch()
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["warehouse.duckdb"]
