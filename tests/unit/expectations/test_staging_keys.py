"""Keys, parents and lists: rules that no single value breaks."""

from collections.abc import Iterator

import duckdb
import pytest
from staging_world import Row, connect_to_staging, create_table, model_fields

from expectations.fields import Field
from expectations.landing import landing_rules
from expectations.quarantine import quarantine
from expectations.validation import holding, validate

VERSIONS = "opportunity_versions"
SPEND = "opportunity_versions__project__expected_customer_spend"
SPEND_LIST = model_fields(VERSIONS, SPEND)
FIELDS = [*model_fields(VERSIONS, "life_cycle__stage"), *SPEND_LIST, *model_fields(SPEND, "target_company")]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect_to_staging() as connection:
        yield connection


def failures(connection: duckdb.DuckDBPyConnection, fields: list[Field]) -> dict[str, int]:
    """The ids of the broken rules and how many rows break them; none of them may quarantine anything."""
    rules = landing_rules(fields)
    results, failed = validate(connection, "staging", rules, run_id="r1", suite="landing")
    assert quarantine(connection, "staging", failed, run_id="r1").is_empty()
    unexpected = dict(zip((rule.id for rule in rules), results["unexpected"], strict=True))
    return {rule.id: unexpected[rule.id] for rule in failed}


def version(row_key: str | None, opportunity_id: str | None = "O1") -> Row:
    return {"row_key": row_key, "opportunity_id": opportunity_id, "life_cycle__stage": "Prospect"}


def entry(parent_key: str | None, index: int, company: str = "AWS") -> Row:
    return {"row_key": f"{parent_key}#{index}", "parent_key": parent_key, "target_company": company}


def test_sound_keys_pass(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version("a"), version("b")])
    create_table(connection, SPEND, [entry("a", 0, "Self"), entry("a", 1), entry("b", 0, "Self")])
    assert failures(connection, FIELDS) == {}


def test_empty_tables_pass(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version("a")])
    create_table(connection, SPEND, [entry("a", 0)])
    connection.execute(f"DELETE FROM staging.{VERSIONS}")
    connection.execute(f"DELETE FROM staging.{SPEND}")
    assert failures(connection, FIELDS) == {}


def test_a_repeated_key_holds_the_publication(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version("a"), version("a"), version("b")])
    create_table(connection, SPEND, [entry("a", 0), entry("a", 0), entry("a", 0)])
    assert failures(connection, FIELDS) == {f"{VERSIONS}.row_key.is_unique": 2, f"{SPEND}.row_key.is_unique": 3}


def test_a_missing_key_holds_the_publication(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version(None), version("b", None)])
    create_table(connection, SPEND, [entry("b", 0)])
    assert failures(connection, FIELDS) == {
        f"{VERSIONS}.row_key.is_present": 1,
        f"{VERSIONS}.opportunity_id.is_present": 1,
    }
    rules = landing_rules(FIELDS)
    _, failed = validate(connection, "staging", rules, run_id="r1", suite="landing")
    assert holding(failed) == failed


def test_a_child_has_a_parent(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version("a"), version(None)])
    create_table(connection, SPEND, [entry("a", 0), entry("gone", 0), entry(None, 0)])
    assert failures(connection, FIELDS)[f"{SPEND}.parent_key.has_parent"] == 2


def test_two_self_entries_are_reported(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version("a"), version("b")])
    create_table(connection, SPEND, [entry("a", 0, "Self"), entry("a", 1, "Self"), entry("b", 0, "Self")])
    assert failures(connection, FIELDS) == {f"{VERSIONS}.{SPEND}.has_one_self_entry": 1}


def test_too_many_items_are_reported(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version("ten"), version("eleven")])
    items = [entry("ten", index) for index in range(10)] + [entry("eleven", index) for index in range(11)]
    create_table(connection, SPEND, items)
    assert failures(connection, FIELDS) == {f"{VERSIONS}.{SPEND}.has_item_count": 1}


def test_too_few_items_are_reported_of_a_list_that_is_there(connection: duckdb.DuckDBPyConnection) -> None:
    fields = [Field(VERSIONS, SPEND, "X", "list", minimum=2), *model_fields(SPEND, "target_company")]
    create_table(connection, VERSIONS, [version("none"), version("one"), version("two")])
    create_table(connection, SPEND, [entry("one", 0), entry("two", 0), entry("two", 1)])
    assert failures(connection, fields) == {f"{VERSIONS}.{SPEND}.has_item_count": 1}
