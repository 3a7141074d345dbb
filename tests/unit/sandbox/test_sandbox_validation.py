"""Every kind of rule in AWS's model, broken once."""

from typing import Any

import pytest

from pipelines.sandbox.validation import request_violations, service_model

LIST = {"Catalog": "AWS"}
SPEND = {"CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS", "Amount": "1"}


def create(**members: Any) -> dict[str, Any]:
    return {"Catalog": "AWS", "ClientToken": "t", **members}


@pytest.mark.parametrize(
    ("operation", "request_body", "field", "code"),
    [
        ("GetOpportunity", {"Catalog": "AWS"}, "identifier", "REQUIRED_FIELD_MISSING"),
        ("GetOpportunity", {"Catalog": "AWS", "Identifier": None}, "identifier", "REQUIRED_FIELD_MISSING"),
        ("GetOpportunity", {"Catalog": "AWS", "Identifier": 7}, "identifier", "INVALID_VALUE"),
        ("GetOpportunity", {"Catalog": "AWS", "Identifier": "O12x"}, "identifier", "INVALID_STRING_FORMAT"),
        ("GetOpportunity", {"Catalog": "AWS", "Identifier": "O1\n"}, "identifier", "INVALID_STRING_FORMAT"),
        ("GetOpportunity", {"Catalog": "Test", "Identifier": "O1"}, "catalog", "INVALID_VALUE"),
        ("ListOpportunities", LIST | {"MaxResults": 101}, "maxResults", "VALUE_OUT_OF_RANGE"),
        ("ListOpportunities", LIST | {"MaxResults": 0}, "maxResults", "VALUE_OUT_OF_RANGE"),
        ("ListOpportunities", LIST | {"MaxResults": True}, "maxResults", "INVALID_VALUE"),
        ("ListOpportunities", LIST | {"Identifier": ["O1"] * 21}, "identifier", "TOO_MANY_VALUES"),
        ("ListOpportunities", LIST | {"Identifier": "O1"}, "identifier", "INVALID_VALUE"),
        ("ListEngagements", LIST | {"EngagementIdentifier": []}, "engagementIdentifier", "NOT_ENOUGH_VALUES"),
        ("ListOpportunities", LIST | {"LifeCycleStage": ["Won"]}, "lifeCycleStage", "INVALID_ENUM_VALUE"),
        ("ListOpportunities", LIST | {"Colour": "red"}, "colour", "INVALID_VALUE"),
        ("ListOpportunities", LIST | {"Sort": []}, "sort", "INVALID_VALUE"),
        (
            "ListOpportunities",
            LIST | {"LastModifiedDate": {"AfterLastModifiedDate": 1700000000}},
            "lastModifiedDate.afterLastModifiedDate",
            "INVALID_STRING_FORMAT",
        ),
        (
            "CreateOpportunity",
            create(Project={"ExpectedCustomerSpend": [SPEND, SPEND | {"Amount": "1.005"}]}),
            "project.expectedCustomerSpend.amount",
            "INVALID_STRING_FORMAT",
        ),
        (
            "CreateOpportunity",
            create(Project={"ExpectedCustomerSpend": [SPEND] * 11}),
            "project.expectedCustomerSpend",
            "TOO_MANY_VALUES",
        ),
        (
            "CreateOpportunity",
            create(Project={"CustomerBusinessProblem": "too short"}),
            "project.customerBusinessProblem",
            "INVALID_STRING_FORMAT",
        ),
        (
            "CreateOpportunity",
            create(Customer={"Contacts": [{"Email": "Upper@example.com"}]}),
            "customer.contacts.email",
            "INVALID_STRING_FORMAT",
        ),
        # Java's \d is ASCII.
        (
            "CreateOpportunity",
            create(Customer={"Contacts": [{"Phone": "+1٢٣٤"}]}),
            "customer.contacts.phone",
            "INVALID_STRING_FORMAT",
        ),
        (
            "ListSolutions",
            LIST | {"AwsMarketplaceSolutionArn": ["arn:" + "x" * 2048]},
            "awsMarketplaceSolutionArn",
            "VALUE_OUT_OF_RANGE",
        ),
    ],
)
def test_one_broken_rule_is_one_violation(operation: str, request_body: dict[str, Any], field: str, code: str) -> None:
    (violation,) = request_violations(operation, request_body)
    assert (violation.field_name, violation.code) == (field, code)
    assert code in service_model().shape_for("ValidationExceptionErrorCode").enum


@pytest.mark.parametrize(
    ("operation", "request_body"),
    [
        ("ListOpportunities", {"Catalog": "AWS", "Identifier": [], "Sort": None, "NextToken": ""}),
        ("CreateOpportunity", create(Project={"ExpectedCustomerSpend": [SPEND | {"Amount": ""}]})),
        ("CreateOpportunity", create(Project={"ExpectedCustomerSpend": [SPEND | {"Amount": "1."}]})),
        (
            "CreateOpportunity",
            create(Project={"ExpectedCustomerSpend": [SPEND | {"Frequency": "None", "TargetCompany": "Self"}]}),
        ),
        ("CreateOpportunity", create(LifeCycle={"TargetCloseDate": "2026-02-31"})),
        # Lengths count code points, not bytes or UTF-16 units.
        ("CreateOpportunity", create(PartnerOpportunityIdentifier="🚀" * 64)),
        # Java's \p{L}, \p{N} and \p{Z}.
        ("CreateOpportunity", create(Tags=[{"Key": "Área 1", "Value": "東\u3000京٣"}])),
    ],
)
def test_legal_requests_pass(operation: str, request_body: dict[str, Any]) -> None:
    assert request_violations(operation, request_body) == []


def test_all_violations_are_told_at_once_and_none_repeats_the_value() -> None:
    confidential = "Confidential GmbH & Co"
    account = {"Industry": confidential, "CompanyName": confidential * 20, "Duns": confidential}
    found = request_violations("CreateOpportunity", create(Customer={"Account": account}))
    assert [violation.field_name for violation in found] == [
        "customer.account.industry",
        "customer.account.companyName",
        "customer.account.duns",
    ]
    assert confidential not in repr(found)


def test_every_operation_of_the_service_has_a_check() -> None:
    for operation in service_model().operation_names:
        assert request_violations(operation, {}), f"{operation} accepts an empty request"
