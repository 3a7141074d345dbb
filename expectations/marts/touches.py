"""The rules of `marts.touches`."""

from collections.abc import Iterator

from expectations.marts.table import MartTable
from expectations.rules import BATCH, Rule, in_set, literal

CAMPAIGN = "campaign"
LISTS = {
    "channel": "marketing__channels",
    "solution": "related_entity_identifiers__solutions",
    "aws_product": "related_entity_identifiers__aws_products",
    "apn_program": "project__apn_programs",
    "partner_need": "primary_needs_from_aws",
}
"""Each dimension that is a list of a version, and that list."""
SNAPSHOT_LISTS = {dimension: LISTS[dimension] for dimension in ("solution", "aws_product", "partner_need")}
"""Those that a snapshot has."""
DIMENSIONS = (CAMPAIGN, *LISTS)
_LAST_VERSIONS = "SELECT arg_max(row_key, last_modified_at) FROM staging.opportunity_versions GROUP BY opportunity_id"
_RECORDS = (
    f"SELECT row_key, opportunity_id, last_modified_at AS seen_at, row_key IN ({_LAST_VERSIONS}) AS is_last "
    "FROM staging.opportunity_versions WHERE NOT is_excluded "
    "UNION ALL SELECT row_key, opportunity_id, created_at, false FROM staging.resource_snapshots "
    "WHERE created_at IS NOT NULL AND NOT is_excluded"
)


def touches_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules of `marts.touches`: what the records show, since when, and the order of what they still show."""
    yield in_set(table.target("dimension"), "in_enum", DIMENSIONS)
    yield table.target("value").on_values("is_not_empty", "value = ''")
    yield _is_rank_of_instant(table)
    yield _agrees_with_records(table)


def _is_rank_of_instant(table: MartTable) -> Rule:
    current = "dense_rank() OVER (PARTITION BY opportunity_id, dimension, is_current ORDER BY touched_at)"
    return table.fails_where(
        "position",
        "is_rank_of_instant",
        "position IS DISTINCT FROM CASE WHEN is_current THEN place END",
        f"SELECT *, {current} AS place FROM {BATCH}",
        reason="Current values are numbered from 1 by the instants they were first seen at, without gaps; those of one "
        "instant share a number, and removed ones have none.",
    )


def _agrees_with_records(table: MartTable) -> Rule:
    key = "opportunity_id, dimension, value"
    first_seen = (
        f"SELECT {key}, min(seen_at), bool_or(is_last) FROM ({_items()}) AS items, ({_RECORDS}) AS records "
        "WHERE records.row_key = items.record_key AND value <> '' "
        f"AND opportunity_id IN (SELECT opportunity_id FROM opportunities) GROUP BY {key}"
    )
    both = f"SELECT {key}, touched_at, is_current FROM {BATCH} UNION ALL {first_seen}"
    return table.fails_with(
        "touched_at",
        "agrees_with_records",
        f"SELECT concat_ws('/', {key}) AS row_key FROM ({both}) GROUP BY {key} "
        "HAVING count(*) <> 2 OR min(touched_at) <> max(touched_at) OR min(is_current) <> max(is_current)",
        reason="Every value that a version or a snapshot of a published opportunity shows, since the first one that "
        "does, and no other; current are those that the last version shows.",
    )


def _items() -> str:
    """Return the SQL of every value of every record."""
    items = [
        f"SELECT row_key AS record_key, {literal(CAMPAIGN)} AS dimension, marketing__campaign_name AS value "
        "FROM staging.opportunity_versions"
    ]
    for record, lists in (("opportunity_versions", LISTS), ("resource_snapshots", SNAPSHOT_LISTS)):
        for dimension, path in lists.items():
            items.append(f"SELECT parent_key, {literal(dimension)}, value FROM staging.{record}__{path}")
    return " UNION ALL ".join(items)
