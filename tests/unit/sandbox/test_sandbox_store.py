"""What tests and the world do to the state directly."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from pipelines.sandbox.store import Store

MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def newest_first(store: Store) -> list[str]:
    return [opportunity_id for _, opportunity_id in store.order("LastModifiedDate").walk(descending=True)]


def test_a_record_is_kept_exactly_as_given(record: Any) -> None:
    store = Store("Sandbox")
    given = record("O1", stage="Negotiation") | {"LastModifiedDate": "yesterday", "CreatedDate": None, "Extra": [1]}
    store.put(given, MARCH)
    store.put(record("O2", modified="2026-02-01T00:00:00Z"), MARCH)
    assert orjson.loads(store.json("O1")[0]) == given
    assert newest_first(store) == ["O1", "O2"]


def test_a_record_without_an_id_needs_a_key(record: Any) -> None:
    store = Store("Sandbox")
    nameless = record("O1") | {"Id": None}
    store.put(nameless, MARCH, opportunity_id="O7")
    assert orjson.loads(store.json("O7")[0])["Id"] is None
    del nameless["Id"]
    with pytest.raises(KeyError):
        store.put(nameless, MARCH)


def test_what_the_caller_does_to_its_record_later_changes_nothing(record: Any) -> None:
    store, given = Store("Sandbox"), record("O1")
    store.put(given, MARCH)
    given["LifeCycle"]["Stage"] = "Launched"
    assert b"Launched" not in store.json("O1")[0]


def test_an_edit_is_a_new_version(record: Any) -> None:
    store = Store("Sandbox")
    for sort_by in ("TargetCloseDate", "CustomerCompanyName"):
        store.order(sort_by)
    store.put(record("O1"), MARCH)
    store.put(record("O2", modified="2026-03-02T00:00:00Z"), MARCH)
    changes = {"LifeCycle.TargetCloseDate": "2025-01-01", "Project.Title": "T", "SoftwareRevenue": None}
    store.edit("O1", datetime(2026, 3, 3, 12, tzinfo=UTC), changes)
    edited = store.records["O1"]
    assert edited["LastModifiedDate"] == "2026-03-03T12:00:00.000000Z"
    assert (edited["Project"], edited["SoftwareRevenue"]) == ({"Title": "T"}, None)
    assert newest_first(store) == ["O1", "O2"]
    assert [entry[1] for entry in store.order("TargetCloseDate").walk(descending=False)] == ["O1", "O2"]


def test_time_never_goes_back_for_an_edited_opportunity(record: Any) -> None:
    store = Store("Sandbox")
    store.put(record("O1", modified="2026-03-05T00:00:00Z"), MARCH)
    store.edit("O1", MARCH, {"LifeCycle.Stage": "Launched"})
    assert store.records["O1"]["LastModifiedDate"] == "2026-03-05T00:00:00.000001Z"


def test_a_removed_opportunity_is_gone_from_every_order(record: Any) -> None:
    store = Store("Sandbox")
    store.order("Identifier")
    for name in ("O1", "O2"):
        store.put(record(name), MARCH)
    store.remove("O1")
    assert newest_first(store) == ["O2"]
    assert [entry[1] for entry in store.order("Identifier").walk(descending=False)] == ["O2"]
    assert "O1" not in store.records
