"""What a Spark worker does with one bucket of opportunities: a night's steps per opportunity, in memory."""

import io
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from expectations.landing import landing_rules
from expectations.rules import Rule
from expectations.schema import Checked, Offences
from expectations.validation import Evaluation, holding
from pipelines.audit import rules_of_marts, rules_on_rows
from pipelines.changes import Inputs, built_with, find_changes, keep_inputs
from pipelines.checks import keep_checks, take_note
from pipelines.database import attach, fetch_row, open_database
from pipelines.examination import find_drift
from pipelines.marts import SCHEMAS, compute_opportunities
from pipelines.partner_central.service_model import staged_fields
from pipelines.partner_central.tables import LANDING_SCHEMAS
from pipelines.spark.landed import LANDED, TABLE
from pipelines.staging import LANDING_DATASET, stage
from pipelines.tables import replace_rows
from transforms.currency import FxRates, ReportingCurrency
from transforms.dates import end_of_day
from transforms.per_opportunity import PER_OPPORTUNITY
from transforms.running_sums import RUNNING_SUMS
from transforms.schema import declaration

HANDED_BACK: dict[str, tuple[str, type[dy.Schema]]] = {
    declaration(table).name: (schema, table)
    for table, schema in {
        **dict.fromkeys((Inputs, Checked, Offences), "ops"),
        **{table: SCHEMAS[table] for table in (*PER_OPPORTUNITY, *RUNNING_SUMS)},
    }.items()
}
"""The tables of the warehouse whose rows a bucket hands back, by name, each with its schema."""
EXAMINED, DRIFTED, FAILING, FAILING_IN_MARTS = "examined", "drifted", "failing", "failing_in_marts"
"""Counts beside them: of payloads by landing table, of those with a drift, of failing rows by rule."""
BUILT_WITH, FAILURE = "built_with", "failure"
"""Text beside them: what the worker computes with, and where it failed."""
RESULT = pa.schema([("name", pa.string()), ("content", pa.binary())])
ROWS_AT_ONCE = 20_000  # handed back in one message: servers bound how large one may be
MEMORY = Path(":memory:")


@dataclass(frozen=True, slots=True)
class Night:
    """What every bucket of a night is computed with."""

    as_of: date
    reporting: ReportingCurrency


def bucket_function(night: Night) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return the function for Spark's `applyInArrow`: the landed rows of a bucket to rows of RESULT."""

    def compute(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for name, content in compute_bucket(night, batches):
            yield pa.RecordBatch.from_pydict({"name": [name], "content": [content]}, RESULT)

    return compute


def compute_bucket(night: Night, batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, bytes]]:
    """Yield what there is in HANDED_BACK and beside it, by name; tables and counts as Arrow files.

    A failure is handed back too, without its message, which may quote records: others read a worker's log.
    """
    try:
        with open_database(MEMORY) as connection:
            connection.execute("SET threads = 1")  # Spark computes a bucket on each core
            for database in ("landing", "staging"):
                attach(connection, MEMORY, database)
            _land(connection, batches)
            yield from _compute(connection, night)
    except Exception as error:  # noqa: BLE001 - raised by the driver
        lines = traceback.format_tb(error.__traceback__)
        yield FAILURE, "".join([*lines, type(error).__qualname__]).encode()


def _land(connection: duckdb.DuckDBPyConnection, batches: Iterable[pa.RecordBatch]) -> None:
    """Fill the attached `landing`; of rows with one key, as a destination that cannot merge has them, the one fetched
    last stays."""
    connection.execute(f"CREATE SCHEMA landing.{LANDING_DATASET}")
    names = {table: f"landing.{LANDING_DATASET}.{table}" for table in LANDED}
    for table, name in names.items():
        _execute(connection, f"CREATE TABLE {name} AS FROM landed", LANDING_SCHEMAS[table].empty_table())
    for batch in batches:
        rows = pa.Table.from_batches([batch])
        for table in pc.unique(rows[TABLE]).to_pylist():
            own = rows.filter(pc.equal(rows[TABLE], table)).select(LANDING_SCHEMAS[table].names)
            _execute(connection, f"INSERT INTO {names[table]} FROM landed", own)
    for table, name in names.items():
        newest = "fetched_at DESC" if "fetched_at" in LANDING_SCHEMAS[table].names else "rowid"
        connection.execute(
            f"DELETE FROM {name} WHERE rowid IN (SELECT rowid FROM {name} QUALIFY "
            f"row_number() OVER (PARTITION BY {', '.join(LANDED[table].key)} ORDER BY {newest}) > 1)"
        )


def _execute(connection: duckdb.DuckDBPyConnection, statement: str, landed: pa.Table) -> None:
    connection.register("landed", landed)
    connection.execute(statement)
    connection.unregister("landed")


def _compute(connection: duckdb.DuckDBPyConnection, night: Night) -> Iterator[tuple[str, bytes]]:
    """Take a night's steps up to the rows per opportunity, and yield what they made."""
    yield BUILT_WITH, built_with(night.reporting.code).encode()
    before, rules = end_of_day(night.as_of), landing_rules(staged_fields())
    drifts = find_drift(connection)
    changes = find_changes(connection, before, night.reporting)
    stage(connection, before)
    checks = take_note(connection, rules, Evaluation(_count_failing(connection, "staging", rules), {}))
    keep_checks(connection, changes.changed, checks)
    keep_inputs(connection, changes)
    counts = {table: _count(connection, table) for table in LANDED}
    drifted = [(drift.expectation, drift.target, drift.member, found) for drift, (found, _) in drifts.items()]
    yield EXAMINED, _written(list(counts.items()), ["table", "rows"])
    yield DRIFTED, _written(drifted, ["expectation", "target", "member", "rows"])
    yield FAILING, _written(list(checks.evaluation.unexpected.items()), ["rule", "rows"])
    if holding(checks.evaluation.failed(rules)):  # the night ends with that
        return
    compute_opportunities(connection, changes, as_of=night.as_of, reporting=night.reporting)
    replace_rows(connection, "ops", FxRates, night.reporting.table())
    failing = _count_failing(connection, "marts", rules_on_rows(rules_of_marts(night.reporting.code)))
    yield FAILING_IN_MARTS, _written(list(failing.items()), ["rule", "rows"])
    for name, (schema, _) in HANDED_BACK.items():
        rows: pl.DataFrame = connection.sql(f"FROM {schema}.{name}").pl()
        for part in rows.iter_slices(ROWS_AT_ONCE):
            yield name, _as_file(part)


def _count_failing(connection: duckdb.DuckDBPyConnection, schema: str, rules: Iterable[Rule]) -> dict[str, int]:
    """Count the failing rows of each rule by its own SQL: to run the library costs seconds, however few the rows."""
    with closing(connection.cursor()) as session:
        session.execute(f"USE {schema}")
        return {
            rule.id: int(fetch_row(session, f"SELECT count(*) FROM ({rule.failing_in(rule.table)})")[0])
            for rule in rules
            if rule.failing_rows
        }


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    (count,) = fetch_row(connection, f"SELECT count(*) FROM landing.{LANDING_DATASET}.{table}")
    return int(count)


def _written(rows: Sequence[tuple[str | int, ...]], columns: list[str]) -> bytes:
    types = {name: pl.Int64 if name == "rows" else pl.String for name in columns}
    return _as_file(pl.DataFrame(rows, types, orient="row"))


def _as_file(rows: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    rows.write_ipc(file, compression="zstd")
    return file.getvalue()
