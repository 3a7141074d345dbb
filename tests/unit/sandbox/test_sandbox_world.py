"""The demo world: the same for everybody, alive, believable, and legal but for its deliberate flaws."""

import hashlib
import os
import re
import statistics
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import orjson
import pytest

from pipelines.sandbox.demo.flaws import FOREIGN_STAGE
from pipelines.sandbox.events import AWS_VIEW, OPPORTUNITY_VIEW, Changed, Created, Event
from pipelines.sandbox.instants import parse_instant, to_nanoseconds
from pipelines.sandbox.store import Store, member
from pipelines.sandbox.validation import service_model
from pipelines.sandbox.world import PAST, World

STARTED = datetime(2025, 3, 1, tzinfo=UTC)
TODAY = STARTED + PAST
WORLD = World(opportunities=2000, seed=7, started_at=STARTED)  # the one of the `store` fixture
STAGE = ("LifeCycle", "Stage")


@pytest.fixture(scope="module")
def lives() -> list[list[Event]]:
    """What has happened to every fifth opportunity by then."""
    started, today = to_nanoseconds(STARTED), to_nanoseconds(TODAY)
    return [[event for event in WORLD.life(number, started) if event.at <= today] for number in range(0, 2000, 5)]


def state(store: Store) -> bytes:
    """Everything a client can see."""
    return orjson.dumps(
        {
            "records": {name: store.json(name)[0].decode() for name in sorted(store.records)},
            "aws": {name: store.aws_summaries[name] for name in sorted(store.aws_summaries)},
            "engagements": list(store.engagements.values()),
            "snapshots": [
                [key, [[one.created_at, one.created_by, one.payload.decode()] for one in revisions]]
                for key, revisions in store.snapshots.items()
            ],
            "solutions": store.solutions,
        }
    )


def small(**changes: Any) -> World:
    return World(**{"opportunities": 60, "seed": 3, "started_at": STARTED} | changes)


def test_the_same_seed_and_instant_give_the_same_bytes() -> None:
    assert state(small().store(TODAY)) == state(small().store(TODAY))
    assert state(small().store(TODAY)) != state(small(seed=4).store(TODAY))


def test_other_processes_see_the_same_world() -> None:
    """Whatever order Python's hashing gives to sets there."""
    script = (
        "import hashlib; from datetime import datetime; from pipelines.sandbox.world import World\n"
        f"now = datetime.fromisoformat('{TODAY}')\n"
        "store = World(opportunities=60, seed=3).store(now)\n"
        "print(hashlib.sha256(b''.join(store.json(name)[0] for name in store.records)).hexdigest())"
    )
    here = small().store(TODAY)
    expected = hashlib.sha256(b"".join(here.json(name)[0] for name in here.records)).hexdigest()
    for hash_seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == expected


def test_a_world_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="catalog"):
        World(catalog="Production")
    with pytest.raises(ValueError, match="opportunities"):
        World(opportunities=-1)


def test_the_steps_of_the_clock_do_not_matter() -> None:
    stepwise = small().store(STARTED)
    for day in range(0, PAST.days, 7):
        stepwise.advance(to_nanoseconds(STARTED + timedelta(days=day)))
    stepwise.advance(to_nanoseconds(TODAY))
    assert state(stepwise) == state(small().store(TODAY))


def test_without_a_start_the_past_ends_when_first_looked_at() -> None:
    assert state(small(started_at=None).store(TODAY)) == state(small().store(TODAY))


def test_the_world_has_the_number_asked_for_and_moves_on(store: Store) -> None:
    assert len(store.records) == WORLD.opportunities
    later = WORLD.store(TODAY)
    later.advance(to_nanoseconds(TODAY + timedelta(days=7)))
    created = len(later.records) - len(store.records)
    changed = sum(later.modified[name] > modified for name, modified in store.modified.items())
    assert 20 <= created <= 30
    assert 50 <= changed <= 400
    assert max(later.modified.values()) <= to_nanoseconds(TODAY + timedelta(days=7))


def test_an_empty_world_stays_empty() -> None:
    store = World(opportunities=0).store(TODAY)
    store.advance(to_nanoseconds(TODAY + timedelta(days=999)))
    assert [store.records, store.solutions, store.engagements] == [{}, [], {}]


def test_a_removed_opportunity_stays_away_while_the_world_moves_on() -> None:
    store = small().store(STARTED + PAST / 2)
    open_ones = [name for name, record in store.records.items() if member(record, *STAGE) == "Qualified"]
    for name in open_ones:
        store.remove(name)
    store.advance(to_nanoseconds(TODAY))
    assert open_ones
    assert not set(open_ones) & store.records.keys()


def test_lives_are_told_in_order(lives: list[list[Event]]) -> None:
    for life in lives:
        assert isinstance(life[0], Created)
        versions = [event.at for event in life if isinstance(event, Created | Changed)]
        assert versions == sorted(set(versions))
        assert [event.at for event in life] == sorted(event.at for event in life)


def test_deals_move_through_their_stages_in_every_way(lives: list[list[Event]]) -> None:
    moves: Counter[tuple[str, str]] = Counter()
    for life in lives:
        assert isinstance(life[0], Created)
        changes = [event.changes for event in life if isinstance(event, Changed)]
        stages = [life[0].record["LifeCycle"]["Stage"], *(change[STAGE] for change in changes if STAGE in change)]
        moves.update(pairwise(stages))
    for advance, skip, regress, loss, reopening in [
        (("Prospect", "Qualified"), ("Qualified", "Business Validation"), ("Technical Validation", "Qualified"),
         ("Qualified", "Closed Lost"), ("Closed Lost", "Qualified")),
        (("Committed", "Launched"), ("Business Validation", "Launched"), ("Committed", "Business Validation"),
         ("Committed", "Closed Lost"), ("Launched", "Committed")),
    ]:  # fmt: skip
        assert moves[advance] > moves[loss] > 0
        assert min(moves[skip], moves[regress], moves[reopening]) > 0
    versions = [sum(isinstance(event, Created | Changed) for event in life) for life in lives]
    assert 6 <= statistics.median(versions) <= 8


def test_how_the_deals_stand(store: Store) -> None:
    records = list(store.records.values())
    stages = Counter(member(record, *STAGE) for record in records)
    assert 0.2 < sum(count for stage, count in stages.items() if stage not in ("Launched", "Closed Lost")) / 2000 < 0.5
    assert 0.25 < stages["Launched"] / 2000 < 0.45
    reviews = Counter(member(record, "LifeCycle", "ReviewStatus") for record in records)
    assert set(reviews) == set(service_model().shape_for("ReviewStatus").enum)
    spends = [member(record, "Project", "ExpectedCustomerSpend") or [] for record in records]
    own = [entries for entries in spends if any(entry["TargetCompany"] == "Self" for entry in entries)]
    assert 0.28 < len(own) / 2000 < 0.4
    assert 0.02 < spends.count([]) / 2000 < 0.15
    currencies = Counter(entry["CurrencyCode"] for entries in spends for entry in entries)
    assert 0.15 < currencies["EUR"] / currencies.total() < 0.25
    mixed = [entries for entries in spends if len({entry["CurrencyCode"] for entry in entries}) > 1]
    assert 1 <= len(mixed) <= 40
    assert sum(member(record, "Project", "AwsPartition") == "aws-eusc" for record in records) >= 10
    amounts = {entry["Amount"] for entries in spends for entry in entries}
    assert "" in amounts
    assert any(amount.endswith(".") for amount in amounts)
    assert any(re.fullmatch(r"\d+\.\d\d", amount) for amount in amounts)


def test_deal_values_are_converted_by_the_month(store: Store) -> None:
    """36 months of 1,000 are 27.78 a month."""
    checked = 0
    for record in store.records.values():
        months = member(record, "Project", "ExpectedContractDuration", "Value")
        amounts: dict[str, list[str]] = {}
        for entry in member(record, "Project", "ExpectedCustomerSpend") or []:
            amounts.setdefault(entry["TargetCompany"], []).append(entry["Amount"])
        if months is not None and months.isdecimal() and 1 <= int(months) <= 144 and amounts["AWS"][0]:
            monthly, total = float(amounts["AWS"][0]), float(amounts["Self"][0])
            assert abs(monthly - total / int(months)) < 0.006
            checked += 1
        assert ("Self" in amounts) == (months is not None)
    assert checked > 500


def test_texts_come_in_many_scripts(store: Store) -> None:
    text = "".join(store.json(name)[0].decode() for name in store.records)
    for script in ("é", "ł", "架", "가", "ش", "ד", "в", "🚀"):
        assert script in text
    names = [record["Customer"]["Account"]["CompanyName"] for record in store.records.values()]
    assert 0.08 < sum(not name.isascii() for name in names) / 2000 < 0.16


def test_sizes_instants_and_nulls_vary_as_awss_do(store: Store) -> None:
    sizes = [len(store.json(name)[0]) for name in store.records]
    assert 3_000 < statistics.mean(sizes) < 6_000
    modified = [record["LastModifiedDate"] for record in store.records.values()]
    assert {len(text.partition(".")[2].rstrip("Z")) for text in modified} == set(range(10))
    assert [parse_instant(text) for text in modified] == [store.modified[name] for name in store.records]
    assert len(set(store.modified.values())) < len(store.modified), "no two share an instant"
    marketing = Counter(
        "null" if record["Marketing"] is None else "given" if record["Marketing"] else "empty"
        for record in store.records.values()
        if "Marketing" in record
    )
    assert marketing["null"] > 50
    assert sum("Marketing" not in record for record in store.records.values()) > 50


def test_engagements_and_their_snapshots(store: Store) -> None:
    views = {key: revisions for key, revisions in store.snapshots.items() if key[2] == OPPORTUNITY_VIEW}
    by_aws = {key: revisions for key, revisions in store.snapshots.items() if key[2] == AWS_VIEW}
    assert 0.57 < len(views) / 2000 < 0.63
    assert 0.07 < len(by_aws) / 2000 < 0.14
    assert 2 < sum(map(len, store.snapshots.values())) / 2000 < 4
    assert all(re.fullmatch(r"eng-[0-9a-z]{14}", name) for name in store.engagements)
    outdated = 0
    for (_, resource, _), revisions in views.items():
        taken = [parse_instant(one.created_at) for one in revisions]
        assert taken == sorted(set(taken))
        assert taken[0] > parse_instant(store.records[resource]["CreatedDate"])
        shown = orjson.loads(revisions[-1].payload)["OpportunitySummary"]["Lifecycle"]["Stage"]
        outdated += shown != store.records[resource]["LifeCycle"]["Stage"]
    assert outdated <= 2, "a snapshot is taken within minutes of a change of stage"


def test_awss_side_begins_with_the_submission(store: Store) -> None:
    for name, record in store.records.items():
        submitted = member(record, "LifeCycle", "ReviewStatus") != "Pending Submission"
        assert (name in store.aws_summaries) == submitted
    scores = Counter(member(summary, "Insights", "EngagementScore") for summary in store.aws_summaries.values())
    assert set(scores) == {"High", "Medium", "Low"}


def test_flaws_are_there_and_are_few(store: Store) -> None:
    flaws: Counter[str] = Counter()
    months = {"0", "145", "twelve"}
    for record in store.records.values():
        found = {
            "stage": member(record, *STAGE) == FOREIGN_STAGE,
            "industry": member(record, "Customer", "Account", "Industry") == "Space Tourism",
            "currency": "XBT" in str(member(record, "Project", "ExpectedCustomerSpend")),
            "date": str(member(record, "LifeCycle", "TargetCloseDate")).endswith("-02-31"),
            "months": member(record, "Project", "ExpectedContractDuration", "Value") in months,
        }
        flaws.update(name for name, is_there in found.items() if is_there)
    assert flaws.keys() == {"stage", "industry", "currency", "date", "months"}
    assert 0.005 <= (flaws.total() - flaws["stage"]) / 2000 <= 0.01
    assert flaws["stage"] == 4
