"""Findings that the records do not show, or show and that are missing, break the rules that they should."""

import duckdb
import pytest
from marts_world import broken, change, own_rules, rule_ids

from expectations.marts import hygiene as rules
from transforms.hygiene_rules import HYGIENE_RULES
from transforms.opportunities import Opportunities
from transforms.record_facts import RecordFacts

Values = dict[str, object]

SOUND: Values = {
    "stage": "Qualified",
    "is_open": True,
    "is_lost": False,
    "contract_duration_as_sent": "12 Months",
    "contract_months": 12,
    "dates_months": 13,
    "target_close_date": "2026-04-01",
    "last_modified_at": "2026-03-05 00:00Z",
    "has_spend": True,
    "spend_currencies": "USD",
    "aws_currency_code": "USD",
    "aws_mrr": "100.00",
    "aws_mrr_reporting": "100.00",
    "deal_currency_code": "USD",
    "deal_tcv": "1200.00",
    "deal_tcv_reporting": "1200.00",
    "deal_mrr": "101.00",
    "software_currency_code": "EUR",
    "is_national_security": False,
    "has_next_steps": True,
}
LOST: Values = {"stage": "Closed Lost", "is_open": False, "is_lost": True}
UNKNOWN: Values = {"stage": None, "is_open": None, "is_lost": None}
WITHOUT_DURATION: Values = {"contract_months": None, "deal_mrr": None}
IN_FRANCS: Values = {"aws_currency_code": "CHF", "aws_mrr_reporting": None}
RECORDS: dict[str, Values] = {
    "sound": {},
    "lost": LOST | {"closed_lost_reason": "Other", "has_next_steps": False, "has_spend": False},
    "unknown": UNKNOWN | {"has_next_steps": False, "has_spend": False, "contract_duration_as_sent": None},
    "solved": {"stage": "Committed"},
    "government": {"is_national_security": True, "industry": "Government"},
    "sovereign": {"aws_partition": "aws-eusc", "spend_currencies": "EUR"},
    "in two currencies": {"deal_currency_code": "EUR", "deal_tcv_reporting": "1300.00", "deal_mrr": "90.00"},
    "free": {"aws_mrr": "0.00", "aws_mrr_reporting": "0.00", "deal_mrr": "0.00"},
    "without duration": WITHOUT_DURATION | {"contract_duration_as_sent": None, "dates_months": 144},
    "too long": WITHOUT_DURATION | {"contract_duration_as_sent": "145 Months", "dates_months": 145},
    "without spend": {"has_spend": False},
    "past": {"target_close_date": "2026-03-31"},
    "long past": {"target_close_date": "2025-12-31"},
    "stale": {"last_modified_at": "2026-03-01 23:59Z"},
    "staler": {"last_modified_at": "2026-03-01 23:58Z"},
    "without reason": LOST,
    "without solution": {"stage": "Launched", "is_open": False},
    "longer": {"dates_months": 14},
    "shorter": {"dates_months": 6},
    "mixed": {"spend_currencies": "EUR, USD"},
    "in dollars": {"aws_partition": "aws-eusc"},
    "secure": {"is_national_security": True},
    "sent back": {"review_status": "Action Required"},
    "without steps": {"has_next_steps": False},
    "dearer": {"deal_mrr": "101.01"},
    "far dearer": {"aws_mrr": "0.00", "aws_mrr_reporting": "0.00", "deal_mrr": "50.00"},
    "unconverted": UNKNOWN | IN_FRANCS,
}
FINDINGS = [
    ("without duration", "missing_contract_duration", "warning", "144"),
    ("too long", "invalid_contract_duration", "critical", None),
    ("without spend", "missing_spend", "warning", None),
    ("past", "target_close_date_past", "warning", None),
    ("long past", "target_close_date_past", "warning", None),
    ("stale", "stale", "warning", None),
    ("staler", "stale", "warning", None),
    ("without reason", "missing_closed_lost_reason", "warning", None),
    ("without solution", "missing_solution", "critical", None),
    ("longer", "duration_disagrees_with_dates", "warning", None),
    ("shorter", "duration_disagrees_with_dates", "warning", None),
    ("mixed", "mixed_currencies", "critical", None),
    ("in dollars", "partition_currency", "critical", "EUR"),
    ("secure", "national_security_industry", "critical", None),
    ("sent back", "action_required", "critical", None),
    ("without steps", "missing_next_steps", "info", None),
    ("dearer", "tcv_disagrees_with_mrr", "warning", "101.01"),
    ("far dearer", "tcv_disagrees_with_mrr", "warning", "50.00"),
    ("unconverted", "missing_fx_rate", "warning", None),
]
SHOWN = "rule.agrees_with_records"
BEYOND = "rule.is_beyond_others"
HYGIENE = [
    ("sent back/action_required", "rule = 'tidy'", f"rule.in_enum severity.is_of_rule {SHOWN}"),
    ("sent back/action_required", "severity = 'warning'", "severity.is_of_rule"),
    ("sent back/action_required", "suggestion = 'Approved'", "suggestion.follows_from_record"),
    ("too long/invalid_contract_duration", "suggestion = '145'", "suggestion.follows_from_record"),
    ("without duration/missing_contract_duration", "suggestion = NULL", "suggestion.follows_from_record"),
    ("in dollars/partition_currency", "suggestion = 'USD'", "suggestion.follows_from_record"),
    ("dearer/tcv_disagrees_with_mrr", "suggestion = '100.00'", "suggestion.follows_from_record"),
    ("sent back/action_required", "opportunity_id = 'nobody'", f"rule.holds_for_opportunity {SHOWN}"),
    ("stale/stale", "opportunity_id = 'nobody'", "rule.holds_for_opportunity"),
    ("stale/stale", "opportunity_id = 'lost'", "rule.holds_for_opportunity"),
    ("stale/stale", "opportunity_id = 'unknown'", "rule.holds_for_opportunity"),
    ("without steps/missing_next_steps", "opportunity_id = 'lost'", f"rule.holds_for_opportunity {SHOWN}"),
    ("without reason/missing_closed_lost_reason", "opportunity_id = 'sound'", f"rule.holds_for_opportunity {SHOWN}"),
    ("without solution/missing_solution", "opportunity_id = 'sound'", f"rule.holds_for_opportunity {SHOWN}"),
    ("stale/stale", "opportunity_id = 'sound'", BEYOND),
    ("past/target_close_date_past", "opportunity_id = 'sound'", BEYOND),
    ("longer/duration_disagrees_with_dates", "opportunity_id = 'sound'", BEYOND),
    ("dearer/tcv_disagrees_with_mrr", "opportunity_id = 'sound', suggestion = '101.00'", BEYOND),
    ("dearer/tcv_disagrees_with_mrr", "opportunity_id = 'free', suggestion = '0.00'", BEYOND),
    ("dearer/tcv_disagrees_with_mrr", "opportunity_id = 'in two currencies', suggestion = '90.00'", BEYOND),
    ("staler/stale", None, BEYOND),
    ("long past/target_close_date_past", None, BEYOND),
    ("shorter/duration_disagrees_with_dates", None, BEYOND),
    ("far dearer/tcv_disagrees_with_mrr", None, BEYOND),
    ("stale/stale", None, ""),  # where a rule begins to be broken is not known
]


@pytest.fixture
def records(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The records, their findings and, for all that have one, a solution."""
    for opportunity_id, changes in RECORDS.items():
        values = {"opportunity_id": opportunity_id, **SOUND, **changes}
        for table, schema in (("marts.opportunities", Opportunities), ("ops.record_facts", RecordFacts)):
            row = {name: value for name, value in values.items() if name in schema.column_names()}
            places = ", ".join("?" for _ in row)
            connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", list(row.values()))
    connection.executemany("INSERT INTO marts.hygiene VALUES (?, ?, ?, 'of no matter here', ?)", FINDINGS)
    solved = "SELECT opportunity_id, 'solution', 'S-1', now(), opportunity_id <> 'without solution', 1"
    connection.execute(f"INSERT INTO marts.touches {solved} FROM marts.opportunities")
    return connection


def test_findings_that_the_records_show_pass(records: duckdb.DuckDBPyConnection) -> None:
    assert broken(records, own_rules("hygiene")) == set()


@pytest.mark.parametrize(("row_key", "assignments", "failed"), HYGIENE)
def test_a_changed_finding_breaks_the_rules_it_should(
    records: duckdb.DuckDBPyConnection, row_key: str, assignments: str | None, failed: str
) -> None:
    change(records, "hygiene", row_key, assignments)
    assert broken(records, own_rules("hygiene")) == rule_ids("hygiene", failed)


@pytest.mark.parametrize(
    ("opportunity_id", "rule"), [finding[:2] for finding in FINDINGS if finding[1] in rules.BROKEN]
)
def test_no_finding_is_missing(records: duckdb.DuckDBPyConnection, opportunity_id: str, rule: str) -> None:
    change(records, "hygiene", f"{opportunity_id}/{rule}", None)
    assert broken(records, own_rules("hygiene")) == rule_ids("hygiene", SHOWN)


def test_each_rule_is_broken_by_some_change() -> None:
    broken_ones = {rule_id for _, _, failed in HYGIENE for rule_id in rule_ids("hygiene", failed)}
    assert {rule.id for rule in own_rules("hygiene")} == broken_ones


def test_the_rules_of_hygiene_are_those_of_the_transforms() -> None:
    assert {rule.id: rule.severity for rule in HYGIENE_RULES} == rules.SEVERITIES
    assert set(rules.NOT_OF_OPEN_ONES) == {rule.id for rule in HYGIENE_RULES if rule.applies_to != "open"}
    assert {*rules.BROKEN, *rules.EXTENT} == set(rules.SEVERITIES)
