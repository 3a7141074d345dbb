"""What every DuckDB file of ours is opened with."""

from pathlib import Path

from pipelines.database import fetch_row, open_database
from pipelines.warehouse import READABLE_SINCE


def test_sums_are_right(tmp_path: Path) -> None:
    """As DuckDB 2.0.0 is delivered, this fails to convert, and with a cast of the sum gives another number."""
    with open_database(tmp_path / "sums.duckdb") as connection:
        connection.execute(
            "CREATE TABLE deals AS SELECT i, i % 6 AS stage, 50 + i % 60 AS reached FROM range(114) t(i)"
        )
        connection.execute("CREATE TABLE runs AS SELECT 70 AS last")
        query = """SELECT sum(reached){cast} FROM deals WHERE i < (SELECT max(last) FROM runs)
                   GROUP BY stage ORDER BY stage"""
        by_hand = [sum(50 + i % 60 for i in range(stage, 70, 6)) for stage in range(6)]
        for cast in ("", "::BIGINT"):
            assert [total for (total,) in connection.execute(query.format(cast=cast)).fetchall()] == by_hand


def test_older_clients_read_a_file_that_is_made_for_them(tmp_path: Path) -> None:
    made_for = "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'warehouse'"
    path = tmp_path / "warehouse.duckdb"
    with open_database(path, storage=READABLE_SINCE) as connection:
        assert connection.execute(made_for).fetchall() == [("v1.2.0+",)]
    with open_database(path) as connection:
        connection.execute("CREATE TABLE deals AS SELECT 1 AS id")
        assert connection.execute(made_for).fetchall() == [("v1.2.0+",)]


def test_the_published_warehouse_is_made_for_them(demo_data_dir: Path) -> None:
    with open_database(demo_data_dir / "warehouse.duckdb", read_only=True) as connection:
        (tags,) = fetch_row(connection, "SELECT tags FROM duckdb_databases() WHERE database_name = 'warehouse'")
    assert tags == {"storage_version": "v1.2.0+"}
