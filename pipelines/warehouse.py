"""Build the warehouse beside the published one, and check it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl

from expectations.landing import landing_rules
from expectations.marts import CURRENT_VERSIONS, MartTable, marts_rules
from expectations.quarantine import quarantine
from expectations.rules import Rule
from expectations.schema import Quarantine, Results
from expectations.validation import holding, validate
from pipelines.changes import Basis, built_with
from pipelines.database import attach, fetch_row, open_database, transaction
from pipelines.errors import QualityGateError
from pipelines.examination import examine_landing, report_unknown_values
from pipelines.marts import MARTS, build_marts
from pipelines.partner_central.service_model import staged_fields
from pipelines.progress import Progress
from pipelines.publication import forget_published, start_from_published
from pipelines.runs import Ending, Runs, record_ending
from pipelines.settings import Settings
from pipelines.staging import stage
from pipelines.tables import fill_table, replace_table
from transforms.currency import ReportingCurrency
from transforms.dates import end_of_day
from transforms.schema import declaration

READABLE_SINCE = "v1.2.0"
"""DuckDB 2.0 alone reads its own files; the drivers of other tools, such as ODBC and JDBC, are still older."""


@dataclass(frozen=True, slots=True)
class Built:
    """A warehouse file that has passed its checks, not yet published, and what is in it."""

    path: Path
    rows: int
    excluded: int
    nulled: int
    ending: Ending


def build(
    settings: Settings,
    run_id: str,
    as_of: date,
    reporting: ReportingCurrency,
    progress: Progress,
    ending: Callable[[int], Ending],
) -> Built:
    """Build `warehouse.<run_id>.duckdb` from the landing, for one business date, on what is published already.

    What the checks say is kept in the landing and in the file. Raises QualityGateError when they hold the
    publication: too many opportunities are excluded, or a critical rule is broken. `ending` makes this run's own
    record from the rows of the mart.
    """
    path = settings.data_dir / f"warehouse.{run_id}.duckdb"
    basis = built_with(settings.currency)
    if not settings.full:
        start_from_published(settings.warehouse_path, settings.landing_path, path, basis)
    with open_database(path, storage=READABLE_SINCE) as connection:
        attach(connection, settings.landing_path, "landing")
        attach(connection, settings.work_path / "staging.duckdb", "staging")
        with progress.stage("validate"):
            excluded, nulled, drifts = _validate_landing(connection, settings, run_id, as_of)
            drifted = f", {drifts:,} drifts" if drifts else ""
            progress.update(f"{excluded:,} opportunities excluded, {nulled:,} values set to null{drifted}")
        with progress.stage("transform"):
            rows = _build_marts(connection, settings, as_of, reporting, progress)
        with progress.stage("audit"):
            try:
                checked = _validate_marts(connection, settings, run_id)
            except QualityGateError:
                forget_published(connection, "landing")
                raise
            progress.update(f"{checked:,} rules hold")
        ended = ending(rows)
        _copy_records(connection, pl.DataFrame({"built_with": basis, "reporting_currency": settings.currency}), ended)
    return Built(path, rows, excluded, nulled, ended)


def _validate_landing(
    connection: duckdb.DuckDBPyConnection, settings: Settings, run_id: str, as_of: date
) -> tuple[int, int, int]:
    """Stage the landing, check it and quarantine what fails.

    Returns how many opportunities are excluded, values nulled, and drifts new.
    """
    drifts = examine_landing(connection, run_id)
    stage(connection, end_of_day(as_of))
    failed = _check(connection, "staging", landing_rules(staged_fields()), "landing", settings, run_id)
    quarantined = quarantine(connection, "staging", failed, run_id=run_id)
    fill_table(connection, "landing.quality", Quarantine, quarantined)
    drifts += report_unknown_values(connection, run_id, quarantined)
    opportunities, excluded = fetch_row(
        connection,
        f"SELECT count(*), count(*) FILTER (is_excluded) FROM {CURRENT_VERSIONS}",
    )
    if excluded > settings.max_excluded_share * opportunities:
        told = "; AWS has changed its records: see `cosell drift`" if drifts else ""
        raise QualityGateError(
            f"publication held: {excluded:,} of {opportunities:,} opportunities would be excluded, more than "
            f"max_excluded_share = {settings.max_excluded_share:.1%}: see {settings.quality_path / 'index.html'}{told}"
        )
    return excluded, quarantined.filter(pl.col("action") == "nulled").height, drifts


def _build_marts(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    as_of: date,
    reporting: ReportingCurrency,
    progress: Progress,
) -> int:
    """Build every mart, tell how much was computed and found, and return how many opportunities there are."""
    computed = build_marts(
        connection,
        as_of=as_of,
        reporting=reporting,
        thresholds=settings.thresholds,
        on_progress=lambda done, of: progress.update(f"{done:,} of {of:,} opportunities computed"),
    )
    (rows,) = fetch_row(connection, "SELECT count(*) FROM marts.opportunities")
    progress.update(f"{rows:,} opportunities, {computed:,} computed, {_findings(connection)}")
    return int(rows)


def _findings(connection: duckdb.DuckDBPyConnection) -> str:
    """Say how much the rules of hygiene found, and whether amounts are missing in the reporting currency."""
    found, unconverted = fetch_row(
        connection, "SELECT count(*), count(*) FILTER (rule = 'missing_fx_rate') FROM marts.hygiene"
    )
    missing = f" ({unconverted:,} with amounts not converted)" if unconverted else ""
    return f"{found:,} findings{missing}"


def _copy_records(connection: duckdb.DuckDBPyConnection, basis: pl.DataFrame, ended: Ending) -> None:
    """Copy what the landing keeps of the runs and their checks, with the end of this run."""
    with transaction(connection):
        for schema, table in (("quality", Results), ("quality", Quarantine), ("ops", Runs)):
            kept = connection.sql(f"FROM landing.{schema}.{declaration(table).name} ORDER BY ALL").pl()
            replace_table(connection, schema, table, kept)
        replace_table(connection, "ops", Basis, basis)
        record_ending(connection, ended)


def _validate_marts(connection: duckdb.DuckDBPyConnection, settings: Settings, run_id: str) -> int:
    """Check the marts and return how many rules hold. Raises QualityGateError when a critical one is broken."""
    rules = marts_rules([_mart_table(table) for table in MARTS], reporting_currency=settings.currency)
    return len(rules) - len(_check(connection, "marts", rules, "marts", settings, run_id))


def _mart_table(schema: type[dy.Schema]) -> MartTable:
    table = declaration(schema)
    return MartTable(
        table.name,
        {column.name: column.duckdb_type for column in table.columns},
        table.primary_key,
        [column.name for column in table.columns if not column.is_nullable],
    )


def _check(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    rules: Sequence[Rule],
    suite: str,
    settings: Settings,
    run_id: str,
) -> list[Rule]:
    """Evaluate rules, keep the results in the landing, and return the rules that failed.

    Raises QualityGateError when a critical rule fails that quarantine has no answer to.
    """
    results, failed = validate(connection, schema, rules, run_id=run_id, suite=suite, data_docs=settings.quality_path)
    fill_table(connection, "landing.quality", Results, results)
    if held := holding(failed):
        raise QualityGateError(
            f"publication held: critical rules are broken ({', '.join(rule.id for rule in held)}): run again, which "
            f"computes every mart anew; if it is held again, see {settings.quality_path / 'index.html'} and report it"
        )
    return failed
