"""What to put right in the records: each broken rule, how many deals break it, and what is at stake."""

import altair as alt

from pipelines.report import charts
from pipelines.report import format as write
from pipelines.report.cells import Column, table
from pipelines.report.charts import NARROW, ORANGE, RULE_CHARACTERS, SKY, WIDE, YELLOW, Chart, Drawing, Frame, Rows
from pipelines.report.edition import Edition
from pipelines.report.section import Block, Details, Section
from transforms.hygiene_rules import HYGIENE_RULES, SEVERITIES

TOP = 5  # deals of a rule
RULES = """
SELECT rule, severity, count(*) AS deals, sum(aws_mrr_reporting) AS aws_mrr
FROM marts.hygiene JOIN marts.opportunities USING (opportunity_id)
GROUP BY rule, severity ORDER BY list_position($severities, severity), deals DESC, rule
"""
LARGEST = """
SELECT rule, opportunity_id, partner_opportunity_id, stage, aws_mrr_reporting AS aws_mrr, suggestion
FROM marts.hygiene JOIN marts.opportunities USING (opportunity_id)
QUALIFY row_number() OVER (PARTITION BY rule ORDER BY aws_mrr_reporting DESC NULLS LAST, opportunity_id) <= $top
ORDER BY rule, aws_mrr_reporting DESC NULLS LAST, opportunity_id
"""
TEXT = (
    "What is wrong or missing in the records, most serious first, and the deals with the most AWS MRR to begin with. A "
    "deal that breaks two rules counts in both."
)
NOTHING = "Nothing to put right: no opportunity breaks a rule. Deals appear here when one does, with what to do."


def hygiene(edition: Edition) -> Section:
    """Make the section of the work list."""
    rows = edition.rows(RULES, severities=list(SEVERITIES))
    if not rows:
        return Section("hygiene", "Work list", [NOTHING])
    meanings = " ".join(f"{severity.capitalize()}: {meaning}." for severity, meaning in SEVERITIES.items())
    return Section("hygiene", "Work list", [TEXT, meanings], [_chart(edition, rows), *_largest(edition, rows)])


def _chart(edition: Edition, rows: Rows) -> Chart:
    rules = {rule.id: rule for rule in HYGIENE_RULES}
    columns = [
        Column("rule", "Rule", str, is_key=True),
        Column("severity", "Severity"),
        Column("deals", "Deals", write.count),
        Column("aws_mrr", f"AWS MRR, {edition.currency}", edition.amount),
        Column("meaning", "What it means", is_prose=True),
        Column("remedy", "What to do", is_prose=True),
    ]
    told = [
        {**row, "meaning": write.plain(rules[row["rule"]].meaning), "remedy": write.plain(rules[row["rule"]].remedy)}
        for row in rows
    ]
    words = ", ".join(f"{row['rule']} ({row['severity']}) {write.count(row['deals'])}" for row in rows)
    return Chart(
        "hygiene",
        "Deals that break each rule",
        f"Deals, and beside them their AWS MRR in {edition.currency}.",
        f"Deals: {words}.",
        [
            _drawn(rows, Frame(WIDE, 54 + 26 * len(rows), 190, 100)),
            _drawn(rows, Frame(NARROW, 54 + 26 * len(rows), 170, 108)),
        ],
        table("hygiene", f"Broken rules, the deals, and their AWS MRR in {edition.currency}", columns, told),
        is_open=True,
    )


def _drawn(rows: Rows, frame: Frame) -> Drawing:
    bars = [
        {
            "rule": charts.label(row["rule"].replace("_", " "), RULE_CHARACTERS),
            "deals": row["deals"],
            "series": row["severity"],
            "text": f"{write.count(row['deals'])} · {write.compact(row['aws_mrr']) or write.DASH}",
        }
        for row in rows
    ]
    base = alt.Chart(charts.data(bars)).encode(
        x=alt.X("deals:Q", axis=charts.counts_axis()), y=charts.categories("rule", [bar["rule"] for bar in bars])
    )
    marks = base.mark_bar(size=16).encode(color=charts.colours(list(SEVERITIES), (ORANGE, YELLOW, SKY), frame))
    text = base.mark_text(align="left", dx=6).encode(text="text:N")
    return charts.drawn(marks + text, frame)


def _largest(edition: Edition, rows: Rows) -> list[Block]:
    columns = [
        Column("rule", "Rule", str, is_key=True),
        Column("opportunity_id", "Opportunity", str, is_key=True),
        Column("partner_opportunity_id", "CRM identifier"),
        Column("stage", "Stage"),
        Column("aws_mrr", f"AWS MRR, {edition.currency}", edition.amount),
        Column("suggestion", "Value to set"),
    ]
    largest = edition.rows(LARGEST, top=TOP)
    return [
        Details(
            f"{row['rule']}: {_deals(row['deals'])}",
            table(
                "hygiene",
                f"{row['rule']}: the deals with the most AWS MRR",
                columns,
                [deal for deal in largest if deal["rule"] == row["rule"]],
            ),
        )
        for row in rows
    ]


def _deals(deals: int) -> str:
    if deals > TOP:
        return f"the {TOP} largest of {write.count(deals)} deals"
    return "the one deal" if deals == 1 else f"all {deals} deals"
