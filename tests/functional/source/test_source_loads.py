"""What lands of the opportunities, and what a run costs."""

from typing import Any

import orjson
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from partner_world import Loader, PartnerWorld, at, root_of

from pipelines.errors import ConfigurationError
from pipelines.partner_central.client import PartnerCentral
from pipelines.partner_central.extraction import Extraction
from pipelines.partner_central.source import partner_central
from pipelines.partner_central.tables import UNKNOWN_INSTANT

QUIET_NIGHT = {"ListOpportunities": 1, "ListEngagementResourceAssociations": 1, "ListSolutions": 1}


def versions(loader: Loader) -> list[tuple[Any, ...]]:
    return loader.rows("opportunity_versions", "opportunity_id, last_modified_date")


def newest_in(world: PartnerWorld) -> set[tuple[str, str]]:
    return {(record["Id"], record["LastModifiedDate"]) for record in world.store.records.values()}


def current_in(loader: Loader) -> set[tuple[str, str]]:
    payloads = [orjson.loads(payload) for (payload,) in loader.rows("opportunities", "payload")]
    return {(record["Id"], record["LastModifiedDate"]) for record in payloads}


def test_first_load_lands_every_opportunity_as_aws_sent_it(world: PartnerWorld, loader: Loader) -> None:
    world.deals(230)
    world.submit(7)
    extraction = loader.run()
    assert versions(loader) == sorted((f"O{n}", at(n)) for n in range(1, 231))
    payloads = loader.rows("opportunities", "payload")
    assert payloads == sorted((world.store.json(f"O{n}")[0].decode(),) for n in range(1, 231))
    assert loader.rows("aws_opportunity_summaries", "opportunity_id, last_modified_date") == [("O7", at(7))]
    assert (extraction.opportunities_listed, extraction.opportunities_fetched) == (230, 230)
    assert extraction.is_complete
    state = loader.pipeline.state["sources"]["partner_central"]["resources"]["opportunity_pages"]
    assert state["incremental"]["listed_through"]["last_value"] == at(230)
    assert world.calls == {
        **QUIET_NIGHT,
        "ListOpportunities": 3,
        "GetOpportunity": 230,
        "GetAwsOpportunitySummary": 230,
    }
    assert extraction.client.calls == world.calls


def test_nothing_changed_costs_one_listing_and_lands_nothing(world: PartnerWorld, loader: Loader) -> None:
    world.deals(120)
    loader.run()
    world.calls.clear()
    extraction = Extraction(PartnerCentral("Sandbox"))
    assert loader.window(extraction) == 0
    assert world.calls == QUIET_NIGHT


def test_what_changed_is_fetched_and_nothing_else(world: PartnerWorld, loader: Loader) -> None:
    world.deals(120)
    loader.run()
    for number in (3, 5, 8):
        world.edit(number, 1000 + number)
    world.deal(121, 2000)
    world.calls.clear()
    loader.run()
    assert world.calls == {**QUIET_NIGHT, "GetOpportunity": 4, "GetAwsOpportunitySummary": 4}
    assert len(versions(loader)) == 124
    assert [row for row in versions(loader) if row[0] == "O5"] == [("O5", at(5)), ("O5", at(1005))]
    assert current_in(loader) == newest_in(world)


def test_ties_across_page_boundaries_lose_nothing(world: PartnerWorld, loader: Loader) -> None:
    world.deals(400, lambda number: number if number <= 75 else 76 if number <= 325 else number)
    loader.run()
    assert current_in(loader) == newest_in(world)
    assert len(versions(loader)) == 400


def test_ties_at_the_cursor_are_fetched_once(world: PartnerWorld, loader: Loader) -> None:
    world.deals(250, lambda _: 1)
    loader.run()
    world.deal(251, 1)
    world.calls.clear()
    loader.run()
    assert world.calls["GetOpportunity"] == 1
    assert current_in(loader) == newest_in(world)


@pytest.mark.parametrize("paging", ["key", "offset"])
def test_rows_that_move_while_pages_are_walked_are_not_lost(world: PartnerWorld, loader: Loader, paging: Any) -> None:
    world.sandbox.paging = paging
    world.deals(350)
    moved: list[int] = []

    def move(_: object) -> None:
        if len(moved) < 60:
            for number in range(len(moved) + 1, len(moved) + 21):
                world.edit(number, 1000 + number)
                moved.append(number)

    world.before("ListOpportunities", move)
    loader.run()
    assert current_in(loader) == newest_in(world)
    assert world.calls["GetOpportunity"] <= 350 + len(moved)


def test_edits_between_listing_and_fetching_are_not_lost(world: PartnerWorld, loader: Loader) -> None:
    """The last of a page moves as it is fetched: a cursor on fetched dates would jump over all later pages."""
    world.deals(300)
    late = {100, 200, 300}

    def edit(request: dict[str, Any]) -> None:
        number = int(request["Identifier"][1:])
        if number in late:
            late.remove(number)
            world.edit(number, 5000 + number)

    world.before("GetOpportunity", edit)
    loader.run(window_pages=1)
    rows = loader.rows("opportunity_versions", "opportunity_id, listed_last_modified_date, last_modified_date")
    assert ("O100", at(100), at(5100)) in rows
    while not loader.run(window_pages=1).is_complete:
        pass
    assert current_in(loader) == newest_in(world)


def test_an_opportunity_fetched_at_its_newer_date_is_not_fetched_again(world: PartnerWorld, loader: Loader) -> None:
    world.deals(150)
    world.before("GetOpportunity", lambda request: world.edit(9, 900) if request["Identifier"] == "O9" else None)
    loader.run()
    assert world.calls["GetOpportunity"] == 150
    assert current_in(loader) == newest_in(world)


def test_what_goes_out_of_sight_lands_as_it_was_listed(world: PartnerWorld, loader: Loader) -> None:
    world.deals(3)

    def hide(request: dict[str, Any]) -> None:
        if request["Identifier"] == "O2" and "O2" in world.store.records:
            world.store.remove("O2")

    world.before("GetOpportunity", hide)
    loader.run()
    rows = loader.rows("opportunities", "opportunity_id, operation, last_modified_date, payload")
    assert [row[:3] for row in rows] == [
        ("O1", "GetOpportunity", at(1)),
        ("O2", "ListOpportunities", at(2)),
        ("O3", "GetOpportunity", at(3)),
    ]
    assert orjson.loads(rows[1][3])["Id"] == "O2"
    assert world.calls["GetAwsOpportunitySummary"] == 2


def test_malformed_rows_land(world: PartnerWorld, loader: Loader) -> None:
    """O1: no Id. O2: an Id that AWS would not take. O3: no LastModifiedDate. O4: a malformed one."""
    world.deal(1, 1, Id="absent")
    world.deal(2, 2, Id="X-2")
    world.deal(3, 3, LastModifiedDate="absent")
    world.deal(4, 4, LastModifiedDate="2026-02-31T00:00:00Z")
    world.deal(5, 5, LastModifiedDate="2026-01-01T00:00:05.123456789Z")
    loader.run()
    columns = "opportunity_id, last_modified_date, listed_last_modified_date, operation"
    assert loader.rows("opportunity_versions", columns) == [
        ("", at(1), at(1), "ListOpportunities"),
        ("O3", UNKNOWN_INSTANT, None, "GetOpportunity"),
        ("O4", UNKNOWN_INSTANT, None, "GetOpportunity"),
        ("O5", at(5.123456), at(5.123456), "GetOpportunity"),
        ("X-2", at(2), at(2), "ListOpportunities"),
    ]
    assert world.calls["GetOpportunity"] == 3
    world.edit(5, 100)
    loader.run()
    assert ("O5", at(100)) in versions(loader)


def test_full_reads_everything_again_and_leaves_the_cursor(world: PartnerWorld, loader: Loader) -> None:
    world.deals(120)
    loader.run()
    world.calls.clear()
    extraction = loader.run(full=True)
    assert world.calls["GetOpportunity"] == extraction.opportunities_fetched == 120
    assert len(versions(loader)) == 120
    world.calls.clear()
    loader.run()
    assert world.calls == QUIET_NIGHT


def test_a_full_first_load_is_a_first_load(world: PartnerWorld, loader: Loader) -> None:
    world.deals(120)
    loader.run(full=True)
    assert len(versions(loader)) == 120
    world.calls.clear()
    loader.run()
    assert world.calls == QUIET_NIGHT


def test_a_landing_belongs_to_one_catalog(world: PartnerWorld, loader: Loader) -> None:
    world.deals(1)
    loader.run()
    with pytest.raises(PipelineStepFailed) as caught:
        loader.pipeline.run(partner_central("AWS"), loader_file_format="parquet")
    assert isinstance(root_of(caught.value), ConfigurationError)
    assert "catalog Sandbox, not AWS" in str(root_of(caught.value))


def test_the_client_must_read_the_catalog_of_the_source() -> None:
    with pytest.raises(ConfigurationError, match="reads catalog Sandbox, not AWS"):
        partner_central("AWS", client=PartnerCentral("Sandbox"))
