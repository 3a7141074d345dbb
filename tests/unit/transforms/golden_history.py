"""The golden data set: twelve opportunities from November 2025 to the middle of March 2026, as staged rows.

O1  Climbs one stage at a time and is won; one step is seen by a snapshot alone, at midnight of December 1.
O2  Lost, reopened in the next month, out of sight through February, lost again in March.
O3  Created in the last microsecond of November, first seen in January, and won in January's last microsecond. It was
    out of sight before anything of it was seen.
O4  Only ever seen lost, with nothing but software in euros; out of sight since February.
O5  Created at midnight of December 1 (UTC) in euros, then in US dollars, then without any spend; its software is in
    euros at last.
O6  Won and, by a snapshot of the same instant, not won, and out of sight from that instant on; won in January, and from
    Launched directly to Closed Lost; out of sight for a day once more.
O7  First version without a stage; seen as Committed, then Qualified, where another version without a stage leaves it.
O8  Never seen in any stage; its software is in pounds.
O9  Created after its first observation; an older version and a snapshot are quarantined; its last change is in the last
    microsecond of the as-of day.
P1  Its last version is quarantined, P2 was only seen by a snapshot, P3 first landed after the as-of day: in no mart.
"""

from datetime import date
from typing import Any

import dataframely as dy
import polars as pl
from golden_records import members, values_of, values_of_snapshots
from histories import instant, lines

from transforms.currency import ReportingCurrency
from transforms.limits import Thresholds
from transforms.per_opportunity import Staged, per_opportunity
from transforms.rollups import roll_up
from transforms.running_sums import running_sums
from transforms.staged import (
    AWS_OPPORTUNITY_SUMMARIES,
    DIMENSION_VALUES,
    EXPECTED_CUSTOMER_SPEND,
    OPPORTUNITY_VERSIONS,
    OPPORTUNITY_VISIBILITY,
    RESOURCE_SNAPSHOTS,
)

WITHOUT_RATES = ReportingCurrency("USD")
CREATED_DATES = {
    "O1": "2025-11-03T09:00:00Z",
    "O2": "2025-11-20T00:00:00Z",
    "O3": "2025-11-30T23:59:59.999999Z",
    "O4": "2025-12-15T00:00:00Z",
    "O5": "2025-12-01T01:00:00+01:00",
    "O6": "2025-11-10T00:00:00Z",
    "O7": "2026-01-31T12:00:00Z",
    "O8": "2026-02-15T00:00:00Z",
    "O9": "2026-02-20T00:00:00Z",
    "P1": "2025-10-01T00:00:00Z",
    "P3": "2025-10-01T00:00:00Z",
}

VERSIONS = """
    O1  2025-11-03 09:00            Prospect             2026-01-31  24  -         AWS 100 USD + Self 2400 USD
    O1  2025-11-13 09:00            Qualified            2026-01-31  24  720 USD   AWS 120 USD + Self 2400 USD
    O1  2025-12-11 00:00            Business Validation  2026-01-31  24  720 USD   AWS 150 USD + Self 2400 USD
    O1  2026-01-10 00:00            Committed            2026-02-28  36  900 USD   AWS 150 USD + Self 3600 USD
    O1  2026-02-09 00:00            Launched             2026-02-28  36  900 USD   AWS 160 USD + Self 3600 USD
    O2  2025-11-20 00:00            Prospect             -           -   -         AWS 50 USD
    O2  2025-12-20 00:00            Closed Lost          -           -   -         AWS 50 USD
    O2  2026-01-05 00:00            Prospect             -           -   -         AWS 40 USD
    O2  2026-03-10 00:00            Closed Lost          -           -   -         AWS 45 USD
    O3  2026-01-01 00:00            Committed            -           12  -         AWS 300 USD
    O3  2026-01-31 23:59:59.999999  Launched             -           12  -         AWS 330 USD
    O4  2025-12-24 12:00            Closed Lost          -           -   1000 EUR  -
    O5  2025-12-01 00:00            Prospect             -           12  -         AWS 500 EUR + Self 6000 USD
    O5  2026-01-15 00:00            Qualified            -           12  -         AWS 200 USD
    O5  2026-02-10 00:00            Qualified            2026-03-14  12  600 EUR   -
    O6  2025-11-10 00:00            Committed            -           10  -         AWS 600 USD + AWS 400 USD
    O6  2025-12-10 00:00            Launched             -           10  -         AWS 1000 USD
    O6  2026-01-20 00:00            Launched             -           10  -         AWS 1100 USD
    O6  2026-02-05 00:00            Closed Lost          -           10  -         AWS 1100 USD
    O7  2026-01-31 12:00            -                    -           -   -         AWS 10 USD
    O7  2026-02-28 00:00            Committed            -           -   -         AWS 20 USD
    O7  2026-03-02 00:00            Qualified            -           -   -         AWS 25 USD
    O7  2026-03-14 00:00            -                    -           -   -         AWS 30 USD
    O7  2026-03-16 00:00            Launched             -           -   -         AWS 99 USD
    O8  2026-02-15 00:00            -                    -           -   50 GBP    AWS 5 USD
    O9  2026-02-10 00:00            Dreaming             -           -   -         AWS 999 USD
    O9  2026-02-11 00:00            Prospect             -           -   -         AWS 60 USD
    O9  2026-03-15 23:59:59.999999  Qualified            2026-03-15  -   -         AWS 70 USD + Self 900 EUR
    P1  2025-11-01 00:00            Committed            -           -   -         AWS 999 USD
    P1  2025-11-02 00:00            Dreaming             -           -   -         AWS 999 USD
    P3  2026-03-16 00:00            Prospect             -           -   -         AWS 999 USD
"""
"""Opportunity, LastModifiedDate, stage, target close date, months, software revenue, spend."""

SNAPSHOTS = """
    O1  2025-12-01 00:00  Technical Validation  2026-01-31  24  AWS 120 USD + Self 2400 USD
    O6  2025-12-10 00:00  Committed             -           10  AWS 900 USD
    O9  2026-02-15 00:00  Dreaming              -           -   AWS 999 USD
    P2  2025-12-01 00:00  Launched              -           12  AWS 999 USD
    P3  2025-12-01 00:00  Launched              -           12  AWS 999 USD
"""
"""Opportunity, CreatedAt, stage, target close date, months, spend."""

VISIBILITY = """
    O1  2026-03-16 00:00  gone
    O2  2026-02-01 00:00  gone
    O2  2026-03-15 00:00  seen
    O3  2025-12-01 00:00  gone
    O3  2026-01-01 00:00  seen
    O4  2026-02-01 00:00  gone
    O6  2025-12-10 00:00  gone
    O6  2026-01-20 00:00  seen
    O6  2026-02-28 00:00  gone
    O6  2026-03-01 00:00  seen
    P1  2025-11-03 00:00  gone
    P2  2025-12-02 00:00  gone
"""
"""Opportunity, when a listing showed it no longer or again."""


def tables(
    as_of: date, *, reporting: ReportingCurrency = WITHOUT_RATES, in_reverse: bool = False
) -> dict[type[dy.Schema], pl.DataFrame]:
    """What the golden data set is at the end of the day `as_of`; with `in_reverse`, of the same staged rows from
    the last one to the first."""
    staged = Staged(
        versions=_staged(OPPORTUNITY_VERSIONS, [_version(*line) for line in lines(VERSIONS)], in_reverse),
        spend=_staged(EXPECTED_CUSTOMER_SPEND, _spend(VERSIONS), in_reverse),
        values=_staged(DIMENSION_VALUES, values_of(lines(VERSIONS)), in_reverse),
        aws_summaries=_staged(AWS_OPPORTUNITY_SUMMARIES, [], in_reverse),
        visibility=_staged(OPPORTUNITY_VISIBILITY, [_sight(*line) for line in lines(VISIBILITY)], in_reverse),
        snapshots=_staged(RESOURCE_SNAPSHOTS, [_snapshot(*line) for line in lines(SNAPSHOTS)], in_reverse),
        snapshot_spend=_staged(EXPECTED_CUSTOMER_SPEND, _spend(SNAPSHOTS), in_reverse),
        snapshot_values=_staged(DIMENSION_VALUES, values_of_snapshots(), in_reverse),
    )
    each = per_opportunity(staged, as_of=as_of, reporting=reporting)
    rows = {schema: table.lazy() for schema, table in each.items()}
    return each | roll_up(rows | running_sums(rows), as_of=as_of, thresholds=Thresholds())


def _staged(columns: dict[str, pl.DataType], rows: list[dict[str, Any]], in_reverse: bool) -> pl.LazyFrame:
    return pl.LazyFrame(rows[::-1] if in_reverse else rows, columns)


def _version(
    opportunity_id: str, at: str, stage: str, close_date: str, months: str, software: str, spend: str
) -> dict[str, Any]:
    return {
        "row_key": f"{opportunity_id}@{at}",
        "opportunity_id": opportunity_id,
        "last_modified_at": instant(at),
        "is_excluded": stage == "Dreaming",
        "created_date": CREATED_DATES[opportunity_id],
        "life_cycle__stage": _text(stage),
        "life_cycle__target_close_date": _text(close_date),
        "contract_duration_as_sent": None if months == "-" else f"{months} Months",
        **_software(software),
        **_duration(months),
        **members(opportunity_id, at),
    }


def _snapshot(opportunity_id: str, at: str, stage: str, close_date: str, months: str, spend: str) -> dict[str, Any]:
    return {
        "row_key": f"{opportunity_id}@{at}",
        "opportunity_id": opportunity_id,
        "engagement_id": "eng-1",
        "revision": 1,
        "created_at": instant(at),
        "is_excluded": stage == "Dreaming",
        "lifecycle__stage": _text(stage),
        "lifecycle__target_close_date": _text(close_date),
        **_duration(months),
    }


def _duration(months: str) -> dict[str, str | None]:
    return {
        "project__expected_contract_duration__term": "Months",
        "project__expected_contract_duration__value": _text(months),
    }


def _software(revenue: str) -> dict[str, str]:
    names = ("software_revenue__value__amount", "software_revenue__value__currency_code")
    return {} if revenue == "-" else dict(zip(names, revenue.split(), strict=True))


def _spend(records: str) -> list[dict[str, Any]]:
    return [
        dict(zip(EXPECTED_CUSTOMER_SPEND, [f"{record[0]}@{record[1]}", *entry.split()], strict=True))
        for record in lines(records)
        for entry in record[-1].split(" + ")
        if entry != "-"
    ]


def _sight(opportunity_id: str, at: str, sight: str) -> dict[str, Any]:
    return {"opportunity_id": opportunity_id, "observed_at": instant(at), "is_visible": sight == "seen"}


def _text(cell: str) -> str | None:
    return None if cell == "-" else cell
