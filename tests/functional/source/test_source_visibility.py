"""Which opportunities go out of sight and come back, and what alone tells of it: a listing that was read whole."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from partner_world import UNPACED, Loader, PartnerWorld, at

from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.partner_central.extraction import Extraction, Walk
from pipelines.partner_central.source import partner_central

TABLE = "opportunity_visibility"
Changes = list[tuple[str, bool]]


def has_table(loader: Loader) -> bool:
    with (
        loader.pipeline.sql_client() as client,
        client.execute_query(f"SELECT 1 FROM duckdb_tables() WHERE table_name = '{TABLE}'") as cursor,
    ):
        return bool(cursor.fetchall())


def changes(loader: Loader) -> Changes:
    """Every change of sight, by opportunity in the order of time."""
    rows = loader.rows(TABLE, "opportunity_id, observed_at, is_visible") if has_table(loader) else []
    return [(opportunity_id, is_visible) for opportunity_id, _, is_visible in rows]


def windows(loader: Loader, **options: Any) -> Iterator[Extraction]:
    """Land an extraction window by window, of one page each."""
    client = PartnerCentral("Sandbox", quota=UNPACED)
    extraction = Extraction(client, window_pages=1, max_vanished_share=1.0, **options)
    while not extraction.is_complete:
        loader.window(extraction)
        yield extraction


def hide(world: PartnerWorld, *numbers: int) -> None:
    for number in numbers:
        world.store.remove(f"O{number}")


def test_a_first_load_tells_of_no_change(world: PartnerWorld, loader: Loader) -> None:
    world.deals(120)
    loader.run()
    assert not has_table(loader)


def test_nothing_gone_is_no_change(world: PartnerWorld, loader: Loader) -> None:
    world.deals(120)
    loader.run()
    loader.run(full=True)
    loader.run()
    assert not has_table(loader)


def test_a_full_listing_marks_what_it_no_longer_shows_once(world: PartnerWorld, loader: Loader) -> None:
    world.deals(120)
    loader.run()
    hide(world, 7, 115)
    world.calls.clear()
    loader.run(full=True, clock=lambda: at(9000))
    expected = [("O115", at(9000), False), ("O7", at(9000), False)]
    assert loader.rows(TABLE, "opportunity_id, observed_at, is_visible") == expected
    assert world.calls == {
        "ListOpportunities": 2,
        "GetOpportunity": 118,
        "GetAwsOpportunitySummary": 118,
        "ListEngagementResourceAssociations": 1,
        "ListSolutions": 1,
    }
    loader.run(full=True)
    assert loader.rows(TABLE, "opportunity_id, observed_at, is_visible") == expected
    assert len(loader.rows("opportunities", "opportunity_id")) == 120


def test_all_may_go(world: PartnerWorld, loader: Loader) -> None:
    world.deals(2)
    loader.run()
    hide(world, 1, 2)
    loader.run(full=True)
    assert changes(loader) == [("O1", False), ("O2", False)]


def test_an_ordinary_walk_marks_nothing(world: PartnerWorld, loader: Loader) -> None:
    world.deals(120)
    loader.run()
    hide(world, 7, 120)  # one of them on the cursor
    world.edit(9, 1000)
    loader.run()
    loader.run()
    assert not has_table(loader)


@pytest.mark.parametrize("full", [False, True], ids=["an ordinary walk", "a full walk"])
def test_what_is_listed_again_is_in_sight_again(world: PartnerWorld, loader: Loader, full: bool) -> None:
    world.deals(120)
    loader.run()
    hide(world, 7)
    loader.run(full=True, clock=lambda: at(9000))
    world.deal(7, 1000)
    loader.run(full=full, clock=lambda: at(9001))
    expected = [("O7", at(9000), False), ("O7", at(9001), True)]
    assert loader.rows(TABLE, "opportunity_id, observed_at, is_visible") == expected
    loader.run(full=True)
    assert loader.rows(TABLE, "opportunity_id, observed_at, is_visible") == expected
    hide(world, 7)
    loader.run(full=True)
    assert changes(loader) == [("O7", False), ("O7", True), ("O7", False)]


def test_what_comes_back_unchanged_is_seen_where_it_is_listed(world: PartnerWorld, loader: Loader) -> None:
    """O3 lies on the cursor and is listed each time, O1 behind it and is listed by a full walk alone."""
    world.deals(3)
    loader.run()
    hide(world, 1, 3)
    loader.run(full=True)
    world.deal(1, 1)
    world.deal(3, 3)
    world.calls.clear()
    loader.run()
    assert world.calls["GetOpportunity"] == 0
    assert changes(loader) == [("O1", False), ("O3", False), ("O3", True)]
    loader.run(full=True)
    assert changes(loader) == [("O1", False), ("O1", True), ("O3", False), ("O3", True)]


def test_what_changes_while_it_is_listed_comes_back_once(world: PartnerWorld, loader: Loader) -> None:
    world.deals(250)
    loader.run()
    hide(world, 1)
    loader.run(full=True)
    world.deal(1, 1)
    world.before("GetOpportunity", lambda request: world.edit(1, 5000) if request["Identifier"] == "O50" else None)
    loader.run(full=True)
    assert len([row for row in loader.rows("opportunity_versions", "opportunity_id") if row == ("O1",)]) == 2
    assert changes(loader) == [("O1", False), ("O1", True)]


def test_what_goes_while_the_walk_is_under_way_was_listed(world: PartnerWorld, loader: Loader) -> None:
    world.deals(150)
    loader.run()

    def leave(request: dict[str, Any]) -> None:
        if request["Identifier"] == "O60" and "O7" in world.store.records:
            hide(world, 7)

    world.before("GetOpportunity", leave)
    loader.run(full=True)
    assert changes(loader) == []
    loader.run(full=True)
    assert changes(loader) == [("O7", False)]


def test_a_malformed_identifier_is_listed_by_that_identifier(world: PartnerWorld, loader: Loader) -> None:
    world.deal(1, 1, Id="absent")
    world.deal(2, 2, Id="X-2")
    world.deal(3, 3)
    loader.run()
    loader.run(full=True)
    assert changes(loader) == []
    hide(world, 2)
    loader.run(full=True)
    assert changes(loader) == [("X-2", False)]


def test_a_walk_that_no_cursor_shortens_is_a_full_one(world: PartnerWorld, loader: Loader) -> None:
    """No opportunity has a date, so that there is no cursor yet."""
    for number in (1, 2):
        world.deal(number, number, LastModifiedDate="absent")
    loader.run()
    hide(world, 1)
    loader.run()
    assert changes(loader) == [("O1", False)]


def test_a_full_walk_over_several_windows_is_one_listing(world: PartnerWorld, loader: Loader) -> None:
    world.deals(350, lambda number: number // 120)
    loader.run()
    hide(world, 5, 170, 340)
    seen = [(extraction.opportunity_walk, changes(loader)) for extraction in windows(loader, full=True)]
    gone = [("O170", False), ("O340", False), ("O5", False)]
    cut = [found for walk, found in seen if walk is Walk.CUT]
    assert len(cut) > 3
    assert cut == [[]] * len(cut)
    assert [found for walk, found in seen if walk is Walk.COMPLETE] == [gone]
    assert len({instant for (instant,) in loader.rows(TABLE, "observed_at")}) == 1


def test_a_first_load_in_windows_tells_of_no_change(world: PartnerWorld, loader: Loader) -> None:
    world.deals(250)
    assert len(list(windows(loader))) > 2
    assert not has_table(loader)


def test_a_walk_that_the_quota_cuts_marks_nothing(world: PartnerWorld, loader: Loader) -> None:
    """What it did list is in sight again; what it did not come to may be there still."""
    world.deals(250)
    loader.run()
    hide(world, 3, 4, 249)
    loader.run(full=True)
    gone = changes(loader)
    assert gone == [("O249", False), ("O3", False), ("O4", False)]
    hide(world, 5, 248)
    world.deal(3, 3)
    world.deal(249, 249)
    assert loader.run(full=True, quota=Quota(0, 310)).is_quota_spent
    assert changes(loader) == [("O249", False), ("O3", False), ("O3", True), ("O4", False)]
    assert loader.run().is_complete
    assert [row for row in changes(loader) if row[0] in {"O5", "O248"}] == []
    loader.run(full=True)
    assert [row for row in changes(loader) if row[0] in {"O5", "O248", "O249"}] == [
        ("O248", False),
        ("O249", False),
        ("O249", True),
        ("O5", False),
    ]


def test_a_first_load_that_goes_on_another_day_is_not_a_full_listing(world: PartnerWorld, loader: Loader) -> None:
    world.deals(250)
    assert loader.run(quota=Quota(0, 301)).is_quota_spent
    hide(world, 1)
    assert loader.run().is_complete
    assert len(loader.rows("opportunities", "opportunity_id")) == 250
    assert not has_table(loader)


def test_a_run_that_ends_between_windows_leaves_what_it_listed(world: PartnerWorld, loader: Loader) -> None:
    """The cursor is past O1 by then: the next walk would not list it again."""
    world.deals(250)
    loader.run()
    hide(world, 1, 200)
    loader.run(full=True)
    world.deal(1, 1000)
    for number in range(2, 150):
        world.edit(number, 1000 + number)
    hide(world, 240)
    assert next(windows(loader)).opportunity_walk is Walk.CUT
    assert changes(loader) == [("O1", False), ("O1", True), ("O200", False)]
    next(windows(loader, full=True))
    loader.run()
    assert changes(loader) == [("O1", False), ("O1", True), ("O200", False)]
    loader.run(full=True)
    assert changes(loader) == [("O1", False), ("O1", True), ("O200", False), ("O240", False)]


def test_a_limit_of_dlt_keeps_what_it_listed(world: PartnerWorld, loader: Loader) -> None:
    world.deals(150)
    loader.run()
    hide(world, 1, 150)
    loader.run(full=True)
    world.deal(1, 1)
    source = partner_central("Sandbox", client=PartnerCentral("Sandbox", quota=UNPACED), full=True)
    source.resources["opportunity_pages"].add_limit(1)
    loader.pipeline.run(source, loader_file_format="parquet")
    assert changes(loader) == [("O1", False), ("O1", True), ("O150", False)]


def test_parquet_files_without_any_help_of_ours(world: PartnerWorld, tmp_path: Path) -> None:
    """A destination that can only append, and has no table of changes until there is one."""
    world.deals(6)

    def load(full: bool) -> None:
        pipeline = dlt.pipeline(
            "co_sell",
            destination=dlt.destinations.filesystem(f"file://{tmp_path}/lake"),
            dataset_name="partner_central",
            pipelines_dir=str(tmp_path / "dlt"),
        )
        pipeline.run(partner_central("Sandbox", client=PartnerCentral("Sandbox", quota=UNPACED), full=full))

    def found() -> Changes:
        files = f"{tmp_path}/lake/partner_central/{TABLE}/*.parquet"
        return duckdb.execute(f"SELECT opportunity_id, is_visible FROM '{files}' ORDER BY observed_at").fetchall()

    load(full=False)
    load(full=False)
    assert not (tmp_path / "lake" / "partner_central" / TABLE).exists()
    hide(world, 2)
    load(full=True)
    assert found() == [("O2", False)]
    load(full=True)
    assert found() == [("O2", False)]
    world.deal(2, 100)
    load(full=False)
    load(full=True)
    assert found() == [("O2", False), ("O2", True)]
