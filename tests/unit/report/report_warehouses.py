"""Published warehouses that hold the rows of a test, and nothing else."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from expectations.schema import Quarantine, Results
from pipelines.changes import Basis
from pipelines.database import open_database
from pipelines.marts import SCHEMAS
from pipelines.runs import Runs
from pipelines.settings import Settings
from pipelines.tables import create_table
from transforms.schema import declaration

RUN_ID = "20261120T043000Z-0a1b"
STARTED_AT, FINISHED_AT = datetime(2026, 11, 20, 4, 30, tzinfo=UTC), datetime(2026, 11, 20, 4, 41, tzinfo=UTC)
ALL_TABLES = {**SCHEMAS, Runs: "ops", Basis: "ops", Results: "quality", Quarantine: "quality"}
RUN = {
    "run_id": RUN_ID,
    "started_at": STARTED_AT,
    "finished_at": FINISHED_AT,
    "as_of": date(2026, 11, 20),
    "catalog": "Sandbox",
    "status": "published",
    "calls": 12,
    "retries": 0,
    "opportunities_listed": 1,
    "opportunities_fetched": 1,
    "snapshots_fetched": 0,
    "rows_published": 1,
}


def opportunity(**columns: Any) -> dict[str, Any]:
    """One open opportunity in Qualified."""
    return {
        "opportunity_id": "O1",
        "stage": "Qualified",
        "stage_rank": 2,
        "is_open": True,
        "created_at": STARTED_AT,
        "last_modified_at": STARTED_AT,
        "close_date_pushes": 0,
        "is_visible": True,
        **columns,
    }


def credit(value: str, aws_mrr: str, model: str = "linear", dimension: str = "campaign") -> dict[str, Any]:
    """All the credit of one open opportunity."""
    whole = {"outcome": "open", "opportunities": 1.0, "aws_mrr": Decimal(aws_mrr)}
    return {"model": model, "dimension": dimension, "value": value, **whole}


def publish_rows(data_dir: Path, tables: Mapping[str, list[dict[str, Any]]], **settings: Any) -> Settings:
    """Publish a warehouse with these rows, by table name, in a new data directory; as of 2026-11-20."""
    data_dir.mkdir()
    made = Settings(data_dir=data_dir, **settings)
    basis = {"built_with": "a test", "reporting_currency": made.currency}
    with open_database(made.warehouse_path) as connection:
        for schema, name in ALL_TABLES.items():
            create_table(connection, name, declaration(schema))
            rows = {"runs": [RUN], "basis": [basis], **tables}.get(declaration(schema).name)
            if rows:
                frame = pl.DataFrame(rows, infer_schema_length=None)
                connection.register("frame", frame.to_arrow())
                connection.execute(f"INSERT INTO {name}.{declaration(schema).name} BY NAME FROM frame")
    return made
