"""Random staged rows. Values are text, as AWS sends them: mostly right, now and then broken or absent."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import Any

import polars as pl
from hypothesis import strategies as st

from transforms.currency import ReportingCurrency
from transforms.observations import observations
from transforms.opportunities import opportunities
from transforms.per_opportunity import Staged
from transforms.staged import (
    AWS_OPPORTUNITY_SUMMARIES,
    DIMENSION_VALUES,
    EXPECTED_CUSTOMER_SPEND,
    OPPORTUNITY_VERSIONS,
    OPPORTUNITY_VISIBILITY,
    RESOURCE_SNAPSHOTS,
)
from transforms.stages import STAGES

AS_OF = date(2026, 3, 31)
MIDNIGHT = datetime(2026, 4, 1, tzinfo=UTC)
NO_RATES = ReportingCurrency("USD")

Row = dict[str, Any]


@dataclass(frozen=True)
class World:
    """Everything staged: versions, their spend entries and list values, AWS summaries, snapshots and theirs, changes
    of sight."""

    versions: list[Row] = field(default_factory=list)
    spend: list[Row] = field(default_factory=list)
    values: list[Row] = field(default_factory=list)
    summaries: list[Row] = field(default_factory=list)
    snapshots: list[Row] = field(default_factory=list)
    snapshot_spend: list[Row] = field(default_factory=list)
    snapshot_values: list[Row] = field(default_factory=list)
    visibility: list[Row] = field(default_factory=list)

    def only(self, is_kept: Callable[[str], bool]) -> "World":
        """The world of the opportunities whose identifier `is_kept`."""
        of_opportunities = {
            name: [row for row in getattr(self, name) if is_kept(row["opportunity_id"])]
            for name in ("versions", "summaries", "snapshots", "visibility")
        }
        keys = {row["row_key"] for name in ("versions", "snapshots") for row in of_opportunities[name]}
        of_records = {
            name: [row for row in getattr(self, name) if row["parent_key"] in keys]
            for name in ("spend", "values", "snapshot_spend", "snapshot_values")
        }
        return World(**of_opportunities, **of_records)

    def without(self, opportunity_id: str) -> "World":
        return self.only(lambda kept: kept != opportunity_id)

    def before(self, end: datetime) -> "World":
        """The world as it was before anything from `end` on was known."""
        return replace(
            self,
            versions=[row for row in self.versions if row["last_modified_at"] < end],
            summaries=[row for row in self.summaries if row["last_modified_at"] < end],
            snapshots=[row for row in self.snapshots if row["created_at"] is None or row["created_at"] < end],
            visibility=[row for row in self.visibility if row["observed_at"] < end],
        )

    def with_spend(self, spend: list[Row]) -> "World":
        return replace(self, spend=spend)

    def shuffled(self, shuffler: random.Random) -> "World":
        return World(*(shuffler.sample(rows, len(rows)) for rows in vars(self).values()))


def staged(world: World) -> Staged:
    return Staged(
        versions=pl.LazyFrame(world.versions, OPPORTUNITY_VERSIONS),
        spend=pl.LazyFrame(world.spend, EXPECTED_CUSTOMER_SPEND),
        values=pl.LazyFrame(world.values, DIMENSION_VALUES),
        aws_summaries=pl.LazyFrame(world.summaries, AWS_OPPORTUNITY_SUMMARIES),
        visibility=pl.LazyFrame(world.visibility, OPPORTUNITY_VISIBILITY),
        snapshots=pl.LazyFrame(world.snapshots, RESOURCE_SNAPSHOTS),
        snapshot_spend=pl.LazyFrame(world.snapshot_spend, EXPECTED_CUSTOMER_SPEND),
        snapshot_values=pl.LazyFrame(world.snapshot_values, DIMENSION_VALUES),
    )


def mart(world: World, *, as_of: date = AS_OF, reporting: ReportingCurrency = NO_RATES) -> pl.LazyFrame:
    """marts.opportunities of `world`."""
    records, run = staged(world), {"as_of": as_of, "reporting": reporting}
    observed = observations(records.versions, records.spend, records.snapshots, records.snapshot_spend, **run)
    return opportunities(records.versions, records.spend, records.aws_summaries, records.visibility, observed, **run)


amount_texts = st.from_regex(r"(0|[1-9][0-9]{0,30})(\.[0-9]{0,2})?", fullmatch=True)
opportunity_ids = st.sampled_from(["O1", "O1", "O2", "O10"])
stages = st.sampled_from([*STAGES, None])
currencies = st.sampled_from(["USD", "USD", "USD", "EUR", "GBP", None])
instants = st.sampled_from([MIDNIGHT + timedelta(microseconds=step) for step in (-(10**12), -(10**9), -2, -1, 0, 1)])
days = st.dates(date(2023, 12, 1), date(2028, 3, 1)).map(str)
date_texts = days | st.sampled_from(["2024-02-29", "2025-01-31", "2025-02-28", "2026-02-31", "2026-1-1", "", None])
close_date_texts = st.sampled_from(["2026-05-01", "2026-05-31", "2026-06-30", "2026-06-31", None])
duration_values = st.integers(1, 144).map(str) | st.sampled_from(["0", "145", "036", "12.0", "-3", "x", "", None])
spend_amounts = amount_texts | st.sampled_from(["1.", "0.05", "", None, "01", "0.005"])


@st.composite
def instant_texts(draw: st.DrawFn) -> str:
    moment = draw(st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001 - its zone is drawn below
    fraction = draw(st.from_regex(r"(\.[0-9]{1,9})?", fullmatch=True))
    zone = draw(st.sampled_from(["Z", "+00:00", "+05:30", "-0330"]))
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{zone}"


def version(key: str) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {
            "row_key": st.just(key),
            "opportunity_id": opportunity_ids,
            "last_modified_at": instants,
            "is_excluded": st.sampled_from([False] * 6 + [True]),
            "created_date": instant_texts() | st.sampled_from(["2026-02-31T00:00:00Z", "2026-01-01", None]),
            "life_cycle__stage": stages,
            "life_cycle__target_close_date": close_date_texts,
            "project__title": st.text(max_size=5) | st.none(),
            "project__expected_contract_duration__term": st.sampled_from(["Months"] * 4 + ["Years", None]),
            "project__expected_contract_duration__value": duration_values,
            "software_revenue__value__amount": spend_amounts,
            "software_revenue__value__currency_code": currencies,
            "software_revenue__effective_date": date_texts,
            "software_revenue__expiration_date": date_texts,
        }
    )


def spend_entry(keys: list[str]) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {
            "parent_key": st.sampled_from(keys),
            "target_company": st.sampled_from(["AWS", "AWS", "AWS", "Self", "Self", "Acme", None]),
            "amount": spend_amounts,
            "currency_code": currencies,
        }
    )


def summary(key: str) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {
            "row_key": st.just(key),
            "opportunity_id": opportunity_ids,
            "last_modified_at": instants,
            "is_excluded": st.sampled_from([False] * 6 + [True]),
            "life_cycle__stage": st.sampled_from(["Identified", "Qualified", None]),
            "insights__engagement_score": st.sampled_from(["High", None]),
            "involvement_type": st.just("Co-Sell"),
            "origin": st.just("AWS Referral"),
        }
    )


def snapshot(key: str, revision: int) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {
            "row_key": st.just(key),
            "opportunity_id": opportunity_ids,
            "engagement_id": st.sampled_from(["eng-1", "eng-2"]),
            "revision": st.just(revision),
            "created_at": instants | st.none(),
            "is_excluded": st.sampled_from([False] * 6 + [True]),
            "lifecycle__stage": stages,
            "lifecycle__target_close_date": close_date_texts,
            "project__expected_contract_duration__term": st.sampled_from(["Months"] * 4 + ["Years", None]),
            "project__expected_contract_duration__value": duration_values,
        }
    )


def sighting() -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {"opportunity_id": opportunity_ids, "observed_at": instants, "is_visible": st.booleans()}
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to three opportunities around the end of the as-of day, ties and broken values included."""
    keys = [f"v{number}" for number in range(draw(st.integers(1, 6)))]
    snapshot_keys = [f"s{number}" for number in range(draw(st.integers(0, 4)))]
    return World(
        versions=[draw(version(key)) for key in draw(st.permutations(keys))],
        spend=draw(st.lists(spend_entry(keys), max_size=10)),
        summaries=[draw(summary(f"a{number}")) for number in range(draw(st.integers(0, 3)))],
        snapshots=[draw(snapshot(key, number)) for number, key in enumerate(snapshot_keys)],
        snapshot_spend=draw(st.lists(spend_entry(snapshot_keys), max_size=4)) if snapshot_keys else [],
        visibility=draw(st.lists(sighting(), max_size=4, unique_by=itemgetter("opportunity_id", "observed_at"))),
    )
