"""Deals decided in each month: how many were won, what they bring, and how long they took."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import altair as alt

from pipelines.report import charts
from pipelines.report import format as write
from pipelines.report.cells import Column, table
from pipelines.report.charts import BLUE, GREEN, PURPLE, THIRD, Chart, Drawing, Frame, Rows
from pipelines.report.edition import Edition
from pipelines.report.section import Section, SideBySide

MONTHS = 24
OUTCOMES = "FROM marts.outcomes_monthly WHERE month > $as_of::DATE - to_months($months) ORDER BY month"
TEXT = (
    "A deal is decided when it enters Launched or Closed Lost, if it stands there still. The running month is drawn "
    "lighter, as it is not over."
)
NOTHING = "Nothing yet: win rate and cycle time begin with the first deal that is won or lost."


def outcomes(edition: Edition) -> Section:
    """Make the section of the decided deals."""
    rows = edition.rows(OUTCOMES, as_of=edition.as_of, months=MONTHS)
    title = "Win rate and cycle time"
    if not rows:
        return Section("outcomes", title, [NOTHING])
    made = [make(edition, rows) for make in (_win_rate, _won_mrr, _cycle_days)]
    return Section("outcomes", title, [TEXT], [SideBySide(made, is_three=True)])


def _win_rate(edition: Edition, rows: Rows) -> Chart:
    return Chart(
        "win-rate",
        "Win rate by month",
        "Deals won in % of those decided in the month.",
        _in_words(rows, "win_rate", write.percent),
        [_drawn(edition, rows, [100 * row["win_rate"] for row in rows], BLUE)],
        table(
            "outcomes",
            "Deals won and lost by month",
            [
                *_MONTH,
                Column("won", "Won", write.count),
                Column("lost", "Lost", write.count),
                Column("win_rate", "Win rate", write.percent),
            ],
            rows[::-1],
        ),
    )


def _won_mrr(edition: Edition, rows: Rows) -> Chart:
    divisor, unit = charts.scale_of([row["won_mrr"] for row in rows], edition.currency)
    return Chart(
        "won-mrr",
        "AWS MRR won by month",
        f"AWS MRR of the deals won in the month, {unit}.",
        _in_words(rows, "won_mrr", edition.compact),
        [_drawn(edition, rows, [None if row["won_mrr"] is None else row["won_mrr"] / divisor for row in rows], GREEN)],
        table(
            "outcomes",
            f"AWS MRR won and lost by month, {edition.currency}",
            [*_MONTH, Column("won_mrr", "Won", edition.amount), Column("lost_mrr", "Lost", edition.amount)],
            rows[::-1],
        ),
    )


def _cycle_days(edition: Edition, rows: Rows) -> Chart:
    return Chart(
        "cycle-days",
        "Days from creation to decision",
        "Median days, over the deals won or lost in the month.",
        _in_words(rows, "median_cycle_days", _in_days),
        [_drawn(edition, rows, [row["median_cycle_days"] for row in rows], PURPLE)],
        table(
            "outcomes",
            "Median days from creation to decision by month",
            [*_MONTH, Column("median_cycle_days", "Median days", write.days)],
            rows[::-1],
        ),
    )


_MONTH = (Column("month", "Month", write.month, is_key=True),)


def _in_days(number: float) -> str:
    return f"{write.days(number)} days"


def _in_words(rows: Rows, column: str, size: Callable[[Any], str | None]) -> str:
    """Say the last months in words; the table has the others."""
    return "; ".join(f"{write.month(row['month'])}: {size(row[column]) or 'unknown'}" for row in rows[:-4:-1]) + "."


def _drawn(edition: Edition, rows: Rows, heights: Sequence[Any], colour: str) -> Drawing:
    frame = Frame(THIRD, 230, 42, 6, top=10, bottom=40)
    drawn = dict(zip((row["month"] for row in rows), heights, strict=True))
    drawable = [
        {"month": write.month(month), "height": drawn.get(month), "opacity": 0.55 if month == edition.month else 1}
        for month in _months(rows[0]["month"], edition.month)
    ]
    bars = (
        alt.Chart(charts.data(drawable))
        .mark_bar(color=colour, stroke=colour)
        .encode(
            x=charts.months(drawable, frame),
            y=alt.Y("height:Q", axis=charts.amounts_axis()),
            fillOpacity=alt.FillOpacity("opacity:Q", scale=None),
        )
    )
    return charts.drawn(bars, frame)


def _months(first: date, last: date) -> Iterator[date]:
    """Yield each month from the first to the last: one without a decision has its place on the axis too."""
    while first <= last:
        yield first
        first = (first + timedelta(days=31)).replace(day=1)
