"""A record by column, and the requests that write columns."""

from decimal import Decimal
from typing import Any

import pytest
from deal_records import (
    DURATION,
    ESTIMATE,
    MODIFIED,
    MONTHLY,
    NEW_ROW,
    OWN,
    ROW,
    SPEND,
    is_taken,
    months,
    record,
)

from pipelines.intake.requests import (
    create_request,
    is_same,
    missing_columns,
    monthly_amount,
    present_values,
    unknown_members,
    update_request,
)

TWICE = {**MONTHLY, "Amount": "1"}


def test_a_record_by_column() -> None:
    found = present_values(record({SPEND: [MONTHLY, OWN], DURATION: months("36")}))
    assert found == {
        "partner_opportunity_id": "CRM-1",
        "tcv": Decimal("36000"),
        "currency": "USD",
        "contract_months": 36,
        "aws_mrr": Decimal("700.0"),
        "title": "Move the shop",
        "customer_name": "Belavamond Foods Ltd",
        "country_code": "GB",
        "postal_code": "EC1A 1BB",
        "website": "https://www.belavamond.example.com",
        "industry": "Retail",
        "stage": "Qualified",
        "target_close_date": "2026-09-30",
        "use_case": "Storage & Backup",
        "business_problem": "The present platform leaves support within the year.",
        "delivery_models": ("SaaS or PaaS",),
        "solution_ids": ("S-0000001",),
    }
    assert list(found)[:5] == ["partner_opportunity_id", "tcv", "currency", "contract_months", "aws_mrr"]


@pytest.mark.parametrize(
    ("spends", "expected"),
    [
        ([], {}),
        ([MONTHLY], {"aws_mrr": Decimal(700), "currency": "USD"}),
        ([{**MONTHLY, "CurrencyCode": "EUR"}, OWN], {"aws_mrr": 700, "tcv": 36000, "currency": "USD"}),
        ([{**OWN, "Amount": "1."}], {"tcv": Decimal(1), "currency": "USD"}),
        ([{**OWN, "Amount": ""}], {"currency": "USD"}),
        ([{**OWN, "Amount": "1e3"}, {**MONTHLY, "Amount": None}], {"currency": "USD"}),
        # Of two it is not known which one counts.
        ([OWN, OWN], {"currency": "USD"}),
        ([MONTHLY, TWICE, OWN], {"tcv": 36000, "currency": "USD"}),
        ("none", {}),
    ],
)
def test_the_value_in_a_record(spends: Any, expected: dict[str, Any]) -> None:
    found = present_values(record({SPEND: spends}))
    assert {column: found[column] for column in ("tcv", "currency", "aws_mrr") if column in found} == expected


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (months("1"), 1),
        (months("144"), 144),
        # No contract duration, but something that a change has to be seen against.
        (months("145"), "145"),
        (months("0"), "0"),
        (months("036"), "036"),
        (months("12.0"), "12.0"),
        ({"Term": "Years", "Value": "3"}, "3 Years"),
        ({"Term": "Months"}, None),
        (None, None),
    ],
)
def test_the_contract_duration_in_a_record(duration: Any, expected: int | str | None) -> None:
    assert present_values(record({DURATION: duration})).get("contract_months") == expected


def test_nulls_and_empty_values_are_absent() -> None:
    empty = record({"Project.Title": "", "Project.DeliveryModels": [], "RelatedEntityIdentifiers": {}})
    assert not {"title", "delivery_models", "solution_ids"} & present_values(empty).keys()
    assert present_values({"Customer": None, "Project": {"ExpectedCustomerSpend": None}, "LifeCycle": "none"}) == {}


@pytest.mark.parametrize(
    ("column", "one", "other", "expected"),
    [
        ("tcv", Decimal("531"), Decimal("531.00"), True),
        ("tcv", Decimal("531"), Decimal("531.01"), False),
        ("tcv", None, Decimal(0), False),
        ("contract_months", 36, "036", False),
        ("delivery_models", ("a", "b"), ("b", "a"), True),
        ("solution_ids", None, ("S-1",), False),
        ("title", "Shop", "shop", False),
    ],
)
def test_what_is_the_same(column: str, one: Any, other: Any, expected: bool) -> None:
    assert is_same(column, one, other) == is_same(column, other, one) == expected


@pytest.mark.parametrize(
    ("tcv", "contract_months", "expected"),
    [
        ("36000", 36, "1000.00"),
        ("100", 36, "2.78"),
        ("0.01", 2, "0.01"),  # half a cent goes up
        ("0.03", 2, "0.02"),
        ("0.01", 3, "0.00"),
        ("0", 144, "0.00"),
        ("9999999999999999999999999999999.99", 1, "9999999999999999999999999999999.99"),
        ("9999999999999999999999999999999", 7, "1428571428571428571428571428571.29"),
    ],
)
def test_the_conversion_to_an_amount_a_month(tcv: str, contract_months: int, expected: str) -> None:
    assert str(monthly_amount(Decimal(tcv), contract_months)) == expected


def test_an_update_is_the_whole_record_with_the_change_laid_over_it() -> None:
    present = record()
    request = update_request(present, {**ROW, "title": "Move two shops", "state": "London"})
    assert present == record(), "the record itself stays"
    assert request == {
        "Identifier": "O1",
        "LastModifiedDate": MODIFIED,
        "PartnerOpportunityIdentifier": "CRM-1",
        "Customer": {
            "Account": {
                "CompanyName": "Belavamond Foods Ltd",
                "Industry": "Retail",
                "WebsiteUrl": "https://www.belavamond.example.com",
                "Address": {
                    "CountryCode": "GB",
                    "PostalCode": "EC1A 1BB",
                    "City": "London",
                    "StateOrRegion": "London",
                },
            }
        },
        "Project": {
            "Title": "Move two shops",
            "DeliveryModels": ["SaaS or PaaS"],
            "CustomerBusinessProblem": "The present platform leaves support within the year.",
            "CustomerUseCase": "Storage & Backup",
            "ExpectedCustomerSpend": [MONTHLY, OWN],
            "ExpectedContractDuration": {"Term": "Months", "Value": "36"},
        },
        "LifeCycle": {
            "Stage": "Qualified",
            "ReviewStatus": "Pending Submission",
            "TargetCloseDate": "2026-09-30",
            "NextStepsHistory": [{"Value": "Call", "Time": "2026-02-01T00:00:00Z"}],
        },
    }
    assert is_taken("UpdateOpportunity", request, present)


@pytest.mark.parametrize(
    ("before", "columns", "after"),
    [
        ([OWN, MONTHLY], {"tcv": Decimal("72000.50")}, [{**OWN, "Amount": "72000.50"}, MONTHLY]),
        ([OWN], {"tcv": Decimal(1), "currency": "EUR"}, [{**OWN, "Amount": "1", "CurrencyCode": "EUR"}]),
        ([], {"tcv": Decimal("1E+3")}, [{**OWN, "Amount": "1000"}]),
        ([{**MONTHLY, **ESTIMATE}], {"aws_mrr": Decimal("2.50")}, [{**MONTHLY, **ESTIMATE, "Amount": "2.50"}]),
        ([MONTHLY, OWN], {"aws_mrr": Decimal(8)}, [{**MONTHLY, "Amount": "8"}, OWN]),
        ([], {"aws_mrr": Decimal(8)}, [{**MONTHLY, "Amount": "8"}]),
    ],
)
def test_where_an_amount_goes(before: Any, columns: dict[str, Any], after: Any) -> None:
    request = update_request(record({SPEND: before}), {"currency": "USD", **columns})
    assert request["Project"]["ExpectedCustomerSpend"] == after


def test_a_duration_alone_leaves_the_spend_as_it_is() -> None:
    present = record({"Project": None})
    assert update_request(present, {"contract_months": 24})["Project"] == {"ExpectedContractDuration": months("24")}


@pytest.mark.parametrize(
    ("changes", "unknown"),
    [
        ({}, []),
        ({"Project.NewThing": "x", "NewThing": {"a": 1}}, ["NewThing", "Project.NewThing"]),
        ({"Project.NewThing": [], "NewThing": {}, "Project.Other": ""}, []),
        (
            {SPEND: [{**MONTHLY, "Quarter": "Q1"}, {**MONTHLY, "Quarter": "Q2"}]},
            ["Project.ExpectedCustomerSpend.Quarter"],
        ),
        ({"someone@example": "x"}, ["(odd name)"]),
    ],
)
def test_what_the_model_does_not_know_is_told_and_cannot_be_sent(changes: Any, unknown: list[str]) -> None:
    present = record(changes)
    assert unknown_members(present) == unknown
    assert "NewThing" not in str(update_request(present, {}))


def test_a_creation() -> None:
    values = {**NEW_ROW, "partner_opportunity_id": "CRM-2", "solution_ids": ("S-0000001",)}
    request = create_request(values, "token")
    assert request == {
        "ClientToken": "token",
        "Origin": "Partner Referral",
        "PartnerOpportunityIdentifier": "CRM-2",
        "Customer": {
            "Account": {
                "CompanyName": "Belavamond Foods Ltd",
                "Industry": "Retail",
                "WebsiteUrl": "https://www.belavamond.example.com",
                "Address": {"CountryCode": "GB"},
            }
        },
        "Project": {
            "Title": "Move the shop",
            "DeliveryModels": ["SaaS or PaaS"],
            "CustomerBusinessProblem": "The present platform leaves support within the year.",
            "CustomerUseCase": "Storage & Backup",
            "ExpectedCustomerSpend": [OWN],
            "ExpectedContractDuration": months("36"),
        },
        "LifeCycle": {"Stage": "Qualified", "TargetCloseDate": "2026-09-30"},
    }
    assert is_taken("CreateOpportunity", request)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, []),
        ({"country_code": "US"}, ["postal_code", "state"]),
        ({"country_code": "US", "postal_code": "43004", "state": "Ohio"}, []),
        ({"title": None, "industry": None}, ["title", "industry"]),
        (
            {column: None for column in NEW_ROW if column not in ROW},
            [column for column in NEW_ROW if column not in ROW],
        ),
    ],
)
def test_what_a_new_opportunity_needs(changes: dict[str, Any], missing: list[str]) -> None:
    values = {"partner_opportunity_id": "CRM-2", **NEW_ROW, **changes}
    assert missing_columns({column: value for column, value in values.items() if value is not None}) == missing
