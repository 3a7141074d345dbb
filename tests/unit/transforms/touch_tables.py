"""Touches of records as text: a line is an opportunity, an instant, what shows the values, and each of them after its
dimension. Keys are the numbers of the lines; `-` is null."""

from datetime import date
from typing import Any

import polars as pl
from histories import Lines, built, instant, lines, shown

from transforms.staged import DIMENSION_VALUES, OPPORTUNITY_VERSIONS, RESOURCE_SNAPSHOTS
from transforms.touches import CAMPAIGN, Touches, touches

AS_OF = date(2026, 3, 31)


def touched(records: str, as_of: date = AS_OF, *, in_reverse: bool = False) -> pl.DataFrame:
    told = [(f"{number:02}", *line) for number, line in enumerate(lines(records))]
    versions = [version(*line) for line in told if line[3].endswith("version")]
    snapshots = [_snapshot(*line) for line in told if line[3].endswith("snapshot")]
    staged = [
        pl.LazyFrame(versions, OPPORTUNITY_VERSIONS),
        pl.LazyFrame(_items([line for line in told if line[3].endswith("version")]), DIMENSION_VALUES),
        pl.LazyFrame(snapshots, RESOURCE_SNAPSHOTS),
        pl.LazyFrame(_items([line for line in told if line[3].endswith("snapshot")]), DIMENSION_VALUES),
    ]
    return built(Touches, touches(*(rows.reverse() if in_reverse else rows for rows in staged), as_of=as_of))


def rows(table: pl.DataFrame) -> Lines:
    return shown(table, "value touched_at is_current position")


def version(key: str, opportunity_id: str, at: str, kind: str, *items: str) -> dict[str, Any]:
    campaigns = [item.partition(" ")[2] for item in items if item.startswith(CAMPAIGN)]
    return {
        "row_key": key,
        "opportunity_id": opportunity_id,
        "last_modified_at": instant(at),
        "is_excluded": kind.startswith("excluded"),
        "marketing__campaign_name": campaigns[0] if campaigns else None,
    }


def _snapshot(key: str, opportunity_id: str, at: str, kind: str, *items: str) -> dict[str, Any]:
    return {
        "row_key": key,
        "opportunity_id": opportunity_id,
        "created_at": None if at == "-" else instant(at),
        "is_excluded": kind.startswith("excluded"),
    }


def _items(told: list[tuple[str, ...]]) -> list[dict[str, Any]]:
    items = [(key, *item.split(" ", 1)) for key, _, _, _, *items in told for item in items]
    return [dict(zip(DIMENSION_VALUES, item, strict=True)) for item in items if item[1] != CAMPAIGN]
