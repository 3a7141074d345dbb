from collections.abc import Iterator

import duckdb
import pytest
import sqlalchemy as sa

from expectations.duckdb_dialect import lend


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE deals (id VARCHAR, amount DECIMAL(38,2), seen TIMESTAMPTZ, tags VARCHAR[])")
        connection.execute(
            "INSERT INTO deals VALUES ('O1', 12.50, '2026-01-01 00:00:00+00', ['a']), ('O2', 1, NULL, [])"
        )
        yield connection


@pytest.fixture
def engine(connection: duckdb.DuckDBPyConnection) -> Iterator[sa.Engine]:
    with lend(connection) as url:
        engine = sa.create_engine(url)
        yield engine
        engine.dispose()


def test_rows_can_be_read_after_another_statement(engine: sa.Engine) -> None:
    with engine.connect() as one:
        first = one.execute(sa.text("SELECT id FROM deals ORDER BY id"))
        one.execute(sa.text("SELECT 1"))
        assert first.scalars().all() == ["O1", "O2"]


def test_rows_come_one_by_one_and_in_batches(engine: sa.Engine) -> None:
    with engine.connect() as one:
        result = one.execute(sa.text("SELECT * FROM range(5)"))
        assert result.fetchone() == (0,)
        assert result.fetchmany(2) == [(1,), (2,)]
        assert result.fetchall() == [(3,), (4,)]
        assert one.execute(sa.text("SELECT * FROM range(2)")).fetchmany() == [(0,)]  # one row unless told


def test_the_lender_keeps_the_connection(connection: duckdb.DuckDBPyConnection, engine: sa.Engine) -> None:
    with engine.connect() as one:
        one.execute(sa.text("INSERT INTO deals (id) VALUES ('O3')"))
        one.commit()
    engine.dispose()
    assert connection.execute("SELECT count(*) FROM deals").fetchall() == [(3,)]


def test_an_open_transaction_of_the_lender_is_left_alone(
    connection: duckdb.DuckDBPyConnection, engine: sa.Engine
) -> None:
    connection.begin()
    connection.execute("DELETE FROM deals")
    with engine.connect() as one:
        assert one.execute(sa.text("SELECT count(*) FROM deals")).scalar() == 0
    connection.rollback()
    assert connection.execute("SELECT count(*) FROM deals").fetchall() == [(2,)]


def test_columns_have_duckdbs_types(engine: sa.Engine) -> None:
    columns = sa.inspect(engine).get_columns("deals")
    assert [(column["name"], str(column["type"])) for column in columns] == [
        ("id", "VARCHAR"),
        ("amount", "DECIMAL(38,2)"),
        ("seen", "TIMESTAMP WITH TIME ZONE"),
        ("tags", "VARCHAR[]"),
    ]


def test_columns_of_a_table_in_a_schema(connection: duckdb.DuckDBPyConnection, engine: sa.Engine) -> None:
    connection.execute('CREATE SCHEMA other; CREATE TABLE other."my table" (n INTEGER)')
    columns = sa.inspect(engine).get_columns("my table", schema="other")
    assert [(column["name"], str(column["type"])) for column in columns] == [("n", "INTEGER")]


def test_an_unknown_table_is_an_error(engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="does not exist"):
        sa.inspect(engine).get_columns("gone")


@pytest.mark.parametrize(("text", "is_match"), [("O1", True), ("xO1", False), ("O1\n", False), ("o1", False)])
def test_regular_expressions_are_written_as_tilde(engine: sa.Engine, text: str, is_match: bool) -> None:
    with engine.connect() as one:
        query = sa.select(sa.literal(text).op("~")(sa.literal("^(?:O[0-9]{1,19})$")))
        assert one.execute(query).scalar() is is_match


def test_values_are_bound_and_not_written_into_the_statement(engine: sa.Engine) -> None:
    text = "'; DROP TABLE deals; -- :x %s {y} $1"
    with engine.connect() as one:
        assert one.execute(sa.select(sa.literal(text))).scalar() == text


def test_a_connection_is_reachable_only_while_it_is_lent(connection: duckdb.DuckDBPyConnection) -> None:
    with lend(connection) as url, lend(connection) as other:
        assert url != other
    with pytest.raises(KeyError):
        sa.create_engine(url).connect()


def test_two_connections_are_kept_apart() -> None:
    with duckdb.connect() as one, duckdb.connect() as two, lend(one) as url_one, lend(two) as url_two:
        one.execute("CREATE TABLE t AS SELECT 1 AS n")
        two.execute("CREATE TABLE t AS SELECT 2 AS n")
        for url, n in ((url_one, 1), (url_two, 2)):
            with sa.create_engine(url).connect() as session:
                assert session.execute(sa.text("SELECT n FROM t")).scalar() == n
