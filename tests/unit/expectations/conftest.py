from collections.abc import Iterator

import duckdb
import pytest
from marts_world import create_every_mart


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every mart, empty, and the staging that they come from."""
    with duckdb.connect() as connection:
        create_every_mart(connection)
        yield connection
