"""The source as any dlt user runs it: another destination, credentials and endpoint from boto3's own chain."""

from pathlib import Path

import dlt
import duckdb
from partner_world import PARTNER_VIEW, PartnerWorld

from pipelines.partner_central.source import partner_central


def test_parquet_files_without_any_help_of_ours(world: PartnerWorld, tmp_path: Path) -> None:
    """The paced client of the source itself, so a small world."""
    world.deals(4)
    world.engage(1, snapshots=2)
    world.store.solutions.append({"Id": "S-1", "Name": "Lakehouse"})

    def load() -> None:
        pipeline = dlt.pipeline(
            "co_sell",
            destination=dlt.destinations.filesystem(f"file://{tmp_path}/lake"),
            dataset_name="partner_central",
            pipelines_dir=str(tmp_path / "dlt"),
        )
        pipeline.run(partner_central(catalog="Sandbox"))

    def count(table: str) -> tuple[int, ...]:
        files = f"{tmp_path}/lake/partner_central/{table}/*.parquet"
        return duckdb.execute(f"SELECT count(*) FROM '{files}'").fetchone() or ()

    load()
    counts = {"opportunities": (4,), "opportunity_versions": (4,), "engagement_associations": (1,)}
    counts |= {"resource_snapshots": (2,), "solutions": (1,)}
    assert {table: count(table) for table in counts} == counts
    load()
    assert {table: count(table) for table in counts} == counts
    assert world.calls["GetOpportunity"] == 4

    world.edit(1, 1000)
    world.engage(1)
    load()
    assert count("opportunity_versions") == (5,)
    assert count("resource_snapshots") == (3,)
    load()
    assert world.calls["GetResourceSnapshot"] == 3
    assert world.calls["ListResourceSnapshots"] == 2
    assert (
        PARTNER_VIEW
        in duckdb.execute(
            f"SELECT string_agg(template, ' ') FROM '{tmp_path}/lake/partner_central/resource_snapshots/*.parquet'"
        ).fetchone()[0]
    )


def test_a_single_resource_fetches_no_more_than_it_needs(world: PartnerWorld, tmp_path: Path) -> None:
    world.deals(4)
    world.store.solutions.append({"Id": "S-1", "Name": "Lakehouse"})
    pipeline = dlt.pipeline(
        "solutions_only",
        destination=dlt.destinations.duckdb(str(tmp_path / "x.duckdb")),
        pipelines_dir=str(tmp_path / "dlt"),
    )
    pipeline.run(partner_central("Sandbox").with_resources("solutions"), loader_file_format="parquet")
    assert world.calls == {"ListSolutions": 1}


def test_keys_cursor_and_dispositions_are_declared() -> None:
    source = partner_central("Sandbox")
    assert sorted(source.selected_resources) == [
        "aws_opportunity_summaries",
        "engagement_associations",
        "opportunities",
        "opportunity_versions",
        "opportunity_visibility",
        "resource_snapshots",
        "solutions",
    ]
    for resource in source.selected_resources.values():
        schema = resource.compute_table_schema()
        assert schema["write_disposition"] == "merge"
        assert schema["x-merge-strategy"] == "delete-insert"
        assert any(column.get("primary_key") for column in schema["columns"].values())
