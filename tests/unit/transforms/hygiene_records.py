"""Records of opportunities as text, for the tests of hygiene.

In a table of records each line is an opportunity, O1, O2, …: cells stand two spaces apart as in histories.py, `-` is
null, and what is not named is as in SOUND. `detail` and `suggestion` are what a rule finds; or it `holds`.

A spend entry reads `target amount currency`, where `-` is an absent value and `''` an empty one.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
from histories import built, cell, frame, instant, lines, member, observation

from transforms.hygiene import Hygiene, hygiene
from transforms.limits import Thresholds
from transforms.observations import Observations
from transforms.opportunities import Opportunities
from transforms.record_facts import RecordFacts, record_facts
from transforms.staged import DIMENSION_VALUES, EXPECTED_CUSTOMER_SPEND, OPPORTUNITY_VERSIONS

AS_OF = date(2026, 3, 31)
EARLIER = datetime(2026, 3, 1, tzinfo=UTC)
DEFAULTS = Thresholds()
OPEN = ["Prospect", "Qualified", "Technical Validation", "Business Validation", "Committed"]
STAGES = [*OPEN, "Launched", "Closed Lost"]
CELLS = """
    stage                      Committed
    closed_lost_reason         Price
    review_status              Approved
    target_close_date          2026-06-30
    created_at                 2026-01-01 00:00
    last_modified_at           2026-03-31 12:00
    industry                   Retail
    aws_partition              aws
    contract_months            12
    aws_mrr                    100.00
    deal_mrr                   100.00
    close_date_pushes          0
    is_visible                 true
    contract_duration_as_sent  12 Months
    dates_months               12
    has_spend                  true
    spend_currencies           USD
    aws_currency_code          USD
    deal_currency_code         USD
    is_national_security       false
    has_next_steps             true
    has_solution               true
    unconverted_currencies     -
"""
SOUND = dict(lines(CELLS))
"""The cells of an opportunity that breaks no rule."""
TYPES = {**Opportunities.create_empty().schema, **RecordFacts.create_empty().schema}
Cells = dict[str, str]


def value(column: str, text: str) -> Any:
    readers = {
        pl.String(): str,
        pl.Int32(): int,
        pl.Boolean(): {"true": True, "false": False}.__getitem__,
        pl.Date(): date.fromisoformat,
        pl.Datetime("us", "UTC"): instant,
        pl.Decimal(38, 2): Decimal,
    }
    return None if text == "-" else readers[TYPES[column]](text)


def record(number: int, cells: Cells) -> dict[str, Any]:
    """Opportunity O1, O2, … with the flags of its stage, which are unknown for an unknown one."""
    values = {column: value(column, text) for column, text in {**SOUND, **cells}.items()}
    stage = values["stage"]
    flags = {"is_open": stage in OPEN, "is_won": stage == "Launched", "is_lost": stage == "Closed Lost"}
    return {"opportunity_id": f"O{number}", **values, **(flags if stage in STAGES else {})}


def findings(*records: Cells, thresholds: Thresholds = DEFAULTS) -> pl.DataFrame:
    rows = [record(number, cells) for number, cells in enumerate(records, start=1)]
    opportunities, facts = (
        frame(schema, [{name: row[name] for name in schema.column_names() if name in row} for row in rows])
        for schema in (Opportunities, RecordFacts)
    )
    return built(Hygiene, hygiene(opportunities.reverse(), facts, as_of=AS_OF, thresholds=thresholds))


def check(rule: str, table: str, thresholds: Thresholds = DEFAULTS, **cells_of_all: str) -> None:
    """Assert that `rule` finds in each opportunity of `table` what its line says."""
    header, *rows = lines(table)
    records = [{**cells_of_all, **dict(zip(header, row, strict=False))} for row in rows]
    expected = [(cells.pop("detail"), cells.pop("suggestion", "-")) for cells in records]
    of_rule = findings(*records, thresholds=thresholds).filter(rule=rule)
    found = {row["opportunity_id"]: (row["detail"], cell(row["suggestion"])) for row in of_rule.rows(named=True)}
    assert [found.get(f"O{number}", ("holds", "-")) for number in range(1, len(records) + 1)] == expected


def version(key: str, opportunity_id: str, when: datetime, **members: Any) -> dict[str, Any]:
    return {
        "row_key": key,
        "opportunity_id": opportunity_id,
        "last_modified_at": when,
        "is_excluded": False,
        **members,
    }


def facts_table(
    versions: Sequence[dict[str, Any]],
    spend: Sequence[tuple[str, str]] = (),
    values: Sequence[tuple[str, str, str | None]] = (),
    unconverted: Sequence[tuple[str, str | None]] = (),
) -> pl.DataFrame:
    """The facts of these versions, their spend entries and their items of lists, each with the key of its version, and
    of the currencies `unconverted` in observations, each with its opportunity."""
    entries = [(key, *map(member, entry.split())) for key, entry in spend]
    observed = [
        {
            **observation(number, opportunity_id, "2026-03-01 00:00", "version", "Prospect"),
            "unconverted_currencies": currencies,
        }
        for number, (opportunity_id, currencies) in enumerate(unconverted, start=1)
    ]
    facts = record_facts(
        pl.LazyFrame(versions, OPPORTUNITY_VERSIONS),
        pl.LazyFrame(entries, EXPECTED_CUSTOMER_SPEND, orient="row"),
        pl.LazyFrame(values, DIMENSION_VALUES, orient="row"),
        frame(Observations, observed),
        as_of=AS_OF,
    )
    return built(RecordFacts, facts)


def facts_of(*spend: str, **members: str | None) -> dict[str, Any]:
    """The facts of one version with these spend entries and members."""
    versions = [version("v1", "O1", EARLIER, **members)]
    return facts_table(versions, [("v1", entry) for entry in spend]).row(0, named=True)
