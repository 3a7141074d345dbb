"""What the transforms make of any records breaks no rule of the marts."""

import duckdb
import pytest
from marts_world import broken_by_sql, mart_tables
from random_world import fill_with_random_records

from expectations.marts import marts_rules


@pytest.mark.parametrize("seed", range(20))
def test_random_records_raise_no_alarm(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    reporting = fill_with_random_records(connection, seed)
    rules = marts_rules(mart_tables(), reporting_currency=reporting.code)
    assert broken_by_sql(connection, rules) == set()
