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

database, directory, moment, *full = sys.argv[1:]

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
extraction = Extraction(PartnerCentral("Sandbox", quota=Quota(0)), full=bool(full))
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

MOMENTS = [
    "extract, half-way",
    "extract",
    "normalize, committed but not cleaned up",
    "normalize",
    "load, committed but not cleaned up",
    "load",
]


def kill(directory: Path, moment: str, *full: str) -> None:
    """Run the pipeline in a process that kills itself at a moment."""
    arguments = [str(directory / "landing.duckdb"), str(directory / "dlt"), moment, *full]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr


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


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_is_made_good_by_the_next(
    world: PartnerWorld, loader: Loader, tmp_path: Path, moment: str
) -> None:
    world.deals(150)
    loader.run()
    for number in range(1, 121):
        world.edit(number, 1000 + number)
    world.engage(1, snapshots=2)
    kill(tmp_path, moment)
    loader.pipeline.abort_packages()
    assert loader.run().is_complete
    versions = loader.rows("opportunity_versions", "opportunity_id, last_modified_date")
    assert len(versions) == len(set(versions)) == 270
    assert len(loader.rows("opportunities", "opportunity_id")) == 150
    assert [revision for (revision,) in loader.rows("resource_snapshots", "revision")] == [1, 2]
    world.calls.clear()
    loader.run()
    assert world.calls == {"ListOpportunities": 1, "ListEngagementResourceAssociations": 1, "ListSolutions": 1}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_full_run_says_of_what_is_gone_all_or_nothing(
    world: PartnerWorld, loader: Loader, tmp_path: Path, moment: str
) -> None:
    """O2 is back, O120 is gone. A run that did not land its listing has not seen that O120 is gone."""
    world.deals(120)
    loader.run()
    world.store.remove("O2")
    loader.run(full=True)
    world.deal(2, 1000)
    world.store.remove("O120")
    kill(tmp_path, moment, "full")
    loader.pipeline.abort_packages()
    loader.run()
    changes = "opportunity_id, observed_at, is_visible"
    found = [(row[0], row[2]) for row in loader.rows("opportunity_visibility", changes)]
    gone = [("O120", False)] if moment.startswith("load") else []
    assert found == [*gone, ("O2", False), ("O2", True)]
    loader.run(full=True)
    found = [(row[0], row[2]) for row in loader.rows("opportunity_visibility", changes)]
    assert found == [("O120", False), ("O2", False), ("O2", True)]
