"""What the quarantine shows of an offending value: all of it, or so much that no text can fill the tables."""

import duckdb
import pytest

from expectations.quarantine import quarantine
from expectations.rules import Target
from expectations.schema import SHOWN_CHARACTERS, Quarantine
from transforms.schema import declaration

FULL = SHOWN_CHARACTERS


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x", "x"),
        ("x" * FULL, "x" * FULL),
        ("x" * (FULL + 1), "x" * (FULL - 1) + "…"),
        ("🦆" * (FULL + 1), "🦆" * (FULL - 1) + "…"),
        ("x" * 10_000_000, "x" * (FULL - 1) + "…"),
    ],
    ids=["short", "just fits", "one too many", "beyond the basic plane", "10 MB"],
)
def test_a_value_is_cut_where_it_is_too_long_to_show(value: str, shown: str) -> None:
    offends = Target("deals", "title", "warning", "nulled").on_values("is_odd", "title IS NOT NULL")
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA staging")
        connection.execute(
            "CREATE TABLE staging.deals AS SELECT 'k' AS row_key, 'O1' AS opportunity_id, ? AS title", [value]
        )
        rows = quarantine(connection, "staging", [offends], run_id="r1")
    assert rows["value"].to_list() == [shown]


def test_the_column_says_where_it_is_cut() -> None:
    (comment,) = (column.comment for column in declaration(Quarantine).columns if column.name == "value")
    assert f"{SHOWN_CHARACTERS} characters" in comment
