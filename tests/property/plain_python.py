"""The same table the slow way: plain Python over dictionaries, fractions and a calendar. It shares nothing
with the transforms but the staged rows, so that one mistake has to be made twice to go unseen."""

import calendar
import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

Row = dict[str, Any]

RANKS = ["Prospect", "Qualified", "Technical Validation", "Business Validation", "Committed", "Launched"]


def amount(text: str | None) -> Fraction | None:
    whole, _, cents = (text or "").partition(".")
    if not re.fullmatch("[0-9]{1,31}", whole) or (whole[0] == "0" and len(whole) > 1) or len(cents) > 2:
        return None
    return Fraction(int(whole + cents.ljust(2, "0")), 100)


def to_money(value: Fraction | None) -> Decimal | None:
    """Half up to the cent."""
    if value is None:
        return None
    cents = (value * 200 + 1).__floor__() // 2
    return Decimal(f"{cents // 100}.{cents % 100:02}")


def day(text: str | None) -> date | None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text or ""):
        return None
    year, month, number = (int(part) for part in text.split("-"))
    return date(year, month, number) if 1 <= number <= calendar.monthrange(year, month)[1] else None


def instant(text: str | None) -> datetime | None:
    parts = re.fullmatch(r"(.{10})T(..):(..):(..)(?:\.(\d+))?(Z|[+-].*)", text or "")
    if parts is None or (start := day(parts[1])) is None:
        return None
    offset = timedelta()
    if parts[6] != "Z":
        sign = -1 if parts[6][0] == "-" else 1
        offset = sign * timedelta(hours=int(parts[6][1:3]), minutes=int(parts[6][-2:]))
    micros = int((parts[5] or "0").ljust(6, "0")[:6])
    midnight = datetime(start.year, start.month, start.day, tzinfo=UTC)
    return (
        midnight
        + timedelta(hours=int(parts[2]), minutes=int(parts[3]), seconds=int(parts[4]), microseconds=micros)
        - offset
    )


def add_months(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def whole_months(first: date | None, last: date | None) -> int | None:
    if first is None or last is None:
        return None
    months = 0
    while add_months(first, months + 1) <= last + timedelta(days=1):
        months += 1
    return months or None


def contract_months(version: Row) -> int | None:
    value = version["project__expected_contract_duration__value"] or ""
    if version["project__expected_contract_duration__term"] != "Months" or not value.isdecimal():
        return None
    return int(value) if 1 <= int(value) <= 144 else None


def only(values: list[Any]) -> Any:
    return values[0] if len(set(values)) == 1 else None


def times(value: Fraction | None, factor: int | None) -> Fraction | None:
    return None if value is None or factor is None else value * factor


def divided(value: Fraction | None, divisor: int | None) -> Fraction | None:
    return None if value is None or divisor is None else value / divisor


def rate(currency: str | None, reporting: Any) -> Fraction | None:
    """What one unit of a currency is worth in the reporting currency, across the base of the quotes."""
    if currency is None or currency == reporting.code:
        return currency and Fraction(1)
    per_base = {quote.currency: Fraction(str(quote.per_base)) for quote in reporting.quotes}
    if reporting.base is not None:
        per_base[reporting.base] = Fraction(1)
    if currency not in per_base or reporting.code not in per_base:
        return None
    return per_base[reporting.code] / per_base[currency]


def converted(amount: Decimal | None, currency: str | None, reporting: Any) -> Decimal | None:
    """An amount in the reporting currency; unknown beyond 10^29 cents, but for one that is in it already."""
    worth = rate(currency, reporting)
    if amount is None or worth is None:
        return None
    exact = Fraction(amount) * worth
    return to_money(exact) if currency == reporting.code or exact <= 10**27 else None


def software_months(version: Row) -> int | None:
    return contract_months(version) or whole_months(
        day(version["software_revenue__effective_date"]), day(version["software_revenue__expiration_date"])
    )


def money(version: Row, entries: list[Row]) -> dict[str, tuple[Decimal | None, str | None]]:
    """Each amount, and the currency of that very amount."""
    months = contract_months(version)
    of_aws = [entry for entry in entries if entry["target_company"] == "AWS"]
    of_self = [entry for entry in entries if entry["target_company"] == "Self"]
    aws_amounts = [amount(entry["amount"]) for entry in of_aws]
    aws_currencies = [entry["currency_code"] for entry in of_aws]
    is_summable = len(of_aws) == 1 or (None not in aws_currencies and len(set(aws_currencies)) == 1)
    aws_mrr = sum(aws_amounts) if is_summable and None not in aws_amounts else None
    deal_tcv = amount(of_self[0]["amount"]) if len(of_self) == 1 else None
    software_tcv = amount(version["software_revenue__value__amount"])
    aws, deal = only(aws_currencies), of_self[0]["currency_code"] if len(of_self) == 1 else None
    software = version["software_revenue__value__currency_code"]
    exact = {
        "aws_mrr": (aws_mrr, aws),
        "deal_tcv": (deal_tcv, deal),
        "deal_mrr": (divided(deal_tcv, months), deal),
        "aws_tcv": (times(aws_mrr, months), aws),
        "aws_arr": (times(aws_mrr, 12), aws),
        "aws_acv": (times(aws_mrr, months and min(12, months)), aws),
        "software_tcv": (software_tcv, software),
        "software_mrr": (divided(software_tcv, software_months(version)), software),
    }
    return {name: (to_money(value), currency) for name, (value, currency) in exact.items()}


def revenue(version: Row, entries: list[Row], reporting: Any) -> Row:
    amounts = money(version, entries)
    return {
        "currency_code": only([entry["currency_code"] for entry in entries]),
        "contract_months": contract_months(version),
        "software_months": software_months(version),
        "software_currency_code": version["software_revenue__value__currency_code"],
        **{name: value for name, (value, _) in amounts.items()},
        **{f"{name}_reporting": converted(value, currency, reporting) for name, (value, currency) in amounts.items()},
    }


def unconverted(version: Row, entries: list[Row], reporting: Any) -> list[str]:
    """The currencies of the amounts that are known, but not in the reporting currency."""
    amounts = money(version, entries)
    found = [amounts[name] for name in ("aws_mrr", "deal_tcv", "software_tcv")]
    lost = [
        currency for value, currency in found if value is not None and converted(value, currency, reporting) is None
    ]
    return list(dict.fromkeys(currency or "(unknown)" for currency in lost))


def history(opportunity_id: str, versions: list[Row], snapshots: list[Row], end: datetime) -> Row:
    seen = [
        (
            (row["last_modified_at"], 0, "", 0, row["row_key"]),
            row["life_cycle__stage"],
            row["life_cycle__target_close_date"],
        )
        for row in versions
        if row["opportunity_id"] == opportunity_id and not row["is_excluded"] and row["last_modified_at"] < end
    ] + [
        (
            (row["created_at"], 1, row["engagement_id"], row["revision"], row["row_key"]),
            row["lifecycle__stage"],
            row["lifecycle__target_close_date"],
        )
        for row in snapshots
        if row["opportunity_id"] == opportunity_id and not row["is_excluded"]
        if row["created_at"] is not None and row["created_at"] < end
    ]
    seen.sort(key=lambda one: one[0])
    ranks = [1 if stage == "Closed Lost" else RANKS.index(stage) + 1 for _, stage, _ in seen if stage is not None]
    close_dates = [found for _, _, text in seen if (found := day(text)) is not None]
    furthest = max(ranks, default=None)
    return {
        "furthest_stage": furthest and RANKS[furthest - 1],
        "furthest_stage_rank": furthest,
        "close_date_pushes": sum(later > earlier for earlier, later in pairwise(close_dates)),
    }


def record(version: Row) -> Row:
    stage = version["life_cycle__stage"]
    return {
        "opportunity_id": version["opportunity_id"],
        "title": version["project__title"],
        "stage": stage,
        "stage_rank": RANKS.index(stage) + 1 if stage in RANKS else None,
        "is_open": None if stage is None else stage in RANKS[:5],
        "is_won": None if stage is None else stage == "Launched",
        "is_lost": None if stage is None else stage == "Closed Lost",
        "closed_lost_reason": version.get("life_cycle__closed_lost_reason"),
        "review_status": version.get("life_cycle__review_status"),
        "industry": version.get("customer__account__industry"),
        "aws_partition": version.get("project__aws_partition"),
        "campaign": version.get("marketing__campaign_name"),
        "target_close_date": day(version["life_cycle__target_close_date"]),
        "created_at": instant(version["created_date"]),
        "last_modified_at": version["last_modified_at"],
    }


def last_of_each(rows: list[Row], end: datetime) -> dict[str, Row]:
    last: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (row["last_modified_at"], row["row_key"])):
        if row["last_modified_at"] < end:
            last[row["opportunity_id"]] = row
    return last


def is_visible(opportunity_id: str, visibility: list[Row], end: datetime) -> bool:
    flags = [
        (row["observed_at"], row["is_visible"])
        for row in visibility
        if row["opportunity_id"] == opportunity_id and row["observed_at"] < end
    ]
    return max(flags)[1] if flags else True


def opportunities(world: Any, *, end: datetime, reporting: Any) -> list[Row]:
    """Rows of marts.opportunities before `end`; a column that no member of the world can fill is left out."""
    entries = defaultdict(list)
    for entry in world.spend:
        entries[entry["parent_key"]].append(entry)
    last = last_of_each(world.summaries, end)
    summaries = {opportunity_id: row for opportunity_id, row in last.items() if not row["is_excluded"]}
    return [
        {
            **record(version),
            **revenue(version, entries[version["row_key"]], reporting),
            **history(opportunity_id, world.versions, world.snapshots, end),
            "aws_stage": summaries.get(opportunity_id, {}).get("life_cycle__stage"),
            "engagement_score": summaries.get(opportunity_id, {}).get("insights__engagement_score"),
            "is_visible": is_visible(opportunity_id, world.visibility, end),
        }
        for opportunity_id, version in sorted(last_of_each(world.versions, end).items())
        if not version["is_excluded"]
    ]
