"""The partner's solutions, which give names to `S-…` identifiers."""

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from pipelines.partner_central.answers import row_text
from pipelines.partner_central.aws_errors import QuotaSpentError
from pipelines.partner_central.extraction import Extraction, Walk
from pipelines.partner_central.tables import LANDING_SCHEMAS, parse_id

SOLUTION_PAGE_ROWS = 100  # the most that AWS gives


def solution_pages(extraction: Extraction, read_stored: Callable[[], dict[str, Any]]) -> Iterator[pa.Table]:
    """Yield the solutions that are new or differ from the stored ones, by identifier."""
    if extraction.solution_walk is Walk.COMPLETE:
        return
    stored = read_stored()
    try:
        for rows in extraction.client.pages("ListSolutions", "SolutionSummaries", MaxResults=SOLUTION_PAGE_ROWS):
            fetched_at = extraction.clock()
            changed = [
                {
                    "solution_id": parse_id(row.get("Id")),
                    "fetched_at": fetched_at,
                    "payload": row_text("ListSolutions", row),
                }
                for row in rows
                if stored.get(parse_id(row.get("Id"))) != row
            ]
            if changed:
                yield pa.Table.from_pylist(changed, schema=LANDING_SCHEMAS["solutions"])
        extraction.solution_walk = Walk.COMPLETE
    except QuotaSpentError:
        extraction.stop_for_quota()
