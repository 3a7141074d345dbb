"""The headline figures, each beside what it was at the end of last month, or in it."""

from collections.abc import Callable
from typing import Any

from pipelines.report import format as write
from pipelines.report.cells import Figure, exact
from pipelines.report.edition import Edition
from pipelines.report.section import Block, Section, Tile, Tiles

Size = Callable[[Any], str | None]
NOW = """
SELECT count(*) AS open_deals, if(count(*) = 0, 0.00, sum(aws_mrr_reporting)) AS open_aws_mrr,
    if(count(*) = 0, 0.00, sum(deal_tcv_reporting)) AS open_deal_tcv, count(aws_mrr_reporting) AS with_aws_mrr,
    count(deal_tcv_reporting) AS with_deal_tcv, count(contract_months) AS open_with_duration
FROM marts.opportunities WHERE is_open
"""
THEN = """
SELECT sum(opportunities)::BIGINT AS open_deals, sum(aws_mrr) AS open_aws_mrr, sum(deal_tcv) AS open_deal_tcv
FROM marts.pipeline_monthly
WHERE month = $month AND stage NOT IN ('Launched', 'Closed Lost', 'unobserved')
"""
DECISIONS = """
SELECT coalesce(sum(won), 0)::BIGINT AS won, coalesce(sum(lost), 0)::BIGINT AS lost,
    CASE WHEN count(*) = 0 THEN 0.00 ELSE any_value(won_mrr) END AS won_mrr,
    any_value(win_rate) AS win_rate, any_value(median_cycle_days) AS median_cycle_days
FROM marts.outcomes_monthly WHERE month = $month
"""
QUALITY = """
SELECT (SELECT count(*) FROM marts.hygiene) AS hygiene_findings,
    (SELECT count(DISTINCT opportunity_id) FROM marts.hygiene) AS deals_with_findings,
    count(DISTINCT opportunity_id) FILTER (action = 'excluded') AS excluded,
    count(*) FILTER (action = 'nulled') AS nulled
FROM quality.quarantine WHERE run_id = $run_id
"""
NOTHING = "Nothing yet: no opportunity is published. The figures fill with the first that Partner Central lists."


def headlines(edition: Edition) -> Section:
    """Make the section of the headline figures."""
    published = edition.run["rows_published"]
    if not published:
        return Section("headlines", "Headlines", [NOTHING], _blocks(edition))
    deals = "one opportunity" if published == 1 else f"{write.count(published)} opportunities"
    text = (
        f"From {deals}, beside what the figures were before. {write.month_in_full(edition.month)} counts up to the "
        "as-of date."
    )
    return Section(
        "headlines",
        "Headlines",
        [text],
        _blocks(edition),
    )


def _blocks(edition: Edition) -> list[Block]:
    return [Tiles([*_pipeline(edition), *_decided(edition)]), Tiles(_data(edition), is_minor=True)]


def _pipeline(edition: Edition) -> list[Tile]:
    now, then = edition.row(NOW), edition.row(THEN, month=edition.last_month)
    deals = now["open_deals"]

    def change(name: str, size: Size) -> str:
        before = then[name]
        if before is None:
            return f"unknown at the end of {write.month(edition.last_month)}"
        if now[name] is None:
            return f"{size(before)} at the end of {write.month(edition.last_month)}"
        difference = now[name] - before
        if not difference:
            return f"unchanged since the end of {write.month(edition.last_month)}"
        return f"{write.signed(difference, size(abs(difference)))} since the end of {write.month(edition.last_month)}"

    def tile(label: str, name: str, size: Size, *known: str) -> Tile:
        return Tile(label, Figure(name, exact(now[name]), size(now[name])), "; ".join([change(name, size), *known]))

    def known(column: str) -> str:
        return f"known of {write.count(now[column])} of {write.count(deals)}"

    share = (
        f"{write.percent(now['open_with_duration'] / deals)} of the open deals" if deals else "there is no open deal"
    )
    covered = Figure("open_with_duration", exact(now["open_with_duration"]), write.count(now["open_with_duration"]))
    return [
        tile("Open deals", "open_deals", write.count),
        tile("Open AWS MRR", "open_aws_mrr", edition.compact, known("with_aws_mrr")),
        tile("Open deal TCV", "open_deal_tcv", edition.compact, known("with_deal_tcv")),
        Tile("Open deals with a duration", covered, share),
    ]


def _decided(edition: Edition) -> list[Tile]:
    now, before = (edition.row(DECISIONS, month=month) for month in (edition.month, edition.last_month))
    running, last = write.month(edition.month), write.month(edition.last_month)

    def tile(label: str, name: str, column: str, size: Size) -> Tile:
        figure = Figure(name, exact(now[column]), size(now[column]))
        return Tile(f"{label}, {running}", figure, f"{last}: {size(before[column]) or 'unknown'}")

    return [
        tile("Deals won", "won_this_month", "won", write.count),
        tile("AWS MRR won", "won_mrr_this_month", "won_mrr", edition.compact),
        tile("Win rate", "win_rate", "win_rate", write.percent),
        tile("Median cycle", "median_cycle_days", "median_cycle_days", _in_days),
    ]


def _data(edition: Edition) -> list[Tile]:
    found = edition.row(QUALITY, run_id=edition.run["run_id"])

    def tile(label: str, name: str, note: str) -> Tile:
        return Tile(label, Figure(name, exact(found[name]), write.count(found[name])), note)

    deals = found["deals_with_findings"]
    return [
        tile(
            "Hygiene findings", "hygiene_findings", f"on {'one deal' if deals == 1 else f'{write.count(deals)} deals'}"
        ),
        tile("Opportunities excluded", "excluded", "a record breaks a critical rule"),
        tile("Values set to null", "nulled", "outside their enum, range or pattern"),
    ]


def _in_days(number: float | None) -> str | None:
    return None if number is None else f"{write.days(number)} days"
