"""The work list as a whole: the stages, severities and thresholds of its rules, what spend entries lead to, and the
order of its rows."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from histories import lines, shown
from hygiene_records import OPEN, SOUND, STAGES, Cells, check, facts_of, findings

from transforms.limits import Thresholds

NOT_A_STAGE = ["Negotiation", "-"]


@pytest.mark.parametrize(
    ("rule", "severity", "stages", "cells"),
    [
        ("missing_contract_duration", "warning", OPEN, {"contract_duration_as_sent": "-"}),
        ("invalid_contract_duration", "critical", OPEN, {"contract_months": "-"}),
        ("missing_spend", "warning", OPEN, {"has_spend": "false"}),
        ("target_close_date_past", "warning", OPEN, {"target_close_date": "2026-03-30"}),
        ("stale", "warning", OPEN, {"last_modified_at": "2026-03-01 09:00"}),
        ("missing_closed_lost_reason", "warning", ["Closed Lost"], {"closed_lost_reason": "-"}),
        ("missing_solution", "critical", ["Committed", "Launched"], {"has_solution": "false"}),
        ("duration_disagrees_with_dates", "warning", OPEN, {"dates_months": "24"}),
        ("mixed_currencies", "critical", OPEN, {"spend_currencies": "EUR, USD"}),
        ("partition_currency", "critical", OPEN, {"aws_partition": "aws-eusc"}),
        ("national_security_industry", "critical", OPEN, {"is_national_security": "true"}),
        ("action_required", "critical", OPEN, {"review_status": "Action Required"}),
        ("missing_next_steps", "info", OPEN, {"has_next_steps": "false"}),
        ("tcv_disagrees_with_mrr", "warning", OPEN, {"deal_mrr": "200.00"}),
        ("missing_fx_rate", "warning", [*STAGES, *NOT_A_STAGE], {"unconverted_currencies": "EUR"}),
    ],
)
def test_the_stages_and_the_severity_of_each_rule(rule: str, severity: str, stages: list[str], cells: Cells) -> None:
    every_stage = [*STAGES, *NOT_A_STAGE]
    broken = findings(*({**cells, "stage": stage} for stage in every_stage))
    expected = [(f"O{number}", rule, severity) for number, stage in enumerate(every_stage, start=1) if stage in stages]
    assert broken.select("opportunity_id", "rule", "severity").rows() == expected  # and no other rule is broken


def test_the_thresholds_of_staleness_and_duration() -> None:
    strict = Thresholds(stale_after_days=7, duration_tolerance_months=0)
    check(
        "stale",
        """
        last_modified_at            detail
        2026-03-24 23:59:59.999999  last changed 2026-03-24 (days ago: 7)
        2026-03-25 00:00            holds
        """,
        strict,
    )
    check(
        "duration_disagrees_with_dates",
        """
        contract_months  dates_months  detail
        12               13            12 months, but the dates span 13
        12               11            12 months, but the dates span 11
        1                0             1 months, but the dates span 0
        12               12            holds
        """,
        strict,
    )
    check(
        "duration_disagrees_with_dates",
        """
        contract_months  dates_months  detail
        12               16            12 months, but the dates span 16
        12               15            holds
        """,
        Thresholds(duration_tolerance_months=3),
    )


@pytest.mark.parametrize(
    ("share", "table"),
    [
        (
            "0",
            """
            deal_mrr  detail                                                        suggestion
            100.01    the TCV gives 100.01 USD a month, the AWS entries 100.00 USD  100.01
            99.99     the TCV gives 99.99 USD a month, the AWS entries 100.00 USD   99.99
            100.00    holds
            """,
        ),
        (
            "0.0255",
            """
            deal_mrr  detail                                                        suggestion
            102.56    the TCV gives 102.56 USD a month, the AWS entries 100.00 USD  102.56
            97.44     the TCV gives 97.44 USD a month, the AWS entries 100.00 USD   97.44
            102.55    holds
            97.45     holds
            """,
        ),
        (
            "0.0001",  # of 99.99 it is 0.009999
            """
            aws_mrr  deal_mrr  detail                                                        suggestion
            99.99    100.00    the TCV gives 100.00 USD a month, the AWS entries 99.99 USD   100.00
            100.00   100.02    the TCV gives 100.02 USD a month, the AWS entries 100.00 USD  100.02
            100.00   100.01    holds
            """,
        ),
    ],
)
def test_the_threshold_of_the_monthly_amounts(share: str, table: str) -> None:
    check("tcv_disagrees_with_mrr", table, Thresholds(mrr_tolerance_share=Decimal(share)))


def test_the_largest_monthly_amounts_are_compared_exactly() -> None:
    """One per cent of a cent less than 10^24 is a hundredth of a cent less than 10^22."""
    aws_mrr = "999999999999999999999999.99"
    deal_mrrs = ["1009999999999999999999999.98", "1009999999999999999999999.99"]
    broken = findings(*({"aws_mrr": aws_mrr, "deal_mrr": deal_mrr} for deal_mrr in deal_mrrs))
    assert shown(broken, "opportunity_id rule suggestion") == [["O2", "tcv_disagrees_with_mrr", deal_mrrs[1]]]


@pytest.mark.parametrize(
    ("spend", "rules"),
    [
        (["AWS 1000 USD"], []),
        (["Self 36000 USD"], []),
        (["AWS 1000 USD", "Self 36000 USD"], []),
        (["AWS 1000 USD", "Acme '' USD"], []),
        (["AWS 1000 USD", "AWS '' USD"], ["missing_spend"]),
        (["AWS '' USD", "Self 36000 USD"], ["missing_spend"]),
        (["AWS 1000 USD", "Self '' USD"], ["missing_spend"]),
        (["AWS '' USD"], ["missing_spend"]),
        (["Acme 700 USD"], ["missing_spend"]),
        ([], ["missing_spend"]),
    ],
)
def test_spend_is_missing_when_one_entry_has_no_amount(spend: Sequence[str], rules: list[str]) -> None:
    has_spend = str(facts_of(*spend)["has_spend"]).lower()
    assert findings({"has_spend": has_spend})["rule"].to_list() == rules


MANY_FAULTS = {
    "stage": "Committed",
    "contract_duration_as_sent": "-",
    "contract_months": "-",
    "dates_months": "24",
    "has_spend": "false",
    "target_close_date": "2026-03-01",
    "last_modified_at": "2026-02-28 08:00",
    "has_solution": "false",
    "spend_currencies": "EUR, USD",
    "aws_partition": "aws-eusc",
    "is_national_security": "true",
    "review_status": "Action Required",
    "has_next_steps": "false",
    "unconverted_currencies": "EUR, JPY",
}
MANY_FINDINGS = """
    action_required             critical  AWS's review asks for corrections                          -
    missing_contract_duration   warning   no expected contract duration                              24
    missing_fx_rate             warning   amounts in EUR, JPY cannot be converted as of 2026-03-31   -
    missing_next_steps          info      no next steps                                              -
    missing_solution            critical  Committed without a solution                               -
    missing_spend               warning   expected spend for AWS or Self without an amount, or none  -
    mixed_currencies            critical  expected spend in EUR, USD                                 -
    national_security_industry  critical  national security, but industry Retail                     -
    partition_currency          critical  aws-eusc, but expected spend in EUR, USD                   EUR
    stale                       warning   last changed 2026-02-28 (days ago: 31)                     -
    target_close_date_past      warning   target close date 2026-03-01 (days past: 30)               -
"""


def test_one_row_per_opportunity_and_broken_rule_by_their_names() -> None:
    """O2 breaks none; O4, whose stage is unknown, only the rule on all opportunities."""
    broken = findings(MANY_FAULTS, SOUND, {"has_next_steps": "false"}, {**MANY_FAULTS, "stage": "-"})
    assert shown(broken) == [
        *(["O1", *line] for line in lines(MANY_FINDINGS)),
        ["O3", "missing_next_steps", "info", "no next steps", "-"],
        ["O4", "missing_fx_rate", "warning", "amounts in EUR, JPY cannot be converted as of 2026-03-31", "-"],
    ]


def test_without_a_broken_rule_there_is_no_row() -> None:
    assert findings(SOUND).is_empty()
