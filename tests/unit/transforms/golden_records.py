"""What the records of the golden data set say beyond the stories of golden_history.py: the values that revenue is
attributed to, what the hygiene rules ask for, and the quotes of two currencies.

O1  Three solutions, 30 days apart; of five products one is seen by a snapshot before any version shows it; its campaign
    is renamed, and a need is only ever seen by a snapshot.
O2  The first of two solutions is taken away and comes back; its campaign too.
O3  Its solution is taken away when it is won; two products, a month less a microsecond apart.
O4  No value at all.
O5  Two solutions come at once, 45 days after the first; of two products the first is taken away.
O6  Of two products that come at one instant one is seen by a snapshot; one of two solutions comes 30 days later.
O7  Values of an opportunity without a stage.
O9  Quarantined records show a product, which counts from when another one does.
P1  and the other opportunities that are in no mart show solutions, too.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from histories import lines

from transforms.currency import Quote, ReportingCurrency, quotes_as_of
from transforms.touches import CAMPAIGN

VALUES = """
    O1  campaign      Spring          2025-11-03  2026-01-10
    O1  campaign      Summer          2026-01-10  -
    O1  channel       Email           2025-11-03  -
    O1  channel       Social          2025-11-03  -
    O1  solution      S-1             2025-12-11  -
    O1  solution      S-2             2026-01-10  -
    O1  solution      S-3             2026-02-09  -
    O1  aws_product   Lambda          2025-11-03  -
    O1  aws_product   EC2             2025-12-11  -
    O1  aws_product   RDS             2025-12-11  -
    O1  aws_product   S3              2026-01-10  -
    O1  aws_product   SNS             2026-02-09  -
    O1  partner_need  Co-Sell         2025-11-03  -
    O2  campaign      Spring          2025-11-20  2025-12-20
    O2  campaign      Spring          2026-01-05  -
    O2  solution      S-1             2025-11-20  2026-01-05
    O2  solution      S-4             2025-12-20  -
    O2  solution      S-1             2026-03-10  -
    O3  campaign      Spring          2026-01-01  -
    O3  solution      S-2             2026-01-01  2026-01-31
    O3  aws_product   EC2             2026-01-01  -
    O3  aws_product   RDS             2026-01-31  -
    O3  apn_program   ISV Accelerate  2026-01-31  -
    O5  solution      S-2             2025-12-01  -
    O5  solution      S-1             2026-01-15  -
    O5  solution      S-3             2026-01-15  -
    O5  aws_product   EC2             2025-12-01  2026-02-10
    O5  aws_product   S3              2026-01-15  -
    O6  campaign      Summer          2025-11-10  -
    O6  channel       Email           2025-11-10  -
    O6  solution      S-3             2025-11-10  -
    O6  solution      S-1             2025-12-10  -
    O6  aws_product   EC2             2025-12-10  -
    O6  aws_product   S3              2026-01-20  -
    O7  campaign      Winter          2026-01-31  -
    O7  solution      S-9             2026-02-28  -
    O9  campaign      Spring          2026-02-11  -
    O9  solution      S-1             2026-02-10  -
    O9  solution      S-2             2026-03-15  -
    O9  aws_product   Lambda          2026-02-10  2026-02-11
    O9  aws_product   Lambda          2026-03-15  -
    O9  aws_product   EC2             2026-03-15  -
    P1  solution      S-8             2025-11-01  -
    P3  solution      S-8             2026-03-16  -
"""
"""Opportunity, dimension, value, and the days from which and until which its versions show it."""

SNAPSHOT_VALUES = """
    O1@2025-12-01 00:00  aws_product   EC2
    O1@2025-12-01 00:00  aws_product   Lambda
    O1@2025-12-01 00:00  partner_need  Co-Sell
    O1@2025-12-01 00:00  partner_need  Deal support
    O6@2025-12-10 00:00  aws_product   S3
    O9@2026-02-15 00:00  aws_product   Lambda
    P2@2025-12-01 00:00  solution      S-8
    P3@2025-12-01 00:00  solution      S-8
"""
"""Snapshot, dimension, value."""

MEMBERS = {
    "effective": "software_revenue__effective_date",
    "expiration": "software_revenue__expiration_date",
    "industry": "customer__account__industry",
    "partition": "project__aws_partition",
    "reason": "life_cycle__closed_lost_reason",
    "review": "life_cycle__review_status",
    "security": "national_security",
    "sent": "contract_duration_as_sent",
    "steps": "life_cycle__next_steps",
}
FACTS = """
    O1  2026-01-10 00:00            steps=Sign   effective=2026-03-01  expiration=2029-01-31
    O2  2026-01-05 00:00            steps=Call   effective=2026-02-01  expiration=2028-01-31
    O4  2025-12-24 12:00            reason=Price
    O5  2025-12-01 00:00            steps=Call   partition=aws-eusc
    O5  2026-02-10 00:00            steps=       partition=aws-eusc    security=Yes  industry=Retail
    O5  2026-02-10 00:00            review=Action Required  effective=2026-04-01  expiration=2027-09-30
    O6  2026-02-05 00:00            reason=Other
    O9  2026-03-15 23:59:59.999999  steps=Call   partition=aws-eusc    security=Yes  industry=Government
    O9  2026-03-15 23:59:59.999999  sent=200 Months  effective=2026-04-01  expiration=2027-03-31
"""
"""Opportunity, LastModifiedDate, and members of that version."""

QUOTES = """
    2026-01-02  GBP  0.75
    2026-01-09  EUR  0.92
    2026-03-05  EUR  0.9
    2026-03-13  EUR  0.9174
    2026-03-16  EUR  1.5
    2026-03-16  GBP  0.75
"""
"""Day, currency, units of it for one US dollar."""


def in_euros(as_of: date) -> ReportingCurrency:
    """Euros, at quotes of at most ten days before the day `as_of`."""
    quotes = [Quote(date.fromisoformat(day), currency, Decimal(units)) for day, currency, units in lines(QUOTES)]
    return ReportingCurrency("EUR", "USD", quotes_as_of(quotes, as_of, 10))


def values_of(versions: list[list[str]]) -> list[dict[str, Any]]:
    """The items that versions, of each its opportunity and its instant first, show of every dimension but campaign."""
    return [
        {"parent_key": f"{version[0]}@{version[1]}", "dimension": dimension, "value": value}
        for version in versions
        for dimension, value in _shown(version[0], version[1])
        if dimension != CAMPAIGN
    ]


def values_of_snapshots() -> list[dict[str, Any]]:
    return [dict(zip(("parent_key", "dimension", "value"), line, strict=True)) for line in lines(SNAPSHOT_VALUES)]


def members(opportunity_id: str, at: str) -> dict[str, Any]:
    """The campaign of a version and its facts."""
    told = [cell.split("=") for line in lines(FACTS) if line[:2] == [opportunity_id, at] for cell in line[2:]]
    campaign = dict(_shown(opportunity_id, at)).get(CAMPAIGN)
    return {"marketing__campaign_name": campaign, **{MEMBERS[name]: value for name, value in told}}


def _shown(opportunity_id: str, at: str) -> list[tuple[str, str]]:
    return [
        (dimension, value)
        for owner, dimension, value, since, until in lines(VALUES)
        if owner == opportunity_id and since <= at and (until == "-" or at < until)
    ]
