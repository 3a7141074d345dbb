"""What the findings of hygiene suggest becomes deals, and what cannot be applied says so."""

from decimal import Decimal
from pathlib import Path

import pytest
from published_worlds import MODIFIED, publish_findings, publish_records

from pipelines.errors import ConfigurationError
from pipelines.intake.deals import Deal, Reason
from pipelines.intake.suggestions import NO_AMOUNTS, NO_CONVERSION, SUGGESTED, deals_of_findings
from transforms.hygiene_rules import HYGIENE_RULES, NONE

FINDINGS = [
    ("O2", "missing_contract_duration", "36"),
    ("O10", "invalid_contract_duration", "144"),
    ("O1", "stale", None),
    ("O3", "missing_contract_duration", None),
    ("O4", "partition_currency", "EUR"),
    ("O4", "missing_contract_duration", "12"),
    ("O11", "tcv_disagrees_with_mrr", "1500.10"),
]
AMOUNT = Reason("aws_mrr", NO_CONVERSION)
CURRENCY = Reason("currency", NO_AMOUNTS)


def test_each_opportunity_with_a_suggestion_is_a_deal(tmp_path: Path) -> None:
    path = publish_findings(tmp_path / "warehouse.duckdb", FINDINGS)
    assert deals_of_findings(path, catalog="Sandbox", convert=False) == [
        Deal(1, "O10", None, {"contract_months": 144}, version=MODIFIED),
        Deal(2, "O11", None, {"aws_mrr": Decimal("1500.10")}, (AMOUNT,), MODIFIED),
        Deal(3, "O2", None, {"contract_months": 36}, version=MODIFIED),
        Deal(4, "O4", None, {"contract_months": 12, "currency": "EUR"}, (CURRENCY,), MODIFIED),
    ]


def test_an_amount_a_month_is_wanted_where_amounts_are_converted(tmp_path: Path) -> None:
    path = publish_findings(tmp_path / "warehouse.duckdb", FINDINGS)
    _, amount, _, currency = deals_of_findings(path, catalog="Sandbox", convert=True)
    assert currency.reasons == (CURRENCY,)
    assert amount == Deal(2, "O11", None, {"aws_mrr": Decimal("1500.10")}, version=MODIFIED)


@pytest.mark.parametrize("convert", [True, False])
def test_a_reason_names_the_rule_that_suggested(tmp_path: Path, convert: bool) -> None:
    path = publish_findings(tmp_path / "warehouse.duckdb", [*FINDINGS, ("O6", "missing_contract_duration", "1.5")])
    named = {
        (rule, reason.column)
        for deal in deals_of_findings(path, catalog="Sandbox", convert=convert)
        for reason in deal.reasons
        for rule in SUGGESTED
        if reason.text.startswith(f"is suggested by {rule}, and ")
    }
    expected = {("missing_contract_duration", "contract_months"), ("partition_currency", "currency")}
    assert named == expected | (set() if convert else {("tcv_disagrees_with_mrr", "aws_mrr")})


def test_every_rule_that_suggests_something_is_known() -> None:
    assert {rule.id for rule in HYGIENE_RULES if rule.suggestion is not NONE} == set(SUGGESTED)


def test_without_findings_there_are_no_deals(tmp_path: Path) -> None:
    path = publish_records(tmp_path / "warehouse.duckdb", {"O1": "CRM-1"})
    assert deals_of_findings(path, catalog="Sandbox", convert=False) == []


def test_the_warehouse_of_another_catalog_is_refused(tmp_path: Path) -> None:
    path = publish_records(tmp_path / "warehouse.duckdb", {}, catalog="AWS")
    with pytest.raises(ConfigurationError, match=r"warehouse\.duckdb holds catalog AWS, not Sandbox: give --catalog"):
        deals_of_findings(path, catalog="Sandbox", convert=False)
