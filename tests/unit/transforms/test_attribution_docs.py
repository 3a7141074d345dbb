"""The example of docs/attribution.md is what the transforms give; docs/hygiene.md is what its registry gives."""

import re
from pathlib import Path

import polars as pl
import pytest
from histories import frame, instant

from pipelines.documentation import PAGES
from transforms.attribution import attribution
from transforms.attribution_sums import MODELS, attribution_sums
from transforms.opportunities import Opportunities
from transforms.touches import Touches

DOCS = Path(__file__).parents[3] / "docs"
FIRST_SEEN = {"A": ("2026-01-01", 1), "B": ("2026-01-31", 2), "C": ("2026-01-31", 2)}


def test_the_example_of_attribution() -> None:
    deal = {
        "opportunity_id": "O1",
        "is_open": True,
        "aws_mrr_reporting": 100,
        "created_at": instant("2026-01-01"),
        "last_modified_at": instant("2026-01-31"),
        "close_date_pushes": 0,
        "is_visible": True,
    }
    touched = [
        {
            "opportunity_id": "O1",
            "dimension": "solution",
            "value": value,
            "touched_at": instant(day),
            "is_current": True,
            "position": position,
        }
        for value, (day, position) in FIRST_SEEN.items()
    ]
    sums = attribution_sums(frame(Touches, touched), frame(Opportunities, [deal]))
    solutions = attribution(sums).filter(pl.col("dimension") == "solution").collect()
    computed = {(row["model"], row["value"]): str(row["aws_mrr"]) for row in solutions.iter_rows(named=True)}
    lines = re.findall(
        r"^\| `(\w+)` \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|", (DOCS / "attribution.md").read_text(), re.M
    )
    assert [model for model, *_ in lines] == list(MODELS)
    told = {(model, value): text for model, *amounts in lines for value, text in zip(FIRST_SEEN, amounts, strict=True)}
    assert told == computed


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_made_is_as_its_source_says(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "`make docs` brings it up to date"
