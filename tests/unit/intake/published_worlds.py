"""A data directory as a night leaves it, made without one: a landing from a sandbox over HTTP, a warehouse by hand."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.landing import land
from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.partner_central.extraction import Extraction
from pipelines.runs import Runs
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.world import World
from pipelines.tables import append_rows, create_table
from transforms.hygiene import Hygiene
from transforms.opportunities import Opportunities
from transforms.schema import declaration

MODIFIED = datetime(2026, 3, 1, tzinfo=UTC)


def land_records(path: Path, partner_ids: Mapping[str, str | None]) -> Path:
    """Land opportunities of the catalog Sandbox, each with its identifier in the CRM or without one."""
    with Sandbox(World(opportunities=0)) as sandbox, pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "testing")
        environment.setenv("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", sandbox.endpoint_url)
        for opportunity_id, partner_id in partner_ids.items():
            record = {"Id": opportunity_id, "Catalog": "Sandbox", "LastModifiedDate": MODIFIED.isoformat()}
            if partner_id is not None:
                record["PartnerOpportunityIdentifier"] = partner_id
            sandbox.stores["Sandbox"].put(record, MODIFIED, opportunity_id)
        client = PartnerCentral("Sandbox", quota=Quota(reads_per_second=0))
        land(path, path.with_name("dlt"), Extraction(client), lambda: None)
    record_run(path, "Sandbox")
    return path


def publish_records(path: Path, partner_ids: Mapping[str, str | None], catalog: str = "Sandbox") -> Path:
    """Publish opportunities of a catalog, each with its identifier in the CRM or without one, and no findings."""
    rows = [
        {
            "opportunity_id": opportunity_id,
            "partner_opportunity_id": partner_id,
            "created_at": MODIFIED,
            "last_modified_at": MODIFIED,
            "close_date_pushes": 0,
            "is_visible": True,
        }
        for opportunity_id, partner_id in partner_ids.items()
    ]
    opportunities = pl.concat([Opportunities.create_empty(), pl.DataFrame(rows)], how="diagonal_relaxed")
    with duckdb.connect(path) as connection:
        for table in (Opportunities, Hygiene):
            create_table(connection, "marts", declaration(table))
        append_rows(connection, "marts", Opportunities, opportunities.cast(Opportunities.create_empty().schema))
    record_run(path, catalog)
    return path


def publish_findings(path: Path, findings: Iterable[tuple[str, str, str | None]]) -> Path:
    """Publish findings of hygiene: the opportunity, whose record is of MODIFIED, the rule, and what it suggests."""
    rows = [
        {"opportunity_id": opportunity_id, "rule": rule, "severity": "warning", "detail": "", "suggestion": suggestion}
        for opportunity_id, rule, suggestion in findings
    ]
    publish_records(path, dict.fromkeys(row["opportunity_id"] for row in rows))
    with duckdb.connect(path) as connection:
        append_rows(connection, "marts", Hygiene, pl.DataFrame(rows, Hygiene.create_empty().schema))
    return path


def record_run(path: Path, catalog: str) -> None:
    """Record that a run of a catalog has published."""
    run: dict[str, Any] = {"run_id": "20260331T043000Z-0a1b", "status": "published", "catalog": catalog}
    counts = "calls retries opportunities_listed opportunities_fetched snapshots_fetched rows_published".split()
    run |= {"started_at": MODIFIED, "finished_at": MODIFIED, "as_of": MODIFIED.date(), "error": None}
    run |= dict.fromkeys(counts, 1)
    with duckdb.connect(path) as connection:
        create_table(connection, "ops", declaration(Runs))
        append_rows(
            connection, "ops", Runs, pl.DataFrame([run]).select(Runs.column_names()).cast(Runs.create_empty().schema)
        )
