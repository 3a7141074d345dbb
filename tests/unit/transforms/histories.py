"""Histories and tables as text: cells stand two spaces apart, `-` is null. A line of a history is an opportunity, an
instant (UTC), what it shows, and for an observation the stage and the amounts then, in reporting currency: aws_mrr,
aws_tcv, deal_tcv, software_tcv. Observations of an opportunity stand in their order:

    O1  2026-03-01 09:00  created
    O1  2026-03-02 10:00  version   Prospect   100.00
    O1  2026-03-09 16:30  snapshot  Qualified  -
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import dataframely as dy
import polars as pl

from transforms.month_ends import month_ends
from transforms.month_transitions import month_transitions
from transforms.observations import AMOUNTS, Observations
from transforms.opportunities import Opportunities
from transforms.pipeline_waterfall import PipelineWaterfall, pipeline_waterfall
from transforms.stage_history import stage_history
from transforms.stages import RANKED_STAGES, STAGE_RANKS

Lines = list[list[str]]


@dataclass(frozen=True, slots=True)
class Histories:
    """The tables `observations` and `marts.opportunities` of some opportunities, and what follows from
    them."""

    observations: pl.LazyFrame
    opportunities: pl.LazyFrame

    @property
    def stints(self) -> pl.LazyFrame:
        return stage_history(self.observations, self.opportunities)

    @property
    def month_ends(self) -> pl.LazyFrame:
        return month_ends(self.observations, self.opportunities)

    @property
    def transitions(self) -> pl.LazyFrame:
        return month_transitions(self.month_ends)

    def reversed(self) -> "Histories":
        return Histories(self.observations.reverse(), self.opportunities.reverse())


def lines(text: str) -> Lines:
    return [re.split(" {2,}", line.strip()) for line in text.strip().splitlines()]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def member(text: str) -> str | None:
    """A member of a staged record: `-` is an absent one and `''` an empty one."""
    return None if text == "-" else text.strip("'")


def histories(text: str) -> Histories:
    """The history that `text` tells. Current amounts are those of an opportunity's last version."""
    created = {line[0]: instant(line[1]) for line in lines(text) if line[2] == "created"}
    observed: dict[str, list[dict[str, Any]]] = {opportunity_id: [] for opportunity_id in created}
    for line in lines(text):
        if line[2] != "created":
            history = observed[line[0]]
            history.append(observation(len(history) + 1, *line))
    return Histories(
        frame(Observations, [row for history in observed.values() for row in history]),
        frame(Opportunities, [opportunity(name, created[name], history) for name, history in observed.items()]),
    )


def observation(
    number: int, opportunity_id: str, observed_at: str, evidence: str, stage: str, *amounts: str
) -> dict[str, Any]:
    return {
        "opportunity_id": opportunity_id,
        "observation": number,
        "observed_at": instant(observed_at),
        "evidence": evidence,
        "stage": None if stage == "-" else stage,
        "stage_rank": STAGE_RANKS.get(stage),
        **{name: Decimal(text) for name, text in zip(AMOUNTS, amounts, strict=False) if text != "-"},
    }


def opportunity(opportunity_id: str, created_at: datetime, history: list[dict[str, Any]]) -> dict[str, Any]:
    last = [row for row in history if row["evidence"] == "version"][-1]
    ranks = [row["stage_rank"] or 1 for row in history if row["stage"] is not None]
    return {
        "opportunity_id": opportunity_id,
        "stage": last["stage"],
        "stage_rank": last["stage_rank"],
        "created_at": created_at,
        "last_modified_at": last["observed_at"],
        **{name: last.get(name) for name in AMOUNTS},
        "furthest_stage": RANKED_STAGES[max(ranks) - 1] if ranks else None,
        "furthest_stage_rank": max(ranks, default=None),
        "close_date_pushes": 0,
        "is_visible": True,
    }


def frame(schema: type[dy.Schema], rows: list[dict[str, Any]]) -> pl.LazyFrame:
    """`rows` as a frame of `schema`; columns that they do not name are null."""
    return schema.validate(pl.DataFrame(rows, schema.create_empty().schema)).lazy()


def built(schema: type[dy.Schema], table: pl.LazyFrame) -> pl.DataFrame:
    """`table`, which has the columns of `schema` in their order and keeps its rules."""
    collected = table.collect()
    assert collected.columns == schema.column_names()
    return schema.validate(collected)


def waterfall(history: str, as_of: str) -> Lines:
    """Every row of `marts.pipeline_waterfall` under the names of its columns."""
    table = pipeline_waterfall(histories(history).transitions, as_of=date.fromisoformat(as_of))
    checked = built(PipelineWaterfall, table)
    return [checked.columns, *shown(checked)]


def shown(table: pl.DataFrame, columns: str = "") -> Lines:
    """The rows of `table` as lines of text; some `columns`, or all."""
    names = columns.split() or table.columns
    return [[cell(value) for value in row] for row in table.select(names).rows()]


def cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        is_whole = value.second == value.microsecond == 0
        return value.replace(tzinfo=None).isoformat(" ", "minutes" if is_whole else "auto")
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)
