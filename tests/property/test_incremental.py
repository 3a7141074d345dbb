"""A build upon what an earlier night left gives, to the byte, what a build from nothing gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import polars as pl
from history_strategies import as_of_days, histories
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import Row, World

from pipelines.marts import build_marts
from transforms.staged import (
    AWS_OPPORTUNITY_SUMMARIES,
    EXPECTED_CUSTOMER_SPEND,
    OPPORTUNITY_VERSIONS,
    OPPORTUNITY_VISIBILITY,
    RESOURCE_SNAPSHOTS,
)

FIRST_FETCH = datetime(2026, 1, 1, tzinfo=UTC)
KEYED = ("versions", "summaries", "snapshots", "visibility")
OF_OPPORTUNITY = {"opportunity_id": pl.String()}


@dataclass(frozen=True)
class Night:
    """What has landed by a night, and the business date of its run. `fetches` counts how often a version came, and
    `summary_fetches` AWS's side of it: a killed run may have landed one without the other."""

    world: World
    as_of: date
    fetches: dict[str, int]
    summary_fetches: dict[str, int]

    def landed(self, opportunity_id: str) -> Any:
        """Everything that has landed of an opportunity by the end of the as-of day, as a comparable value."""
        own = self.world.only(lambda other: other == opportunity_id)
        end = datetime(self.as_of.year, self.as_of.month, self.as_of.day, tzinfo=UTC) + timedelta(days=1)
        rows = own.before(end)
        rows = replace(rows, snapshots=[row for row in rows.snapshots if row["created_at"] is not None])
        kept = {name: sorted(map(repr, getattr(rows, name))) for name in KEYED}
        return (
            kept,
            [self.fetches[row["row_key"]] for row in rows.versions],
            [self.summary_fetches[row["row_key"]] for row in rows.summaries],
        )


def chosen(draw: st.DrawFn, rows: list[Row]) -> list[Row]:
    return [row for row in rows if draw(st.integers(0, 4))]


@st.composite
def pairs_of_nights(draw: st.DrawFn) -> tuple[Night, Night]:
    """Two nights: by the first one some records had not landed yet, old ones among them, and some versions or summaries
    showed something else, since a second fetch replaced what had landed under their key."""
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
        summaries=[
            row | {"insights__engagement_score": "Medium"} if row["row_key"] in summarised_again else row
            for row in earlier.summaries
        ],
    )
    once = first_fetches(world)
    again = [
        fetches | dict.fromkeys(keys, 2) for fetches, keys in zip(once, (fetched_again, summarised_again), strict=True)
    ]
    return Night(earlier, draw(as_of_days), *once), Night(world, draw(as_of_days), *again)


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
    stage(connection, world)
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
    return build_marts(connection, as_of=night.as_of, reporting_currency="USD")


def stage(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    owners = {row["row_key"]: row["opportunity_id"] for row in [*world.versions, *world.snapshots]}
    spend = OF_OPPORTUNITY | EXPECTED_CUSTOMER_SPEND
    for name, rows, columns in (
        ("opportunity_versions", world.versions, OPPORTUNITY_VERSIONS),
        ("opportunity_versions__project__expected_customer_spend", world.spend, spend),
        ("aws_opportunity_summaries", world.summaries, AWS_OPPORTUNITY_SUMMARIES),
        ("opportunity_visibility", world.visibility, OPPORTUNITY_VISIBILITY),
        ("resource_snapshots", world.snapshots, RESOURCE_SNAPSHOTS),
        ("resource_snapshots__project__expected_customer_spend", world.snapshot_spend, spend),
    ):
        owned = [{"opportunity_id": owners.get(row.get("parent_key", "")), **row} for row in rows]
        write(connection, f"staging.{name}", owned, dict(columns))


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple]]:
    tables = connection.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = current_database()"
    ).fetchall()
    return {name: connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for (name,) in tables}


@settings(max_examples=60)
@given(pairs_of_nights())
def test_a_night_upon_another_gives_what_a_build_from_nothing_gives(nights: tuple[Night, Night]) -> None:
    first, second = nights
    with warehouse() as continued, warehouse() as fresh:
        build(continued, first)
        computed = build(continued, second)
        build(fresh, second)
        assert contents(continued) == contents(fresh)
    opportunities = {row["opportunity_id"] for night in nights for name in KEYED for row in getattr(night.world, name)}
    changed = [name for name in opportunities if first.landed(name) != second.landed(name)]
    assert computed == len(changed)


@settings(max_examples=15)
@given(histories(), as_of_days)
def test_a_night_without_changes_computes_nothing_and_gives_the_same(world: World, as_of: date) -> None:
    night = Night(world, as_of, *first_fetches(world))
    with warehouse() as connection:
        build(connection, night)
        before = contents(connection)
        assert build(connection, night) == 0
        assert contents(connection) == before
