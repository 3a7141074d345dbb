from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from observed_records import AS_OF, WITHOUT_RATES, Rows, at, snapshot
from observed_records import version as observed_version

from transforms.observations import observations
from transforms.opportunities import Opportunities, opportunities
from transforms.staged import (
    AWS_OPPORTUNITY_SUMMARIES,
    EXPECTED_CUSTOMER_SPEND,
    OPPORTUNITY_VERSIONS,
    OPPORTUNITY_VISIBILITY,
    RESOURCE_SNAPSHOTS,
)

SETTINGS: dict[str, Any] = {"as_of": AS_OF, "reporting": WITHOUT_RATES}
MIDNIGHT = datetime(2026, 4, 1, tzinfo=UTC)
JUST_BEFORE = datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC)


def version(key: str, opportunity_id: str, when: datetime, stage: str | None = None, **members: Any) -> dict[str, Any]:
    return observed_version(key, opportunity_id, when, stage, **{"created_date": "2026-01-01T00:00:00Z", **members})


def closing(key: str, when: datetime, day: str | None) -> dict[str, Any]:
    return version(key, "O1", when, "Prospect", life_cycle__target_close_date=day)


def summary(key: str, when: datetime, stage: str, is_excluded: bool = False) -> dict[str, Any]:
    return {
        "row_key": key,
        "opportunity_id": "O1",
        "last_modified_at": when,
        "is_excluded": is_excluded,
        "life_cycle__stage": stage,
        "insights__engagement_score": "High",
        "involvement_type": "Co-Sell",
        "origin": "AWS Referral",
    }


def built(versions: Rows, spend: Rows = (), summaries: Rows = (), snapshots: Rows = ()) -> pl.DataFrame:
    staged, entries = pl.LazyFrame(versions, OPPORTUNITY_VERSIONS), pl.LazyFrame(spend, EXPECTED_CUSTOMER_SPEND)
    history = observations(staged, entries, pl.LazyFrame(snapshots, RESOURCE_SNAPSHOTS), entries.clear(), **SETTINGS)
    sides, sight = pl.LazyFrame(summaries, AWS_OPPORTUNITY_SUMMARIES), pl.LazyFrame(schema=OPPORTUNITY_VISIBILITY)
    backwards = history.reverse()  # its order must not matter
    table = opportunities(staged, entries, sides, sight, backwards, **SETTINGS)
    return Opportunities.validate(table.collect())


def test_every_column_of_one_opportunity() -> None:
    record = version(
        "v1",
        "O1",
        at(2),
        "Committed",
        arn="arn:aws:partnercentral:us-east-1::catalog/AWS/opportunity/O1",
        catalog="AWS",
        partner_opportunity_identifier="CRM-7",
        opportunity_type="Expansion",
        created_date="2026-01-31T23:30:00.123456789-01:00",
        life_cycle__closed_lost_reason=None,
        life_cycle__review_status="Approved",
        life_cycle__target_close_date="2026-06-30",
        customer__account__company_name="Żółw GmbH",
        customer__account__industry="Retail",
        customer__account__address__country_code="DE",
        project__title="Lift & shift",
        project__aws_partition="aws-eusc",
        project__competitor_name="*Other",
        project__expected_contract_duration__term="Months",
        project__expected_contract_duration__value="36",
        marketing__campaign_name="Spring",
        marketing__source="Marketing Activity",
        marketing__aws_funding_used="Yes",
        software_revenue__value__amount="720",
        software_revenue__value__currency_code="EUR",
    )
    spend = [
        {"parent_key": "v1", "target_company": "AWS", "amount": "1000", "currency_code": "USD"},
        {"parent_key": "v1", "target_company": "Self", "amount": "36000", "currency_code": "USD"},
    ]
    assert built([record], spend, [summary("a1", at(2), "Qualified")]).to_dicts() == [
        {
            "opportunity_id": "O1",
            "arn": "arn:aws:partnercentral:us-east-1::catalog/AWS/opportunity/O1",
            "catalog": "AWS",
            "partner_opportunity_id": "CRM-7",
            "title": "Lift & shift",
            "customer_name": "Żółw GmbH",
            "industry": "Retail",
            "country_code": "DE",
            "opportunity_type": "Expansion",
            "stage": "Committed",
            "stage_rank": 5,
            "is_open": True,
            "is_won": False,
            "is_lost": False,
            "closed_lost_reason": None,
            "review_status": "Approved",
            "target_close_date": date(2026, 6, 30),
            "created_at": datetime(2026, 2, 1, 0, 30, 0, 123_456, tzinfo=UTC),
            "last_modified_at": at(2),
            "campaign": "Spring",
            "marketing_source": "Marketing Activity",
            "aws_funding_used": "Yes",
            "aws_partition": "aws-eusc",
            "competitor": "*Other",
            "currency_code": "USD",
            "contract_months": 36,
            "aws_mrr": Decimal("1000.00"),
            "deal_tcv": Decimal("36000.00"),
            "deal_mrr": Decimal("1000.00"),
            "aws_tcv": Decimal("36000.00"),
            "aws_arr": Decimal("12000.00"),
            "aws_acv": Decimal("12000.00"),
            "software_tcv": Decimal("720.00"),
            "software_months": 36,
            "software_mrr": Decimal("20.00"),
            "aws_mrr_reporting": Decimal("1000.00"),
            "deal_tcv_reporting": Decimal("36000.00"),
            "deal_mrr_reporting": Decimal("1000.00"),
            "aws_tcv_reporting": Decimal("36000.00"),
            "aws_arr_reporting": Decimal("12000.00"),
            "aws_acv_reporting": Decimal("12000.00"),
            "software_tcv_reporting": None,
            "software_mrr_reporting": None,
            "furthest_stage": "Committed",
            "furthest_stage_rank": 5,
            "close_date_pushes": 0,
            "is_visible": True,
            "aws_stage": "Qualified",
            "engagement_score": "High",
            "involvement_type": "Co-Sell",
            "origin": "AWS Referral",
            "software_currency_code": "EUR",
        }
    ]


def test_the_state_is_the_last_version_before_midnight_utc() -> None:
    table = built(
        [
            version("v2", "O1", JUST_BEFORE, "Qualified"),
            version("v1", "O1", at(1), "Prospect"),
            version("v3", "O1", MIDNIGHT, "Launched"),
            version("v4", "O2", MIDNIGHT, "Prospect"),
        ]
    )
    assert table.select("opportunity_id", "stage", "last_modified_at").rows() == [("O1", "Qualified", JUST_BEFORE)]


def test_each_version_has_its_own_spend() -> None:
    spend = [
        {"parent_key": "v1", "target_company": "AWS", "amount": "100", "currency_code": "USD"},
        {"parent_key": "v2", "target_company": "AWS", "amount": "250", "currency_code": "USD"},
        {"parent_key": "v3", "target_company": "AWS", "amount": "900", "currency_code": "USD"},
    ]
    versions = [version("v1", "O1", at(1)), version("v2", "O1", at(2)), version("v3", "O1", MIDNIGHT)]
    assert built(versions, spend)["aws_mrr"].to_list() == [Decimal("250.00")]


def test_an_excluded_last_version_takes_the_opportunity_out() -> None:
    table = built(
        [
            version("v1", "O1", at(1), "Prospect"),
            version("v2", "O1", at(2), "Dreaming", is_excluded=True),
            version("v3", "O2", at(1), "Dreaming", is_excluded=True),
            version("v4", "O2", at(2), "Qualified"),
            version("v5", "O3", at(1), "Prospect"),
            version("v6", "O3", MIDNIGHT, "Dreaming", is_excluded=True),
        ]
    )
    assert table.select("opportunity_id", "stage").rows() == [("O2", "Qualified"), ("O3", "Prospect")]


@pytest.mark.parametrize(
    ("stage", "flags"),
    [
        ("Prospect", (1, True, False, False)),
        ("Committed", (5, True, False, False)),
        ("Launched", (6, False, True, False)),
        ("Closed Lost", (None, False, False, True)),
        (None, (None, None, None, None)),
    ],
)
def test_stage_flags(stage: str | None, flags: tuple[Any, ...]) -> None:
    table = built([version("v1", "O1", at(1), stage)])
    assert table.select("stage_rank", "is_open", "is_won", "is_lost").row(0) == flags


@pytest.mark.parametrize(
    ("stages", "furthest"),
    [
        (["Prospect", "Business Validation", "Qualified"], ("Business Validation", 4)),
        (["Committed", "Closed Lost"], ("Committed", 5)),
        (["Closed Lost"], ("Prospect", 1)),
        (["Closed Lost", None], ("Prospect", 1)),
        ([None, "Qualified"], ("Qualified", 2)),
        ([None], (None, None)),
    ],
)
def test_the_furthest_stage_ever_observed(stages: list[str | None], furthest: tuple[str | None, int | None]) -> None:
    table = built([version(f"v{day}", "O1", at(day), stage) for day, stage in enumerate(stages, start=1)])
    assert table.select("furthest_stage", "furthest_stage_rank").row(0) == furthest


def test_snapshots_show_how_far_an_opportunity_got() -> None:
    table = built(
        [version("v1", "O1", at(9), "Closed Lost")],
        snapshots=[snapshot("s1", at(1), "Technical Validation"), snapshot("s2", MIDNIGHT, "Launched")],
    )
    assert table.select("stage", "furthest_stage").rows() == [("Closed Lost", "Technical Validation")]


@pytest.mark.parametrize(
    ("close_dates", "pushes"),
    [
        (["2026-05-01", "2026-06-01", "2026-07-01"], 2),
        (["2026-05-01", "2026-05-01", "2026-04-01"], 0),
        (["2026-06-01", "2026-05-01", "2026-06-01"], 1),
        (["2026-05-01", None, "2026-06-01"], 1),  # compared over the gap
        (["2026-05-01", "2026-06-31", "2026-05-01"], 0),  # no such day
        ([None, None], 0),
    ],
)
def test_pushes_of_the_target_close_date(close_dates: list[str | None], pushes: int) -> None:
    table = built([closing(f"v{day}", at(day), text) for day, text in enumerate(close_dates, start=1)])
    assert table["close_date_pushes"].to_list() == [pushes]


def test_a_push_seen_only_by_a_snapshot_counts() -> None:
    versions = [closing("v1", at(1), "2026-05-01"), closing("v2", at(9), "2026-06-01")]
    between = snapshot("s1", at(5), "Prospect", lifecycle__target_close_date="2026-05-15")
    assert built(versions, snapshots=[between])["close_date_pushes"].to_list() == [2]


def test_an_excluded_last_summary_leaves_aws_side_unknown() -> None:
    summaries = [
        summary("a1", at(1), "Identified"),
        summary("a2", at(2), "Qualified", is_excluded=True),
    ]
    versions = [version("v1", "O1", at(1)), version("v2", "O1", at(2))]
    table = built(versions, summaries=summaries)
    assert table.select("opportunity_id", "aws_stage", "origin").rows() == [("O1", None, None)]
    table = built(versions, summaries=[{**one, "is_excluded": not one["is_excluded"]} for one in summaries])
    assert table.select("opportunity_id", "aws_stage", "origin").rows() == [("O1", "Qualified", "AWS Referral")]


def test_aws_side_is_the_last_summary_before_midnight_utc() -> None:
    summaries = [
        summary("a2", JUST_BEFORE, "Qualified"),
        summary("a1", at(1), "Identified"),
        summary("a3", MIDNIGHT, "X"),
    ]
    table = built([version("v1", "O1", at(1)), version("v2", "O2", at(1))], summaries=summaries)
    assert table.select("opportunity_id", "aws_stage", "origin").rows() == [
        ("O1", "Qualified", "AWS Referral"),
        ("O2", None, None),
    ]


def test_versions_of_one_instant_are_decided_by_their_key_in_any_order() -> None:
    versions = [version("a", "O1", at(1), "Prospect"), version("b", "O1", at(1), "Qualified")]
    assert built(versions)["stage"].to_list() == built(versions[::-1])["stage"].to_list() == ["Qualified"]


def test_rows_come_by_opportunity_id() -> None:
    table = built([version(f"v{key}", key, at(1)) for key in ("O2", "O10", "O1")])
    assert table["opportunity_id"].to_list() == ["O1", "O10", "O2"]


def test_nothing_landed_is_an_empty_table_with_every_column() -> None:
    table = built([])
    assert table.is_empty()
    assert table.columns == Opportunities.column_names()
