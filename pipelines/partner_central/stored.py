"""What the destination of the running pipeline already holds."""

from datetime import datetime
from typing import Any

import dlt
import orjson
from dlt.destinations.exceptions import DatabaseUndefinedRelation

from pipelines.partner_central.engagements import Known


def read_known(newest_in_run: dict[str, datetime]) -> Known:
    """Read what has landed of opportunities, engagements and snapshots, under what this run fetched.

    Every aggregate also holds where the destination can only append, and keeps more than one row a key.
    """
    newest = dict(_query("opportunity_versions", "SELECT opportunity_id, max(last_modified_date) FROM {} GROUP BY 1"))
    for opportunity_id, instant in newest_in_run.items():
        newest[opportunity_id] = max(instant, newest.get(opportunity_id, instant))
    checked = _query(
        "engagement_associations",
        "SELECT engagement_id, resource_id, max(checked_last_modified_date), max(snapshot_revisions) FROM {} "
        "GROUP BY 1, 2",
    )
    revisions = _query(
        "resource_snapshots",
        "SELECT engagement_id, resource_id, template, max(revision) FROM {} GROUP BY 1, 2, 3",
    )
    return Known(
        newest_versions=newest,
        checked_versions={(engagement, resource): instant for engagement, resource, instant, _ in checked},
        promised={(engagement, resource): promised for engagement, resource, _, promised in checked},
        revisions={
            (engagement, resource, template): revision for engagement, resource, template, revision in revisions
        },
    )


def read_visible() -> dict[str, bool]:
    """Read which opportunities have landed, and whether Partner Central was last seen to show them."""
    landed = _query("opportunity_versions", "SELECT DISTINCT opportunity_id FROM {}")
    changes = _query("opportunity_visibility", "SELECT opportunity_id, is_visible FROM {} ORDER BY observed_at")
    return {opportunity_id: True for (opportunity_id,) in landed} | dict(changes)


def read_solutions() -> dict[str, Any]:
    """Read the solutions that have landed, by identifier, as AWS sent them last."""
    rows = _query("solutions", "SELECT solution_id, payload FROM {} ORDER BY fetched_at")
    return {solution_id: orjson.loads(payload) for solution_id, payload in rows}


def _query(table: str, query: str) -> list[Any]:
    """Query one table, `{}` in the query, of the running source; no rows before its first load."""
    pipeline, schema = dlt.current.pipeline(), dlt.current.source_schema()
    if schema.name not in pipeline.schemas or table not in pipeline.schemas[schema.name].tables:
        return []
    with pipeline.sql_client(schema.name) as client:
        try:
            with client.execute_query(query.format(client.make_qualified_table_name(table))) as cursor:
                return list(cursor.fetchall())
        except DatabaseUndefinedRelation:  # known to dlt, but the load that would have made it was given up
            return []
