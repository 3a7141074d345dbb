"""Where the figures come from, how fresh they are, and which rules the records broke."""

from decimal import Decimal

from expectations.schema import DRIFT_SUITE
from pipelines.report import format as write
from pipelines.report.cells import Column, Table, table
from pipelines.report.edition import Edition
from pipelines.report.section import Block, Definitions, Section

SUITES = """
SELECT suite, count(*) AS rules, count(*) FILTER (NOT success) AS broken
FROM quality.results WHERE run_id = $run_id AND suite <> $drift GROUP BY ALL ORDER BY ALL
"""
BROKEN = """
SELECT target, coalesce(column_name, '') AS column_name, expectation, severity, evaluated, unexpected
FROM quality.results WHERE run_id = $run_id AND suite <> $drift AND NOT success
ORDER BY severity, unexpected DESC, target, column_name, expectation
"""
COUNTS = """
SELECT (SELECT count(*) FROM quality.results WHERE run_id = $run_id AND suite = $drift) AS drifts,
    count(*) FILTER (NOT is_visible) AS out_of_sight FROM marts.opportunities
"""
RATES = "FROM ops.fx_rates ORDER BY currency_code"
NO_RATES = "No exchange rates: amounts in another currency than {} are unknown in it, and in no sum."
TEXT = (
    "A record that breaks a critical rule is left out of every figure; a value outside its range counts as unknown. "
    "Nothing is dropped from the landing. quality/index.html beside this report has every rule."
)


def quality(edition: Edition) -> Section:
    """Make the section of quality and freshness."""
    run_id = edition.run["run_id"]
    blocks: list[Block] = [_facts(edition)]
    checked = edition.rows(SUITES, run_id=run_id, drift=DRIFT_SUITE)
    if checked:
        blocks.append(_checked(checked))
    broken = edition.rows(BROKEN, run_id=run_id, drift=DRIFT_SUITE)
    if broken:
        blocks.append(_broken(broken))
    rates = edition.rows(RATES)
    if rates:
        blocks.append(_rates(rates))
    text = [TEXT] if rates else [TEXT, NO_RATES.format(edition.currency)]
    return Section("quality", "Quality", text, blocks)


def _facts(edition: Edition) -> Definitions:
    run = edition.run
    counts = edition.row(COUNTS, run_id=run["run_id"], drift=DRIFT_SUITE)
    drift = f"{write.count(counts['drifts'])} reported by this run" + (": see cosell drift" if counts["drifts"] else "")
    return Definitions(
        [
            ("As of", f"the end of {write.calendar_day(run['as_of'])} (UTC)", ""),
            ("Published", f"{write.instant(run['finished_at'])}, by run {run['run_id']}", ""),
            ("Read from", f"Partner Central, catalog {run['catalog']}", ""),
            (
                "Calls",
                f"{write.count(run['calls'])} to AWS, {write.count(run['retries'])} of them repeated: "
                f"{write.count(run['opportunities_listed'])} opportunities listed, "
                f"{write.count(run['opportunities_fetched'])} fetched, "
                f"{write.count(run['snapshots_fetched'])} snapshots fetched",
                "",
            ),
            ("Out of sight", f"{write.count(counts['out_of_sight'])} opportunities are no longer in the listing", ""),
            ("Drift", f"{drift}; what AWS sent and its service model does not know", ""),
        ]
    )


def _checked(rows: list[dict[str, object]]) -> Table:
    columns = [
        Column("suite", "Checked", str, is_key=True),
        Column("rules", "Rules", write.count),
        Column("broken", "Broken", write.count),
    ]
    return table("quality", "Rules that were checked", columns, rows)


def _broken(rows: list[dict[str, object]]) -> Table:
    columns = [
        Column("target", "Table", str, is_key=True),
        Column("column_name", "Column", str, is_key=True),
        Column("expectation", "Rule", str, is_key=True),
        Column("severity", "Severity"),
        Column("evaluated", "Looked at", write.count),
        Column("unexpected", "Fail", write.count),
    ]
    return table("quality", "Rules that are broken", columns, rows)


def _rates(rows: list[dict[str, object]]) -> Table:
    columns = [
        Column("currency_code", "Currency", str, is_key=True),
        Column("per_base", "Rate", _rate),
        Column("base_currency_code", "For one"),
        Column("rate_date", "Of"),
    ]
    return table("quality", "Exchange rates", columns, rows)


def _rate(per_base: Decimal) -> str:
    """Write a rate with all its digits and no zeros after them."""
    whole, _, decimals = f"{per_base:f}".partition(".")
    decimals = decimals.rstrip("0")
    return f"{write.count(int(whole))}.{decimals}" if decimals else f"{write.count(int(whole))}"
