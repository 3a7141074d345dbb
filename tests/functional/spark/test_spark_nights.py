"""Whatever computes the rows of the opportunities, and wherever the landing lies: the warehouse is the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from landed_nights import AS_OF, Served, Tables, copied, delta_of, lake_of_the_source, land_alone, night, tables_of
from processes import STARTED_AT, Clock, Cosell, aws_environment

from pipelines.marts import roll_up_marts
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.world import World
from pipelines.spark.buckets import Night
from pipelines.spark.combined import compute_buckets
from pipelines.spark.lake import landed_at
from pipelines.spark.session import spark_session
from transforms.currency import ReportingCurrency
from transforms.limits import Thresholds

BUCKETS = 3
OPPORTUNITIES = 60
ODD = {
    "Id": "O1",
    "Catalog": "Sandbox",
    "CreatedDate": "2026-01-05T00:00:00Z",
    "LastModifiedDate": "2026-02-01T00:00:00.123456789Z",
    "LifeCycle": {"Stage": "Qualified", "TargetCloseDate": "2026-12-31"},
    "Customer": {"Account": {"CompanyName": "Ünïcode 株式会社", "Industry": "None of AWS's"}},
}
"""A record with a value that is nulled."""


@dataclass
class Landed:
    """A landing of two loads, the Parquet landing of the same, and what a night on this machine published of it."""

    sandbox: Sandbox
    landing: Path
    lake: Path
    tables: Tables


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landed]:
    clock = Clock()
    clock.now -= timedelta(days=60)
    directory = tmp_path_factory.mktemp("landed")
    load = lake_of_the_source(directory / "lake")
    world = World(opportunities=OPPORTUNITIES, seed=7, started_at=STARTED_AT)
    with Sandbox(world, clock=clock) as sandbox, aws_environment(sandbox.endpoint_url, directory):
        sandbox.stores["Sandbox"].put(ODD, clock.now, "O1")
        land_alone(directory / "data")
        load()
        clock.now += timedelta(days=60)
        settings = night(directory / "data")
        load(full=True)
        lake = directory / "lake" / "partner_central"
        yield Landed(sandbox, settings.landing_path, lake, tables_of(settings.warehouse_path))


def test_the_landing_has_what_has_to_come_out_the_same(landed: Landed) -> None:
    """Versions, snapshots, excluded records, nulled values and drift, or the other tests prove little."""
    with duckdb.connect(landed.landing, read_only=True) as connection:
        versions, opportunities = connection.execute(
            "SELECT count(*), count(DISTINCT opportunity_id) FROM partner_central.opportunity_versions"
        ).fetchone()
        assert versions > opportunities >= OPPORTUNITIES
    assert len(landed.tables["marts.stage_history"]) > len(landed.tables["marts.opportunities"])
    assert {row[-1] for row in landed.tables["quality.quarantine"]} == {"excluded", "nulled"}
    assert "drift" in {row[0] for row in landed.tables["quality.results"]}


def test_two_cores_of_this_machine(
    landed: Landed, served: Served, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = night(copied(landed.landing, tmp_path / "data"), engine="spark")
    assert tables_of(settings.warehouse_path) == landed.tables
    assert (settings.quality_path / "landing" / "opportunity_versions.html").exists()
    night(settings.data_dir)
    assert ", 0 computed" in capfd.readouterr().err  # a night of the other engine builds upon it


def test_a_server_of_spark_connect(landed: Landed, served: Served, tmp_path: Path) -> None:
    copied(landed.landing, tmp_path / "data")
    cosell = Cosell(tmp_path, landed.sandbox.endpoint_url)
    remote = f"sc://127.0.0.1:{served.port}"
    arguments = ["--catalog", "Sandbox", "--as-of", f"{AS_OF}", "--engine", "spark", "--spark-remote", remote]
    done = cosell("nightly", *arguments)
    assert done.returncode == 0, done.stderr
    assert tables_of(tmp_path / "data" / "warehouse.duckdb") == landed.tables


def of_lake(lake: Path, scratch: Path) -> Tables:
    """Every table that the rows of a landing elsewhere end up in, in the session that is open."""
    with spark_session("", scratch) as spark, duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        reporting = ReportingCurrency("USD")
        compute_buckets(landed_at(spark, str(lake)), BUCKETS, connection, Night(AS_OF, reporting))
        roll_up_marts(connection, as_of=AS_OF, reporting=reporting, thresholds=Thresholds())
        names = connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
        return {name: connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for (name,) in names}


def test_a_parquet_landing_without_loads_that_did_not_complete(landed: Landed, served: Served, tmp_path: Path) -> None:
    """Its second load has every version again; a third one was given up."""
    versions = landed.lake / "opportunity_versions"
    rows = pq.read_table(min(versions.glob("*.parquet")))
    never = ["O-never"] * len(rows)
    pq.write_table(rows.set_column(0, rows.schema.field(0), [never]), versions / "1999999999.25.0a1b2c3d4e.parquet")
    found = of_lake(landed.lake, tmp_path)
    del found["ops.inputs"]  # it was fetched at another time
    assert found == {name: landed.tables[name] for name in found}


def test_a_delta_landing_of_which_what_was_fetched_last_counts(landed: Landed, served: Served, tmp_path: Path) -> None:
    delta_of(landed.landing, tmp_path)
    found = of_lake(tmp_path / "partner_central", tmp_path)
    assert "ops.inputs" in found
    assert found == {name: landed.tables[name] for name in found}
