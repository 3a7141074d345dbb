"""Staged versions and snapshots, these of O1 where they name no other, and what they observe."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
from histories import built, member

from transforms.currency import ReportingCurrency
from transforms.observations import Observations, observations, with_vanished
from transforms.staged import EXPECTED_CUSTOMER_SPEND, OPPORTUNITY_VERSIONS, OPPORTUNITY_VISIBILITY, RESOURCE_SNAPSHOTS

AS_OF = date(2026, 3, 31)
WITHOUT_RATES = ReportingCurrency("USD")

Rows = Sequence[dict[str, Any]]


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def version(key: str, opportunity_id: str, when: datetime, stage: str | None, **members: Any) -> dict[str, Any]:
    return {
        "row_key": key,
        "opportunity_id": opportunity_id,
        "last_modified_at": when,
        "is_excluded": False,
        "life_cycle__stage": stage,
        **members,
    }


def snapshot(key: str, when: datetime | None, stage: str, revision: int = 1, **members: Any) -> dict[str, Any]:
    return {
        "row_key": key,
        "opportunity_id": "O1",
        "engagement_id": "eng-1",
        "revision": revision,
        "created_at": when,
        "is_excluded": False,
        "lifecycle__stage": stage,
        **members,
    }


def months(number: str) -> dict[str, str]:
    return {
        "project__expected_contract_duration__term": "Months",
        "project__expected_contract_duration__value": number,
    }


def software(amount: str, currency: str = "USD") -> dict[str, str | None]:
    return {
        "software_revenue__value__amount": member(amount),
        "software_revenue__value__currency_code": member(currency),
    }


def entries(*texts: str) -> list[dict[str, Any]]:
    """Spend entries, each `record target amount currency`, where `-` is an absent value and `''` an empty one."""
    return [dict(zip(EXPECTED_CUSTOMER_SPEND, map(member, text.split()), strict=True)) for text in texts]


def observed(
    versions: Rows,
    snapshots: Rows = (),
    spend: Rows = (),
    snapshot_spend: Rows = (),
    as_of: date = AS_OF,
    reporting: ReportingCurrency = WITHOUT_RATES,
) -> pl.DataFrame:
    return built(
        Observations,
        observations(
            pl.LazyFrame(versions, OPPORTUNITY_VERSIONS),
            pl.LazyFrame(spend, EXPECTED_CUSTOMER_SPEND),
            pl.LazyFrame(snapshots, RESOURCE_SNAPSHOTS),
            pl.LazyFrame(snapshot_spend, EXPECTED_CUSTOMER_SPEND),
            as_of=as_of,
            reporting=reporting,
        ),
    )


def published(observed: pl.DataFrame, *changes: tuple[str, datetime, bool], as_of: date = AS_OF) -> pl.DataFrame:
    """`observed` after changes of sight, each an opportunity, an instant and whether a listing shows it."""
    visibility = pl.LazyFrame(changes, OPPORTUNITY_VISIBILITY, orient="row")
    return built(Observations, with_vanished(observed.lazy(), visibility, as_of))
