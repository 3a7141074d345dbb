"""The status as one JSON object, for monitors."""

import json
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import typer

from pipelines.status.changes import Changes
from pipelines.status.published import Published
from pipelines.status.standing import Standing
from pipelines.status.verdict import next_step, verdict


def print_object(standing: Standing) -> None:
    """Print one object; its keys stay as they are, and what is not known is null.

    Instants are ISO 8601 in UTC, ages seconds, sizes bytes. Amounts are texts in `currency`, exact as in
    `cosell query --format json`: most readers of JSON would make doubles of numbers.
    """
    judged = verdict(standing)
    landed, published = standing.landed, standing.published
    told = {
        "verdict": judged.name,
        "summary": judged.line,
        "next": next_step(standing, judged.name).command,
        "checked_at": standing.now,
        "is_fresh": standing.is_fresh,
        "published": None if published is None else _published(published, standing),
        "runs": [asdict(run) for run in standing.runs],
        "quality": None if published is None else asdict(published.quality),
        "drifts": standing.drifts,
        "quota": landed
        and {
            "reads_spent": landed.reads_spent,
            "reads_allowed": standing.settings.reads_per_day,
            "writes_spent": landed.writes_spent,
            "writes_allowed": standing.settings.writes_per_day,
        },
        "first_load": landed and landed.first_load and dict(zip(("landed", "listed"), landed.first_load, strict=True)),
        "disk_bytes": standing.disk,
        "report": standing.report_path,
    }
    typer.echo(json.dumps(told, default=_text, indent=2))


def _published(published: Published, standing: Standing) -> dict[str, Any]:
    return {
        "path": standing.settings.warehouse_path,
        "run_id": published.run_id,
        "as_of": published.as_of,
        "currency": published.currency,
        "finished_at": published.finished_at,
        "age_seconds": round((standing.now - published.finished_at).total_seconds()),
        "rows": published.rows,
        "since_last_run": _changes(published.since_last),
        "this_month": _changes(published.this_month),
    }


def _changes(changes: Changes | None) -> dict[str, Any] | None:
    return None if changes is None else asdict(changes)


def _text(value: object) -> str:
    match value:
        case date() | datetime():
            return value.isoformat()
        case Decimal() | Path():
            return str(value)
    raise TypeError(f"{type(value).__name__} is none of what a status holds")
