"""A run killed at any instant loses nothing and doubles nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from partner_world import Loader, PartnerWorld

KILLED_RUN = """
import os, signal, sys
import dlt
from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.partner_central.extraction import Extraction
from pipelines.partner_central.source import partner_central

database, directory, moment = sys.argv[1:]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def dies_after(owner, name):
    whole = getattr(owner, name)
    def call(*arguments, **options):
        whole(*arguments, **options)
        die()
    setattr(owner, name, call)

pipeline = dlt.pipeline(
    "landing", destination=dlt.destinations.duckdb(database), dataset_name="partner_central", pipelines_dir=directory
)
extraction = Extraction(PartnerCentral("Sandbox", quota=Quota(0)))
if moment == "extract, half-way":
    extraction.on_progress = lambda step: die() if step.opportunities_fetched > 100 else None
pipeline.extract(partner_central("Sandbox", extraction=extraction), loader_file_format="parquet")
if moment == "extract":
    die()
if moment == "normalize, committed but not cleaned up":
    from dlt.common.storages import LoadStorage
    dies_after(LoadStorage, "commit_new_load_package")
pipeline.normalize()
if moment == "normalize":
    die()
if moment == "load, committed but not cleaned up":
    from dlt.destinations.impl.duckdb.duck import DuckDbClient
    dies_after(DuckDbClient, "complete_load")
pipeline.load()
die()
"""


def test_snapshots_that_were_fetched_and_not_stored_are_fetched_again(
    world: PartnerWorld, loader: Loader, tmp_path: Path
) -> None:
    """A run killed between the commits of two tables leaves an association that says its snapshots were fetched."""
    world.deals(2)
    world.engage(1, snapshots=3)
    loader.run()
    with duckdb.connect(tmp_path / "landing.duckdb") as connection:
        connection.execute("DELETE FROM partner_central.resource_snapshots")
    loader.run()
    assert [revision for (revision,) in loader.rows("resource_snapshots", "revision")] == [1, 2, 3]


@pytest.mark.parametrize(
    "moment",
    [
        "extract, half-way",
        "extract",
        "normalize, committed but not cleaned up",
        "normalize",
        "load, committed but not cleaned up",
        "load",
    ],
)
def test_a_killed_run_is_made_good_by_the_next(
    world: PartnerWorld, loader: Loader, tmp_path: Path, moment: str
) -> None:
    world.deals(150)
    loader.run()
    for number in range(1, 121):
        world.edit(number, 1000 + number)
    world.engage(1, snapshots=2)
    arguments = [str(tmp_path / "landing.duckdb"), str(tmp_path / "dlt"), moment]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    loader.pipeline.abort_packages()
    assert loader.run().is_complete
    versions = loader.rows("opportunity_versions", "opportunity_id, last_modified_date")
    assert len(versions) == len(set(versions)) == 270
    assert len(loader.rows("opportunities", "opportunity_id")) == 150
    assert [revision for (revision,) in loader.rows("resource_snapshots", "revision")] == [1, 2]
    world.calls.clear()
    loader.run()
    assert world.calls == {"ListOpportunities": 1, "ListEngagementResourceAssociations": 1, "ListSolutions": 1}
