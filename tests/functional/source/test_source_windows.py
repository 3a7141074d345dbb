"""Long loads in windows, and days that run out of quota."""

from typing import Any

import pytest
from partner_world import UNPACED, Loader, PartnerWorld, at

from pipelines.partner_central import retries
from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.partner_central.extraction import Extraction, Progress, Walk
from pipelines.partner_central.source import partner_central
from pipelines.sandbox.wire import Fault


def landed(loader: Loader, table: str) -> int:
    return len(loader.rows(table, "*"))


def test_each_window_lands_and_the_next_goes_on(world: PartnerWorld, loader: Loader) -> None:
    """Ties lie across the cuts between the windows."""
    world.deals(450, lambda number: number // 120)
    for number in range(1, 151):
        world.engage(number)
    seen: list[tuple[int, int]] = []
    extraction = Extraction(PartnerCentral("Sandbox", quota=UNPACED), window_pages=1)
    while not extraction.is_complete:
        loader.window(extraction)
        seen.append((landed(loader, "opportunity_versions"), extraction.opportunities_fetched))
    assert all(rows == fetched for rows, fetched in seen)
    assert [rows for rows, _ in seen][:2] == [100, 200]
    assert landed(loader, "opportunity_versions") == 450
    assert landed(loader, "resource_snapshots") == 150
    assert world.calls["GetOpportunity"] == 450
    assert world.calls["ListResourceSnapshots"] == world.calls["GetResourceSnapshot"] == 150
    assert world.calls["ListEngagementResourceAssociations"] == 1


def test_a_full_reload_in_windows_reads_each_once(world: PartnerWorld, loader: Loader) -> None:
    world.deals(250)
    loader.run()
    world.calls.clear()
    extraction = Extraction(PartnerCentral("Sandbox", quota=UNPACED), window_pages=1, full=True)
    while not extraction.is_complete:
        loader.window(extraction)
    assert world.calls["GetOpportunity"] == 250


def test_a_later_extraction_goes_on_where_windows_ended(world: PartnerWorld, loader: Loader) -> None:
    world.deals(250)
    first = loader.run(window_pages=1)
    assert first.opportunity_walk is Walk.CUT
    assert world.calls["ListEngagementResourceAssociations"] == 0
    loader.run()
    assert landed(loader, "opportunity_versions") == 250
    assert world.calls["GetOpportunity"] == 250


@pytest.mark.parametrize("per_day", [45, 200])
def test_what_a_day_paid_for_lands_and_the_next_goes_on(world: PartnerWorld, loader: Loader, per_day: int) -> None:
    """150 opportunities in 3 instants and 30 engagements, on days with few reads."""
    world.deals(150, lambda number: number // 60)
    for number in range(1, 31):
        world.engage(number)
    for _ in range(15):
        world.calls.clear()
        extraction = loader.run(quota=Quota(0, per_day))
        assert world.calls.total() <= per_day
        assert extraction.is_quota_spent is not extraction.is_complete
        if extraction.is_complete:
            break
    assert landed(loader, "opportunity_versions") == 150
    assert landed(loader, "resource_snapshots") == 30
    assert landed(loader, "engagement_associations") == 30


def test_reads_already_spent_count(world: PartnerWorld, loader: Loader) -> None:
    world.deals(10)
    extraction = loader.run(quota=Quota(0, reads_per_day=1000, reads_spent=1000))
    assert extraction.is_quota_spent
    assert world.calls.total() == extraction.client.remaining() == 0
    assert "reads are spent" in str(extraction.client.quota_spent())


def test_a_quota_eaten_by_retries_ends_the_window_whole(world: PartnerWorld, loader: Loader) -> None:
    """Of the page under way when the reads run out, what was fetched lands: 410 reads, 3 for each of its rows."""
    world.deals(200)
    extraction = Extraction(PartnerCentral("Sandbox", quota=Quota(0, 410), threads=4))
    failed: set[int] = set()

    def fail_once(name: str, request: dict[str, Any]) -> Fault | None:
        number = int(request.get("Identifier", "O0")[1:])
        if name != "GetOpportunity" or number <= 100 or number in failed:
            return None
        failed.add(number)
        return Fault("InternalServerException", status=500)

    world.sandbox.fault = fail_once
    loader.window(extraction)
    assert extraction.is_quota_spent
    assert extraction.client.retries > 0
    assert 160 <= landed(loader, "opportunity_versions") <= 169
    world.sandbox.fault = None
    loader.run()
    assert landed(loader, "opportunity_versions") == 200


def test_a_limit_of_dlt_cuts_whole_pages(world: PartnerWorld, loader: Loader) -> None:
    world.deals(350, lambda number: number // 150)
    for _ in range(5):
        source = partner_central("Sandbox", client=PartnerCentral("Sandbox", quota=UNPACED))
        source.resources["opportunity_pages"].add_limit(1)
        before = landed(loader, "opportunity_versions") if loader.pipeline.default_schema_name else 0
        loader.pipeline.run(source, loader_file_format="parquet")
        assert landed(loader, "opportunity_versions") - before <= 100
    assert landed(loader, "opportunity_versions") == 350


def test_progress_is_told_page_by_page(world: PartnerWorld, loader: Loader) -> None:
    world.deals(150)
    world.engage(1, snapshots=2)
    told: list[Progress] = []
    extraction = loader.run(on_progress=told.append)
    assert [(step.opportunities_listed, step.opportunities_fetched) for step in told] == [
        (100, 100),
        (150, 150),
        (150, 150),
    ]
    assert told[-1].snapshots_fetched == 2
    assert told[-1].calls == world.calls.total() == extraction.client.calls.total()
    assert loader.rows("opportunities", "max(last_modified_date)") == [(at(150),)]


def test_a_throttled_day_lands_what_it_could_pay_for(
    world: PartnerWorld, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every third attempt fails and is paid for: what was fetched before the reads ran out lands all the same."""
    monkeypatch.setattr(retries, "BACKOFF_SECONDS", 0.001)
    world.deals(40)
    world.sandbox.fault = lambda *_: Fault("ThrottlingException") if world.calls.total() % 3 == 0 else None
    stored = [0]
    while True:
        client = PartnerCentral("Sandbox", quota=Quota(0, 45), threads=4)
        extraction = Extraction(client, list_all=True, max_vanished_share=1.0)
        loader.window(extraction)
        assert client.calls.total() <= 45
        stored.append(landed(loader, "opportunity_versions"))
        if extraction.is_complete:
            break
        assert stored[-1] > stored[-3:][0]  # a day may be lost, where the third attempt is always one thread's
    assert stored[-1] == 40
    assert len(stored) > 3


def test_a_full_listing_leaves_reads_for_what_has_changed(world: PartnerWorld, loader: Loader) -> None:
    """10 pages a listing, 12 reads a day: it is given up half-way, and something lands each day."""
    world.deals(1000)
    stored = [0]
    for _ in range(3):
        extraction = loader.run(quota=Quota(0, 12), list_all=True)
        assert extraction.is_quota_spent
        assert extraction.full_listing is None
        stored.append(landed(loader, "opportunity_versions"))
    assert sorted(set(stored)) == stored


def test_an_engagement_with_more_revisions_than_a_day_has_reads(world: PartnerWorld, loader: Loader) -> None:
    """Each day lands what it could read, without a gap; the last one tells that all were looked for."""
    world.deals(1)
    world.engage(1, snapshots=40)
    stored = [0]
    while not loader.run(quota=Quota(0, 14)).is_complete:
        revisions = [revision for (revision,) in loader.rows("resource_snapshots", "revision")]
        assert revisions == list(range(1, len(revisions) + 1))
        assert len(revisions) > stored[-1]
        stored.append(len(revisions))
    assert len(stored) > 3
    assert loader.rows("resource_snapshots", "count(*), max(revision)") == [(40, 40)]
    assert loader.rows("engagement_associations", "snapshot_revisions") == [(40,)]
