"""The walk of the listing, for whatever ties and edits there are."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from partner_world import UNPACED, PartnerWorld, at

from pipelines.errors import AwsError
from pipelines.partner_central import listing
from pipelines.partner_central.client import MAX_NEW_BEGINNINGS, PartnerCentral
from pipelines.partner_central.listing import walk_opportunities
from pipelines.sandbox.faults import Turbulence
from pipelines.sandbox.listing import Paging
from pipelines.sandbox.store import Store
from pipelines.sandbox.wire import Fault

EDITS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 20)), min_size=1, max_size=12
)  # before which call, which deal
EXPIRED = [
    b'{"__type":"ValidationException","ErrorList":[{"FieldName":"nextToken","Code":"INVALID_VALUE"}]}',
    b'{"__type":"ValidationException","Message":"the token has expired"}',
]
walked = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE_ROWS", 4)


def walk(
    world: PartnerWorld,
    client: PartnerCentral,
    paging: Paging,
    instants: list[int],
    edits: list[tuple[int, int]],
    after: int | None = None,
) -> Iterator[listing.ListedOpportunity]:
    """Walk a world whose deals have these instants, and are edited before these calls."""
    world.sandbox.paging = paging
    world.sandbox.stores["Sandbox"] = Store("Sandbox")
    world.deals(len(instants), lambda number: instants[number - 1])
    plan = [(call, number) for call, number in edits if number <= len(instants)]
    calls = later = 0

    def edit(*_: object) -> None:
        nonlocal calls, later
        for call, number in plan:
            if call == calls:
                later += 1
                world.edit(number, 1000 + later)
        calls += 1

    world.sandbox.before_response[:] = [edit]
    for page in walk_opportunities(client, None if after is None else at(after)):
        yield from page


@pytest.mark.usefixtures("small_pages")
def test_every_newest_version_is_listed_once(world: PartnerWorld) -> None:
    """Pages of 4; a token that goes on behind the last row shown."""

    client = PartnerCentral("Sandbox", quota=UNPACED)

    @walked
    @given(st.lists(st.integers(0, 9), min_size=6, max_size=20), EDITS, st.none() | st.integers(0, 9))
    def check(instants: list[int], edits: list[tuple[int, int]], after: int | None) -> None:
        rows = [(row.opportunity_id, row.stamp) for row in walk(world, client, "key", instants, edits, after)]
        assert len(rows) == len(set(rows))
        expected = {
            (record["Id"], record["LastModifiedDate"])
            for record in world.store.records.values()
            if after is None or world.store.modified[record["Id"]] >= at(after).timestamp() * 1e9
        }
        assert expected <= set(rows)

    check()


@pytest.mark.usefixtures("small_pages")
def test_nothing_is_lost_to_a_token_that_is_an_offset(world: PartnerWorld) -> None:
    """Pages of 4, no page on one instant: then no token is ever followed."""

    client = PartnerCentral("Sandbox", quota=UNPACED)

    @walked
    @given(st.lists(st.integers(0, 99), unique=True, min_size=8, max_size=20), EDITS)
    def check(instants: list[int], edits: list[tuple[int, int]]) -> None:
        rows = {(row.opportunity_id, row.stamp) for row in walk(world, client, "offset", instants, edits)}
        assert rows >= {(row["Id"], row["LastModifiedDate"]) for row in world.store.records.values()}

    check()


@pytest.mark.usefixtures("small_pages")
def test_odd_pages_and_expired_tokens_hide_nothing(world: PartnerWorld) -> None:
    """Pages of 4, many on one instant; empty ones, repeated ones, and tokens that have expired by some calls."""

    client = PartnerCentral("Sandbox", quota=UNPACED)

    @walked
    @given(
        st.lists(st.integers(0, 3), min_size=6, max_size=20),
        EDITS,
        st.integers(0, 1000),
        st.sets(st.integers(1, 25), max_size=MAX_NEW_BEGINNINGS),
    )
    def check(instants: list[int], edits: list[tuple[int, int]], seed: int, expired: set[int]) -> None:
        pages = Turbulence(seed, 0, 0, 0, 0, 0, empty=0.3, repeated=0.3, expired=0)
        world.sandbox.calls.clear()

        def fault(operation: str, request: dict[str, Any]) -> Fault | None:
            if request.get("NextToken") and world.calls.total() in expired:
                return Fault(status=400, body=EXPIRED[world.calls.total() % 2])
            return pages(operation, request)

        world.sandbox.fault = fault
        rows = [(row.opportunity_id, row.stamp) for row in walk(world, client, "key", instants, edits)]
        assert len(rows) == len(set(rows))
        assert {(row["Id"], row["LastModifiedDate"]) for row in world.store.records.values()} <= set(rows)

    check()


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("operation", ["ListOpportunities", "ListSolutions"])
def test_tokens_that_always_expire_end_the_walk(world: PartnerWorld, operation: str) -> None:
    """After so many new beginnings, each of one page and one refused token."""
    world.deals(9, lambda _: 1)
    world.store.solutions += [{"Id": f"S-{number:07d}"} for number in range(9)]
    world.sandbox.fault = lambda _, request: Fault(status=400, body=EXPIRED[0]) if request.get("NextToken") else None
    client = PartnerCentral("Sandbox", quota=UNPACED)
    walks: dict[str, Iterator[Any]] = {
        "ListOpportunities": walk_opportunities(client, None),
        "ListSolutions": client.pages("ListSolutions", "SolutionSummaries", MaxResults=4),
    }
    with pytest.raises(AwsError, match=f"the page tokens of {operation} expire before its walk ends"):
        list(walks[operation])
    assert world.calls == {operation: 2 * (MAX_NEW_BEGINNINGS + 1)}


def test_a_walk_that_begins_anew_shows_every_page(world: PartnerWorld) -> None:
    """The token of the third page has expired once: pages 1 and 2 come again."""
    world.store.solutions += [{"Id": f"S-{number:07d}"} for number in range(5)]
    answers = iter([None, None, Fault(status=400, body=EXPIRED[1]), None, None, None])
    world.sandbox.fault = lambda *_: next(answers)
    pages = PartnerCentral("Sandbox", quota=UNPACED).pages("ListSolutions", "SolutionSummaries", MaxResults=2)
    assert [[row["Id"][-1] for row in page] for page in pages] == [
        ["0", "1"],
        ["2", "3"],
        ["0", "1"],
        ["2", "3"],
        ["4"],
    ]


def test_a_validation_error_without_a_token_is_no_expired_one(world: PartnerWorld) -> None:
    world.sandbox.fault = lambda *_: Fault(status=400, body=EXPIRED[0])
    with pytest.raises(AwsError, match=r"AWS rejects ListOpportunities \(nextToken INVALID_VALUE\)"):
        list(walk_opportunities(PartnerCentral("Sandbox", quota=UNPACED), None))
    assert world.calls.total() == 1
