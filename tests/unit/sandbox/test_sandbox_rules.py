from typing import Any

import pytest

from pipelines.sandbox import rules

NOW = 1_700_000_000_000_000_000
SELF = {"Amount": "1000", "CurrencyCode": "EUR", "Frequency": "None", "TargetCompany": "Self"}


def months(value: str) -> dict[str, str]:
    return {"Term": "Months", "Value": value}


def created(**members: Any) -> dict[str, Any]:
    return rules.created({"Catalog": "AWS", "ClientToken": "t", **members}, "AWS", "O1", "arn:x", NOW)


def test_a_new_opportunity_waits_for_submission_and_keeps_only_what_get_shows() -> None:
    record = created(Origin="AWS Referral", Tags=[{"Key": "a", "Value": "b"}], LifeCycle={"ReviewStatus": "Approved"})
    assert record["LifeCycle"] == {"ReviewStatus": "Pending Submission", "NextStepsHistory": []}
    assert not {"ClientToken", "Origin", "Tags"} & record.keys()
    assert record["CreatedDate"] == "2023-11-14T22:13:20.000000Z"


@pytest.mark.parametrize(
    ("spends", "duration", "amounts"),
    [
        ([SELF], months("36"), [("AWS", "27.78"), ("Self", "1000")]),
        ([SELF | {"Amount": "0.06"}], months("12"), [("AWS", "0.01"), ("Self", "0.06")]),
        ([SELF | {"Amount": "9" * 31 + ".99"}], months("1"), [("AWS", "9" * 31 + ".99"), ("Self", "9" * 31 + ".99")]),
        ([SELF], None, [("Self", "1000")]),
        ([SELF], months("twelve"), [("Self", "1000")]),
        ([SELF], months("0"), [("Self", "1000")]),
        ([SELF | {"Amount": ""}], months("12"), [("Self", "")]),
        ([SELF, SELF | {"TargetCompany": "AWS", "Amount": "5"}], months("12"), [("Self", "1000"), ("AWS", "5")]),
    ],
)
def test_aws_converts_the_partners_deal_value(
    spends: list[dict[str, str]], duration: dict[str, str] | None, amounts: list[tuple[str, str]]
) -> None:
    record = created(Project={"ExpectedCustomerSpend": spends, "ExpectedContractDuration": duration})
    found = record["Project"]["ExpectedCustomerSpend"]
    assert [(entry["TargetCompany"], entry["Amount"]) for entry in found] == amounts
    assert {entry["TargetCompany"]: entry["Frequency"] for entry in found}["Self"] == "None"


def test_an_update_nulls_what_it_omits_except_the_duration() -> None:
    current = created(
        NationalSecurity="No",
        Project={"Title": "Old", "CustomerUseCase": "Energy", "ExpectedContractDuration": months("24")},
    ) | {"OpportunityTeam": [{"LastName": "Corvane"}]}
    request = {"Catalog": "AWS", "Identifier": "O1", "Project": {"Title": "New"}, "Marketing": None}
    record = rules.updated(request, current, NOW)
    assert record["Project"] == {"Title": "New", "ExpectedContractDuration": months("24")}
    assert record["NationalSecurity"] is None
    assert record.get("Marketing") is None
    assert record["OpportunityTeam"] == [{"LastName": "Corvane"}]
    assert (record["Id"], record["Arn"], record["CreatedDate"]) == ("O1", "arn:x", current["CreatedDate"])


def test_an_update_without_a_project_keeps_the_duration_alone() -> None:
    current = created(Project={"Title": "Old", "ExpectedContractDuration": months("24")})
    record = rules.updated({"Catalog": "AWS", "Identifier": "O1"}, current, NOW)
    assert record["Project"] == {"ExpectedContractDuration": months("24")}


def test_the_review_stays_awss_and_next_steps_are_remembered() -> None:
    current = created(LifeCycle={"Stage": "Prospect", "NextSteps": "Call"})
    request = {"LifeCycle": {"Stage": "Qualified", "NextSteps": "Visit", "ReviewStatus": "Approved"}}
    record = rules.updated(request, current, NOW + 10**9)
    assert record["LifeCycle"]["ReviewStatus"] == "Pending Submission"
    assert [step["Value"] for step in record["LifeCycle"]["NextStepsHistory"]] == ["Call", "Visit"]
    again = rules.updated(request, record, NOW + 2 * 10**9)
    assert again["LifeCycle"]["NextStepsHistory"] == record["LifeCycle"]["NextStepsHistory"]
