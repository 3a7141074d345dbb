"""One record breaks each kind of rule, on DuckDB and through Great Expectations, over the service model's own rules."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb
import polars as pl
import pytest
from staging_world import REQUIRED, Row, connect_to_staging, create_every_table, insert

from expectations.fields import Field
from expectations.landing import landing_rules
from expectations.quarantine import quarantine
from expectations.rules import Rule
from expectations.validation import holding, validate
from pipelines.partner_central.service_model import staged_fields, staged_tables

VERSIONS = "opportunity_versions"
SPEND = "opportunity_versions__project__expected_customer_spend"
CONTACTS = "opportunity_versions__customer__contacts"
STEPS = "opportunity_versions__life_cycle__next_steps_history"
DURATION = "project__expected_contract_duration__value"
CLOSE = "life_cycle__target_close_date"
SUMMARIES = "aws_opportunity_summaries"
SCORE = "insights__opportunity_quality__score"
SNAPSHOTS = "resource_snapshots"
WITHHELD = None
LOCAL_PART = "a" * 76


@dataclass(frozen=True)
class Case:
    """A value in a row that is right otherwise; `shown` is what the quarantine says of it."""

    table: str
    column: str
    value: str | None
    rule: str = ""
    action: str = ""
    shown: str | None = None
    rest: Row = field(default_factory=dict)


def broken(table: str, column: str, value: str | None, rule: str, action: str, rest: Row | None = None) -> Case:
    return Case(table, column, value, rule, action, value, rest or {})


def withheld(table: str, column: str, value: str, rule: str) -> Case:
    return Case(table, column, value, rule, "nulled", WITHHELD)


BROKEN = [
    broken(VERSIONS, "life_cycle__stage", "Qualifying", "in_enum", "excluded"),
    broken(VERSIONS, "life_cycle__stage", "", "in_enum", "excluded"),
    broken(VERSIONS, "id", None, "is_present", "excluded"),
    broken(VERSIONS, "id", "O", "matches_pattern", "excluded"),
    broken(VERSIONS, "id", "xO1", "matches_pattern", "excluded"),
    broken(VERSIONS, "id", "O1\n", "matches_pattern", "excluded"),
    broken(VERSIONS, "created_date", None, "is_present", "excluded"),
    broken(VERSIONS, "created_date", "2026-02-30T00:00:00Z", "is_instant", "excluded"),
    broken(VERSIONS, "created_date", "2026-02-28", "is_instant", "excluded"),
    broken(VERSIONS, "created_date", "2026-02-28T12:00:00", "is_instant", "excluded"),
    broken(VERSIONS, "created_date", "1767225600", "is_instant", "excluded"),
    broken(VERSIONS, "last_modified_date", None, "is_present", "excluded"),
    broken(VERSIONS, "last_modified_date", "yesterday", "is_instant", "excluded"),
    broken(SNAPSHOTS, "lifecycle__stage", "prospect", "in_enum", "excluded"),
    broken(SNAPSHOTS, "created_at", None, "is_present", "excluded"),
    broken(VERSIONS, "malformed_members", "Project.Title: number, not string", "is_well_formed", "excluded"),
    broken(SUMMARIES, "malformed_members", "Insights: array, not object", "is_well_formed", "excluded"),
    broken(SNAPSHOTS, "malformed_members", "Payload: array, not object", "is_well_formed", "excluded"),
    broken("solutions", "malformed_members", "Name: array, not string", "is_well_formed", "excluded"),
    broken("engagement_associations", "malformed_members", "Arn: array, not string", "is_well_formed", "excluded"),
    broken(VERSIONS, "customer__account__industry", "Fishing", "in_enum", "nulled"),
    broken(VERSIONS, "customer__account__address__country_code", "XX", "in_enum", "nulled"),
    broken(VERSIONS, "project__expected_contract_duration__term", "Years", "in_enum", "nulled"),
    broken(VERSIONS, DURATION, "0", "is_contract_months", "nulled"),
    broken(VERSIONS, DURATION, "145", "is_contract_months", "nulled"),
    broken(VERSIONS, DURATION, "-1", "is_contract_months", "nulled"),
    broken(VERSIONS, DURATION, "12.0", "is_contract_months", "nulled"),
    broken(VERSIONS, DURATION, "twelve", "is_contract_months", "nulled"),
    broken(VERSIONS, DURATION, "", "is_contract_months", "nulled"),
    broken(VERSIONS, CLOSE, "2026-1-05", "matches_pattern", "nulled"),
    broken(VERSIONS, CLOSE, "2026-02-31", "is_calendar_date", "nulled"),
    broken(VERSIONS, CLOSE, "2025-02-29", "is_calendar_date", "nulled"),
    broken(VERSIONS, "software_revenue__effective_date", "2026-04-31", "is_calendar_date", "nulled"),
    broken(VERSIONS, "partner_opportunity_identifier", "x" * 65, "has_length", "nulled"),
    broken(VERSIONS, "project__additional_comments", "", "has_length", "nulled"),
    withheld(VERSIONS, "project__title", "é" * 256, "has_length"),
    withheld(VERSIONS, "project__customer_business_problem", "x" * 19, "has_length"),
    withheld(VERSIONS, "project__customer_business_problem", "x" * 2001, "has_length"),
    withheld(VERSIONS, "customer__account__duns", "12345678", "matches_pattern"),
    broken(SPEND, "amount", "-1", "matches_pattern", "nulled"),
    broken(SPEND, "amount", "1e3", "matches_pattern", "nulled"),
    broken(SPEND, "amount", "01", "matches_pattern", "nulled"),
    broken(SPEND, "amount", "1.005", "matches_pattern", "nulled"),
    broken(SPEND, "amount", "1" * 32, "matches_pattern", "nulled"),
    broken(SPEND, "amount", "1" + "0" * 24, "is_summable", "nulled"),
    broken(SPEND, "amount", "9" * 31 + ".99", "is_summable", "nulled"),
    broken(VERSIONS, "software_revenue__value__amount", "9" * 25, "is_summable", "nulled"),
    broken(SPEND, "currency_code", "usd", "in_enum", "nulled"),
    broken(SPEND, "frequency", "None", "in_enum", "nulled", {"target_company": "AWS"}),
    broken(SPEND, "frequency", "None", "in_enum", "nulled", {"target_company": None}),
    broken(SPEND, "frequency", "Yearly", "in_enum", "nulled", {"target_company": "Self"}),
    withheld(CONTACTS, "email", "Jane@example.com", "matches_pattern"),
    withheld(CONTACTS, "email", f"{LOCAL_PART}@b.cd", "has_length"),
    withheld(CONTACTS, "phone", "0123456789", "matches_pattern"),
    broken(STEPS, "time", "2026-13-01T00:00:00Z", "is_instant", "nulled"),
    broken(SUMMARIES, SCORE, "101", "in_range", "nulled"),
    broken(SUMMARIES, SCORE, "-1", "in_range", "nulled"),
    broken(SUMMARIES, SCORE, "3.5", "in_range", "nulled"),
    broken(SUMMARIES, SCORE, "9" * 60, "in_range", "nulled"),
    Case(
        "opportunity_versions__related_entity_identifiers__aws_marketplace_products",
        "value",
        "arn:" + "x" * 2045,
        "has_length",
        "nulled",
        "arn:" + "x" * 195 + "…",
    ),
    broken("solutions", "id", "S1", "matches_pattern", "nulled"),
]
NEAR_MISSES = [
    Case(VERSIONS, "life_cycle__stage", "Closed Lost"),
    Case(VERSIONS, "life_cycle__stage", None),
    Case(VERSIONS, "id", "O" + "1" * 19),
    Case(VERSIONS, "created_date", "2026-02-28T23:59:59.123456789Z"),
    Case(VERSIONS, "created_date", "2024-02-29T00:00:00+02:00"),
    Case(SNAPSHOTS, "lifecycle__stage", "Prospect"),
    Case(VERSIONS, "customer__account__industry", "Other"),
    Case(VERSIONS, DURATION, "1"),
    Case(VERSIONS, DURATION, "144"),
    Case(VERSIONS, DURATION, "012"),
    Case(VERSIONS, CLOSE, "2024-02-29"),
    Case(VERSIONS, "partner_opportunity_identifier", ""),
    Case(VERSIONS, "project__title", "\N{GRINNING FACE}" * 255),
    Case(VERSIONS, "project__title", "a {b} 'c' :d %s\n"),
    Case(VERSIONS, "project__customer_business_problem", "\n" * 2000),
    Case(VERSIONS, "customer__account__duns", "123456789"),
    Case(SPEND, "amount", ""),
    Case(SPEND, "amount", "1."),
    Case(SPEND, "amount", "9" * 24 + ".99"),
    Case(SPEND, "frequency", "Monthly"),
    Case(SPEND, "frequency", "None", rest={"target_company": "Self"}),
    Case(CONTACTS, "email", f"{LOCAL_PART[1:]}@b.cd"),
    Case(CONTACTS, "phone", "+1234"),
    Case(SUMMARIES, SCORE, "0"),
    Case(SUMMARIES, SCORE, "100"),
    Case(SUMMARIES, SCORE, None),
]
REPORTED = [  # there is nothing to null
    Case(VERSIONS, "catalog", None, "is_present"),
    Case(SPEND, "target_company", None, "is_present"),
    Case(STEPS, "time", None, "is_present"),
]
ENUM_FIELDS = [f for f in staged_fields() if f.enum]


@dataclass(frozen=True)
class Checked:
    connection: duckdb.DuckDBPyConnection
    rules: list[Rule]
    results: pl.DataFrame
    failed: list[Rule]
    quarantined: pl.DataFrame


@pytest.fixture(scope="module")
def checked() -> Iterator[Checked]:
    """Every case in a row of its own, validated and quarantined once."""
    with connect_to_staging() as connection:
        create_every_table(connection)
        for table in {table.parent for table in staged_tables() if table.parent}:
            insert(connection, table, [_parent(table)])
        for case in (*BROKEN, *NEAR_MISSES, *REPORTED):
            insert(connection, case.table, [_row(case)])
        for enum_field in ENUM_FIELDS:
            _insert_enum_rows(connection, enum_field)
        rules = landing_rules(staged_fields())
        results, failed = validate(connection, "staging", rules, run_id="r1", suite="landing")
        quarantined = quarantine(connection, "staging", failed, run_id="r1")
        yield Checked(connection, rules, results, failed, quarantined)


def _row(case: Case) -> Row:
    required = REQUIRED.get(case.table, {})
    if case.table == SPEND:
        required = {"target_company": "AWS", "frequency": "Monthly", "currency_code": "USD"}
    keys = {"row_key": _key(case), "opportunity_id": _key(case)}
    return {**keys, **_link(case.table), **required, **case.rest, case.column: case.value}


def _parent(table: str) -> Row:
    keys = {"row_key": "parent", "opportunity_id": "O1"}
    return {**keys, **_link(table), **REQUIRED.get(table, {})}


def _link(table: str) -> Row:
    return {"is_excluded": False} if "__" not in table else {"parent_key": "parent"}


def _key(case: Case) -> str:
    return f"{case.column}={case.value}/{case.rest}"[:200]


def _insert_enum_rows(connection: duckdb.DuckDBPyConnection, enum_field: Field) -> None:
    """A row for each value of an enum, and one for a value that is none."""
    for value in (*enum_field.enum, "no such value"):
        key = f"{enum_field.column}:{value}"
        row = {**_parent(enum_field.table), "row_key": key, enum_field.column: value}
        insert(connection, enum_field.table, [row])


@pytest.mark.parametrize("case", BROKEN, ids=_key)
def test_a_broken_rule_is_quarantined(checked: Checked, case: Case) -> None:
    rows = checked.quarantined.filter(opportunity_id=_key(case), source_table=case.table, column_name=case.column)
    assert rows.select("rule", "action", "value", "severity").rows() == [
        (case.rule, case.action, case.shown, "critical" if case.action == "excluded" else "warning")
    ]


@pytest.mark.parametrize("case", BROKEN, ids=_key)
def test_a_failing_value_is_nulled_or_its_record_excluded(checked: Checked, case: Case) -> None:
    flag = "is_excluded" if "__" not in case.table else "false"
    query = f"SELECT {case.column}, {flag} FROM staging.{case.table} WHERE row_key = ?"
    rows = checked.connection.execute(query, [_key(case)]).fetchall()
    assert rows == [(case.value, True) if case.action == "excluded" else (None, False)]


@pytest.mark.parametrize("case", NEAR_MISSES, ids=_key)
def test_a_near_miss_passes(checked: Checked, case: Case) -> None:
    query = f"SELECT {case.column} FROM staging.{case.table} WHERE row_key = ?"
    assert checked.connection.execute(query, [_key(case)]).fetchall() == [(case.value,)]
    assert checked.quarantined.filter(opportunity_id=_key(case)).is_empty()


@pytest.mark.parametrize("case", REPORTED, ids=_key)
def test_a_missing_required_value_is_reported_alone(checked: Checked, case: Case) -> None:
    results = checked.results.filter(target=case.table, column_name=case.column, expectation=case.rule)
    assert results.select("severity", "success").rows() == [("warning", False)]
    assert checked.quarantined.filter(opportunity_id=_key(case)).is_empty()


@pytest.mark.parametrize("enum_field", ENUM_FIELDS, ids=lambda f: f"{f.table}.{f.column}")
def test_every_enum_of_the_service_model_is_a_rule(checked: Checked, enum_field: Field) -> None:
    rows = checked.quarantined.filter(
        source_table=enum_field.table, column_name=enum_field.column, value="no such value"
    )
    assert len(rows) == (0 if enum_field.is_person else 1)
    left = checked.connection.execute(
        f"SELECT count({enum_field.column}) FROM staging.{enum_field.table} "
        f"WHERE row_key LIKE '{enum_field.column}:%' AND row_key NOT LIKE '%:no such value'"
    ).fetchall()
    assert left == [(len(enum_field.enum),)]


def test_there_is_one_result_for_each_rule_in_their_order(checked: Checked) -> None:
    named = checked.results.select("target", "column_name", "expectation").rows()
    assert named == [(rule.table, rule.column, rule.name) for rule in checked.rules]
    assert len(set(named)) == len(named)
    assert checked.results.filter(pl.col("success") != (pl.col("unexpected") == 0)).is_empty()


def test_values_are_counted_only_where_there_are_any(checked: Checked) -> None:
    result = checked.results.filter(target=SUMMARIES, column_name=SCORE, expectation="in_range")
    assert result.select("evaluated", "unexpected").rows() == [(6, 4)]


def test_every_pattern_and_bound_of_the_service_model_is_a_rule(checked: Checked) -> None:
    ruled = {(rule.table, rule.column) for rule in checked.rules if rule.name in ("matches_pattern", "has_length")}
    assert {(f.table, f.column) for f in staged_fields() if f.pattern} <= ruled
    counted = {(rule.table, rule.column) for rule in checked.rules if rule.name == "has_item_count"}
    assert {(f.table, f.column) for f in staged_fields() if f.kind == "list" and f.maximum} == counted


def test_nothing_here_holds_the_publication(checked: Checked) -> None:
    assert len(checked.failed) > 20
    assert holding(checked.failed) == []


def test_the_quarantine_names_no_person(checked: Checked) -> None:
    shown = checked.quarantined.filter(pl.col("value").is_not_null())
    people = {(f.table, f.column) for f in staged_fields() if f.is_person}
    assert people.isdisjoint(shown.select("source_table", "column_name").rows())
    text = checked.quarantined.drop("opportunity_id").write_csv()
    assert "example.com" not in text
    assert "0123456789" not in text
