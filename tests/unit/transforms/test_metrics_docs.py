"""The examples of docs/metrics.md are what the transforms give of the inputs that stand there."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from histories import Histories, histories
from observed_records import WITHOUT_RATES, at, version

from transforms.currency import Quote, ReportingCurrency, exchange_rate, to_reporting_currency
from transforms.money import MONEY
from transforms.observations import observations
from transforms.opportunities import opportunities
from transforms.outcomes_monthly import outcomes_monthly
from transforms.pipeline_monthly import pipeline_monthly
from transforms.pipeline_waterfall import pipeline_waterfall
from transforms.revenue import with_revenue
from transforms.stage_funnel import stage_funnel
from transforms.staged import (
    AWS_OPPORTUNITY_SUMMARIES,
    EXPECTED_CUSTOMER_SPEND,
    OPPORTUNITY_VERSIONS,
    OPPORTUNITY_VISIBILITY,
    RESOURCE_SNAPSHOTS,
)

PAGE = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")
AS_OF = date(2026, 3, 15)
Rows = list[dict[str, str]]


def tables(heading: str) -> list[Rows]:
    """The tables under a heading of the page, one dict a row."""
    (section,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    found = []
    for table in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
        heads, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
        found.append([dict(zip(heads, row, strict=True)) for row in rows])
    return found


def shown(frame: pl.LazyFrame, told: Rows) -> Rows:
    """The columns of a frame that the page tells of, written as they are there."""
    return [{name: cell(row[name]) for name in told[0]} for row in frame.collect().iter_rows(named=True)]


def cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return str(round(value, 4))
        case datetime():
            assert value.timetz() == datetime.min.replace(tzinfo=UTC).timetz()
            return value.date().isoformat()
    return str(value)


def test_every_section_with_a_result_is_computed_here() -> None:
    headings = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    assert headings == [*EXAMPLES, "Attribution", "TCV coverage"]


def revenue(records: Rows) -> pl.LazyFrame:
    """The revenue of records that have a duration, and entries of spend or a software contract."""
    versions, spend = [], []
    for record in records:
        value, term = record["duration"].split() or [None, None]
        amount, currency = record.get("value", "").split() or [None, None]
        versions.append(
            {
                "row_key": record["opportunity_id"],
                "opportunity_id": record["opportunity_id"],
                "project__expected_contract_duration__term": term,
                "project__expected_contract_duration__value": value,
                "software_revenue__value__amount": amount,
                "software_revenue__value__currency_code": currency,
                "software_revenue__effective_date": record.get("from") or None,
                "software_revenue__expiration_date": record.get("to") or None,
            }
        )
        entries = [entry.split() for entry in record.get("entries", "").split(" + ") if entry]
        spend += [(record["opportunity_id"], *entry) for entry in entries]
    staged = pl.LazyFrame(versions, OPPORTUNITY_VERSIONS)
    return with_revenue(staged, pl.LazyFrame(spend, EXPECTED_CUSTOMER_SPEND, orient="row")).sort("opportunity_id")


@pytest.mark.parametrize("heading", ["MRR, TCV, ARR and ACV", "Software revenue"])
def test_revenue(heading: str) -> None:
    *_, records, told = tables(heading)
    assert shown(revenue(records), told) == told


def test_reporting_currency() -> None:
    rates, told = tables("Reporting currency")
    quotes = [Quote(AS_OF, rate["currency"], Decimal(rate["per_usd"])) for rate in rates]
    amounts = pl.LazyFrame(told).with_columns(
        amount=pl.col("amount").cast(MONEY),
        rate=exchange_rate(pl.col("currency"), ReportingCurrency("EUR", "USD", tuple(quotes))),
    )
    converted = amounts.with_columns(reporting=to_reporting_currency(pl.col("amount"), pl.col("rate")))
    assert shown(converted, told) == told


def five_deals() -> Histories:
    (lines,) = tables("Five deals")
    return histories("\n".join("  ".join(cell or "-" for cell in line.values()) for line in lines))


def stints(deals: Histories) -> pl.LazyFrame:
    return deals.stints


def funnel_of_january(deals: Histories) -> pl.LazyFrame:
    return stage_funnel(deals.opportunities, deals.stints).filter(pl.col("cohort_month") == date(2026, 1, 1))


def pipeline_of_february(deals: Histories) -> pl.LazyFrame:
    return pipeline_monthly(deals.transitions, as_of=AS_OF).filter(pl.col("month") == date(2026, 2, 1))


def moves(deals: Histories) -> pl.LazyFrame:
    return pipeline_waterfall(deals.transitions, as_of=AS_OF).filter(pl.col("measure") == "aws_mrr")


def outcomes(deals: Histories) -> pl.LazyFrame:
    return outcomes_monthly(deals.opportunities, deals.stints)


OF_FIVE_DEALS = {
    "Stints, movements and days in a stage": stints,
    "Funnel and conversion": funnel_of_january,
    "Pipeline at a month's end": pipeline_of_february,
    "Waterfall": moves,
    "Win rate and cycle time": outcomes,
}
EXAMPLES = [
    *("MRR, TCV, ARR and ACV", "Software revenue", "Reporting currency", "Five deals"),
    *OF_FIVE_DEALS,
    "Close-date pushes",
]


@pytest.mark.parametrize("heading", OF_FIVE_DEALS)
def test_history(heading: str) -> None:
    (told,) = tables(heading)
    assert shown(OF_FIVE_DEALS[heading](five_deals()), told) == told


def test_close_date_pushes() -> None:
    records, told = tables("Close-date pushes")
    versions = [
        version(
            f"{opportunity_id}@{day}",
            opportunity_id,
            at(day),
            "Prospect",
            created_date="2026-01-01T00:00:00Z",
            life_cycle__target_close_date=None if close_date == "none" else close_date,
        )
        for opportunity_id, close_dates in map(dict.values, records)
        for day, close_date in enumerate(close_dates.split(", "), start=1)
    ]
    settings: dict[str, Any] = {"as_of": AS_OF, "reporting": WITHOUT_RATES}
    staged, spend = pl.LazyFrame(versions, OPPORTUNITY_VERSIONS), pl.LazyFrame(schema=EXPECTED_CUSTOMER_SPEND)
    history = observations(staged, spend, pl.LazyFrame(schema=RESOURCE_SNAPSHOTS), spend, **settings)
    sides, sight = (pl.LazyFrame(schema=schema) for schema in (AWS_OPPORTUNITY_SUMMARIES, OPPORTUNITY_VISIBILITY))
    assert shown(opportunities(staged, spend, sides, sight, history, **settings), told) == told
