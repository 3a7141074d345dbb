"""Which opportunities of the mart have gone out of sight."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from transforms.currency import ReportingCurrency
from transforms.observations import observations
from transforms.opportunities import Opportunities, opportunities
from transforms.staged import (
    AWS_OPPORTUNITY_SUMMARIES,
    EXPECTED_CUSTOMER_SPEND,
    OPPORTUNITY_VERSIONS,
    OPPORTUNITY_VISIBILITY,
    RESOURCE_SNAPSHOTS,
)

SETTINGS: dict[str, Any] = {"as_of": date(2026, 3, 31), "reporting": ReportingCurrency("USD")}
MIDNIGHT = datetime(2026, 4, 1, tzinfo=UTC)
JUST_BEFORE = datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC)


def at(day: int) -> datetime:
    return datetime(2026, 3, day, tzinfo=UTC)


def shown(opportunity_ids: Sequence[str], *changes: tuple[str, datetime, bool]) -> list[tuple[str, bool]]:
    """`is_visible` of opportunities, each of one version on 2026-03-10, after changes of sight."""
    rows = [
        {
            "row_key": opportunity_id,
            "opportunity_id": opportunity_id,
            "last_modified_at": at(10),
            "is_excluded": False,
            "created_date": "2026-01-01T00:00:00Z",
        }
        for opportunity_id in opportunity_ids
    ]
    versions, spend = pl.LazyFrame(rows, OPPORTUNITY_VERSIONS), pl.LazyFrame(schema=EXPECTED_CUSTOMER_SPEND)
    table = opportunities(
        versions,
        spend,
        pl.LazyFrame(schema=AWS_OPPORTUNITY_SUMMARIES),
        pl.LazyFrame(changes, OPPORTUNITY_VISIBILITY, orient="row"),
        observations(versions, spend, pl.LazyFrame(schema=RESOURCE_SNAPSHOTS), spend, **SETTINGS),
        **SETTINGS,
    )
    return Opportunities.validate(table.collect()).select("opportunity_id", "is_visible").rows()


@pytest.mark.parametrize(
    ("changes", "is_visible"),
    [
        ([], True),
        ([(at(11), False)], False),
        ([(at(9), False)], False),  # whenever its last version is of
        ([(at(11), False), (at(12), True)], True),
        ([(at(11), False), (at(12), True), (at(13), False)], False),
        ([(JUST_BEFORE, False)], False),
        ([(MIDNIGHT, False)], True),  # not known by then
        ([(at(11), False), (MIDNIGHT, True)], False),
    ],
)
def test_its_last_change_of_sight_before_midnight_utc_decides(
    changes: list[tuple[datetime, bool]], is_visible: bool
) -> None:
    rows = [("O1", *change) for change in changes]
    expected = [("O1", is_visible), ("O2", True)]
    assert shown(["O1", "O2"], *rows) == shown(["O1", "O2"], *reversed(rows)) == expected


def test_a_change_of_sight_alone_makes_no_opportunity() -> None:
    assert shown(["O1"], ("O9", at(11), False)) == [("O1", True)]
