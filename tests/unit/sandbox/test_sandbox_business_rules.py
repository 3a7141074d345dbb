"""The rules that stand in AWS's prose alone, each refused and accepted over HTTP. The clock says 2026-03-02."""

from typing import Any

import pytest
from deals import DURATION, MONTHLY, OWN, SPEND, months
from written_deals import code_of, deal, error_of, violations_of

from pipelines.sandbox.validation import service_model

URL = "https://calculator.aws/#/estimate?id=" + "ab12" * 10
TARGET, CURRENCY = "project.expectedCustomerSpend.targetCompany", "project.expectedCustomerSpend.currencyCode"
INVALID, MISSING = "INVALID_VALUE", "REQUIRED_FIELD_MISSING"


def tcv(*entries: dict[str, str], duration: str = "36") -> dict[str, Any]:
    return {SPEND: list(entries), DURATION: months(duration)}


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({SPEND: [OWN]}, "project.expectedContractDuration", INVALID),
        ({SPEND: [MONTHLY], DURATION: months("36")}, "project.expectedCustomerSpend", INVALID),
        ({SPEND: None, DURATION: months("36")}, "project.expectedCustomerSpend", INVALID),
        (tcv(OWN, OWN), "project.expectedCustomerSpend", INVALID),
        (tcv(OWN, MONTHLY | {"TargetCompany": "Belavamond"}), TARGET, INVALID),
        (tcv(OWN, MONTHLY | {"CurrencyCode": "EUR"}), CURRENCY, INVALID),
        ({SPEND: [MONTHLY, MONTHLY | {"CurrencyCode": "EUR"}]}, CURRENCY, INVALID),
        ({"Project.AwsPartition": "aws-eusc"}, CURRENCY, INVALID),
        (tcv(OWN, MONTHLY | {"EstimationUrl": URL}), "project.expectedCustomerSpend.estimationUrl", INVALID),
        (tcv(OWN | {"EstimationUrl": URL}), "project.expectedCustomerSpend.estimationUrl", INVALID),
        (tcv(OWN | {"Amount": ""}), "project.expectedCustomerSpend.amount", MISSING),
        (tcv(OWN | {"Frequency": "Monthly"}), "project.expectedCustomerSpend.frequency", INVALID),
        ({SPEND: [MONTHLY | {"Frequency": "None"}]}, "project.expectedCustomerSpend.frequency", INVALID),
        *(
            (tcv(OWN, duration=value), "project.expectedContractDuration.value", INVALID)
            for value in ["0", "145", "1000", "-1", "12.0", "twelve", "", " 12", "012", "١٢"]
        ),
        ({"LifeCycle.Stage": "Closed Lost"}, "lifeCycle.closedLostReason", MISSING),
        ({"LifeCycle.ClosedLostReason": "Price"}, "lifeCycle.closedLostReason", INVALID),
        ({"LifeCycle.TargetCloseDate": "2026-03-01"}, "lifeCycle.targetCloseDate", INVALID),
        ({"LifeCycle.Stage": "Committed"}, "relatedEntityIdentifiers.solutions", MISSING),
        ({"LifeCycle.Stage": "Launched"}, "relatedEntityIdentifiers.solutions", MISSING),
        ({"Customer.Account.Industry": "Other"}, "customer.account.otherIndustry", MISSING),
        ({"Customer.Account.OtherIndustry": "Space launches"}, "customer.account.otherIndustry", INVALID),
        ({"Customer.Account.WebsiteUrl": None}, "customer.account.websiteUrl", MISSING),
        ({"NationalSecurity": "No", "Customer.Account.WebsiteUrl": None}, "customer.account.websiteUrl", MISSING),
        ({"NationalSecurity": "Yes"}, "nationalSecurity", INVALID),
        ({"Project.OtherCompetitorNames": "A hosting company"}, "project.otherCompetitorNames", INVALID),
        ({"Marketing": {"AwsFundingUsed": "No", "UseCases": ["AI/ML"]}}, "marketing.useCases", INVALID),
    ],
)
def test_a_deal_that_breaks_a_rule_is_refused(writer: Any, changes: dict[str, Any], field: str, code: str) -> None:
    before = len(writer.list_opportunities(Catalog="Sandbox", MaxResults=100)["OpportunitySummaries"])
    assert violations_of(writer.create_opportunity, **deal(changes | {"ClientToken": "refused"})) == [(field, code)]
    assert code in service_model().shape_for("ValidationExceptionErrorCode").enum
    assert len(writer.list_opportunities(Catalog="Sandbox", MaxResults=100)["OpportunitySummaries"]) == before


@pytest.mark.parametrize(
    "changes",
    [
        {},
        *(tcv(OWN, duration=value) for value in ["1", "12", "144"]),
        tcv(MONTHLY, OWN),
        tcv(MONTHLY, MONTHLY | {"Amount": ""}, OWN),
        {SPEND: [MONTHLY | {"EstimationUrl": URL}]},
        {SPEND: []},
        {"Project.AwsPartition": "aws-eusc", SPEND: [MONTHLY | {"CurrencyCode": "EUR"}]},
        {"LifeCycle.Stage": "Closed Lost", "LifeCycle.ClosedLostReason": "Price"},
        {"LifeCycle.TargetCloseDate": "2026-03-02"},
        {
            "LifeCycle.Stage": "Closed Lost",
            "LifeCycle.ClosedLostReason": "Price",
            "LifeCycle.TargetCloseDate": "2026-03-01",
        },
        {"Customer.Account.Industry": "Other", "Customer.Account.OtherIndustry": "Space launches"},
        {"NationalSecurity": "Yes", "Customer.Account.Industry": "Government", "Customer.Account.WebsiteUrl": None},
        {"Project.CompetitorName": "*Other", "Project.OtherCompetitorNames": "A hosting company"},
        {"Marketing": {"AwsFundingUsed": "No", "UseCases": []}},
        {"Marketing": {"AwsFundingUsed": "Yes", "UseCases": ["AI/ML"]}},
        {"Customer": None, "Project": None, "LifeCycle": None},
    ],
)
def test_a_deal_that_keeps_the_rules_is_accepted(
    writer: Any, changes: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    made = writer.create_opportunity(**deal(changes | {"ClientToken": request.node.name}))
    assert writer.get_opportunity(Catalog="Sandbox", Identifier=made["Id"])["Id"] == made["Id"]


def test_all_broken_rules_are_told_at_once_and_none_repeats_what_was_sent(writer: Any) -> None:
    changes = {
        SPEND: [OWN, OWN | {"CurrencyCode": "EUR", "Amount": "123456.78"}],
        "LifeCycle.TargetCloseDate": "2019-04-05",
        "NationalSecurity": "Yes",
    }
    response = error_of(writer.create_opportunity, **deal(changes))
    assert [entry["FieldName"] for entry in response["ErrorList"]] == [
        "project.expectedContractDuration",
        "project.expectedCustomerSpend",
        "project.expectedCustomerSpend.currencyCode",
        "lifeCycle.targetCloseDate",
        "nationalSecurity",
    ]
    assert response["ErrorList"][0]["Message"] == "project.expectedContractDuration is required beside a Self entry"
    assert response["Error"]["Message"] == "; ".join(entry["Message"] for entry in response["ErrorList"])
    assert not any(sent in str(response["ErrorList"]) for sent in ("123456.78", "2019-04-05", "Belavamond"))


def test_what_the_service_model_refuses_is_told_before_the_business_rules(writer: Any) -> None:
    response = error_of(writer.create_opportunity, **deal({"OpportunityType": "Gift", "NationalSecurity": "Yes"}))
    assert (response["Reason"], len(response["ErrorList"])) == ("REQUEST_VALIDATION_FAILED", 1)


@pytest.mark.parametrize("catalog", ["AWS", "Sandbox"])
def test_only_the_sandbox_catalog_may_pretend_that_aws_refers_a_deal(writer: Any, catalog: str) -> None:
    request = deal({"Catalog": catalog, "Origin": "AWS Referral", "ClientToken": "referral"})
    if catalog == "AWS":
        assert violations_of(writer.create_opportunity, **request) == [("origin", INVALID)]
    else:
        assert writer.create_opportunity(**request)["Id"]


def test_a_refused_request_uses_no_token(writer: Any) -> None:
    token = {"ClientToken": "used for the corrected deal"}
    assert code_of(writer.create_opportunity, **deal({"NationalSecurity": "Yes"} | token)) == "ValidationException"
    assert writer.create_opportunity(**deal({"NationalSecurity": "No"} | token))["Id"]
