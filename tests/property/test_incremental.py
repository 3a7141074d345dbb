"""A build upon what an earlier night left gives, to the byte, what a build from nothing gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import duckdb
import plain_python
import polars as pl
import pytest
from history_strategies import as_of_days, few_records, histories, late_days
from hypothesis import given, settings
from hypothesis import strategies as st
from record_strategies import thresholds
from reporting_strategies import reporting_currencies
from strategies import NO_RATES, Row, World

from pipelines.changes import find_changes, keep_inputs
from pipelines.marts import SPEND, build_marts
from transforms.currency import ReportingCurrency
from transforms.dates import end_of_day
from transforms.limits import Thresholds
from transforms.staged import (
    AWS_OPPORTUNITY_SUMMARIES,
    DIMENSION_VALUES,
    EXPECTED_CUSTOMER_SPEND,
    OPPORTUNITY_VERSIONS,
    OPPORTUNITY_VISIBILITY,
    RESOURCE_SNAPSHOTS,
)
from transforms.touches import LISTS, SNAPSHOT_LISTS

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a failing world

FIRST_FETCH = datetime(2026, 1, 1, tzinfo=UTC)
KEYED = ("versions", "summaries", "snapshots", "visibility")
OF_OPPORTUNITY = {"opportunity_id": pl.String()}
ITEM = {name: DIMENSION_VALUES[name] for name in ("parent_key", "value")}

dollar_rates = reporting_currencies.map(lambda reporting: replace(reporting, code="USD"))


@dataclass(frozen=True)
class Night:
    """What has landed by a night, and the business date, rates and thresholds of its run. `fetches` counts how often a
    version came, and `summary_fetches` AWS's side of it: a killed run may have landed one without the other."""

    world: World
    as_of: date
    fetches: dict[str, int]
    summary_fetches: dict[str, int]
    reporting: ReportingCurrency = NO_RATES
    thresholds: Thresholds = field(default_factory=Thresholds)

    @property
    def staged(self) -> World:
        """What is known by the end of the as-of day."""
        end = datetime(self.as_of.year, self.as_of.month, self.as_of.day, tzinfo=UTC) + timedelta(days=1)
        return self.world.before(end).only(lambda _: True)

    def inputs(self, opportunity_id: str) -> Any:
        """Everything that the rows of an opportunity are made of, as a comparable value."""
        own = self.staged.only(lambda other: other == opportunity_id)
        kept = {name: sorted(map(repr, getattr(own, name))) for name in KEYED}
        return (
            kept,
            [self.fetches[row["row_key"]] for row in own.versions],
            [self.summary_fetches[row["row_key"]] for row in own.summaries],
            self.rates(own),
        )

    def rates(self, own: World) -> dict[str, Fraction]:
        """What the currencies in any record of an opportunity are worth, of those that can be converted."""
        shown = {row["software_revenue__value__currency_code"] for row in own.versions}
        shown |= {entry["currency_code"] for entry in [*own.spend, *own.snapshot_spend]}
        worth = {currency: plain_python.rate(currency, self.reporting) for currency in shown - {self.reporting.code}}
        return {currency: rate for currency, rate in worth.items() if rate is not None}


def changed(first: Night, second: Night) -> list[str]:
    """The opportunities whose inputs were others on the second night."""
    worlds = (first.world, second.world)
    known = {row["opportunity_id"] for world in worlds for name in KEYED for row in getattr(world, name)}
    return [opportunity_id for opportunity_id in known if first.inputs(opportunity_id) != second.inputs(opportunity_id)]


def chosen(draw: st.DrawFn, rows: list[Row]) -> list[Row]:
    return [row for row in rows if draw(st.integers(0, 4))]


@st.composite
def pairs_of_nights(draw: st.DrawFn) -> tuple[Night, Night]:
    """Two nights: by the first one some records had not landed yet, old ones among them, and some versions or summaries
    showed something else, since a second fetch replaced what had landed under their key. Rates and thresholds of the
    second night are the same or others."""
    world = draw(histories())
    earlier = replace(world, **{name: chosen(draw, getattr(world, name)) for name in KEYED})
    fetched_again, summarised_again = (
        {row["row_key"] for row in rows if draw(st.integers(0, 9)) == 0}
        for rows in (earlier.versions, earlier.summaries)
    )
    earlier = replace(
        earlier,
        versions=[
            row | {"life_cycle__stage": "Qualified"} if row["row_key"] in fetched_again else row
            for row in earlier.versions
        ],
        values=[row for row in earlier.values if row["parent_key"] not in fetched_again],
        summaries=[
            row | {"insights__engagement_score": "Medium"} if row["row_key"] in summarised_again else row
            for row in earlier.summaries
        ],
    )
    once = first_fetches(world)
    again = [
        fetches | dict.fromkeys(keys, 2) for fetches, keys in zip(once, (fetched_again, summarised_again), strict=True)
    ]
    rates = draw(dollar_rates)
    first = Night(earlier, draw(as_of_days), *once, rates, draw(thresholds))
    return first, Night(world, draw(as_of_days), *again, draw(later_rates(rates)), draw(thresholds))


def later_rates(rates: ReportingCurrency) -> st.SearchStrategy[ReportingCurrency]:
    """The same, with one quote less or another one, or all of them others."""
    rest = replace(rates, quotes=rates.quotes[1:])
    doubled = [replace(quote, per_base=2 * quote.per_base) for quote in rates.quotes[:1]]
    return st.sampled_from([rates, rest, replace(rest, quotes=(*rest.quotes, *doubled))]) | dollar_rates


def first_fetches(world: World) -> tuple[dict[str, int], dict[str, int]]:
    return {row["row_key"]: 1 for row in world.versions}, {row["row_key"]: 1 for row in world.summaries}


@contextmanager
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; ATTACH ':memory:' AS staging; ATTACH ':memory:' AS landing")
        connection.execute("CREATE SCHEMA landing.partner_central")
        yield connection


def write(connection: duckdb.DuckDBPyConnection, name: str, rows: list[Row], columns: dict[str, Any]) -> None:
    connection.register("rows_to_write", pl.DataFrame(rows, columns).to_arrow())
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS FROM rows_to_write")
    connection.unregister("rows_to_write")


def build(connection: duckdb.DuckDBPyConnection, night: Night) -> int:
    """Land and stage everything of a night, and build its marts in the open file."""
    world = night.world
    stage(connection, night.staged)
    moment = pl.Datetime("us", "UTC")
    fetched = [
        {
            "opportunity_id": row["opportunity_id"],
            "last_modified_date": row["last_modified_at"],
            "fetched_at": FIRST_FETCH + timedelta(days=night.fetches[row["row_key"]]),
        }
        for row in world.versions
    ]
    key = OF_OPPORTUNITY | {"last_modified_date": moment, "fetched_at": moment}
    write(connection, "landing.partner_central.opportunity_versions", fetched, key)
    summaries = [
        {
            **row,
            "last_modified_date": row["last_modified_at"],
            "fetched_at": FIRST_FETCH + timedelta(days=night.summary_fetches[row["row_key"]]),
        }
        for row in world.summaries
    ]
    write(connection, "landing.partner_central.aws_opportunity_summaries", summaries, key)
    write(connection, "landing.partner_central.opportunity_visibility", world.visibility, dict(OPPORTUNITY_VISIBILITY))
    snapshots = [
        {**row, "resource_id": row["opportunity_id"], "template": row["row_key"], "fetched_at": FIRST_FETCH}
        for row in world.snapshots
    ]
    texts = dict.fromkeys(("resource_id", "engagement_id", "template"), pl.String())
    instants = {"created_at": moment, "fetched_at": moment}
    write(
        connection,
        "landing.partner_central.resource_snapshots",
        snapshots,
        {**texts, "revision": pl.Int64(), **instants},
    )
    changes = find_changes(connection, end_of_day(night.as_of), night.reporting)
    keep_inputs(connection, changes)
    built = build_marts(connection, changes, as_of=night.as_of, reporting=night.reporting, thresholds=night.thresholds)
    return built.opportunities


def stage(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    owners = {row["row_key"]: row["opportunity_id"] for row in [*world.versions, *world.snapshots]}
    spend, item = OF_OPPORTUNITY | EXPECTED_CUSTOMER_SPEND, OF_OPPORTUNITY | ITEM
    for name, rows, columns in (
        ("opportunity_versions", world.versions, OPPORTUNITY_VERSIONS),
        (f"opportunity_versions__{SPEND}", world.spend, spend),
        *((f"opportunity_versions__{path}", of_list(world.values, name), item) for name, path in LISTS.items()),
        ("aws_opportunity_summaries", world.summaries, AWS_OPPORTUNITY_SUMMARIES),
        ("opportunity_visibility", world.visibility, OPPORTUNITY_VISIBILITY),
        ("resource_snapshots", world.snapshots, RESOURCE_SNAPSHOTS),
        (f"resource_snapshots__{SPEND}", world.snapshot_spend, spend),
        *(
            (f"resource_snapshots__{path}", of_list(world.snapshot_values, name), item)
            for name, path in SNAPSHOT_LISTS.items()
        ),
    ):
        owned = [{"opportunity_id": owners.get(row.get("parent_key", "")), **row} for row in rows]
        write(connection, f"staging.{name}", owned, dict(columns))


def of_list(values: list[Row], dimension: str) -> list[Row]:
    return [row for row in values if row["dimension"] == dimension]


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple]]:
    tables = connection.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = current_database()"
    ).fetchall()
    return {name: connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for (name,) in tables}


@settings(max_examples=18)
@given(pairs_of_nights())
def test_a_night_upon_another_gives_what_a_build_from_nothing_gives(nights: tuple[Night, Night]) -> None:
    first, second = nights
    with warehouse() as continued, warehouse() as fresh:
        build(continued, first)
        computed = build(continued, second)
        build(fresh, second)
        assert contents(continued) == contents(fresh)
    assert computed == len(changed(first, second))


@settings(max_examples=8)
@given(few_records, late_days, dollar_rates, st.data(), thresholds)
def test_other_rates_compute_the_opportunities_whose_records_show_them_and_thresholds_none(
    world: World, as_of: date, rates: ReportingCurrency, data: st.DataObject, thresholds: Thresholds
) -> None:
    night = Night(world, as_of, *first_fetches(world), rates)
    later = replace(night, reporting=data.draw(later_rates(rates)), thresholds=thresholds)
    with warehouse() as continued, warehouse() as fresh:
        build(continued, night)
        computed = build(continued, later)
        build(fresh, later)
        assert contents(continued) == contents(fresh)
    assert computed == len(changed(night, later))


@settings(max_examples=7)
@given(histories(), as_of_days, dollar_rates)
def test_a_night_without_changes_computes_nothing_and_gives_the_same(
    world: World, as_of: date, reporting: ReportingCurrency
) -> None:
    night = Night(world, as_of, *first_fetches(world), reporting)
    with warehouse() as connection:
        build(connection, night)
        before = contents(connection)
        assert build(connection, night) == 0
        assert contents(connection) == before
