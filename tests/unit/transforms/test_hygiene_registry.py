"""The registry of the rules, from which marts.hygiene, its documentation and the report's table are made."""

import re
from typing import get_args, get_type_hints

import pytest

from transforms.hygiene_rules import HYGIENE_RULES, HygieneRule

RULES_OF_THE_CONTRACT = """
    missing_contract_duration
    invalid_contract_duration
    missing_spend
    target_close_date_past
    stale
    missing_closed_lost_reason
    missing_solution
    duration_disagrees_with_dates
    mixed_currencies
    partition_currency
    national_security_industry
    action_required
    missing_next_steps
    tcv_disagrees_with_mrr
    missing_fx_rate
"""


def test_the_rules_are_those_of_the_contract_in_its_order() -> None:
    assert [rule.id for rule in HYGIENE_RULES] == RULES_OF_THE_CONTRACT.split()


@pytest.mark.parametrize("rule", HYGIENE_RULES, ids=lambda rule: rule.id)
def test_what_is_written_about_a_rule_are_sentences_on_one_line(rule: HygieneRule) -> None:
    for text in (rule.meaning, rule.remedy):
        assert re.fullmatch(r"\S+( \S+)+\.", text)  # no line break, no two spaces
        assert text[0].isupper()


@pytest.mark.parametrize("rule", HYGIENE_RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize("field", ["severity", "applies_to"])
def test_a_rule_is_of_a_declared_kind(rule: HygieneRule, field: str) -> None:
    assert getattr(rule, field) in get_args(get_type_hints(HygieneRule)[field])


def test_a_rule_that_applies_to_others_than_open_opportunities_says_so() -> None:
    others = {rule.id: rule.applies_to for rule in HYGIENE_RULES if rule.applies_to != "open"}
    assert others == {
        "missing_closed_lost_reason": "lost",
        "missing_solution": "Committed and Launched",
        "missing_fx_rate": "all",
    }
