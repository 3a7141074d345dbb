"""The walk of the listing, for whatever ties and edits there are."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from partner_world import UNPACED, PartnerWorld, at

from pipelines.partner_central import listing
from pipelines.partner_central.client import PartnerCentral
from pipelines.partner_central.listing import walk_opportunities
from pipelines.sandbox.listing import Paging
from pipelines.sandbox.store import Store

EDITS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 20)), min_size=1, max_size=12
)  # before which call, which deal
walked = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE_ROWS", 4)


def walk(
    world: PartnerWorld, paging: Paging, instants: list[int], edits: list[tuple[int, int]], after: int | None
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
    client = PartnerCentral("Sandbox", quota=UNPACED)
    for page in walk_opportunities(client, None if after is None else at(after)):
        yield from page


@pytest.mark.usefixtures("small_pages")
def test_every_newest_version_is_listed_once(world: PartnerWorld) -> None:
    """Pages of 4; a token that goes on behind the last row shown."""

    @walked
    @given(st.lists(st.integers(0, 9), min_size=6, max_size=20), EDITS, st.none() | st.integers(0, 9))
    def check(instants: list[int], edits: list[tuple[int, int]], after: int | None) -> None:
        rows = [(row.opportunity_id, row.stamp) for row in walk(world, "key", instants, edits, after)]
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

    @walked
    @given(st.lists(st.integers(0, 99), unique=True, min_size=8, max_size=20), EDITS)
    def check(instants: list[int], edits: list[tuple[int, int]]) -> None:
        rows = {(row.opportunity_id, row.stamp) for row in walk(world, "offset", instants, edits, None)}
        assert rows >= {(row["Id"], row["LastModifiedDate"]) for row in world.store.records.values()}

    check()
