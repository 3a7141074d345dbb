"""Which solutions, channels and campaigns deals are owed to, by the model of your choice."""

from decimal import Decimal
from typing import Any

import altair as alt

from pipelines.report import charts
from pipelines.report import format as write
from pipelines.report.cells import Column, table
from pipelines.report.charts import GREEN, SKY, THIRD, Chart, Drawing, Frame, Rows
from pipelines.report.edition import Edition
from pipelines.report.section import Panel, Section, Switch

MODELS = {
    "linear": ("Linear", "All values of a deal share its credit equally."),
    "first_touch": ("First touch", "The value that was seen first on a deal has all its credit."),
    "last_touch": ("Last touch", "The value that was seen last on a deal has all its credit."),
    "position_based": ("Position based", "The first value has 40 %, the last 40 %, those between share 20 %."),
    "time_decay": ("Time decay", "Credit halves with every 30 days before the decision."),
}
DIMENSIONS = {"solution": "Solutions", "channel": "Channels", "campaign": "Campaigns"}
IN_TABLE, IN_CHART = 25, 8  # values with a line of their own
NO_VALUE, OTHERS = "(none)", "(all others)"
ATTRIBUTION = """
WITH credits AS (
    SELECT model, dimension, value,
        sum(opportunities::DECIMAL(38,18)) FILTER (outcome = 'won') AS won_deals,
        sum(aws_mrr) FILTER (outcome = 'won') AS won_mrr,
        sum(opportunities::DECIMAL(38,18)) FILTER (outcome = 'open') AS open_deals,
        sum(aws_mrr) FILTER (outcome = 'open') AS open_mrr,
        sum(opportunities::DECIMAL(38,18)) FILTER (outcome = 'lost') AS lost_deals,
        sum(aws_mrr) FILTER (outcome = 'lost') AS lost_mrr
    FROM marts.attribution WHERE list_contains($dimensions, dimension) GROUP BY ALL
), placed AS (
    SELECT *, row_number() OVER (
        PARTITION BY model, dimension ORDER BY coalesce(won_mrr, 0) + coalesce(open_mrr, 0) DESC, value
    ) AS place FROM credits
)
SELECT model, dimension, CASE WHEN place <= $in_table THEN value ELSE $others END AS value,
    least(place, $in_table + 1) AS line, count(*) AS "values",
    sum(won_deals)::DOUBLE AS won_deals, sum(won_mrr) AS won_mrr, sum(open_deals)::DOUBLE AS open_deals,
    sum(open_mrr) AS open_mrr, sum(lost_deals)::DOUBLE AS lost_deals, sum(lost_mrr) AS lost_mrr
FROM placed GROUP BY ALL ORDER BY model, dimension, line
"""
SERIES = {"won_mrr": "won", "open_mrr": "open"}
TEXT = (
    "Each deal gives one credit in all to the values its record shows, and its AWS MRR with it, so that every model "
    "adds up to the same totals. Deals without a value stand under (none)."
)
NOTHING = (
    "Nothing yet: credit is given as soon as there is an opportunity, under (none) where its record names no value."
)


def attribution(edition: Edition) -> Section:
    """Make the section of attribution."""
    rows = edition.rows(ATTRIBUTION, dimensions=list(DIMENSIONS), in_table=IN_TABLE, others=OTHERS)
    if not rows:
        return Section("attribution", "Attribution", [NOTHING])
    panels = [
        Panel(
            model,
            label,
            explanation,
            [
                _chart(
                    edition, model, dimension, [r for r in rows if (r["model"], r["dimension"]) == (model, dimension)]
                )
                for dimension in DIMENSIONS
            ],
        )
        for model, (label, explanation) in MODELS.items()
    ]
    return Section("attribution", "Attribution", [TEXT], [Switch("Model of attribution", panels)])


def _chart(edition: Edition, model: str, dimension: str, rows: Rows) -> Chart:
    columns = [
        Column("value", DIMENSIONS[dimension].removesuffix("s"), str, is_key=True),
        Column("won_deals", "Deals won", write.days),
        Column("won_mrr", "AWS MRR won", edition.amount),
        Column("open_deals", "Deals open", write.days),
        Column("open_mrr", "AWS MRR open", edition.amount),
        Column("lost_deals", "Deals lost", write.days),
        Column("lost_mrr", "AWS MRR lost", edition.amount),
    ]
    drawn = _to_draw(rows)
    known = [row[name] for row in drawn for name in SERIES if row[name] is not None]
    divisor, unit = charts.scale_of(known, edition.currency)
    words = "; ".join(_in_words(edition, row) for row in drawn[:3])
    rest = "" if len(drawn) == len(rows) else " The others, and (none), are in the numbers."
    name = MODELS[model][0].lower()
    return Chart(
        f"attribution-{dimension}-{model}",
        DIMENSIONS[dimension],
        f"AWS MRR won and open, {unit}, {name}.{rest}",
        f"AWS MRR by {dimension}, {name}: {words}.",
        [_drawn(drawn, divisor)],
        table(
            "attribution",
            f"Credit by {dimension}, {name}; AWS MRR in {edition.currency}",
            columns,
            rows,
            keys=(model, dimension),
        ),
    )


def _to_draw(rows: Rows) -> Rows:
    """Return the values with the most at stake. What has no value would dwarf them, and is drawn where it is all."""
    named = [row for row in rows if row["value"] not in (NO_VALUE, OTHERS)]
    return (named or rows)[:IN_CHART]


def _in_words(edition: Edition, row: dict[str, Any]) -> str:
    won, is_open = (edition.compact(row[name]) or "unknown" for name in SERIES)
    return f"{charts.label(row['value'])} {won} won, {is_open} open"


def _drawn(rows: Rows, divisor: Decimal) -> Drawing:
    frame = Frame(THIRD, 54 + 30 * len(rows), 148, 78)
    labels = distinct([charts.label(row["value"]) for row in rows])
    parts = [
        {"value": label, "amount": row[name] / divisor, "series": series, "order": order}
        for label, row in zip(labels, rows, strict=True)
        for order, (name, series) in enumerate(SERIES.items())
        if row[name] is not None
    ]
    value = charts.categories("value", labels)
    bars = (
        alt.Chart(charts.data(parts))
        .mark_bar(size=18)
        .encode(
            x=alt.X("amount:Q", title=None, axis=charts.amounts_axis()),
            y=value,
            color=charts.colours(list(SERIES.values()), (GREEN, SKY), frame),
            order="order:O",
        )
    )
    sums = [
        {"value": label, "amount": (total or 0) / divisor, "text": write.compact(total) or write.DASH}
        for label, total in zip(labels, (_total(row) for row in rows), strict=True)
    ]
    text = alt.Chart(charts.data(sums)).mark_text(align="left", dx=5).encode(x="amount:Q", y=value, text="text:N")
    return charts.drawn(bars + text, frame)


def _total(row: dict[str, Any]) -> Decimal | None:
    known = [row[name] for name in SERIES if row[name] is not None]
    return sum(known, Decimal(0)) if known else None


def distinct(labels: list[str]) -> list[str]:
    """Number labels that became the same when they were shortened, so that each keeps a line of its own."""
    return [
        label if labels.count(label) == 1 else f"{label[:16]} #{labels[: place + 1].count(label)}"
        for place, label in enumerate(labels)
    ]
