"""Answers of GetOpportunity, as many as wanted: the records of a demo world over and over, each with an identifier of
its own. They are kept as the rows of a landing table in one Parquet file, so that each contender's process reads the
same without making them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.partner_central.opportunities import OpportunityPage
from pipelines.partner_central.tables import LANDING_SCHEMAS
from pipelines.sandbox.world import World

AS_OF = datetime(2026, 11, 22, tzinfo=UTC)
TEMPLATES = 2_000
PAGE_ROWS = 100
SCHEMA = LANDING_SCHEMAS["opportunity_versions"]


def generate(path: Path, records: int) -> int:
    """Write so many rows, and return how many bytes their payloads have."""
    store = World(TEMPLATES).store(AS_OF)
    payloads = [orjson.loads(store.json(opportunity_id)[0]) for opportunity_id in store.records]
    size = 0
    with pq.ParquetWriter(path, SCHEMA) as writer:
        for start in range(0, records, PAGE_ROWS):
            rows = [_row(payloads[number % len(payloads)], number) for number in range(start, start + PAGE_ROWS)]
            size += sum(len(row["payload"]) for row in rows)
            writer.write_table(pa.Table.from_pylist(rows, SCHEMA))
    return size


def read_pages(path: Path) -> Iterator[OpportunityPage]:
    """Yield the rows as the pages that the source hands to dlt, none read before it is wanted."""
    file = pq.ParquetFile(path)
    for number in range(file.num_row_groups):
        table = file.read_row_group(number)
        yield OpportunityPage(table["last_modified_date"][-1].as_py(), versions=table)


def page_count(path: Path) -> int:
    """Count the pages."""
    return pq.ParquetFile(path).num_row_groups


def _row(payload: dict[str, object], number: int) -> dict[str, object]:
    opportunity_id, modified_at = f"O{number:09d}", AS_OF - timedelta(days=30) + timedelta(seconds=number)
    changed = {"Id": opportunity_id, "LastModifiedDate": modified_at.isoformat().replace("+00:00", "Z")}
    return {
        "opportunity_id": opportunity_id,
        "last_modified_date": modified_at,
        "listed_last_modified_date": modified_at,
        "operation": "GetOpportunity",
        "fetched_at": AS_OF,
        "payload": orjson.dumps(payload | changed).decode(),
    }
