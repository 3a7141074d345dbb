"""The figures of the report are those of the warehouse, and the text of each says the same."""

import math
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from opened import Opened
from shown import reads_as
from statements import PIPELINE_THEN, STATEMENTS

Name = tuple[str, str]  # of a figure, and the key of its row
MOVEMENTS = {"opening": 1, "created": 1, "discovered": 1, "reopened": 1, "increased": 1, "decreased": -1, "won": -1}
MOVEMENTS |= {"lost": -1, "closing": -1}
TOTALS = """
SELECT coalesce(sum(aws_mrr_reporting) FILTER (is_won), 0), coalesce(sum(aws_mrr_reporting) FILTER (is_open), 0),
       coalesce(sum(aws_mrr_reporting) FILTER (is_lost), 0) FROM marts.opportunities
"""


@pytest.fixture(scope="module", params=["demo", "none", "one", "hostile"])
def report(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def shown(opened: Callable[..., Opened], report: str) -> dict[Name, tuple[str, str]]:
    """The exact value and the text of each figure."""
    figures = opened(report).figures()
    by_name = {(name, key): (value, text) for name, key, value, text in figures}
    assert len(by_name) == len(figures), "two figures have one name"
    return by_name


@pytest.fixture(scope="module")
def values(shown: dict[Name, tuple[str, str]]) -> dict[Name, Decimal | None]:
    return {name: Decimal(value) if value else None for name, (value, _) in shown.items()}


def query(report: Path, sql: str) -> tuple[list[str], list[tuple]]:
    """The columns and rows of a query on the warehouse that a report is of."""
    with duckdb.connect(report.parents[1] / "warehouse.duckdb", read_only=True) as warehouse:
        cursor = warehouse.execute("SET TimeZone = 'UTC'").execute(sql)
        return [column[0] for column in cursor.description], cursor.fetchall()


@pytest.fixture(scope="module")
def stated(report_of: Callable[[str], Path], report: str) -> dict[Name, object]:
    """The value of each figure as the warehouse has it."""
    figures: dict[Name, object] = {}
    for prefix, keys, sql in STATEMENTS:
        columns, rows = query(report_of(report), sql)
        names = [f"{prefix}{column}" for column in columns[keys:]]
        for row in rows:
            key = "|".join(map(str, row[:keys]))
            figures |= {(name, key): value for name, value in zip(names, row[keys:], strict=True)}
    return figures


def is_same(value: Decimal | None, stated: object) -> bool:
    """Compare to the last digit; shares and medians, which are binary fractions, to nine digits."""
    if value is None or stated is None:
        return value is stated
    return math.isclose(value, stated, rel_tol=1e-9) if isinstance(stated, float) else value == stated


def test_every_figure_is_that_of_the_warehouse(values: dict[Name, Decimal | None], stated: dict[Name, object]) -> None:
    assert values.keys() == stated.keys()
    assert {name: (value, stated[name]) for name, value in values.items() if not is_same(value, stated[name])} == {}


def test_every_text_reads_as_its_figure(shown: dict[Name, tuple[str, str]], values: dict[Name, Decimal | None]) -> None:
    texts = {name: (text, values[name]) for name, (_, text) in shown.items()}
    assert {name: pair for name, pair in texts.items() if not reads_as(*pair)} == {}


def test_each_month_of_the_waterfall_adds_up_and_begins_where_the_last_one_ended(
    values: dict[Name, Decimal | None], report: str
) -> None:
    months = sorted(key for name, key in values if name == "waterfall.closing")
    assert bool(months) == (report != "none")
    for key in months:
        assert sum(sign * values[f"waterfall.{name}", key] for name, sign in MOVEMENTS.items()) == 0
    for before, after in zip(months[:-2], months[2:], strict=True):  # a month has two, of deals and of AWS MRR
        assert values["waterfall.closing", before] == values["waterfall.opening", after]


def test_every_model_and_dimension_gives_all_amounts_away(
    values: dict[Name, Decimal | None], report_of: Callable[[str], Path], report: str
) -> None:
    given: Counter[Name] = Counter()
    for (name, key), value in values.items():
        if name in ("attribution.won_mrr", "attribution.open_mrr", "attribution.lost_mrr"):
            model, dimension, _ = key.split("|", 2)
            given[f"{model} {dimension}", name.removeprefix("attribution.")] += value or 0
    _, [totals] = query(report_of(report), TOTALS)
    whole = dict(zip(("won_mrr", "open_mrr", "lost_mrr"), totals, strict=True))
    assert len(given) == (0 if report == "none" else 5 * 3 * 3)
    assert {name: amount for name, amount in given.items() if amount != whole[name[1]]} == {}


def test_headlines_tell_the_change_since_the_end_of_last_month(
    opened: Callable[..., Opened], report_of: Callable[[str], Path]
) -> None:
    names, [then] = query(report_of("demo"), PIPELINE_THEN)
    page = opened("demo").page
    for name, before in zip(names, then, strict=True):
        tile = page.locator(".tile").filter(has=page.locator(f"[data-figure={name}]"))
        change = Decimal(tile.locator("data").get_attribute("value")) - before
        note = tile.locator(".note").inner_text()
        assert note[0] == ("+" if change > 0 else "\u2212"), note
        assert reads_as(note[1:].split(" since the end of ")[0], abs(change)), note
