"""The open pipeline at the end of each month, by stage."""

from typing import Any

import altair as alt

from pipelines.report import charts
from pipelines.report import format as write
from pipelines.report.cells import Column, Figure, Table, exact
from pipelines.report.charts import NARROW, STAGE_COLOURS, WIDE, Chart, Drawing, Frame, Rows
from pipelines.report.edition import Edition
from pipelines.report.section import Section
from transforms.stages import OPEN_STAGES

MONTHS = 24
PIPELINE = """
SELECT month, stage, opportunities, aws_mrr FROM marts.pipeline_monthly
WHERE list_contains($stages, stage) AND month > $as_of::DATE - to_months($months)
ORDER BY month, list_position($stages, stage)
"""
TEXT = (
    "Every open deal in the stage in which it stood at the month's end, with the AWS MRR it had then, at the rates of "
    "the as-of date. A deal of unknown MRR adds to the number of deals alone."
)
NOTHING = "Nothing yet: the pipeline fills from the month in which the first opportunity was created."


def pipeline(edition: Edition) -> Section:
    """Make the section of the month-end pipeline."""
    rows = edition.rows(PIPELINE, stages=list(OPEN_STAGES), as_of=edition.as_of, months=MONTHS)
    title = "Pipeline"
    return (
        Section("pipeline", title, [TEXT], [_chart(edition, rows)]) if rows else Section("pipeline", title, [NOTHING])
    )


def _chart(edition: Edition, rows: Rows) -> Chart:
    last = [row for row in rows if row["month"] == rows[-1]["month"]]
    stages = ", ".join(f"{row['stage']} {edition.compact(row['aws_mrr']) or 'unknown'}" for row in last)
    divisor, unit = charts.scale_of([_sum(rows, row["month"], "aws_mrr") for row in rows], edition.currency)
    drawable = [
        {
            "month": write.month(row["month"]),
            "aws_mrr": (row["aws_mrr"] or 0) / divisor,
            "series": row["stage"],
            "order": OPEN_STAGES.index(row["stage"]),
        }
        for row in rows
    ]
    return Chart(
        "pipeline",
        "Open pipeline at the end of each month",
        f"AWS MRR, {unit}. The last month ends with {write.calendar_day(edition.as_of)}.",
        f"{write.month_in_full(rows[-1]['month'])}: {stages}.",
        [
            _drawn(drawable, Frame(WIDE, 340, 48, 8, bottom=40)),
            _drawn(drawable, Frame(NARROW, 340, 44, 8, top=76, bottom=40)),
        ],
        _table(edition, rows),
    )


def _drawn(rows: Rows, frame: Frame) -> Drawing:
    bars = (
        alt.Chart(charts.data(rows))
        .mark_bar(stroke="white", strokeWidth=0.5)
        .encode(
            x=charts.months(rows[:: len(OPEN_STAGES)], frame),
            y=alt.Y("aws_mrr:Q", axis=charts.amounts_axis()),
            color=charts.colours(OPEN_STAGES, STAGE_COLOURS, frame, columns=2 if frame.width == NARROW else 0),
            order="order:O",
        )
    )
    return charts.drawn(bars, frame)


def _sum(rows: Rows, month: Any, column: str) -> Any:
    known = [row[column] for row in rows if row["month"] == month and row[column] is not None]
    return sum(known) if known else None


def _table(edition: Edition, rows: Rows) -> Table:
    """Put the stages of each month side by side, with their sum."""
    columns = [
        Column("month", "Month", write.month, is_key=True),
        *(Column(stage, stage, edition.amount) for stage in OPEN_STAGES),
        Column("open_aws_mrr", "All open", edition.amount),
        Column("open_deals", "Deals", write.count),
    ]
    lines: list[list[Figure | str | None]] = []
    for month in sorted({row["month"] for row in rows}, reverse=True):
        mrr, deals = _sum(rows, month, "aws_mrr"), _sum(rows, month, "opportunities")
        stages = [
            Figure("pipeline.aws_mrr", exact(row["aws_mrr"]), edition.amount(row["aws_mrr"]), f"{month}|{row['stage']}")
            for row in rows
            if row["month"] == month
        ]
        totals = [
            Figure("pipeline.open_aws_mrr", exact(mrr), edition.amount(mrr), str(month)),
            Figure("pipeline.open_deals", exact(deals), write.count(deals), str(month)),
        ]
        lines.append([write.month(month), *stages, *totals])
    return Table(f"Open pipeline at the month's end, AWS MRR in {edition.currency}, and deals", columns, lines)
