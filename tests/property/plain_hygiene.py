"""The rules of hygiene the slow way: plain Python over dictionaries. It shares nothing with the transforms but the
staged rows, not even the names of the rules or their words."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import plain_python
from plain_history import by_opportunity
from plain_python import Row

Finding = tuple[str, str, str, str | None]
"""Rule, severity, detail, suggestion."""


def record_facts(world: Any, end: datetime, observed: list[Row]) -> list[Row]:
    seen = by_opportunity(observed)
    return [
        _facts(
            version,
            seen[opportunity_id],
            [entry for entry in world.spend if entry["parent_key"] == version["row_key"]],
            [row for row in world.values if row["parent_key"] == version["row_key"] and row["dimension"] == "solution"],
        )
        for opportunity_id, version in sorted(plain_python.last_of_each(world.versions, end).items())
        if not version["is_excluded"]
    ]


def _facts(version: Row, observed: list[Row], entries: list[Row], solutions: list[Row]) -> Row:
    of_aws, of_self = (
        [entry for entry in entries if entry["target_company"] == company] for company in ("AWS", "Self")
    )
    known = {entry["currency_code"] for entry in entries} - {None}
    lost = {currency for row in observed for currency in (row["unconverted_currencies"] or "").split(", ")} - {""}
    first, last = (plain_python.day(version[f"software_revenue__{end}_date"]) for end in ("effective", "expiration"))
    are_dated = first is not None and last is not None
    return {
        "opportunity_id": version["opportunity_id"],
        "contract_duration_as_sent": version.get("contract_duration_as_sent"),
        "dates_months": (plain_python.whole_months(first, last) or 0) if are_dated else None,
        "has_spend": bool(of_aws + of_self)
        and None not in [plain_python.amount(entry["amount"]) for entry in of_aws + of_self],
        "spend_currencies": ", ".join(sorted(known)) if known else None,
        "aws_currency_code": plain_python.only([entry["currency_code"] for entry in of_aws]),
        "deal_currency_code": of_self[0]["currency_code"] if len(of_self) == 1 else None,
        "is_national_security": version.get("national_security") == "Yes",
        "has_next_steps": bool((version.get("life_cycle__next_steps") or "").strip()),
        "has_solution": any(row["value"] for row in solutions),
        "unconverted_currencies": ", ".join(sorted(lost)) or None,
    }


def hygiene(opportunities: list[Row], facts: list[Row], as_of: date, thresholds: Any) -> list[Row]:
    facts_of = {row["opportunity_id"]: row for row in facts}
    rows = []
    for opportunity in opportunities:
        record = {**opportunity, **facts_of[opportunity["opportunity_id"]]}
        findings = [*_of_any(record, as_of), *_of_stage(record)]
        if record["is_open"]:
            findings += [*_of_contract(record, thresholds), *_of_spend(record, thresholds), *_of_review(record)]
            findings += _of_time(record, as_of, thresholds)
        for rule, severity, detail, suggestion in sorted(findings):
            found = {"rule": rule, "severity": severity, "detail": detail, "suggestion": suggestion}
            rows.append({"opportunity_id": opportunity["opportunity_id"], **found})
    return rows


def _of_any(record: Row, as_of: date) -> Iterator[Finding]:
    currencies = record["unconverted_currencies"]
    if currencies is not None:
        yield "missing_fx_rate", "warning", f"amounts in {currencies} cannot be converted as of {as_of}", None


def _of_stage(record: Row) -> Iterator[Finding]:
    stage = record["stage"]
    if stage == "Closed Lost" and record["closed_lost_reason"] is None:
        yield "missing_closed_lost_reason", "warning", "Closed Lost without a valid reason", None
    if stage in ("Committed", "Launched") and not record["has_solution"]:
        yield "missing_solution", "critical", f"{stage} without a solution", None


def _of_contract(record: Row, thresholds: Any) -> Iterator[Finding]:
    months, span, sent = record["contract_months"], record["dates_months"], record["contract_duration_as_sent"]
    suggestion = str(span) if span is not None and 1 <= span <= 144 else None
    if sent is None:
        yield "missing_contract_duration", "warning", "no expected contract duration", suggestion
    elif months is None:
        yield "invalid_contract_duration", "critical", f'sent as "{sent}": not 1 to 144 whole months', suggestion
    if months is not None and span is not None and abs(months - span) > thresholds.duration_tolerance_months:
        yield "duration_disagrees_with_dates", "warning", f"{months} months, but the dates span {span}", None


def _of_spend(record: Row, thresholds: Any) -> Iterator[Finding]:
    if not record["has_spend"]:
        yield "missing_spend", "warning", "expected spend for AWS or Self without an amount, or none", None
    shown = record["spend_currencies"]
    if shown is not None and len(shown.split(", ")) > 1:
        yield "mixed_currencies", "critical", f"expected spend in {shown}", None
    if record["aws_partition"] == "aws-eusc" and shown not in (None, "EUR"):
        yield "partition_currency", "critical", f"aws-eusc, but expected spend in {shown}", "EUR"
    aws_mrr, deal_mrr, currency = record["aws_mrr"], record["deal_mrr"], record["aws_currency_code"]
    if None in (aws_mrr, deal_mrr, currency) or currency != record["deal_currency_code"]:
        return
    if abs(Fraction(deal_mrr) - Fraction(aws_mrr)) > Fraction(thresholds.mrr_tolerance_share) * Fraction(aws_mrr):
        detail = f"the TCV gives {deal_mrr} {currency} a month, the AWS entries {aws_mrr} {currency}"
        yield "tcv_disagrees_with_mrr", "warning", detail, str(deal_mrr)


def _of_review(record: Row) -> Iterator[Finding]:
    if record["is_national_security"] and record["industry"] != "Government":
        detail = f"national security, but industry {record['industry'] or 'unknown'}"
        yield "national_security_industry", "critical", detail, None
    if record["review_status"] == "Action Required":
        yield "action_required", "critical", "AWS's review asks for corrections", None
    if not record["has_next_steps"]:
        yield "missing_next_steps", "info", "no next steps", None


def _of_time(record: Row, as_of: date, thresholds: Any) -> Iterator[Finding]:
    close_date, changed_at = record["target_close_date"], record["last_modified_at"]
    if close_date is not None and close_date < as_of:
        detail = f"target close date {close_date} (days past: {(as_of - close_date).days})"
        yield "target_close_date_past", "warning", detail, None
    end = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) + timedelta(days=1)
    if end - changed_at > timedelta(days=thresholds.stale_after_days):
        last_day = changed_at.date()
        yield "stale", "warning", f"last changed {last_day} (days ago: {(as_of - last_day).days})", None
