"""The landing tables as they are handed to dlt: typed keys beside the payload as AWS sent it.

One fixed schema a table: inferred page by page they would differ, and the load would fail.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import pyarrow as pa

INSTANT = pa.timestamp("us", tz="UTC")
UNKNOWN_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)  # the version's date is missing or malformed everywhere

_ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def _key(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


_ID = pa.string()
_PAYLOAD = (pa.field("fetched_at", INSTANT, nullable=False), pa.field("payload", pa.string(), nullable=False))
_VERSION = pa.schema(
    [
        _key("opportunity_id", _ID),
        _key("last_modified_date", INSTANT),
        pa.field("listed_last_modified_date", INSTANT),
        pa.field("operation", pa.string(), nullable=False),
        *_PAYLOAD,
    ]
)
LANDING_SCHEMAS: Mapping[str, pa.Schema] = {
    "opportunity_versions": _VERSION,
    "opportunities": _VERSION,
    "aws_opportunity_summaries": pa.schema(
        [_key("opportunity_id", _ID), _key("last_modified_date", INSTANT), *_PAYLOAD]
    ),
    "opportunity_visibility": pa.schema(
        [
            _key("opportunity_id", _ID),
            _key("observed_at", INSTANT),
            pa.field("is_visible", pa.bool_(), nullable=False),
        ]
    ),
    "engagement_associations": pa.schema(
        [
            _key("engagement_id", _ID),
            _key("resource_id", _ID),
            pa.field("checked_last_modified_date", INSTANT),
            pa.field("snapshot_revisions", pa.int64(), nullable=False),
            *_PAYLOAD,
        ]
    ),
    "resource_snapshots": pa.schema(
        [
            _key("engagement_id", _ID),
            _key("resource_id", _ID),
            _key("template", pa.string()),
            _key("revision", pa.int64()),
            pa.field("created_at", INSTANT),
            *_PAYLOAD,
        ]
    ),
    "solutions": pa.schema([_key("solution_id", _ID), *_PAYLOAD]),
}


def parse_instant(value: object) -> datetime | None:
    """Parse an ISO 8601 instant with 0 to 9 fraction digits, cut to microseconds; None for anything else."""
    if not isinstance(value, str) or not _ISO_8601.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):  # 2026-02-31, 25:00, or past the calendar's end
        return None


def parse_id(value: object) -> str:
    """Return an identifier as AWS gave it; "" when it gave none."""
    return value if isinstance(value, str) else ""
