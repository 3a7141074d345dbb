"""The rules of `marts.hygiene`.

What depends on the as-of date or on a setting is not known here: of those findings, the order alone is checked.
"""

from collections.abc import Iterator, Mapping

from expectations.marts.stages import WON_STAGE, any_of, listed
from expectations.marts.table import MartTable, equals, reconciles
from expectations.rules import BATCH, BATCH_ALIAS, Rule, in_set, literal

SEVERITIES: Mapping[str, str] = {
    "missing_contract_duration": "warning",
    "invalid_contract_duration": "critical",
    "missing_spend": "warning",
    "target_close_date_past": "warning",
    "stale": "warning",
    "missing_closed_lost_reason": "warning",
    "missing_solution": "critical",
    "duration_disagrees_with_dates": "warning",
    "mixed_currencies": "critical",
    "partition_currency": "critical",
    "national_security_industry": "critical",
    "action_required": "critical",
    "missing_next_steps": "info",
    "tcv_disagrees_with_mrr": "warning",
    "missing_fx_rate": "warning",
}
"""Every rule of hygiene, and its severity."""
NOT_OF_OPEN_ONES: Mapping[str, str] = {
    "missing_closed_lost_reason": "is_lost",
    "missing_solution": f"stage IN {any_of(('Committed', WON_STAGE))}",
    "missing_fx_rate": "true",
}
"""The rules that hold for others than open opportunities, and for which."""
_HAS_SOLUTION = "SELECT opportunity_id FROM touches WHERE dimension = 'solution' AND is_current"
_AMOUNTS = ("aws_mrr", "deal_tcv", "software_tcv")
BROKEN: Mapping[str, str] = {
    "missing_contract_duration": "contract_duration_as_sent IS NULL",
    "invalid_contract_duration": "contract_duration_as_sent IS NOT NULL AND contract_months IS NULL",
    "missing_spend": "NOT has_spend",
    "missing_closed_lost_reason": "closed_lost_reason IS NULL",
    "missing_solution": f"opportunity_id NOT IN ({_HAS_SOLUTION})",
    "mixed_currencies": "contains(spend_currencies, ',')",
    "partition_currency": "aws_partition = 'aws-eusc' AND spend_currencies <> 'EUR'",
    "national_security_industry": "is_national_security AND industry IS DISTINCT FROM 'Government'",
    "action_required": "review_status = 'Action Required'",
    "missing_next_steps": "NOT has_next_steps",
    "missing_fx_rate": " OR ".join(
        ["unconverted_currencies IS NOT NULL"]  # in the history
        + [f"({amount} IS NOT NULL AND {amount}_reporting IS NULL)" for amount in _AMOUNTS]
    ),
}
"""The rules that follow from the record alone, and when one is broken by an opportunity that it holds for."""
EXTENT: Mapping[str, str] = {
    "target_close_date_past": "-epoch_us(target_close_date)",
    "stale": "-epoch_us(last_modified_at)",
    "duration_disagrees_with_dates": "abs(contract_months - dates_months)",
    "tcv_disagrees_with_mrr": "CASE WHEN aws_currency_code = deal_currency_code AND (aws_mrr > 0 OR deal_mrr > 0) "
    "THEN abs(deal_mrr - aws_mrr) / CAST(aws_mrr AS DOUBLE) END",
}
"""The rules that are broken beyond some point, and how far an open opportunity goes; null for one that never breaks
the rule."""
_MONTHS_OF_DATES = "CASE WHEN dates_months BETWEEN 1 AND 144 THEN CAST(dates_months AS VARCHAR) END"
SUGGESTIONS: Mapping[str, str] = {
    "missing_contract_duration": _MONTHS_OF_DATES,
    "invalid_contract_duration": _MONTHS_OF_DATES,
    "partition_currency": "'EUR'",
    "tcv_disagrees_with_mrr": "CAST(deal_mrr AS VARCHAR)",
}
_RECORDS = (
    "(SELECT opportunities.*, facts.* EXCLUDE (opportunity_id) FROM opportunities, ops.record_facts AS facts "
    "WHERE opportunities.opportunity_id = facts.opportunity_id)"
)


def hygiene_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules of `marts.hygiene`: findings of the opportunities that a rule holds for, and no other ones than
    the records show."""
    yield in_set(table.target("rule"), "in_enum", list(SEVERITIES))
    yield equals(table.target("severity"), "is_of_rule", _by_rule({r: literal(s) for r, s in SEVERITIES.items()}))
    yield _holds_for_opportunity(table)
    yield _agrees_with_records(table)
    yield _is_beyond_others(table)
    yield _follows_from_record(table)


def _holds_for_opportunity(table: MartTable) -> Rule:
    is_own = f"opportunities.opportunity_id = {BATCH_ALIAS}.opportunity_id"
    return table.target("rule").on_rows(
        "holds_for_opportunity",
        f"NOT EXISTS (SELECT 1 FROM opportunities WHERE {is_own} AND {_by_rule(NOT_OF_OPEN_ONES, 'is_open')})",
        reason="Of a published opportunity: an open one, but for a few rules.",
    )


def _agrees_with_records(table: MartTable) -> Rule:
    holds = {rule: NOT_OF_OPEN_ONES.get(rule, "is_open") for rule in BROKEN}
    found = ", ".join(
        f"CASE WHEN ({holds[rule]}) AND ({is_broken}) THEN {literal(rule)} END" for rule, is_broken in BROKEN.items()
    )
    return reconciles(
        table,
        "rule",
        "agrees_with_records",
        "opportunity_id, rule",
        f"SELECT opportunity_id, rule, 1 AS number FROM {BATCH} WHERE rule IN {any_of(list(BROKEN))}",
        f"SELECT *, 1 AS number FROM (SELECT opportunity_id, unnest([{found}]) AS rule FROM {_RECORDS}) "
        "WHERE rule IS NOT NULL",
        reason="Each opportunity whose record breaks a rule has the finding, and no other has.",
    )


def _is_beyond_others(table: MartTable) -> Rule:
    extents = ", ".join(f"CAST({extent} AS DOUBLE)" for extent in EXTENT.values())
    measured = f"SELECT opportunity_id, unnest({listed(list(EXTENT))}) AS rule, unnest([{extents}]) AS extent"
    is_found = f"(opportunity_id, rule) IN (SELECT opportunity_id, rule FROM {BATCH})"
    least, greatest = "min(extent) FILTER (is_found)", "max(extent) FILTER (NOT is_found)"
    return table.fails_with(
        "rule",
        "is_beyond_others",
        f"SELECT rule AS row_key FROM (SELECT *, {is_found} AS is_found FROM ({measured} FROM {_RECORDS} "
        f"WHERE is_open)) GROUP BY rule HAVING {least} < {greatest} - 1e-9 "
        "OR count(*) FILTER (is_found AND extent IS NULL) > 0",
        reason="Wherever a rule begins to be broken, no opportunity without the finding is beyond one that has it.",
    )


def _follows_from_record(table: MartTable) -> Rule:
    return table.fails_where(
        "suggestion",
        "follows_from_record",
        f"suggestion IS DISTINCT FROM {_by_rule(SUGGESTIONS)}",
        f"SELECT {BATCH_ALIAS}.*, records.* EXCLUDE (opportunity_id) FROM {BATCH}, {_RECORDS} AS records "
        f"WHERE records.opportunity_id = {BATCH_ALIAS}.opportunity_id",
    )


def _by_rule(values: Mapping[str, str], default: str = "NULL") -> str:
    cases = " ".join(f"WHEN {literal(rule)} THEN {value}" for rule, value in values.items())
    return f"CASE rule {cases} ELSE {default} END"
