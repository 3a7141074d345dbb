"""How many open deals carry a duration and a TCV, and what their MRR says beside that of AWS."""

from typing import Any

import altair as alt

from pipelines.report import charts
from pipelines.report import format as write
from pipelines.report.cells import Column, table
from pipelines.report.charts import BLUE, GREEN, NARROW, SKY, WIDE, Chart, Drawing, Frame, Rows
from pipelines.report.edition import Edition
from pipelines.report.section import Section
from transforms.stages import OPEN_STAGES

ALL_OPEN = "All open"
COVERAGE = """
WITH deals AS (
    SELECT stage, contract_months, deal_tcv, deal_mrr, deal_mrr_reporting, aws_mrr_reporting,
        deal_mrr_reporting IS NOT NULL AND aws_mrr_reporting IS NOT NULL AS is_comparable
    FROM marts.opportunities WHERE is_open
)
SELECT CASE WHEN grouping(stage) = 1 THEN $all_open ELSE stage END AS stage, count(*) AS deals,
    count(contract_months) AS with_duration, count(deal_tcv) AS with_deal_tcv, count(deal_mrr) AS with_deal_mrr,
    count(*) FILTER (is_comparable) AS comparable,
    sum(deal_mrr_reporting) FILTER (is_comparable) AS deal_mrr,
    sum(aws_mrr_reporting) FILTER (is_comparable) AS aws_mrr
FROM deals GROUP BY GROUPING SETS ((stage), ()) HAVING count(*) > 0
ORDER BY list_position($stages, stage) NULLS LAST
"""
MARKS = {"with_duration": "contract duration", "with_deal_tcv": "deal TCV", "with_deal_mrr": "both: a usable deal MRR"}
NOTHING = (
    "Nothing yet: there is no open deal. With the first, this tells whether it carries a TCV and a contract duration."
)


def tcv(edition: Edition) -> Section:
    """Make the section of TCV coverage."""
    rows = edition.rows(COVERAGE, stages=list(OPEN_STAGES), all_open=ALL_OPEN)
    if not rows:
        return Section("tcv", "TCV coverage", [NOTHING])
    return Section("tcv", "TCV coverage", _text(edition, rows[-1]), [_chart(edition, rows)])


def _text(edition: Edition, row: dict[str, Any]) -> list[str]:
    deals = row["deals"]
    covered = (
        f"Of {_deals(deals, 'open')}, {_share(row['with_duration'], deals)} carry a contract duration, "
        f"{_share(row['with_deal_tcv'], deals)} a TCV of the partner's own, and "
        f"{_share(row['with_deal_mrr'], deals)} both, so that a deal MRR follows."
    )
    if not row["comparable"]:
        return [covered, "There is no open deal yet whose deal MRR can be held against its AWS MRR."]
    share = f", {write.percent(float(row['deal_mrr'] / row['aws_mrr']))} of it" if row["aws_mrr"] else ""
    compared = (
        f"Where the AWS MRR is known too, in {_deals(row['comparable'])}, TCV over the months says "
        f"{edition.compact(row['deal_mrr'])} a month, beside an AWS MRR of {edition.compact(row['aws_mrr'])}{share}."
    )
    return [covered, compared]


def _deals(deals: int, kind: str = "") -> str:
    words = f"{kind} deal".strip()
    return f"one {words}" if deals == 1 else f"{write.count(deals)} {words}s"


def _share(deals: int, of: int) -> str:
    return f"{write.count(deals)} ({write.percent(deals / of)})"


def _chart(edition: Edition, rows: Rows) -> Chart:
    columns = [
        Column("stage", "Stage", str, is_key=True),
        Column("deals", "Open deals", write.count),
        Column("with_duration", "With duration", write.count),
        Column("with_deal_tcv", "With deal TCV", write.count),
        Column("with_deal_mrr", "With both", write.count),
        Column("comparable", "AWS MRR known too", write.count),
        Column("deal_mrr", f"Their deal MRR, {edition.currency}", edition.amount),
        Column("aws_mrr", f"Their AWS MRR, {edition.currency}", edition.amount),
    ]
    words = "; ".join(
        f"{row['stage']}: {_share(row['with_duration'], row['deals'])} with a duration, "
        f"{_share(row['with_deal_mrr'], row['deals'])} with both"
        for row in rows
    )
    return Chart(
        "tcv",
        "Open deals that carry what a TCV needs, by stage",
        "In % of the open deals in the stage.",
        f"{words}.",
        [
            _drawn(rows, Frame(WIDE, 54 + 54 * len(rows), 150, 40)),
            _drawn(rows, Frame(NARROW, 86 + 54 * len(rows), 132, 40, top=62)),
        ],
        table("tcv", f"Coverage of the open deals; MRR in {edition.currency}", columns, rows),
    )


def _drawn(rows: Rows, frame: Frame) -> Drawing:
    bars = [
        {
            "stage": row["stage"],
            "share": 100 * row[name] / row["deals"],
            "series": series,
            "text": write.percent(row[name] / row["deals"], 0),
        }
        for row in rows
        for name, series in MARKS.items()
    ]
    series = list(MARKS.values())
    base = alt.Chart(charts.data(bars)).encode(
        x=alt.X("share:Q", scale=alt.Scale(domain=[0, 100]), axis=charts.amounts_axis()),
        y=charts.categories("stage", [row["stage"] for row in rows]),
        yOffset=alt.YOffset("series:N", sort=series),
    )
    columns = 1 if frame.width == NARROW else 0
    marks = base.mark_bar(size=11).encode(color=charts.colours(series, (BLUE, SKY, GREEN), frame, columns=columns))
    return charts.drawn(marks + base.mark_text(align="left", dx=4).encode(text="text:N"), frame)
