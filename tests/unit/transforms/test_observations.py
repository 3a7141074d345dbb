from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from transforms.observations import Observations, observations
from transforms.staged import OPPORTUNITY_VERSIONS, RESOURCE_SNAPSHOTS

AS_OF = date(2026, 3, 31)


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


def observed(versions: list[dict[str, Any]], snapshots: list[dict[str, Any]]) -> pl.DataFrame:
    built = observations(
        pl.LazyFrame(versions, OPPORTUNITY_VERSIONS), pl.LazyFrame(snapshots, RESOURCE_SNAPSHOTS), as_of=AS_OF
    )
    return Observations.validate(built.collect())


def test_versions_and_snapshots_form_one_history_in_order() -> None:
    table = observed(
        [
            version("v3", "O2", at(1), "Launched"),
            version("v2", "O1", at(9), "Closed Lost", life_cycle__target_close_date="2026-02-31"),
            version("v1", "O1", at(2), "Qualified", life_cycle__target_close_date="2026-06-30"),
        ],
        [snapshot("s1", at(5), "Committed", lifecycle__target_close_date="2026-07-31")],
    )
    assert table.rows() == [
        ("O1", 1, at(2), "version", "Qualified", 2, date(2026, 6, 30)),
        ("O1", 2, at(5), "snapshot", "Committed", 5, date(2026, 7, 31)),
        ("O1", 3, at(9), "version", "Closed Lost", None, None),
        ("O2", 1, at(1), "version", "Launched", 6, None),
    ]


def test_at_equal_instants_a_version_comes_first_then_engagement_and_revision() -> None:
    table = observed(
        [version("z", "O1", at(2), "Prospect")],
        [
            snapshot("a", at(2), "Committed", 1, engagement_id="eng-2"),
            snapshot("b", at(2), "Business Validation", 10),
            snapshot("c", at(2), "Qualified", 9),
        ],
    )
    assert table["stage"].to_list() == ["Prospect", "Qualified", "Business Validation", "Committed"]


def test_the_day_ends_at_midnight_utc() -> None:
    midnight = datetime(2026, 4, 1, tzinfo=UTC)
    just_before = datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    table = observed(
        [version("v1", "O1", just_before, "Prospect"), version("v2", "O1", midnight, "Qualified")],
        [snapshot("s1", just_before, "Committed", 1), snapshot("s2", midnight, "Launched", 2)],
    )
    assert table["stage"].to_list() == ["Prospect", "Committed"]


def test_excluded_records_and_snapshots_without_an_instant_observe_nothing() -> None:
    table = observed(
        [version("v1", "O1", at(2), "Prospect"), version("v2", "O1", at(3), "Dreaming", is_excluded=True)],
        [snapshot("s1", None, "Committed", 1), snapshot("s2", at(4), "Dreaming", 2, is_excluded=True)],
    )
    assert table.rows() == [("O1", 1, at(2), "version", "Prospect", 1, None)]


def test_nothing_landed_is_an_empty_history() -> None:
    assert observed([], []).is_empty()
