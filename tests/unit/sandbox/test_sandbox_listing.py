"""Filters, sorts and pages of ListOpportunities."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sandbox.listing import Paging
from pipelines.sandbox.operations import serve
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.store import SORT_KEYS, Store

IN = {"Catalog": "Sandbox"}
# created, modified, stage, review status, company, target close date
FOUR = {
    "O1": ("2026-01-01", "2026-03-01T00:00:00Z", "Qualified", "Approved", "Beta", "2026-05-01"),
    "O2": ("2026-01-02", "2026-03-01T00:00:00.5Z", "Prospect", "Pending Submission", "alpha", "2026-04-01"),
    "O3": ("2026-01-03", "2026-02-01T00:00:00Z", "Launched", "Approved", "Ängel", "2026-06-01"),
    "O10": ("2026-01-04", "2026-04-01T00:00:00Z", "Qualified", "Rejected", "Beta", "2026-03-15"),
}


@pytest.fixture
def listed(sandbox: Sandbox, client: Any, clock: Any, record: Any) -> Callable[..., str]:
    """The ids that a request finds, in their order, as one line."""
    for opportunity_id, (created, modified, stage, review, company, close) in FOUR.items():
        version = record(opportunity_id, modified, f"{created}T00:00:00Z", stage, review, company, close)
        sandbox.store.put(version, clock.now)

    def list_ids(**request: Any) -> str:
        page = client.list_opportunities(**IN, **request)
        return " ".join(entry["Id"] for entry in page["OpportunitySummaries"])

    return list_ids


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC)


def test_the_last_modified_comes_first(listed: Callable[..., str]) -> None:
    assert listed() == "O10 O2 O1 O3"


@pytest.mark.parametrize(
    ("sort_by", "ascending"),
    [
        ("LastModifiedDate", "O3 O1 O2 O10"),
        ("Identifier", "O1 O10 O2 O3"),
        ("CustomerCompanyName", "O1 O10 O2 O3"),
        ("CreatedDate", "O1 O2 O3 O10"),
        ("TargetCloseDate", "O10 O2 O1 O3"),
    ],
)
def test_sorts(listed: Callable[..., str], sort_by: str, ascending: str) -> None:
    assert listed(Sort={"SortBy": sort_by, "SortOrder": "ASCENDING"}) == ascending
    assert listed(Sort={"SortBy": sort_by, "SortOrder": "DESCENDING"}) == " ".join(reversed(ascending.split()))


@pytest.mark.parametrize(
    ("request_filter", "found"),
    [
        ({"LastModifiedDate": {"AfterLastModifiedDate": at(3, 1)}}, "O10 O2 O1"),  # on or after
        ({"LastModifiedDate": {"BeforeLastModifiedDate": at(3, 1)}}, "O3"),
        ({"LastModifiedDate": {"AfterLastModifiedDate": at(2, 1), "BeforeLastModifiedDate": at(4, 1)}}, "O2 O1 O3"),
        ({"CreatedDate": {"AfterCreatedDate": at(1, 2), "BeforeCreatedDate": at(1, 4)}}, "O2 O3"),
        ({"TargetCloseDate": {"AfterTargetCloseDate": "2026-05-01"}}, "O1 O3"),
        ({"TargetCloseDate": {"BeforeTargetCloseDate": "2026-04-01"}}, "O10"),
        ({"Identifier": ["O3", "O1", "O99"]}, "O1 O3"),
        ({"LifeCycleStage": ["Launched", "Prospect"]}, "O2 O3"),
        ({"LifeCycleReviewStatus": ["Rejected"]}, "O10"),
        ({"CustomerCompanyName": ["Beta"]}, "O10 O1"),
        ({"CustomerCompanyName": ["beta"]}, ""),
        ({"CustomerCompanyName": ["Beta"], "LifeCycleReviewStatus": ["Approved"]}, "O1"),
        ({"Identifier": [], "LifeCycleStage": []}, "O10 O2 O1 O3"),
    ],
)
def test_filters(listed: Callable[..., str], request_filter: dict[str, Any], found: str) -> None:
    assert listed(**request_filter) == found
    sort = {"SortBy": "LastModifiedDate", "SortOrder": "ASCENDING"}
    assert listed(**request_filter, Sort=sort) == " ".join(reversed(found.split()))


def test_pages_are_of_twenty_unless_asked_otherwise(sandbox: Sandbox, client: Any, clock: Any, record: Any) -> None:
    for number in range(101):
        sandbox.store.put(record(f"O{number}"), clock.now)
    sizes = [len(page["OpportunitySummaries"]) for page in client.get_paginator("list_opportunities").paginate(**IN)]
    assert sizes == [20, 20, 20, 20, 20, 1]
    largest = client.list_opportunities(**IN, MaxResults=100)
    last = client.list_opportunities(**IN, MaxResults=100, NextToken=largest["NextToken"])
    assert (len(largest["OpportunitySummaries"]), len(last["OpportunitySummaries"])) == (100, 1)
    assert "NextToken" not in last


@pytest.mark.parametrize("token", ["garbage", "W10=", "WyJhIiwxXQ==", "é"])
def test_a_foreign_token_is_refused(listed: Callable[..., str], token: str) -> None:
    with pytest.raises(ClientError, match="nextToken"):
        listed(NextToken=token)


def test_a_token_continues_its_own_walk_only(client: Any, listed: Callable[..., str]) -> None:
    token = client.list_opportunities(**IN, MaxResults=1)["NextToken"]
    assert listed(NextToken=token, MaxResults=2) == "O2 O1"
    with pytest.raises(ClientError, match="nextToken"):
        listed(NextToken=token, LifeCycleStage=["Qualified"])


def walk(store: Store, paging: Paging, between_pages: Callable[[], None] | None = None, **request: Any) -> list[str]:
    """All ids of a walk; MaxResults may be a list, with the size of each page in turn."""
    sizes, token, found = list(request.pop("MaxResults")), None, []
    while True:
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        body = {**IN, **request, "MaxResults": size, "NextToken": token}
        page = orjson.loads(serve("ListOpportunities", body, {"Sandbox": store}, 0, paging))
        found += [entry["Id"] for entry in page["OpportunitySummaries"]]
        assert len(found) < 1000, "the walk goes round in circles"
        token = page.get("NextToken")
        if token is None:
            return found
        if between_pages is not None:
            between_pages()


SORTS = st.fixed_dictionaries(
    {
        "SortBy": st.sampled_from(["LastModifiedDate", *SORT_KEYS]),
        "SortOrder": st.sampled_from(["ASCENDING", "DESCENDING"]),
    }
)


@given(
    days=st.lists(st.integers(1, 3), max_size=30),
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=8),
    sort=SORTS,
    paging=st.sampled_from(["key", "offset"]),
)
def test_any_walk_shows_each_opportunity_once(
    days: list[int], sizes: list[int], sort: dict[str, str], paging: Paging
) -> None:
    """Most of the days tie."""
    store = Store("Sandbox")
    for number, day in enumerate(days):
        instant = f"2026-01-0{day}T00:00:00Z"
        store.put({"Id": f"O{number}", "LastModifiedDate": instant, "CreatedDate": instant}, at(1, 1))
    found = walk(store, paging, MaxResults=sizes, Sort=sort)
    assert sorted(found) == sorted(f"O{number}" for number in range(len(days)))


@pytest.mark.parametrize(("paging", "found"), [("key", "O0 O1 O2 O3 O4 O0"), ("offset", "O0 O1 O3 O4 O0")])
def test_rows_that_move_during_a_walk(paging: Paging, found: str) -> None:
    """By key the moved row is shown twice; by offset another row, O2, falls between two pages."""
    store = Store("Sandbox")
    for number in range(5):
        store.put({"Id": f"O{number}", "LastModifiedDate": f"2026-01-0{number + 1}T00:00:00Z"}, at(1, 1))
    moves = iter([at(2, 1)])

    def move() -> None:
        for instant in moves:
            store.edit("O0", instant, {"LifeCycle.Stage": "Qualified"})

    sort = {"SortBy": "LastModifiedDate", "SortOrder": "ASCENDING"}
    assert " ".join(walk(store, paging, move, MaxResults=[2], Sort=sort)) == found
