"""How far deals have come, and what share of them goes on from each stage."""

import altair as alt

from pipelines.report import charts
from pipelines.report import format as write
from pipelines.report.cells import Column, Row, table
from pipelines.report.charts import BLUE, NARROW, ORANGE, SKY, WIDE, Chart, Drawing, Frame, Rows
from pipelines.report.edition import Edition
from pipelines.report.section import Section

FUNNEL = """
WITH stays AS (
    SELECT stage_rank, median(days_in_stage) AS median_days_in_stage
    FROM marts.stage_history WHERE NOT is_left_censored AND exited_at IS NOT NULL GROUP BY ALL
), reached AS (
    SELECT stage_rank, stage, sum(reached)::BIGINT AS reached, sum(advanced)::BIGINT AS advanced,
        sum(open)::BIGINT AS open, sum(lost)::BIGINT AS lost, sum(reached_mrr) AS reached_mrr
    FROM marts.stage_funnel GROUP BY ALL
)
SELECT *, CASE WHEN stage_rank < 6 THEN advanced / nullif(reached, 0) END AS conversion_to_next,
    reached / nullif(first(reached) OVER (ORDER BY stage_rank), 0) AS conversion_from_first
FROM reached LEFT JOIN stays USING (stage_rank) ORDER BY stage_rank
"""
SERIES = {"advanced": "went on", "open": "stand here", "lost": "lost from here"}
TEXT = (
    "Every opportunity counts in each stage up to the furthest in which it was ever observed. It then went on, was "
    "lost from there, or stands there still."
)
NOTHING = "Nothing yet: the funnel fills with the first opportunity that Partner Central lists."


def funnel(edition: Edition) -> Section:
    """Make the section of the funnel."""
    rows = edition.rows(FUNNEL)
    if not rows:
        return Section("funnel", "Funnel", [NOTHING])
    return Section("funnel", "Funnel", [TEXT], [_chart(edition, rows)])


def _chart(edition: Edition, rows: Rows) -> Chart:
    columns = [
        Column("stage", "Stage", str, is_key=True),
        Column("reached", "Reached", write.count),
        Column("advanced", "Went on", write.count),
        Column("open", "Stand here", write.count),
        Column("lost", "Lost from here", write.count),
        Column("conversion_to_next", "Go on", write.percent),
        Column("conversion_from_first", "Of all", write.percent),
        Column("median_days_in_stage", "Median days", write.days),
        Column("reached_mrr", f"AWS MRR, {edition.currency}", edition.amount),
    ]
    return Chart(
        "funnel",
        "How many deals reach each stage, and what becomes of them there",
        "Opportunities, all cohorts; on the right how many reached the stage and what share of them went on.",
        "; ".join(_in_words(row) for row in rows) + ".",
        [
            _drawn(rows, Frame(WIDE, 268, 150, 110)),
            _drawn(rows, Frame(NARROW, 268, 132, 98)),
        ],
        table("funnel", "Opportunities by the stages they reached, all cohorts", columns, rows),
    )


def _in_words(row: Row) -> str:
    goes_on = "" if row["conversion_to_next"] is None else f", {write.percent(row['conversion_to_next'], 0)} went on"
    return f"{row['stage']}: {write.count(row['reached'])} reached it{goes_on}"


def _drawn(rows: Rows, frame: Frame) -> Drawing:
    stage = charts.categories("stage", [row["stage"] for row in rows])
    parts = [
        {"stage": row["stage"], "deals": row[name], "series": series, "order": order}
        for row in rows
        for order, (name, series) in enumerate(SERIES.items())
    ]
    bars = (
        alt.Chart(charts.data(parts))
        .mark_bar(size=22)
        .encode(
            x=alt.X("deals:Q", axis=charts.counts_axis()),
            y=stage,
            color=charts.colours(list(SERIES.values()), (BLUE, SKY, ORANGE), frame),
            order="order:O",
        )
    )
    ends = [{"stage": row["stage"], "deals": row["reached"], "text": _at_end(row)} for row in rows]
    text = alt.Chart(charts.data(ends)).mark_text(align="left", dx=6).encode(x="deals:Q", y=stage, text="text:N")
    return charts.drawn(bars + text, frame)


def _at_end(row: Row) -> str:
    share = "" if row["conversion_to_next"] is None else f" · {write.percent(row['conversion_to_next'], 0)}"
    return f"{write.count(row['reached'])}{share}"
