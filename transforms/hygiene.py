"""What is wrong or missing in the records, opportunity by opportunity: a work list."""

from datetime import date

import dataframely as dy
import polars as pl

from transforms.hygiene_rules import HYGIENE_RULES, SCOPES, SEVERITIES, HygieneRule, with_run
from transforms.limits import Thresholds


class Hygiene(dy.Schema):
    """One row per opportunity and broken rule. Open opportunities only, but for missing_closed_lost_reason (lost ones),
    missing_solution (Committed and Launched) and missing_fx_rate (all)."""

    opportunity_id = dy.String(primary_key=True, description="Identifier of the opportunity in Partner Central.")
    rule = dy.String(
        primary_key=True, description="The broken rule; docs/hygiene.md says what it means and what to do."
    )
    severity = dy.String(
        description="; ".join(f"`{severity}`: {meaning}" for severity, meaning in SEVERITIES.items()) + "."
    )
    detail = dy.String(description="What is found in the record.")
    suggestion = dy.String(
        nullable=True,
        description="The value to set, where one follows from the record: months for a contract duration, an amount a "
        "month for tcv_disagrees_with_mrr, a currency for partition_currency.",
    )


def hygiene(
    opportunities: pl.LazyFrame, record_facts: pl.LazyFrame, *, as_of: date, thresholds: Thresholds
) -> pl.LazyFrame:
    """One row per opportunity and broken rule, of the tables `opportunities` and `record_facts`."""
    records = opportunities.join(record_facts, on="opportunity_id").pipe(with_run, as_of, thresholds)
    return (
        pl.concat(_findings(records, rule) for rule in HYGIENE_RULES)
        .sort("opportunity_id", "rule")
        .select(Hygiene.column_names())
    )


def _findings(records: pl.LazyFrame, rule: HygieneRule) -> pl.LazyFrame:
    return records.filter(SCOPES[rule.applies_to], rule.is_broken).select(
        "opportunity_id",
        rule=pl.lit(rule.id),
        severity=pl.lit(rule.severity),
        detail=rule.detail,
        suggestion=rule.suggestion,
    )
