"""The rules of AWS on what is written, and that the sandbox refuses for the same reasons."""

from decimal import Decimal
from typing import Any

import pytest
from deal_records import (
    ACCOUNT,
    CLOSE,
    DURATION,
    ESTIMATE,
    EURO,
    LOST_REASON,
    MONTHLY,
    OWN,
    RELATED,
    ROW,
    SPEND,
    STAGE,
    TODAY,
    VALUED,
    Record,
    is_taken,
    months,
    record,
)

from pipelines.intake.aws_rules import RULES, reasons_against
from pipelines.intake.deals import Reason
from pipelines.intake.requests import update_request

# By the rule's place in RULES: an opportunity and the columns to write that break it and no other rule, and whether the
# sandbox refuses that update too. It lets one of two AWS entries be written, and counts solutions when they come.
BROKEN: list[tuple[Record, dict[str, Any], bool]] = [
    (record({SPEND: [MONTHLY, OWN, OWN], DURATION: months("36")}), ROW, True),
    (record({SPEND: [MONTHLY, MONTHLY]}), {"aws_mrr": Decimal(1), "currency": "USD"}, False),
    (record({SPEND: [{**MONTHLY, **ESTIMATE}]}), ROW, True),
    (record({SPEND: [MONTHLY, {**OWN, "Amount": ""}]}), {"contract_months": 36}, True),
    (record({SPEND: [{**MONTHLY, "TargetCompany": "Belavamond"}]}), ROW, True),
    (record({SPEND: [{**MONTHLY, "Frequency": "None"}]}), ROW, True),
    (record(), {**ROW, "currency": "EUR"}, True),
    (record({"Project.AwsPartition": "aws-eusc"}), ROW, True),
    (record({DURATION: months("0")}), {"aws_mrr": Decimal(1), "currency": "USD"}, True),
    (record({SPEND: [OWN]}), {"title": "New"}, True),
    (record(), {**ROW, "stage": "Closed Lost"}, True),
    (record({STAGE: "Closed Lost", LOST_REASON: "Price"}), {**ROW, "stage": "Qualified"}, True),
    (record({RELATED: {"Solutions": ["Other"]}}), {**ROW, "stage": "Committed"}, True),
    (record({CLOSE: "2026-03-01"}), ROW, True),
    (record(), {**ROW, "industry": "Other"}, True),
    (
        record({f"{ACCOUNT}.Industry": "Other", f"{ACCOUNT}.OtherIndustry": "Space"}),
        {**ROW, "industry": "Retail"},
        True,
    ),
    (record({"NationalSecurity": "Yes"}), ROW, True),
    (record({f"{ACCOUNT}.WebsiteUrl": None}), ROW, True),
    (record(), {"solution_ids": tuple(f"S-{number}" for number in range(11))}, False),
    (record({"Project.OtherCompetitorNames": "A hosting company"}), ROW, True),
    (record({"Marketing": {"AwsFundingUsed": "No", "UseCases": ["Analytics"]}}), ROW, True),
]


@pytest.mark.parametrize("place", range(len(RULES)))
def test_every_rule_is_broken_by_something_that_the_sandbox_refuses_too(place: int) -> None:
    present, after, is_refused_too = BROKEN[place]
    found = reasons_against(present, after, TODAY)
    assert found == [Reason(RULES[place].column, RULES[place].text)]
    assert is_taken("UpdateOpportunity", update_request(present, after), present) != is_refused_too


def test_what_breaks_no_rule_the_sandbox_takes() -> None:
    """What is just within each rule."""
    for present, after in [
        (record({**VALUED, SPEND: [{**MONTHLY, **EURO}, {**OWN, **EURO}]}), {**ROW, "currency": "EUR"}),
        (record({"Project.AwsPartition": "aws-eusc", SPEND: []}), {**ROW, "currency": "EUR"}),
        (record({RELATED: {"AwsMarketplaceProducts": ["prod-1"]}}), {**ROW, "stage": "Launched"}),
        (record({CLOSE: "2026-03-02"}), ROW),
        (record({CLOSE: "2026-01-01", STAGE: "Launched"}), ROW),
        (record({CLOSE: "2026-01-01", STAGE: "Closed Lost", LOST_REASON: "Price"}), {**ROW, "title": "New"}),
        (record({LOST_REASON: "Price"}), {**ROW, "stage": "Closed Lost"}),
        (record({"NationalSecurity": "Yes", ACCOUNT: {"CompanyName": "A", "Industry": "Government"}}), ROW),
        (record({SPEND: [{**MONTHLY, "Amount": "", **ESTIMATE}]}), {"aws_mrr": Decimal(1), "currency": "EUR"}),
        (record({DURATION: months("144")}), {**ROW, "contract_months": 1}),
    ]:
        assert reasons_against(present, after, TODAY) == []
        assert is_taken("UpdateOpportunity", update_request(present, after), present)
