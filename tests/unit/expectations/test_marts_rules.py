"""One row breaks each kind of rule of the marts, on a table of the declared columns."""

from collections.abc import Iterator, Mapping

import duckdb
import pytest

from expectations.marts import MartTable, declared_rules, marts_rules
from expectations.rules import Rule
from expectations.validation import holding, validate
from transforms.opportunities import Opportunities
from transforms.schema import declaration

DECLARED = declaration(Opportunities)
COLUMNS = {column.name: column.duckdb_type for column in DECLARED.columns}
TABLE = MartTable(
    name=DECLARED.name,
    columns=COLUMNS,
    key=DECLARED.primary_key,
    required=[column.name for column in DECLARED.columns if not column.is_nullable],
)
RULES = marts_rules([TABLE], reporting_currency="USD")
LARGEST = "9" * 31 + ".99"
SOUND: dict[str, object] = {
    "created_at": "2025-12-01 00:00:00+00",
    "last_modified_at": "2026-01-01 00:00:00+00",
    "stage": "Qualified",
    "stage_rank": 2,
    "is_open": True,
    "is_won": False,
    "is_lost": False,
    "furthest_stage": "Committed",
    "furthest_stage_rank": 5,
    "close_date_pushes": 0,
    "is_visible": True,
    "contract_months": 36,
    "aws_mrr": "10.01",
    "aws_tcv": "360.36",
    "aws_arr": "120.12",
    "aws_acv": "120.12",
    "deal_tcv": "100.00",
    "deal_mrr": "2.78",
    "software_tcv": "1.00",
    "software_months": 12,
    "software_mrr": "0.08",
    "software_currency_code": "USD",
}
AMOUNTS = [column.removesuffix("_reporting") for column in COLUMNS if column.endswith("_reporting")]
UNKNOWN_DURATION = dict.fromkeys(("contract_months", "aws_tcv", "aws_acv", "deal_mrr"))
LOST: dict[str, object] = {"stage": "Closed Lost", "stage_rank": None, "is_open": False, "is_lost": True}
WON: dict[str, object] = {"stage": "Launched", "stage_rank": 6, "is_open": False, "is_won": True} | {
    "furthest_stage": "Launched",
    "furthest_stage_rank": 6,
}
UNKNOWN_STAGE = dict.fromkeys(("stage", "stage_rank", "is_open", "is_won", "is_lost"))
LARGE = {"contract_months": 144, "aws_mrr": LARGEST, "deal_tcv": LARGEST, "software_tcv": LARGEST} | {
    "aws_tcv": "1439999999999999999999999999999998.56",
    "aws_arr": "119999999999999999999999999999999.88",
    "aws_acv": "119999999999999999999999999999999.88",
    "deal_mrr": "69444444444444444444444444444.44",
    "software_mrr": "833333333333333333333333333333.33",
}
CASES: list[tuple[str, dict[str, object], set[str]]] = [
    ("sound", {}, set()),
    ("lost", LOST, set()),
    ("won", WON, set()),
    ("unknown-stage", UNKNOWN_STAGE, set()),
    ("unknown-duration", UNKNOWN_DURATION, set()),
    ("short", {"contract_months": 11, "aws_tcv": "110.11", "aws_acv": "110.11", "deal_mrr": "9.09"}, set()),
    ("large", LARGE, set()),
    ("half-cent", {"deal_tcv": "0.18", "deal_mrr": "0.01"}, set()),  # 0.18 / 36 = 0.005, rounded half up
    ("stage", UNKNOWN_STAGE | {"stage": "Qualifying"}, {"stage.in_enum"}),
    (
        "months-145",
        {"contract_months": 145, "aws_tcv": "1451.45", "deal_mrr": "0.69"},
        {"contract_months.in_range"},
    ),
    (
        "months-of-software",
        {"software_months": 0, "software_mrr": None},
        {"software_months.in_range", "software_mrr.is_quotient"},
    ),
    ("rank", {"stage_rank": 3}, {"stage_rank.is_rank_of_stage"}),
    ("rank-unknown", {"stage_rank": None}, {"stage_rank.is_rank_of_stage"}),
    ("behind", {"furthest_stage": "Prospect", "furthest_stage_rank": 1}, {"furthest_stage_rank.is_not_behind_stage"}),
    ("furthest", {"furthest_stage_rank": 4}, {"furthest_stage_rank.is_rank_of_stage"}),
    (
        "furthest-stage",
        {"furthest_stage": "Signed"},
        {"furthest_stage.in_enum", "furthest_stage_rank.is_rank_of_stage"},
    ),
    ("open", {"is_open": False}, {"is_open.agrees_with_stage"}),
    ("open-unknown", {"is_open": None}, {"is_open.agrees_with_stage"}),
    ("won-flag", {"is_won": True}, {"is_won.agrees_with_stage"}),
    ("lost-flag", LOST | {"is_lost": False}, {"is_lost.agrees_with_stage"}),
    ("pushes", {"close_date_pushes": -1}, {"close_date_pushes.in_range"}),
    ("tcv", {"aws_tcv": "360.37"}, {"aws_tcv.is_product"}),
    ("tcv-unknown", {"aws_tcv": None}, {"aws_tcv.is_product"}),
    ("tcv-invented", UNKNOWN_DURATION | {"aws_tcv": "10.01"}, {"aws_tcv.is_product"}),
    ("arr", {"aws_arr": "120.13"}, {"aws_arr.is_product"}),
    ("acv", {"aws_acv": "360.36"}, {"aws_acv.is_product"}),
    ("acv-of-12", UNKNOWN_DURATION | {"aws_acv": "120.12"}, {"aws_acv.is_product"}),
    ("deal", {"deal_mrr": "2.79"}, {"deal_mrr.is_quotient"}),
    ("deal-unknown", {"deal_mrr": None}, {"deal_mrr.is_quotient"}),
    ("deal-invented", {"deal_tcv": None}, {"deal_mrr.is_quotient"}),
    ("software", {"software_mrr": "0.09"}, {"software_mrr.is_quotient"}),
    ("negative", {"deal_mrr_reporting": "-0.01"}, {"deal_mrr_reporting.in_range", "amounts_are_converted"}),
    ("modified", {"last_modified_at": None}, {"last_modified_at.is_present"}),
]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute("ATTACH ':memory:' AS staging")
        connection.execute(
            "CREATE TABLE staging.opportunity_versions "
            "(opportunity_id VARCHAR, last_modified_at TIMESTAMPTZ, is_excluded BOOLEAN)"
        )
        connection.execute(
            "CREATE TABLE marts.observations (opportunity_id VARCHAR, stage VARCHAR, stage_rank INTEGER)"
        )
        connection.execute("CREATE SCHEMA ops")
        connection.execute(
            "CREATE TABLE ops.record_facts "
            "(opportunity_id VARCHAR, aws_currency_code VARCHAR, deal_currency_code VARCHAR)"
        )
        connection.execute("CREATE TABLE ops.fx_rates (currency_code VARCHAR, per_base DECIMAL(38,18))")
        yield connection


def create_mart(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, str] = COLUMNS) -> None:
    declared = ", ".join(f"{column} {duckdb_type}" for column, duckdb_type in columns.items())
    connection.execute(f"CREATE TABLE marts.opportunities ({declared})")


def publish(connection: duckdb.DuckDBPyConnection, opportunity_id: str | None, **changes: object) -> None:
    """One opportunity with all its amounts in the reporting currency."""
    row = {"opportunity_id": opportunity_id, **SOUND, **changes}
    row = {f"{amount}_reporting": row[amount] for amount in AMOUNTS} | row
    places = ", ".join("?" for _ in row)
    connection.execute(f"INSERT INTO marts.opportunities ({', '.join(row)}) VALUES ({places})", list(row.values()))
    connection.execute("INSERT INTO ops.record_facts VALUES (?, 'USD', 'USD')", [opportunity_id])
    observe(connection, opportunity_id, None, row["furthest_stage_rank"])


def observe(connection: duckdb.DuckDBPyConnection, opportunity_id: str | None, stage: str | None, rank: object) -> None:
    connection.execute("INSERT INTO marts.observations VALUES (?, ?, ?)", [opportunity_id, stage, rank])


def land(connection: duckdb.DuckDBPyConnection, opportunity_id: str, day: int = 1, is_excluded: bool = False) -> None:
    row = [opportunity_id, f"2026-01-{day:02} 00:00:00+00", is_excluded]
    connection.execute("INSERT INTO staging.opportunity_versions VALUES (?, ?, ?)", row)


def broken(connection: duckdb.DuckDBPyConnection, rules: list[Rule]) -> list[str]:
    _, failed = validate(connection, "marts", rules, run_id="r1", suite="marts")
    assert holding(failed) == failed, "every rule of the marts holds the publication"
    return [rule.id.removeprefix("opportunities.") for rule in failed]


def test_each_rule_fails_for_the_row_that_breaks_it_alone(connection: duckdb.DuckDBPyConnection) -> None:
    create_mart(connection)
    for name, changes, _ in CASES:
        publish(connection, name, **changes)
        land(connection, name)
    found: dict[str, set[str]] = {name: set() for name, _, _ in CASES}
    connection.execute("USE marts")
    for rule in RULES:
        if rule.failing_rows:
            for (name,) in connection.execute(rule.failing_in("marts.opportunities")).fetchall():
                found[name].add(rule.id.removeprefix("opportunities."))
    connection.execute("USE main")
    assert found == {name: expected for name, _, expected in CASES}
    assert set(broken(connection, RULES)) == set().union(*found.values())


def test_a_sound_mart_passes(connection: duckdb.DuckDBPyConnection) -> None:
    create_mart(connection)
    publish(connection, "O1")
    land(connection, "O1")
    assert broken(connection, RULES) == []


def test_an_empty_mart_of_nothing_landed_passes(connection: duckdb.DuckDBPyConnection) -> None:
    create_mart(connection)
    assert broken(connection, RULES) == []


def test_keys_are_unique_and_present(connection: duckdb.DuckDBPyConnection) -> None:
    create_mart(connection)
    for opportunity_id in ("O1", "O1", None):
        publish(connection, opportunity_id)
    land(connection, "O1")
    assert broken(connection, RULES) == [
        "opportunity_id.is_present",
        "opportunity_id.is_unique",
        "furthest_stage_rank.is_furthest_observed",
        "opportunity_id.none_is_invented",
    ]


@pytest.mark.parametrize(
    ("columns", "failed"),
    [
        (COLUMNS | {"aws_mrr": "DOUBLE"}, ["has_declared_types"]),
        (COLUMNS | {"aws_mrr": "DECIMAL(18,2)"}, ["has_declared_types"]),
        (COLUMNS | {"created_at": "TIMESTAMP"}, ["has_declared_types"]),
        (COLUMNS | {"surplus": "INTEGER"}, ["has_declared_columns", "has_declared_types"]),
        (dict(reversed(COLUMNS.items())), ["has_declared_columns"]),
    ],
)
def test_columns_are_as_declared(
    connection: duckdb.DuckDBPyConnection, columns: dict[str, str], failed: list[str]
) -> None:
    create_mart(connection, columns)
    assert broken(connection, RULES) == failed


@pytest.mark.parametrize(
    ("stage", "rank", "failed"),
    [
        ("Qualified", 2, []),
        (None, None, []),
        ("Closed Lost", None, []),  # proves no more than the first rank
        ("Launched", 6, ["furthest_stage_rank.is_furthest_observed"]),
    ],
)
def test_the_furthest_stage_is_the_furthest_observed(
    connection: duckdb.DuckDBPyConnection, stage: str | None, rank: int | None, failed: list[str]
) -> None:
    create_mart(connection)
    publish(connection, "O1")
    land(connection, "O1")
    observe(connection, "O1", stage, rank)
    observe(connection, "O2", "Launched", 6)
    assert broken(connection, RULES) == failed


def test_closed_lost_alone_proves_the_first_stage(connection: duckdb.DuckDBPyConnection) -> None:
    create_mart(connection)
    publish(connection, "O1", **LOST, furthest_stage="Prospect", furthest_stage_rank=1)
    publish(connection, "O2", **UNKNOWN_STAGE, furthest_stage=None, furthest_stage_rank=None)
    for opportunity_id in ("O1", "O2"):
        land(connection, opportunity_id)
    connection.execute("DELETE FROM marts.observations")
    observe(connection, "O1", "Closed Lost", None)
    observe(connection, "O2", None, None)
    assert broken(connection, RULES) == []


def test_no_opportunity_is_lost(connection: duckdb.DuckDBPyConnection) -> None:
    create_mart(connection)
    publish(connection, "O1")
    land(connection, "O1")
    land(connection, "excluded", is_excluded=True)
    land(connection, "excluded last", day=1)
    land(connection, "excluded last", day=2, is_excluded=True)
    assert broken(connection, RULES) == []
    land(connection, "excluded once", day=1, is_excluded=True)
    land(connection, "excluded once", day=2)
    assert broken(connection, RULES) == ["opportunity_id.none_is_lost"]


@pytest.mark.parametrize("is_landed", [True, False])
def test_no_opportunity_is_invented(connection: duckdb.DuckDBPyConnection, is_landed: bool) -> None:
    create_mart(connection)
    publish(connection, "O1")
    if is_landed:
        land(connection, "O1", day=1)
        land(connection, "O1", day=2, is_excluded=True)
    assert broken(connection, RULES) == ["opportunity_id.none_is_invented"]


def test_a_key_of_two_columns(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE marts.months (month DATE, stage VARCHAR)")
    connection.execute("INSERT INTO marts.months VALUES ('2026-01-01', 'a'), ('2026-01-01', 'b'), ('2026-02-01', 'a')")
    table = MartTable("months", {"month": "DATE", "stage": "VARCHAR"}, key=("month", "stage"))
    assert broken(connection, list(declared_rules(table))) == []
    connection.execute("INSERT INTO marts.months VALUES ('2026-01-01', 'b')")
    assert broken(connection, marts_rules([table], reporting_currency="USD")) == ["months.month, stage.is_unique"]
