"""Records as AWS should never send them: each lands whole, and ends in the mart or in quarantine, never nowhere."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import duckdb
import pytest
from processes import NOW, Clock

from pipelines.nightly import run_nightly
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Settings

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


def changed(number: int, path: str, value: object) -> dict:
    """The good record under another identifier, with one member replaced; None takes the member away."""
    record = deepcopy(GOOD) | {"Id": f"O{number}"}
    *above, last = path.split(".")
    owner = record
    for member in above:
        owner = owner[int(member)] if isinstance(owner, list) else owner[member]
    owner.pop(last) if value is None else owner.__setitem__(last, value)
    return record


def spend(**members: object) -> list[dict]:
    return [{"Amount": "1000.00", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS", **members}]


SPEND = "Project.ExpectedCustomerSpend"
EXCLUDED = {
    2: ("LifeCycle.Stage", "Dreaming"),
    3: ("CreatedDate", None),
    4: ("CreatedDate", "last year"),
    5: ("LastModifiedDate", "2026-02-31T00:00:00Z"),
    6: ("LastModifiedDate", None),
    7: ("CreatedDate", 1767571200),
    8: ("LifeCycle.Stage", ["Qualified"]),
}
KEPT = {
    # record: path, value, and the mart's aws_mrr and contract_months
    20: ("Project.ExpectedContractDuration.Value", "145", "1000.00", None),
    21: ("Project.ExpectedContractDuration.Value", "3.5", "1000.00", None),
    22: ("Project.ExpectedContractDuration.Value", 24, "1000.00", 24),
    23: ("Project.ExpectedContractDuration", "three years", "1000.00", None),
    24: (SPEND, spend(Amount=""), None, 36),
    25: (SPEND, spend(Amount="1."), "1.00", 36),
    26: (SPEND, spend(Amount="-5"), None, 36),
    27: (SPEND, spend(Amount="1e3"), None, 36),
    28: (SPEND, spend(Amount="9" * 24 + ".99"), "9" * 24 + ".99", 36),
    45: (SPEND, spend(Amount="1" + "0" * 24), None, 36),
    46: (SPEND, spend(Amount="9" * 31 + ".99"), None, 36),
    29: (SPEND, spend(Amount="9" * 32), None, 36),
    30: (SPEND, spend(Amount=12.5), "12.50", 36),
    31: (SPEND, spend(Amount={"Value": "1"}), None, 36),
    32: (SPEND, spend(CurrencyCode="XBT"), "1000.00", 36),
    33: (SPEND, "much", None, 36),
    34: (SPEND, [None], None, 36),
    35: (SPEND, spend() + spend(CurrencyCode="EUR"), None, 36),
    36: (SPEND, spend() + spend(TargetCompany="Self", Frequency="None", Amount="5000"), "1000.00", 36),
    37: (SPEND, spend() * 11, "11000.00", 36),
    38: (SPEND, [], None, 36),
    39: ("LifeCycle.TargetCloseDate", "2026-02-31", "1000.00", 36),
    40: (
        "Customer.Account.CompanyName",
        "evil \u202e\u0000 ' \" {x} :y; DROP TABLE marts.opportunities",
        "1000.00",
        36,
    ),
    41: ("Customer.Account.CompanyName", "x" * 100_000, "1000.00", 36),
    42: ("Customer", None, "1000.00", 36),
    43: ("LifeCycle.Stage", None, "1000.00", 36),
    44: ("Unknown", {"deep": [[[[{"er": 1}]]]]}, "1000.00", 36),
}


@pytest.fixture(scope="module")
def settings(make_sandbox: Callable[..., Sandbox], clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    sandbox = make_sandbox(0)
    for number, (path, value) in EXCLUDED.items():
        sandbox.store.put(changed(number, path, value), NOW)
    for number, (path, value, *_) in KEPT.items():
        sandbox.store.put(changed(number, path, value), NOW)
    sandbox.store.put(deepcopy(GOOD), NOW)
    sandbox.store.put(changed(0, "Id", "not an id"), NOW, opportunity_id="not an id")
    sandbox.store.put(changed(0, "Id", None), NOW, opportunity_id="nobody")
    directory: Path = tmp_path_factory.mktemp("hostile") / "data"
    made = Settings(catalog="Sandbox", data_dir=directory, reads_per_second=0, max_excluded_share=0.5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", sandbox.endpoint_url)
        run_nightly(made, as_of=NOW.date())
    return made


def rows(path: Path, sql: str) -> list[tuple]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_record_is_in_the_mart_or_excluded(settings: Settings) -> None:
    kept = {"O1", *(f"O{number}" for number in KEPT)}
    excluded = {"", "not an id", *(f"O{number}" for number in EXCLUDED)}
    assert {row[0] for row in rows(settings.warehouse_path, "SELECT opportunity_id FROM marts.opportunities")} == kept
    listed = rows(settings.warehouse_path, "SELECT opportunity_id FROM quality.quarantine WHERE action = 'excluded'")
    assert {row[0] for row in listed} == excluded
    landed = rows(settings.landing_path, "SELECT opportunity_id FROM partner_central.opportunity_versions")
    assert {row[0] for row in landed} == kept | excluded


def test_numbers_are_right_or_unknown(settings: Settings) -> None:
    found = rows(
        settings.warehouse_path,
        "SELECT opportunity_id, aws_mrr::VARCHAR, contract_months FROM marts.opportunities",
    )
    expected = [("O1", "1000.00", 36)]
    expected += [(f"O{number}", mrr, months) for number, (_, _, mrr, months) in KEPT.items()]
    assert sorted(found) == sorted(expected)


def test_payloads_land_whole(settings: Settings) -> None:
    ((payload,),) = rows(
        settings.landing_path,
        "SELECT payload FROM partner_central.opportunity_versions WHERE opportunity_id = 'O44'",
    )
    assert '"deep":[[[[{"er":1}]]]]' in payload.replace(" ", "")


def test_names_are_not_in_the_pages(settings: Settings) -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in settings.quality_path.rglob("*.html"))
    assert "株式会社" not in pages
    assert "DROP TABLE" not in pages
