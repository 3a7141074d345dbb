"""The example of docs/history.md is what the transforms give, and its queries what they are for."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl
from golden_history import tables
from histories import built, histories, waterfall

from transforms.month_ends import MonthEnds
from transforms.observations import Observations
from transforms.opportunities import Opportunities
from transforms.schema import declaration

PAGE = (Path(__file__).parents[3] / "docs" / "history.md").read_text()
MONTHS = {"March": "2026-03-01", "April": "2026-04-01", "May": "2026-05-01", "June": "2026-06-01", "July": "2026-07-01"}
STORY = """
    O1  2026-03-12  created
    O1  2026-03-12  version  Prospect     1000.00
    O1  2026-04-15  version  Qualified    1500.00
    O1  2026-05-20  version  Closed Lost  1500.00
    O1  2026-06-10  version  Qualified    1200.00
    O1  2026-07-05  version  Launched     1200.00
"""


def test_the_waterfall_of_the_example() -> None:
    told = [re.split(r"\s*\|\s*", line.strip("| ")) for line in PAGE.splitlines() if line.startswith("| ")]
    heading, *told_months = told[[row[0] for row in told].index("month") :]
    columns, *computed = waterfall(STORY, "2026-07-31")
    amounts = {row[0]: dict(zip(columns, row, strict=True)) for row in computed if row[1] == "aws_mrr"}
    assert [row[0] for row in told_months] == list(MONTHS)
    for row in told_months:
        shown = {name: float(text.replace(",", "") or 0) for name, text in zip(heading[1:], row[1:], strict=True)}
        found = amounts.pop(MONTHS[row[0]])
        parts = {name: float(value) for name, value in found.items() if name not in ("month", "measure")}
        assert shown == {name: parts.pop(name) for name in shown}
        assert set(parts.values()) == {0.0}
    assert amounts == {}


def test_the_query_finds_the_deals_behind_a_figure() -> None:
    found = answered("month_ends", {MonthEnds: built(MonthEnds, histories(STORY).month_ends)})
    assert [(row[0], row[1], float(row[2]), float(row[3])) for row in found] == [("O1", "Qualified", 1200.0, 1200.0)]


def test_the_query_finds_what_is_out_of_sight() -> None:
    golden = tables(date(2026, 3, 15))
    found = answered("vanished", {schema: golden[schema] for schema in (Opportunities, Observations)})
    assert found == [("O4", datetime(2026, 2, 1, tzinfo=UTC), "Closed Lost")]


def answered(word: str, marts: dict[type[dy.Schema], pl.DataFrame]) -> list[tuple]:
    """What the one query of the page that has this word gives on these marts."""
    (sql,) = (query for query in re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL) if word in query)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; CREATE SCHEMA marts")
        for schema, rows in marts.items():
            connection.register("rows", rows.to_arrow())
            connection.execute(f"CREATE TABLE marts.{declaration(schema).name} AS FROM rows")
        return connection.execute(sql).fetchall()
