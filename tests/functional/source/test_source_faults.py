"""A bad night at AWS lands what a quiet one does: throttles, errors, broken connections, odd pages, expired tokens."""

from collections import Counter
from pathlib import Path
from typing import Any

import dlt
import pytest
from partner_world import UNPACED, Loader, PartnerWorld

from pipelines.partner_central import retries
from pipelines.partner_central.client import PartnerCentral
from pipelines.partner_central.extraction import Extraction
from pipelines.sandbox.faults import Turbulence
from pipelines.sandbox.wire import Fault, Record

TIED = 230  # on one instant: more than two pages, which only tokens can tell apart
LANDED = {
    "opportunity_versions": "opportunity_id, last_modified_date, listed_last_modified_date, operation, payload",
    "opportunities": "opportunity_id, last_modified_date, listed_last_modified_date, operation, payload",
    "aws_opportunity_summaries": "opportunity_id, last_modified_date, payload",
    "opportunity_visibility": "opportunity_id, is_visible",
    "engagement_associations": "engagement_id, resource_id, checked_last_modified_date, snapshot_revisions, payload",
    "resource_snapshots": "engagement_id, resource_id, template, revision, created_at, payload",
    "solutions": "solution_id, payload",
}
KINDS = {
    "throttled",
    "failed at AWS",
    "failed at a proxy",
    "dropped before",
    "dropped after",
    "cut off",
    "slow",
    "empty page",
    "repeated page",
    "expired token",
}


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "BACKOFF_SECONDS", 0.005)


def loader_in(directory: Path) -> Loader:
    return Loader(
        dlt.pipeline(
            directory.name,
            destination=dlt.destinations.duckdb(str(directory / "landing.duckdb")),
            dataset_name="partner_central",
            pipelines_dir=str(directory / "dlt"),
        )
    )


def load(loader: Loader, **options: Any) -> Extraction:
    """Run the pipeline to its end with the attempts of a night."""
    extraction = Extraction(PartnerCentral("Sandbox", quota=UNPACED), list_all=True, **options)
    while not extraction.is_complete:
        loader.window(extraction)
    return extraction


def landed(loader: Loader) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table there is, without the instants at which it was fetched or observed."""
    return {table: loader.rows(table, LANDED[table]) for table in loader.pipeline.default_schema.data_table_names()}


def fill(world: PartnerWorld) -> None:
    world.deals(TIED + 60, lambda number: max(5.0, number - TIED))
    for number in range(1, 31):
        world.submit(number)
        world.engage(number, snapshots=1 + number % 3)
    world.store.solutions += [{"Id": f"S-{number:07d}", "Name": f"Solution {number}"} for number in range(1, 4)]


def move_on(world: PartnerWorld) -> None:
    """Opportunities change, one goes out of sight, a snapshot comes, a solution gets another name."""
    for number in range(1, 31):
        world.edit(number, 2000 + number)
    world.store.remove("O77")
    world.engage(7)
    world.store.solutions[0]["Name"] = "Solution 1, renamed"


def test_turbulent_nights_land_what_quiet_ones_do(world: PartnerWorld, tmp_path: Path) -> None:
    """A first load in windows, then changes; 38 % of the requests fail, every third page or token is odd."""
    quiet, turbulent = loader_in(tmp_path / "quiet"), loader_in(tmp_path / "turbulent")
    turbulence = Turbulence(expired=0.3)
    expired: Counter[str] = Counter()

    def faults(operation: str, request: Record) -> Fault | None:
        before = turbulence.dealt["expired token"]
        fault = turbulence(operation, request)
        expired[operation] += turbulence.dealt["expired token"] - before
        return fault

    for happens in (fill, move_on):
        happens(world)
        world.sandbox.fault = None
        load(quiet)
        world.sandbox.fault = faults
        world.calls.clear()
        extraction = load(turbulent, window_pages=2)
        assert landed(turbulent) == landed(quiet)
        assert extraction.client.calls == world.calls
        assert 0.3 < extraction.client.retries / world.calls.total() < 0.45
    assert {kind for kind, times in turbulence.dealt.items() if times} == KINDS, turbulence.dealt
    assert expired["ListOpportunities"]
    assert set(landed(quiet)) == set(LANDED)
    assert len(quiet.rows("opportunity_versions")) == TIED + 60 + 30
    assert quiet.rows("opportunity_visibility", "opportunity_id, is_visible") == [("O77", False)]
    assert "renamed" in str(quiet.rows("solutions", "payload"))
