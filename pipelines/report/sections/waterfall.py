"""What has moved the open pipeline: in the running month, in the last full one, and in those before."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import altair as alt

from pipelines.report import charts
from pipelines.report import format as write
from pipelines.report.cells import Column, Table, table
from pipelines.report.charts import BLUE, GREEN, HALF, ORANGE, SKY, Chart, Frame
from pipelines.report.edition import Edition
from pipelines.report.section import Details, Section, SideBySide

WATERFALL = """
FROM marts.pipeline_waterfall WHERE month > $as_of::DATE - INTERVAL 1 YEAR ORDER BY month DESC, measure
"""
SIGNS = {"created": 1, "discovered": 1, "reopened": 1, "increased": 1, "decreased": -1, "won": -1, "lost": -1}
COLOURS = {"ends": BLUE, "up": GREEN, "won": SKY, "down": ORANGE}
NAMES = ("opening", *SIGNS, "closing")
TEXT = (
    "The open pipeline at the two ends of a month, and every movement between them, in AWS MRR. Discovered deals are "
    "older than the month and were first seen in it. Won and lost leave with the amount they had before."
)
NOTHING = "Nothing yet: the waterfall begins with the month in which the first opportunity was created."


def waterfall(edition: Edition) -> Section:
    """Make the section of the waterfall."""
    rows = edition.rows(WATERFALL, as_of=edition.as_of)
    months = sorted({row["month"] for row in rows}, reverse=True)
    if not months:
        return Section("waterfall", "Waterfall", [NOTHING])
    drawn = [row for row in rows if row["month"] in months[:2]]
    shown = SideBySide(
        [
            _chart(edition, name, [row for row in drawn if row["month"] == month], _scale(drawn))
            for name, month in zip(("running", "last"), months, strict=False)
        ]
    )
    earlier = [
        Details(f"The months before, {told}", _table(edition, f"Waterfall of the months before, {told}", before))
        for measure, told in (("aws_mrr", f"AWS MRR in {edition.currency}"), ("count", "number of deals"))
        if (before := [row for row in rows if row["month"] in months[2:] and row["measure"] == measure])
    ]
    return Section("waterfall", "Waterfall", [TEXT], [shown, *earlier])


def _table(edition: Edition, caption: str, rows: list[dict[str, Any]]) -> Table:
    """Make the table of rows that are all of one measure."""
    return table("waterfall", caption, _columns(edition, rows[0]["measure"]), rows)


def _columns(edition: Edition, measure: str = "aws_mrr") -> list[Column]:
    size = write.count if measure == "count" else edition.amount
    return [
        Column("month", "Month", write.month, is_key=True),
        Column("measure", "Measure", _measure, is_key=True),
        *(Column(name, name.capitalize(), size) for name in NAMES),
    ]


def _measure(measure: str) -> str:
    return {"aws_mrr": "AWS MRR", "count": "Deals"}[measure]


def _scale(rows: list[dict[str, Any]]) -> tuple[Decimal, Decimal]:
    """Return the ends of the axis that the months share, so that they compare."""
    ends = [end for row in rows if row["measure"] == "aws_mrr" for bar in _bars(row) for end in bar.ends]
    return min(ends), max(ends)


def _chart(edition: Edition, name: str, measures: list[dict[str, Any]], scale: tuple[Decimal, Decimal]) -> Chart:
    (row,) = (row for row in measures if row["measure"] == "aws_mrr")
    so_far = " so far" if row["month"] == edition.month else ""
    steps = ", ".join(f"{name} {edition.compact(row[name])}" for name in NAMES)
    divisor, unit = charts.scale_of(scale, edition.currency)
    caption = f"Waterfall of {write.month_in_full(row['month'])}{so_far}: deals, and AWS MRR in {edition.currency}"
    return Chart(
        f"waterfall-{name}",
        f"{write.month_in_full(row['month'])}{so_far}: from {edition.compact(row['opening'])} "
        f"to {edition.compact(row['closing'])}",
        f"AWS MRR of the open pipeline, {unit}.",
        f"{steps[0].upper()}{steps[1:]}.",
        [_drawn(row, divisor, [end / divisor for end in scale])],
        Table(caption, _columns(edition), [line for each in measures for line in _table(edition, "", [each]).rows]),
    )


def _drawn(row: dict[str, Any], divisor: Decimal, scale: list[Decimal]) -> charts.Drawing:
    frame = Frame(HALF, 282, 84, 84, top=6)
    bars: list[dict[str, Any]] = [
        {
            "name": bar.name.capitalize(),
            "kind": bar.kind,
            "text": bar.text,
            "start": bar.ends[0] / divisor,
            "end": bar.ends[1] / divisor,
            "right": max(bar.ends) / divisor,
        }
        for bar in _bars(row)
    ]
    name = charts.categories("name", [bar["name"] for bar in bars])
    base = alt.Chart(charts.data(bars))
    colour = alt.Color("kind:N", scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())), legend=None)
    across = alt.Scale(domain=[float(end) for end in scale])
    rectangles = base.mark_bar(size=18).encode(
        x=alt.X("start:Q", axis=charts.amounts_axis(grid=False), scale=across), x2="end:Q", y=name, color=colour
    )
    text = base.mark_text(align="left", dx=6).encode(x="right:Q", y=name, text="text:N")
    return charts.drawn(rectangles + text, frame)


@dataclass(frozen=True, slots=True)
class Bar:
    """One movement, or one end of the month: between which amounts its bar lies."""

    name: str
    kind: str
    text: str | None
    ends: tuple[Decimal, Decimal]


def _bars(row: dict[str, Any]) -> list[Bar]:
    """Place each movement where the one before it ended."""
    at, bars = Decimal(0), []
    for name in NAMES:
        amount, sign = row[name], SIGNS.get(name)
        start, at = (Decimal(0), amount) if sign is None else (at, at + sign * amount)
        text = write.compact(amount) if sign is None else write.signed(sign * amount, write.compact(amount))
        kind = "ends" if sign is None else "won" if name == "won" else "up" if sign > 0 else "down"
        bars.append(Bar(name, kind, text, (start, at)))
    return bars
