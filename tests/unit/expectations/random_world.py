"""Random records that the landing rules let through, staged, and the marts that the transforms make of them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import dataframely as dy
import duckdb
import polars as pl

from expectations.marts.stages import STAGES
from transforms.currency import FxRates, Quote, ReportingCurrency
from transforms.limits import Thresholds
from transforms.per_opportunity import Staged, per_opportunity
from transforms.rollups import ROLLED_UP, roll_up
from transforms.running_sums import SUMMED, running_sums
from transforms.schema import declaration
from transforms.staged import (
    AWS_OPPORTUNITY_SUMMARIES,
    DIMENSION_VALUES,
    EXPECTED_CUSTOMER_SPEND,
    OPPORTUNITY_VERSIONS,
    OPPORTUNITY_VISIBILITY,
    RESOURCE_SNAPSHOTS,
)
from transforms.touches import LISTS, SNAPSHOT_LISTS

AS_OF = date(2026, 3, 31)
FIRST = datetime(2021, 3, 1, tzinfo=UTC)  # sixty half-lives before the as-of date
LAST = datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC)
MOMENTS = [FIRST, LAST, *(LAST - timedelta(days) for days in (29, 30, 30, 31, 60)), datetime(2026, 3, 1, tzinfo=UTC)]
CURRENCIES = ["USD", "USD", "USD", "EUR", "GBP", "CHF", None]
AMOUNTS = ["0", "0.01", "0.02", "1.", "100.00", "333.33", "1000", "12000.5", "9" * 24, "", None]
VALUES = ["S-1", "S-2", "S-3", "Z", "a", "é", "(none)", "", None]
VERSION_CHOICES: dict[str, Sequence[str | None]] = {
    "life_cycle__stage": [*STAGES, "Committed", "Prospect", None],
    "life_cycle__closed_lost_reason": ["Other", None],
    "life_cycle__review_status": ["Approved", "Action Required", None],
    "life_cycle__next_steps": ["call", " ", None],
    "life_cycle__target_close_date": ["2026-03-30", "2026-03-31", "2026-04-01", "2026-02-31", None],
    "customer__account__industry": ["Government", "Retail", None],
    "national_security": ["Yes", "No", None],
    "project__aws_partition": ["aws-eusc", "aws", None],
    "project__expected_contract_duration__term": ["Months", "Months", "Months", "Years", None],
    "project__expected_contract_duration__value": ["1", "7", "12", "36", "144", "145", None],
    "contract_duration_as_sent": ["12 Months", "145 Months", None],
    "marketing__campaign_name": ["Spring", "Expo", "", None],
    "software_revenue__value__amount": AMOUNTS,
    "software_revenue__value__currency_code": CURRENCIES,
    "software_revenue__effective_date": ["2025-01-31", "2026-01-01", None],
    "software_revenue__expiration_date": ["2025-02-28", "2026-12-31", "2040-01-01", None],
}
PER_BASE = [Decimal("1.0837"), Decimal("0.85"), Decimal("160.5"), Decimal("0.0001234567890123"), Decimal("7")]
Rows = list[dict[str, Any]]


def fill_with_random_records(connection: duckdb.DuckDBPyConnection, seed: int) -> ReportingCurrency:
    """Fill the tables of `create_every_mart` with up to eight opportunities and all that the transforms make of them;
    return the reporting currency."""
    dice = Random(seed)
    versions = [_version(dice, *record) for record in _records(dice, most=6)]
    snapshots = [_snapshot(dice, *record) for record in _records(dice, most=3)]
    sights = [_sight(dice, *record) for record in _records(dice, most=4)]
    values, snapshot_values = _values(dice, versions, LISTS), _values(dice, snapshots, SNAPSHOT_LISTS)
    staged = Staged(
        versions=pl.LazyFrame(versions, OPPORTUNITY_VERSIONS),
        spend=pl.LazyFrame(_spend(dice, versions), EXPECTED_CUSTOMER_SPEND),
        values=pl.LazyFrame(values, DIMENSION_VALUES),
        aws_summaries=pl.LazyFrame([], AWS_OPPORTUNITY_SUMMARIES),
        visibility=pl.LazyFrame(sights, OPPORTUNITY_VISIBILITY),
        snapshots=pl.LazyFrame(snapshots, RESOURCE_SNAPSHOTS),
        snapshot_spend=pl.LazyFrame(_spend(dice, snapshots), EXPECTED_CUSTOMER_SPEND),
        snapshot_values=pl.LazyFrame(snapshot_values, DIMENSION_VALUES),
    )
    reporting = _reporting_currency(dice)
    _insert(connection, "staging.opportunity_versions", staged.versions)
    _insert(connection, "staging.resource_snapshots", staged.snapshots)
    _insert(connection, "staging.opportunity_visibility", staged.visibility)
    for record, items, lists in (
        ("opportunity_versions", staged.values, LISTS),
        ("resource_snapshots", staged.snapshot_values, SNAPSHOT_LISTS),
    ):
        for dimension, path in lists.items():
            _insert(connection, f"staging.{record}__{path}", items.filter(dimension=dimension))
    built = _build(staged, reporting)
    for schema in ("marts", "ops"):
        of_schema = f"SELECT table_name FROM duckdb_tables() WHERE schema_name = '{schema}'"
        names = {name for (name,) in connection.execute(of_schema).fetchall()}
        for table, rows in built.items():
            if declaration(table).name in names:
                _insert(connection, f"{schema}.{declaration(table).name}", rows.lazy())
    return reporting


def _build(staged: Staged, reporting: ReportingCurrency) -> dict[type[dy.Schema], pl.DataFrame]:
    """Every table, by the steps of a night."""
    rows = per_opportunity(staged, as_of=AS_OF, reporting=reporting)
    sums = {table: rows.collect() for table, rows in running_sums({s: rows[s].lazy() for s in SUMMED}).items()}
    inputs = {table: (rows | sums)[table].lazy().select(columns) for table, columns in ROLLED_UP.items()}
    return rows | sums | roll_up(inputs, as_of=AS_OF, thresholds=Thresholds()) | {FxRates: reporting.table()}


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pl.LazyFrame) -> None:
    columns = [name for name, *_ in connection.execute(f"DESCRIBE {table}").fetchall()]
    connection.register("new_rows", rows.select(columns).collect())
    connection.execute(f"INSERT INTO {table} FROM new_rows")


def _records(dice: Random, most: int) -> list[tuple[str, datetime]]:
    """Opportunities and the different instants of their records."""
    records = []
    for number in range(8):
        spread = [FIRST + dice.random() * (LAST - FIRST) for _ in range(3)]
        recent = [LAST - dice.random() * timedelta(90) for _ in range(3)]
        moments = dict.fromkeys([*spread, *recent, *MOMENTS])
        records += [(f"O{number}", at) for at in dice.sample(list(moments), dice.randint(0, most))]
    return records


def _version(dice: Random, opportunity_id: str, at: datetime) -> dict[str, Any]:
    return {
        "row_key": f"{opportunity_id}@{at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "opportunity_id": opportunity_id,
        "last_modified_at": at,
        "is_excluded": dice.random() < 0.1,
        "created_date": f"2025-1{int(opportunity_id[1:]) % 3}-15T00:00:00Z",
        **{name: dice.choice(choices) for name, choices in VERSION_CHOICES.items()},
    }


def _snapshot(dice: Random, opportunity_id: str, at: datetime) -> dict[str, Any]:
    return {
        "row_key": f"eng-1/{opportunity_id}/{at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "opportunity_id": opportunity_id,
        "engagement_id": "eng-1",
        "revision": 1,
        "created_at": at if dice.random() < 0.9 else None,
        "is_excluded": dice.random() < 0.1,
        "lifecycle__stage": dice.choice([*STAGES, None]),
        "project__expected_contract_duration__term": "Months",
        "project__expected_contract_duration__value": dice.choice(["12", "24", None]),
    }


def _sight(dice: Random, opportunity_id: str, at: datetime) -> dict[str, Any]:
    return {"opportunity_id": opportunity_id, "observed_at": at, "is_visible": dice.random() < 0.3}


def _spend(dice: Random, records: Rows) -> Rows:
    return [
        {
            "parent_key": record["row_key"],
            "target_company": dice.choice(["AWS", "AWS", "Self", "Acme"]),
            "amount": dice.choice(AMOUNTS),
            "currency_code": dice.choice(CURRENCIES),
        }
        for record in records
        for _ in range(dice.randint(0, 3))
    ]


def _values(dice: Random, records: Rows, dimensions: dict[str, str]) -> Rows:
    return [
        {"parent_key": record["row_key"], "dimension": dimension, "value": dice.choice(VALUES)}
        for record in records
        for dimension in dimensions
        for _ in range(dice.randint(0, 4))
    ]


def _reporting_currency(dice: Random) -> ReportingCurrency:
    base, *others = dice.sample(["USD", "EUR", "GBP"], 3)
    quotes = tuple(Quote(AS_OF, code, dice.choice(PER_BASE)) for code in others if dice.random() < 0.8)
    code = dice.choice(["USD", "EUR"])
    return ReportingCurrency(code, base, quotes) if dice.random() < 0.8 else ReportingCurrency(code)
