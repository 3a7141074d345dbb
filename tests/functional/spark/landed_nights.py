"""One partner's landing, filled by two loads, and the warehouse that a night on this machine makes of it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dlt
import duckdb
from processes import settings_for

from pipelines.landing import land
from pipelines.migrations import migrate_landing
from pipelines.nightly import run_nightly
from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.partner_central.extraction import Extraction
from pipelines.partner_central.source import partner_central
from pipelines.settings import Settings

AS_OF = date(2026, 11, 1)
Tables = dict[str, list[tuple]]


@dataclass(frozen=True)
class Served:
    """A session of this process, and the port at which its JVM serves others; it ends with this process."""

    spark: Any
    port: int


def night(data_dir: Path, **changes: object) -> Settings:
    """Run one night of the sandbox."""
    settings = settings_for(data_dir, **changes)
    run_nightly(settings, as_of=AS_OF)
    return settings


def land_alone(data_dir: Path) -> None:
    """Land what the sandbox has, and no more."""
    data_dir.mkdir()
    migrate_landing(data_dir / "landing.duckdb", data_dir / "scratch.duckdb")
    client = PartnerCentral("Sandbox", quota=Quota(reads_per_second=0))
    land(data_dir / "landing.duckdb", data_dir / "dlt", Extraction(client, list_all=True), lambda: None)


def copied(landing: Path, data_dir: Path) -> Path:
    """A data directory with the same landing, as if no night had looked at it yet."""
    data_dir.mkdir()
    shutil.copyfile(landing, data_dir / landing.name)
    with duckdb.connect(data_dir / landing.name) as connection:
        for table in ("results", "quarantine", "examined", "malformed"):
            connection.execute(f"DELETE FROM quality.{table}")
    return data_dir


def tables_of(warehouse: Path) -> Tables:
    """Every row of a warehouse that its night has made; no run has the same identifier as another."""
    with duckdb.connect(warehouse, read_only=True) as connection:
        names = connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
        named = {name: "* EXCLUDE (run_id)" if name.startswith("quality.") else "*" for (name,) in names}
        del named["ops.runs"]
        newest = "WHERE run_id = (SELECT max_by(run_id, started_at) FROM ops.runs)"
        return {
            name: connection.execute(
                f"SELECT {columns} FROM {name} {newest if name.startswith('quality.') else ''} ORDER BY ALL"
            ).fetchall()
            for name, columns in named.items()
        }


def lake_of_the_source(path: Path) -> Callable[..., None]:
    """A function that loads from Partner Central into Parquet files, as a user's own pipeline does."""

    def load(full: bool = False) -> None:
        client = PartnerCentral("Sandbox", quota=Quota(reads_per_second=0))
        pipeline = dlt.pipeline(
            "lake",
            destination=dlt.destinations.filesystem(path.as_uri()),
            dataset_name="partner_central",
            pipelines_dir=str(path / "dlt"),
        )
        pipeline.run(partner_central("Sandbox", extraction=Extraction(client, full=full, list_all=True)))

    return load


def delta_of(landing: Path, path: Path) -> None:
    """Hand a landing to dlt as Delta tables in two loads: each version has been fetched before, with nothing in it."""
    pipeline = dlt.pipeline(
        "delta",
        destination=dlt.destinations.filesystem(path.as_uri()),
        dataset_name="partner_central",
        pipelines_dir=str(path / "dlt"),
    )
    with duckdb.connect(landing, read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        names = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'partner_central' AND table_name[:4] <> '_dlt'"
        ).fetchall()
        for replaced in ("fetched_at - INTERVAL 1 DAY AS fetched_at, '{}' AS payload", "fetched_at AS fetched_at"):
            resources = [
                dlt.resource(
                    connection.sql(
                        f"SELECT * REPLACE ({replaced}) FROM partner_central.{name}"
                        if name != "opportunity_visibility"
                        else f"FROM partner_central.{name}"
                    ).to_arrow_table(),
                    name=name,
                )
                for (name,) in names
            ]
            pipeline.run(resources, table_format="delta", write_disposition="append")
