"""Records as AWS should never send them, each a good one with one member replaced, and what has to become of it."""

import json
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

GOOD = {
    "Catalog": "Sandbox",
    "Id": "O1",
    "Arn": "arn:aws:partnercentral:us-east-1::catalog/Sandbox/opportunity/O1",
    "CreatedDate": "2026-01-05T00:00:00Z",
    "LastModifiedDate": "2026-02-01T00:00:00.123456789Z",
    "RelatedEntityIdentifiers": {},
    "LifeCycle": {"Stage": "Qualified", "TargetCloseDate": "2026-12-31"},
    "Customer": {"Account": {"CompanyName": "Ünïcode 株式会社", "Industry": "Retail"}},
    "Project": {
        "Title": "A deal",
        "ExpectedCustomerSpend": [
            {"Amount": "1000.00", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"}
        ],
        "ExpectedContractDuration": {"Term": "Months", "Value": "36"},
    },
}
SPEND = "Project.ExpectedCustomerSpend"
AMOUNT = f"{SPEND}.0.Amount"
DURATION = "Project.ExpectedContractDuration"
MONTHS = f"{DURATION}.Value"
TEN_MEGABYTES = 10_000_000
Broken = tuple[str, str]  # column and rule


@dataclass(frozen=True)
class Excluded:
    """The record is out of the marts, for the breach of this rule."""

    path: str
    value: Any = field(repr=False)
    broken: Broken = ("malformed_members", "is_well_formed")


@dataclass(frozen=True)
class Kept:
    """The record is in the mart with these figures; a value that breaks a rule is null."""

    path: str
    value: Any = field(repr=False)
    aws_mrr: str | None = "1000.00"
    contract_months: int | None = 36
    nulled: Broken | None = None


@dataclass(frozen=True)
class Raw:
    """A value as it stands in the answer, because no program would write it."""

    text: str


ABSENT = object()
Case = Excluded | Kept


def changed(opportunity_id: str, path: str, value: Any) -> dict[str, Any]:
    """The good record under another identifier, with one member replaced, or taken away."""
    record = deepcopy(GOOD) | {"Id": opportunity_id}
    *above, last = path.split(".")
    owner: Any = record
    for member in above:
        owner = owner[int(member)] if isinstance(owner, list) else owner.setdefault(member, {})
    if value is ABSENT:
        del owner[last]
    else:
        owner[last] = value
    return record


def spend(**members: Any) -> list[dict[str, Any]]:
    return [{"Amount": "1000.00", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS", **members}]


def nested(levels: int) -> Raw:
    return Raw("[" * levels + "]" * levels)


def answer(record: dict[str, Any], raw: Raw) -> bytes:
    """The body of an answer in which the text RAW stands for a value."""
    return json.dumps(record).replace('"RAW"', raw.text).encode()


def _amounts_that_are_none() -> list[Case]:
    texts = ["NaN", "Infinity", "-0", "-5", "+5", "1e3", "1e400", "0x10", "1,000.00", "1.000,00", "1 000", " 5", "5\n"]
    texts += ["012", "0.005", "$5", "5\u0000", "\u202e5", "\u0665\u0660", "\uff15\uff10", "9" * 32, "9" * 31 + ".999"]
    return [Kept(AMOUNT, text, None, nulled=("amount", "matches_pattern")) for text in texts]


def _amounts_too_large() -> list[Case]:
    texts = ["1" + "0" * 24, "9" * 31, "9" * 31 + ".99"]
    return [Kept(AMOUNT, text, None, nulled=("amount", "is_summable")) for text in texts]


def _months_that_are_none() -> list[Case]:
    column = "project__expected_contract_duration__value"
    texts = ["145", "0", "-1", "+12", " 12", "12 ", "12.0", "3.5", "1e1", "twelve", "", "9" * 40, "\uff10\uff11\uff12"]
    return [Kept(MONTHS, text, contract_months=None, nulled=(column, "is_contract_months")) for text in texts]


def _instants_that_are_none() -> list[Case]:
    texts = ["last year", "", "2026-01-05", "2026-02-31T00:00:00Z", "0000-00-00T00:00:00Z", "10000-01-01T00:00:00Z"]
    texts += ["2026-01-05T23:59:60Z", "2026-01-05T24:00:00Z", "2026-01-05T00:00:00", "2026-01-05T00:00:00+99:99"]
    texts += ["2026-01-05T00:00:00.1234567890Z", "2026-01-05 00:00:00Z", "\uff12026-01-05T00:00:00Z", "1767571200"]
    of_creation = [Excluded("CreatedDate", text, ("created_date", "is_instant")) for text in texts]
    of_change = [Excluded("LastModifiedDate", text, ("last_modified_date", "is_instant")) for text in texts]
    return [*of_creation, *of_change]


def _days_that_are_none() -> list[Case]:
    column, path = "life_cycle__target_close_date", "LifeCycle.TargetCloseDate"
    never = [Kept(path, text, nulled=(column, "is_calendar_date")) for text in ("2026-02-31", "2025-02-29")]
    form = [
        Kept(path, text, nulled=(column, "matches_pattern"))
        for text in ("0000-00-00", "10000-01-01", "31.12.2026", "2026-1-1", "tomorrow")
    ]
    return [*never, *form]


def _members_of_another_type() -> list[Case]:
    path_and_value: list[tuple[str, Any]] = [
        ("Project.Title", 5),
        ("Project.Title", 1.5),
        ("Project.Title", True),
        ("Project.Title", ["A deal"]),
        ("Project.Title", {"Text": "A deal"}),
        ("Project.Title", nested(900)),
        ("Project", "a project"),
        ("Project", [GOOD["Project"]]),
        ("Customer", 5),
        ("Customer.Account", ["x"]),
        ("LifeCycle", "Qualified"),
        ("LifeCycle.Stage", ["Qualified"]),
        ("LifeCycle.TargetCloseDate", 20261231),
        ("CreatedDate", 1767571200),
        ("LastModifiedDate", {"Seconds": 1767571200}),
        (DURATION, "three years"),
        (MONTHS, 24),
        (SPEND, "much"),
        (SPEND, spend()[0]),
        (SPEND, ["1000.00"]),
        (SPEND, spend(Amount=12.5)),
        (SPEND, spend(Amount={"Value": "1"})),
        (SPEND, [spend()]),
        ("RelatedEntityIdentifiers.Solutions", "S-1"),
        ("RelatedEntityIdentifiers.Solutions", [1]),
        ("Marketing.Channels", {"0": "Email"}),
        ("Marketing.AwsFundingUsed", True),
        ("NationalSecurity", False),
    ]
    return [Excluded(path, value) for path, value in path_and_value]


def _stages_that_are_none() -> list[Case]:
    texts = ["Dreaming", "qualified", "Qualified ", "", "Qualified\u0000", "Qual\u200bified", "x" * 100_000]
    return [Excluded("LifeCycle.Stage", text, ("life_cycle__stage", "in_enum")) for text in texts]


def _texts_too_long() -> list[Case]:
    long = "x" * TEN_MEGABYTES
    return [
        Kept("Project.Title", long, nulled=("project__title", "has_length")),
        Kept("LifeCycle.NextSteps", long, nulled=("life_cycle__next_steps", "has_length")),
        Kept("Customer.Account.CompanyName", long, nulled=("customer__account__company_name", "has_length")),
        Kept("Unknown", long),
    ]


CASES: list[Case] = [
    *_members_of_another_type(),
    *_stages_that_are_none(),
    *_instants_that_are_none(),
    *_amounts_that_are_none(),
    *_amounts_too_large(),
    *_months_that_are_none(),
    *_days_that_are_none(),
    *_texts_too_long(),
    Excluded("CreatedDate", ABSENT, ("created_date", "is_present")),
    Excluded("LastModifiedDate", ABSENT, ("last_modified_date", "is_present")),
    Kept("LifeCycle.Stage", ABSENT),
    Kept("LifeCycle.TargetCloseDate", "9999-12-31"),
    Kept("CreatedDate", "2026-09-09T00:00:00Z"),  # later than its last change
    Kept("LastModifiedDate", "1970-01-01T00:00:00Z"),
    Kept(AMOUNT, "", None),
    Kept(AMOUNT, "1.", "1.00"),
    Kept(AMOUNT, "9" * 24 + ".99", "9" * 24 + ".99"),
    Kept(MONTHS, "012", contract_months=12),
    Kept(
        f"{DURATION}.Term",
        "months",
        contract_months=None,
        nulled=("project__expected_contract_duration__term", "in_enum"),
    ),
    Kept(DURATION, None, contract_months=None),
    Kept(SPEND, None, None),
    Kept(SPEND, [], None),
    Kept(SPEND, [None], None),
    Kept(SPEND, spend(CurrencyCode="XBT"), nulled=("currency_code", "in_enum")),
    Kept(SPEND, spend(CurrencyCode="usd"), nulled=("currency_code", "in_enum")),
    Kept(SPEND, spend() + spend(CurrencyCode="EUR"), None),
    Kept(SPEND, spend() + spend(TargetCompany="Self", Frequency="None", Amount="5000")),
    Kept(SPEND, spend() * 11, "11000.00"),
    Kept(SPEND, spend(Amount="0.01") * 100_000, "1000.00"),
    Kept("Customer", ABSENT),
    Kept("Customer.Account.CompanyName", "evil \u202e\u0000 ' \" {x} :y; DROP TABLE marts.opportunities"),
    Kept("Customer.Account.CompanyName", "../../../etc/passwd"),
    Kept("Unknown", {"deep": [[[[{"er": 1}]]]]}),
    Kept("Unknown", nested(900)),
    Kept("Unknown", Raw("-1.7976931348623157e308")),
    Kept("LifeCycle.Stage", Raw('"Qu\\u0061lified"')),
    Kept("LifeCycle.Stage", Raw('"Qualified", "Stage": "Dreaming"')),  # of a member that comes twice the first counts
    Excluded("LifeCycle.Stage", Raw('"Dreaming", "Stage": "Qualified"'), ("life_cycle__stage", "in_enum")),
    Kept("Project.Un'known\"\n.", 5),
    Kept("Project.title", 5),  # not the member Title
]
NOT_YET = changed("O99", "LastModifiedDate", "9999-12-31T23:59:59Z")  # an observation of no day that has come
IDENTIFIERS = [
    "not an id",
    "o77",
    " O77",
    "O77 ",
    "O77/../O78",
    "../O77",
    "O77'--",
    'O"77',
    "O77\nO78",
    "O",
    "O-1",
    "O" + "7" * 40,
]
