"""Opportunities and touches as text, and what the models give for them. A line of opportunities is an identifier, a
stage, and aws_mrr, aws_tcv and software_tcv in reporting currency; one of touches an identifier, a dimension, a value,
its position (`-`: removed) and the instant."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
from histories import Lines, built, frame, instant, lines, shown

from transforms.attribution_sums import AttributionSums, attribution_sums
from transforms.opportunities import Opportunities
from transforms.stages import LOST_STAGE, OPEN_STAGES, WON_STAGE
from transforms.touches import Touches

ANY_INSTANT = datetime(2026, 1, 1, tzinfo=UTC)
AMOUNTS = ("aws_mrr_reporting", "aws_tcv_reporting", "software_tcv_reporting")


def opportunities(text: str) -> pl.LazyFrame:
    return frame(Opportunities, [_opportunity(*line) for line in lines(text)])


def touches(text: str) -> pl.LazyFrame:
    return frame(Touches, [_touch(*line) for line in lines(text)])


def sums(opportunities_text: str, touches_text: str) -> pl.DataFrame:
    return built(AttributionSums, attribution_sums(touches(touches_text), opportunities(opportunities_text)))


def of_one(amount: str, text: str, models: str, part: str = "aws_mrr") -> Lines:
    """What some of the models give of the `amount` of one opportunity to each value. A line of `text` is a value, its
    position and the instant, which is only needed for time decay."""
    touched = "\n".join("  ".join(["O1", "solution", *line]) for line in lines(text))
    of_solutions = sums(f"O1  Prospect  {amount}", touched).filter(pl.col("dimension") == "solution")
    by_model = {name: rows for (name,), rows in of_solutions.group_by("model")}
    columns = [by_model[model].get_column(part).alias(model) for model in models.split()]
    return shown(pl.DataFrame([by_model["linear"].get_column("value"), *columns]))


def _opportunity(opportunity_id: str, stage: str, *amounts: str) -> dict[str, Any]:
    return {
        "opportunity_id": opportunity_id,
        "is_open": None if stage == "-" else stage in OPEN_STAGES,
        "is_won": None if stage == "-" else stage == WON_STAGE,
        "is_lost": None if stage == "-" else stage == LOST_STAGE,
        "created_at": ANY_INSTANT,
        "last_modified_at": ANY_INSTANT,
        "close_date_pushes": 0,
        "is_visible": True,
        **{name: Decimal(text) for name, text in zip(AMOUNTS, amounts, strict=False) if text != "-"},
    }


def _touch(opportunity_id: str, dimension: str, value: str, position: str, at: str = "") -> dict[str, Any]:
    return {
        "opportunity_id": opportunity_id,
        "dimension": dimension,
        "value": value,
        "touched_at": instant(at) if at else ANY_INSTANT,
        "is_current": position != "-",
        "position": None if position == "-" else int(position),
    }
