"""What is decided about a row, and that the sandbox refuses for the same reasons."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from deal_records import (
    CLOSE,
    DURATION,
    EURO,
    LOST_REASON,
    MONTHLY,
    NEW_ROW,
    OWN,
    RELATED,
    ROW,
    SOLUTIONS,
    SPEND,
    STAGE,
    STATUS,
    TODAY,
    VALUED,
    Record,
    is_taken,
    months,
    new_row,
    record,
    row,
)

from pipelines.intake.aws_rules import LOCKED
from pipelines.intake.deals import Change, Deal, Planned, Reason
from pipelines.intake.requests import WRITTEN_COLUMNS, create_request, present_values, update_request
from pipelines.intake.rules import OUTDATED, decide

# Columns that hold something else than the record and NEW_ROW do.
OTHER: dict[str, Any] = {
    **{column: f"Another {column}, altogether" for column in ("title", "customer_name", "website", "use_case")},
    "business_problem": "Another problem altogether.",
    "country_code": "FR",
    "postal_code": "75001",
    "state": "Paris",
    "industry": "Travel",
    "stage": "Business Validation",
    "target_close_date": "2026-12-31",
    "delivery_models": ("Resell",),
    "solution_ids": ("S-0000002",),
}


def decided(deal: Deal, found: Record | None, *, convert: bool = False) -> Planned:
    return decide(deal, found, convert=convert, today=TODAY, solutions=SOLUTIONS)


def changes_of(planned: Planned) -> list[tuple[str, Any, Any]]:
    assert planned.action in {"update", "create"}, planned.reasons
    return [(change.column, change.before, change.after) for change in planned.changes]


def columns_of(planned: Planned) -> list[str | None]:
    assert planned.action == "refused"
    return [reason.column for reason in planned.reasons]


def test_an_update_says_what_was_seen_and_what_is_to_be() -> None:
    planned = decided(row({"title": "Move two shops", "industry": "Retail", "solution_ids": ("S-0000002",)}), record())
    assert planned == Planned(
        2,
        "update",
        "O1",
        "CRM-1",
        changes=(
            Change("tcv", None, Decimal(36000)),
            Change("currency", "USD", "USD"),
            Change("contract_months", None, 36),
            Change("title", "Move the shop", "Move two shops"),
            Change("solution_ids", ("S-0000001",), ("S-0000001", "S-0000002")),
        ),
    )


@pytest.mark.parametrize("column", ["tcv", "currency", "contract_months"])
def test_the_value_of_a_deal_is_planned_as_one(column: str) -> None:
    """Or an amount could meet the currency or the months that somebody else writes in between."""
    other = {"tcv": Decimal(1), "currency": "EUR", "contract_months": 12}
    present = record({SPEND: [OWN], DURATION: months("36")})
    planned = decided(row({column: other[column]}), present)
    assert [name for name, _, _ in changes_of(planned)] == ["tcv", "currency", "contract_months"]
    assert [name for name, before, after in changes_of(planned) if before != after] == [column]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, {}),
        ({}, {"tcv": Decimal("36000.00")}),
        ({SPEND: [MONTHLY, {**OWN, "Amount": "36000."}]}, {}),
        ({"Project.DeliveryModels": ["Resell", "Other"]}, {"delivery_models": ("Other", "Resell")}),
        ({}, {"solution_ids": ("S-0000001",)}),
        ({RELATED: {"Solutions": ["S-1", "S-0000001"]}}, {"solution_ids": ("S-1",)}),
        # Where nothing is to be written, nothing forbids it.
        ({STATUS: "Submitted"}, {}),
        ({CLOSE: "2026-01-01"}, {"target_close_date": "2026-01-01"}),
        ({STAGE: "Closed Lost", LOST_REASON: "Price"}, {"stage": "Closed Lost"}),
    ],
)
def test_values_that_mean_the_same_are_no_change(changes: dict[str, Any], wanted: dict[str, Any]) -> None:
    planned = decided(row(wanted), record({**VALUED, **changes}))
    assert planned == Planned(2, "unchanged", "O1", "CRM-1")


def test_the_conversion_writes_the_aws_entry_alone() -> None:
    planned = decided(row({"tcv": Decimal("100000"), "currency": "EUR"}), record(), convert=True)
    assert changes_of(planned) == [
        ("currency", "USD", "EUR"),
        ("aws_mrr", Decimal("700.0"), Decimal("2777.78")),
    ]
    project = update_request(record(), {change.column: change.after for change in planned.changes})["Project"]
    assert project["ExpectedCustomerSpend"] == [{**MONTHLY, **EURO, "Amount": "2777.78"}]
    assert "ExpectedContractDuration" not in project
    assert decided(row({"tcv": Decimal("25200")}), record(), convert=True).action == "unchanged"


def test_findings_suggest_single_columns() -> None:
    present = record({SPEND: [MONTHLY, OWN], DURATION: months("12")})
    suggested = Deal(1, "O1", None, {"contract_months": 36, "aws_mrr": Decimal("1000.00")})
    assert changes_of(decided(Deal(1, "O1", None, {"contract_months": 36}), present)) == [("contract_months", 12, 36)]
    assert columns_of(decided(suggested, present)) == ["aws_mrr"]
    assert changes_of(decided(suggested, present, convert=True)) == [
        ("currency", "USD", "USD"),
        ("contract_months", 12, 36),
        ("aws_mrr", Decimal(700), Decimal(1000)),
    ]
    assert columns_of(decided(Deal(1, "O1", None, {"currency": "EUR"}), present)) == ["currency"]


def test_a_finding_of_an_older_version_of_its_record_is_not_written() -> None:
    """Somebody has set 36 months since, or other dates of the software contract, from which 12 months followed."""
    seen, later = datetime(2026, 3, 1, 8, 0, 0, 123456, UTC), {"LastModifiedDate": "2026-03-01T10:00:00Z"}
    finding = Deal(1, "O1", None, {"contract_months": 12}, version=seen)
    assert changes_of(decided(finding, record())) == [("contract_months", None, 12)]
    for since in ({DURATION: months("36")}, {"SoftwareRevenue": {"ExpirationDate": "2029-03-01"}}):
        planned = decided(finding, record({**since, **later}))
        assert (planned.action, planned.reasons) == ("refused", (Reason(None, OUTDATED),))
    assert decided(finding, record({**later, DURATION: months("12")})).action == "unchanged"
    converted = Deal(1, "O1", None, {"aws_mrr": Decimal(1)}, version=seen)
    present = record({**later, SPEND: [MONTHLY, OWN], DURATION: months("36")})
    assert decided(converted, present, convert=True).reasons == (Reason(None, OUTDATED),)


def test_blanks_around_an_identifier_of_the_record_do_not_matter() -> None:
    """Matching passes over them, too; an identifier that is blank is none."""
    assert decided(row(), record({"PartnerOpportunityIdentifier": " CRM-1 "})).action == "update"
    planned = decided(row(), record({"PartnerOpportunityIdentifier": "  "}))
    assert ("partner_opportunity_id", "  ", "CRM-1") in changes_of(planned)


def test_an_invalid_duration_is_seen_and_replaced() -> None:
    planned = decided(Deal(1, "O1", None, {"contract_months": 36}), record({DURATION: months("0")}))
    assert changes_of(planned) == [("contract_months", "0", 36)]


def test_a_new_deal() -> None:
    planned = decided(new_row({"solution_ids": ("S-0000001",)}), None)
    assert (planned.opportunity_id, planned.partner_opportunity_id) == (None, "CRM-1")
    assert {name: after for name, before, after in changes_of(planned) if before is None} == {
        "partner_opportunity_id": "CRM-1",
        **NEW_ROW,
        "solution_ids": ("S-0000001",),
    }
    assert [name for name, _, _ in changes_of(planned)] == [
        name for name in WRITTEN_COLUMNS if name in {*NEW_ROW, "solution_ids", "partner_opportunity_id"}
    ]
    converted = {name: after for name, _, after in changes_of(decided(new_row(), None, convert=True))}
    assert converted["aws_mrr"] == Decimal("1000.00")
    assert not {"tcv", "contract_months"} & converted.keys()


@pytest.mark.parametrize(
    ("deal", "present", "convert", "columns"),
    [
        # What its cells or its matching say stands, whatever the record holds.
        (
            Deal(2, "O1", None, ROW, (Reason("title", "is too long"), Reason(None, "is odd"))),
            record(),
            False,
            ["title", None],
        ),
        (row(), None, False, ["opportunity_id"]),
        (row(), record({"PartnerOpportunityIdentifier": "CRM-2"}), False, ["partner_opportunity_id"]),
        (row({"solution_ids": ("S-0000001", "S-404")}), record(), False, ["solution_ids"]),
        (row(), record(VALUED), True, ["tcv"]),
        (row(), record({"Project.NewThing": "x"}), False, [None]),
        (row({"stage": "Closed Lost"}), record(), False, ["stage"]),
        (row(), record({STAGE: "Closed Lost"}), False, ["stage"]),
        (row({"tcv": Decimal("1" * 32)}), record(), False, ["tcv"]),
        (row({"title": "x" * 256, "business_problem": "Short"}), record(), False, ["title", "business_problem"]),
        (row(), record({"Project.SalesActivities": ["Dance"]}), False, [None]),
        (Deal(2, "O1", "CRM-1", {"aws_mrr": Decimal(1)}), record({SPEND: []}), True, ["currency"]),
        # A new one.
        (new_row({"title": None, "website": None}), None, False, ["title", "website"]),
        (new_row({"country_code": "US"}), None, False, ["postal_code", "state"]),
        (
            new_row({"customer_name": None, "target_close_date": "2026-03-01"}),
            None,
            False,
            ["customer_name", "target_close_date"],
        ),
        (new_row({"stage": "Committed", "solution_ids": ("S-0000001",)}), None, False, ["stage"]),
        (Deal(2, None, None, NEW_ROW), None, True, ["partner_opportunity_id"]),
        # All at once.
        (
            row({"currency": "EUR", "title": "New", "solution_ids": ("S-404",)}),
            record({STATUS: "Approved", CLOSE: "2026-01-01"}),
            False,
            ["solution_ids", "title", "currency", "target_close_date"],
        ),
    ],
)
def test_refused(deal: Deal, present: Record | None, convert: bool, columns: list[str | None]) -> None:
    planned = decided(deal, present, convert=convert)
    assert columns_of(planned) == columns
    assert planned.changes == ()
    assert (planned.row, planned.opportunity_id) == (deal.row, deal.opportunity_id)


def test_what_breaks_the_service_model_is_told_by_field_and_code() -> None:
    planned = decided(row({"title": "x" * 256}), record({"OpportunityType": "Old Business"}))
    mend = "correct it in Partner Central, then plan again"
    assert set(planned.reasons) == {
        Reason("title", "AWS would refuse project.title (INVALID_STRING_FORMAT): correct the cell"),
        Reason(None, f"AWS would refuse opportunityType (INVALID_ENUM_VALUE): {mend}"),
    }


@pytest.mark.parametrize("status", ["Pending Submission", "Approved", "Action Required", None])
@pytest.mark.parametrize("column", [*OTHER, "partner_opportunity_id", "contract_months", "tcv"])
def test_a_review_status_locks_what_the_sandbox_locks(status: str | None, column: str) -> None:
    present = record({**VALUED, STATUS: status, "PartnerOpportunityIdentifier": None})
    wanted = {**ROW, "tcv": Decimal(1)} if column == "tcv" else {**ROW, column: OTHER.get(column, 12)}
    deal = Deal(2, "O1", None, wanted)
    if column == "partner_opportunity_id":
        deal = Deal(2, "O1", "CRM-1", ROW)
    planned = decided(deal, present)
    is_locked = column in LOCKED.get(status or "", ())
    assert planned.action == ("refused" if is_locked else "update")
    assert [reason.column for reason in planned.reasons] == ([column] if is_locked else [])
    if column == "solution_ids":
        request = {"RelatedEntityType": "Solutions", "RelatedEntityIdentifier": "S-0000002"}
        assert is_taken("AssociateOpportunity", {"OpportunityIdentifier": "O1", **request}, present) != is_locked
    else:
        after = {**wanted, "partner_opportunity_id": "CRM-1"} if column == "partner_opportunity_id" else wanted
        assert is_taken("UpdateOpportunity", update_request(present, after), present) != is_locked


@pytest.mark.parametrize("status", ["Submitted", "In review", "Rejected"])
def test_nothing_is_written_under_review_or_after_a_rejection(status: str) -> None:
    present = record({STATUS: status})
    for wanted in (ROW, {**ROW, "title": "New"}, {"solution_ids": ("S-0000002",)}):
        assert columns_of(decided(Deal(2, "O1", "CRM-1", wanted), present)) == [None]
    assert not is_taken("UpdateOpportunity", update_request(present, ROW), present)


def test_solutions_alone_are_associated_whatever_else_an_update_would_meet() -> None:
    present = record({**VALUED, CLOSE: "2026-01-01", STAGE: "Committed", RELATED: {}})
    planned = decided(row({"solution_ids": ("S-0000002",)}), present)
    assert changes_of(planned) == [("solution_ids", None, ("S-0000002",))]


def test_a_solution_that_a_row_gives_makes_a_committed_deal_writable() -> None:
    present = record({STAGE: "Committed", RELATED: {}})
    assert columns_of(decided(row(), present)) == ["stage"]
    assert decided(row({"solution_ids": ("S-0000002",)}), present).action == "update"


def test_no_reason_repeats_a_value() -> None:
    """Of the record or of the row: a plan is shown, and its reasons go further than its values."""
    present = record({STATUS: "Approved", CLOSE: "2026-01-01"})
    wanted = {**OTHER, "industry": "Dancing", "tcv": Decimal("31415"), "currency": "EUR", "contract_months": 27}
    told = " ".join(reason.text for reason in decided(Deal(2, "O1", "CRM-9", wanted), present).reasons)
    values = [*present_values(present).values(), *wanted.values(), "CRM-9"]
    assert len(told) > 300
    assert [value for value in values if isinstance(value, str) and len(value) > 2 and value in told] == []
    assert "31415" not in told


def test_what_a_new_deal_needs_the_sandbox_takes() -> None:
    values = {change.column: change.after for change in decided(new_row(), None).changes}
    assert is_taken("CreateOpportunity", create_request(values, "token"))
