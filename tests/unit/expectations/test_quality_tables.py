import duckdb
import polars as pl
import pytest

from expectations.quarantine import quarantine
from expectations.schema import Quarantine, Results
from transforms.schema import declaration


def test_the_tables_are_those_of_the_warehouse() -> None:
    assert Results.column_names() == [
        "run_id",
        "suite",
        "expectation",
        "target",
        "column_name",
        "severity",
        "success",
        "evaluated",
        "unexpected",
    ]
    assert Quarantine.column_names() == [
        "run_id",
        "opportunity_id",
        "source_table",
        "column_name",
        "rule",
        "severity",
        "value",
        "action",
    ]


@pytest.mark.parametrize("schema", [Results, Quarantine])
def test_the_warehouse_can_declare_them(schema: type[Results] | type[Quarantine]) -> None:
    declared = declaration(schema)
    assert declared.name == schema.__name__.lower()
    assert declared.comment.startswith("One row per ")
    assert all(column.comment for column in declared.columns)


def test_nothing_failed_gives_an_empty_quarantine() -> None:
    with duckdb.connect() as connection:
        rows = quarantine(connection, "staging", [], run_id="r1")
    assert rows.is_empty()
    assert set(rows.dtypes) == {pl.String()}
