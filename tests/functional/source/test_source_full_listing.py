"""A full listing before anything is fetched: it tells what vanished, what came back, and how much there is to do."""

import pytest
from partner_world import UNPACED, Loader, PartnerWorld, at

from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.partner_central.extraction import Extraction

CHANGES = "opportunity_id, observed_at, is_visible"


def changes(loader: Loader) -> list[tuple]:
    """Every change of sight; the table is made with the first one."""
    if "opportunity_visibility" not in loader.pipeline.default_schema.tables:
        return []
    return loader.rows("opportunity_visibility", CHANGES)


def hide(world: PartnerWorld, *numbers: int) -> None:
    for number in numbers:
        world.store.remove(f"O{number}")


def test_a_first_load_knows_from_its_beginning_how_much_there_is_to_do(world: PartnerWorld, loader: Loader) -> None:
    world.deals(250)
    known: list[tuple[int | None, int]] = []
    client = PartnerCentral("Sandbox", quota=UNPACED)
    extraction = Extraction(client, list_all=True)
    extraction.on_progress = lambda done: known.append((extraction.opportunities_due, done.opportunities_fetched))
    loader.window(extraction)
    assert [due for due, fetched in known if fetched] == [250, 250, 250]
    assert extraction.opportunities_listed == extraction.opportunities_fetched == 250
    assert world.calls["ListOpportunities"] == 3 + 3  # once through for the count, and once to fetch
    assert extraction.full_listing is not None
    assert (extraction.full_listing.opportunities, extraction.full_listing.in_sight) == (250, 0)
    assert changes(loader) == []


def test_a_quiet_night_lists_all_and_fetches_nothing(world: PartnerWorld, loader: Loader) -> None:
    world.deals(250)
    loader.run(list_all=True)
    world.calls.clear()
    assert loader.run(list_all=True).opportunities_due == 0
    assert world.calls == {"ListOpportunities": 3 + 1, "ListEngagementResourceAssociations": 1, "ListSolutions": 1}


def test_what_vanished_is_marked_and_what_returned_too(world: PartnerWorld, loader: Loader) -> None:
    world.deals(120)
    loader.run(list_all=True)
    hide(world, 7, 115)
    world.calls.clear()
    night = loader.run(list_all=True, clock=lambda: at(9000))
    assert world.calls["GetOpportunity"] == 0
    assert night.full_listing is not None
    assert (night.full_listing.vanished, night.full_listing.returned) == (2, 0)
    gone = [("O115", at(9000), False), ("O7", at(9000), False)]
    assert changes(loader) == gone
    world.deal(7, 7)  # as it was: nothing to fetch
    world.deal(121, 500)
    night = loader.run(list_all=True, clock=lambda: at(9001))
    assert (night.full_listing.vanished, night.full_listing.returned, night.opportunities_due) == (0, 1, 1)
    assert changes(loader) == sorted([*gone, ("O7", at(9001), True)])
    assert len(loader.rows("opportunities", "opportunity_id")) == 121
    assert night.opportunities_fetched == 1


@pytest.mark.parametrize(("vanished", "is_believed"), [(20, True), (21, False)])
def test_too_many_gone_at_once_are_not_believed(
    world: PartnerWorld, loader: Loader, vanished: int, is_believed: bool
) -> None:
    """The limit is a fifth of what was in sight. What has changed lands whether the listing is believed or not."""
    world.deals(100)
    loader.run(list_all=True)
    hide(world, *range(1, 1 + vanished))
    world.edit(99, 5000)
    night = loader.run(list_all=True, max_vanished_share=0.2)
    assert night.full_listing is not None
    assert (night.full_listing.in_sight, night.full_listing.vanished) == (100, vanished)
    assert night.full_listing.is_believed is is_believed
    assert len(changes(loader)) == (vanished if is_believed else 0)
    assert night.opportunities_fetched == 1
    again = loader.run(list_all=True, max_vanished_share=1.0)
    assert again.full_listing is not None
    assert again.full_listing.vanished == (0 if is_believed else vanished)
    assert len(changes(loader)) == vanished


def test_a_limit_of_zero_believes_a_listing_without_loss(world: PartnerWorld, loader: Loader) -> None:
    world.deals(3)
    loader.run(list_all=True, max_vanished_share=0.0)
    night = loader.run(list_all=True, max_vanished_share=0.0)
    assert night.full_listing is not None
    assert night.full_listing.is_believed


def test_what_moves_while_it_is_listed_has_not_vanished(world: PartnerWorld, loader: Loader) -> None:
    world.deals(250)
    loader.run(list_all=True)
    pages = []

    def move(_: dict) -> None:
        pages.append(1)
        if len(pages) == 2:  # rows of the first page jump behind the last one, and all others one page ahead
            for number in range(1, 90):
                world.edit(number, 5000 + number)

    world.before("ListOpportunities", move)
    night = loader.run(list_all=True)
    assert night.full_listing is not None
    assert night.full_listing.opportunities == 250
    assert (night.opportunities_due, night.opportunities_fetched) == (89, 89)
    assert changes(loader) == []


def test_a_listing_that_the_quota_cuts_says_nothing(world: PartnerWorld, loader: Loader) -> None:
    world.deals(250)
    loader.run(list_all=True)
    hide(world, 3)
    night = loader.run(list_all=True, quota=Quota(0, 2))
    assert night.is_quota_spent
    assert night.full_listing is None
    assert changes(loader) == []
    loader.run(list_all=True)
    assert [row[0] for row in changes(loader)] == ["O3"]


def test_a_first_load_over_several_days_lists_all_on_each(world: PartnerWorld, loader: Loader) -> None:
    world.deals(250)
    left = []
    for _ in range(3):
        night = loader.run(list_all=True, quota=Quota(0, 210))
        left.append((night.opportunities_due, night.opportunities_fetched, night.is_quota_spent))
    assert left == [(250, 102, True), (148, 102, True), (46, 46, False)]
    assert len(loader.rows("opportunity_versions", "opportunity_id")) == 250
    assert changes(loader) == []


def test_reading_all_again_needs_no_third_listing(world: PartnerWorld, loader: Loader) -> None:
    world.deals(150)
    loader.run(list_all=True)
    hide(world, 5)
    world.calls.clear()
    night = loader.run(list_all=True, full=True)
    assert world.calls["ListOpportunities"] == 2 + 2
    assert (night.opportunities_due, night.opportunities_fetched) == (149, 149)
    assert [(row[0], row[2]) for row in changes(loader)] == [("O5", False)]
