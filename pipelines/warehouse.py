"""Build the warehouse beside the published one, and check it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from expectations.landing import landing_rules
from expectations.quarantine import quarantined
from expectations.rules import Rule
from expectations.schema import Quarantine, Results
from expectations.validation import Evaluation, holding, write_data_docs
from pipelines.audit import audit
from pipelines.changes import Basis, Changes, built_with, find_changes, keep_inputs
from pipelines.checks import check_staged, keep_checks, kept_offences, landing_results, no_checks
from pipelines.database import attach, fetch_row, open_database, set_up_for_build, transaction
from pipelines.errors import QualityGateError
from pipelines.examination import examine_landing, report_unknown_values
from pipelines.marts import Computed, build_marts
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


NOTHING_LEFT = Changes(
    pl.DataFrame(schema={"opportunity_id": pl.String(), "fingerprint": pl.String()}),
    pl.DataFrame(schema={"opportunity_id": pl.String()}),
    is_from_nothing=True,
)
"""What is left to compute on this machine, where all has been on others."""


@dataclass(frozen=True, slots=True)
class Validated:
    """What a night has found in its landing, and which opportunities it has still to compute.

    `failing_in_marts` has the failing rows by rule of marts that have been computed and checked already.
    """

    changes: Changes
    excluded: int
    nulled: int
    drifts: int
    failing_in_marts: Mapping[str, int] | None = None

    def told(self) -> str:
        """Say it in a line of progress."""
        drifted = f", {self.drifts:,} drifts" if self.drifts else ""
        return f"{self.excluded:,} opportunities excluded, {self.nulled:,} values set to null{drifted}"


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
    if not (settings.full or settings.engine == "spark"):
        start_from_published(settings.warehouse_path, settings.landing_path, path, basis)
    with open_database(path, storage=READABLE_SINCE) as connection:
        set_up_for_build(connection, settings.work_path / "spilled")
        attach(connection, settings.landing_path, "landing")
        attach(connection, settings.work_path / "staging.duckdb", "staging")
        with progress.stage("validate"):
            if settings.engine == "spark":
                validated = _validate_on_spark(connection, settings, run_id, as_of, reporting, progress)
            else:
                validated = _validate(connection, settings, run_id, as_of, reporting)
            progress.update(validated.told())
            _hold_if_too_many(connection, settings, validated)
        with progress.stage("transform"):
            rows, computed = _build_marts(connection, validated, settings, as_of, reporting, progress)
        with progress.stage("audit"):
            progress.update(f"{_validate_marts(connection, validated, computed, settings, run_id):,} rules hold")
        ended = ending(rows)
        _copy_records(connection, pl.DataFrame({"built_with": basis, "reporting_currency": settings.currency}), ended)
    return Built(path, rows, validated.excluded, validated.nulled, ended)


def _validate(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    run_id: str,
    as_of: date,
    reporting: ReportingCurrency,
) -> Validated:
    """Stage what has changed, check it, and quarantine what fails. Raises what `keep_landing_results` does."""
    drifts = examine_landing(connection, run_id)
    changes = find_changes(connection, end_of_day(as_of), reporting)
    stage(connection, end_of_day(as_of), None if changes.is_from_nothing else changes.changed)
    rules = landing_rules(staged_fields())
    checks = no_checks() if changes.changed.is_empty() else check_staged(connection, rules)
    keep_checks(connection, changes.changed, checks)
    keep_inputs(connection, changes)
    excluded, nulled, more_drifts = keep_landing_results(connection, settings, run_id, rules, checks.evaluation)
    return Validated(changes, excluded, nulled, drifts + more_drifts)


def _validate_on_spark(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    run_id: str,
    as_of: date,
    reporting: ReportingCurrency,
    progress: Progress,
) -> Validated:
    """Have Spark do the same with all that has landed, and compute the rows of every opportunity.

    Raises what `compute_on_spark` and `keep_landing_results` do.
    """
    from pipelines.spark.night import compute_on_spark

    found = compute_on_spark(connection, settings, run_id, as_of, reporting, progress)
    rules = landing_rules(staged_fields())
    excluded, nulled, more_drifts = keep_landing_results(connection, settings, run_id, rules, found.landing)
    return Validated(NOTHING_LEFT, excluded, nulled, found.drifts + more_drifts, found.in_marts)


def keep_landing_results(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    run_id: str,
    rules: Sequence[Rule],
    evaluation: Evaluation,
) -> tuple[int, int, int]:
    """Keep what the rules say of all that has landed, and what is quarantined of it.

    Returns how many opportunities are excluded, values nulled, and drifts new. Raises QualityGateError when a critical
    rule is broken to which quarantine is no answer.
    """
    results = landing_results(connection, rules, evaluation, run_id)
    _keep_results(connection, settings, results, evaluation, rules)
    rows = quarantined(kept_offences(connection), run_id)
    fill_table(connection, "landing.quality", Quarantine, rows)
    drifts = report_unknown_values(connection, run_id, rows)
    (excluded,) = fetch_row(connection, "SELECT count(*) FILTER (is_excluded) FROM ops.inputs")
    return excluded, rows.filter(pl.col("action") == "nulled").height, drifts


def _hold_if_too_many(connection: duckdb.DuckDBPyConnection, settings: Settings, validated: Validated) -> None:
    """Raise QualityGateError when too many opportunities are excluded."""
    (opportunities,) = fetch_row(connection, "SELECT count(is_excluded) FROM ops.inputs")
    excluded = validated.excluded
    if excluded > settings.max_excluded_share * opportunities:
        told = "; AWS has changed its records: see `cosell drift`" if validated.drifts else ""
        raise QualityGateError(
            f"publication held: {excluded:,} of {opportunities:,} opportunities would be excluded, more than "
            f"max_excluded_share = {settings.max_excluded_share:.1%}: see {settings.quality_path / 'index.html'}{told}"
        )


def _build_marts(
    connection: duckdb.DuckDBPyConnection,
    validated: Validated,
    settings: Settings,
    as_of: date,
    reporting: ReportingCurrency,
    progress: Progress,
) -> tuple[int, Computed]:
    """Build every mart, tell how much was computed and found, and return how many opportunities there are."""
    computed = build_marts(
        connection,
        validated.changes,
        as_of=as_of,
        reporting=reporting,
        thresholds=settings.thresholds,
        on_progress=lambda done, of: progress.update(f"{done:,} of {of:,} opportunities computed"),
    )
    (rows,) = fetch_row(connection, "SELECT count(*) FROM marts.opportunities")
    did = f"{computed.opportunities:,} computed" if validated.failing_in_marts is None else "all computed on Spark"
    progress.update(f"{rows:,} opportunities, {did}, {_findings(connection)}")
    return int(rows), computed


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


def _validate_marts(
    connection: duckdb.DuckDBPyConnection, validated: Validated, computed: Computed, settings: Settings, run_id: str
) -> int:
    """Check the marts and return how many rules hold. Raises QualityGateError when a critical one is broken."""
    rules, evaluation, results = audit(
        connection,
        validated.changes,
        computed,
        settings.work_path / "audit.duckdb",
        reporting_currency=settings.currency,
        run_id=run_id,
        found_on_rows=validated.failing_in_marts,
    )
    _keep_results(connection, settings, results, evaluation, rules)
    return results.height - len(evaluation.failed(rules))


def _keep_results(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    results: pl.DataFrame,
    evaluation: Evaluation,
    rules: Iterable[Rule],
) -> None:
    """Keep the results in the landing and the Data Docs.

    Raises QualityGateError when a critical rule fails that quarantine has no answer to.
    """
    fill_table(connection, "landing.quality", Results, results)
    write_data_docs(settings.quality_path, results, evaluation)
    if held := holding(evaluation.failed(rules)):
        forget_published(connection, "landing")
        raise QualityGateError(
            f"publication held: critical rules are broken ({', '.join(rule.id for rule in held)}): run again, which "
            f"computes every mart anew; if it is held again, see {settings.quality_path / 'index.html'} and report it"
        )
