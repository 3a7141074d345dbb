"""Run rules through Great Expectations, on the tables of one schema of an open DuckDB connection."""

import logging
import os
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from expectations.docs_site import replace_site
from expectations.duckdb_dialect import lend
from expectations.rules import Expectation, Rule, quoted
from expectations.schema import Results

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.core import ExpectationValidationResult

RESULT_FORMAT = {
    "result_format": "BASIC",  # counts, no rows
    "exclude_unexpected_values": True,  # Data Docs hold no customer's data
    "partial_unexpected_count": 0,
}
_DUCKDB_ERROR = re.compile(r"\(_duckdb\.(\w+)\)")
_ERRORS_WITHOUT_DATA = frozenset({"BinderException", "CatalogException", "ParserException"})


class RuleError(RuntimeError):
    """A rule could not be evaluated, or its two statements disagree: a fault of the rule, not of the data."""


def validate(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    rules: Sequence[Rule],
    *,
    run_id: str,
    suite: str,
    data_docs: Path | None = None,
) -> tuple[pl.DataFrame, list[Rule]]:
    """Evaluate `rules` on the committed tables of `schema`.

    Returns the rows of `quality.results` and the rules that failed, both in the order of the rules. The
    suite's Data Docs replace those of its last run under the directory `data_docs`. No data raises; a faulty
    rule does: RuleError.
    """
    with closing(connection.cursor()) as session:  # has a search path of its own; the caller's stays as it is
        session.execute(f"USE {schema}")
        with warnings.catch_warnings(action="ignore"):  # the library's own are no news to a user
            results = _run_suites(session, rules, run_id, suite, data_docs)
        rows = [{"run_id": run_id, "suite": suite, **row} for row in _result_rows(session, rules, results)]
    frame = Results.validate(pl.DataFrame(rows, schema=Results.create_empty().schema))
    return frame, [rule for rule, row in zip(rules, rows, strict=True) if not row["success"]]


def holding(failed: Iterable[Rule]) -> list[Rule]:
    """Choose the failed rules that hold the publication: critical ones, to which quarantine is no answer."""
    return [rule for rule in failed if rule.severity == "critical" and rule.action is None]


def _run_suites(
    session: duckdb.DuckDBPyConnection, rules: Sequence[Rule], run_id: str, suite: str, data_docs: Path | None
) -> dict[str, "ExpectationValidationResult"]:
    """Return the result of each rule, by its id. Great Expectations takes seconds to import: only here.

    A batch is validated by itself: a checkpoint does the same, and writes and reads each suite several times over.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)  # what it has to say is in the results
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    results = {}
    with lend(session) as url:
        source = context.data_sources.add_sql("duckdb", connection_string=url)
        for table in dict.fromkeys(rule.table for rule in rules):
            asset = source.add_table_asset(table, table_name=table)
            batch = asset.get_batch(asset.build_batch_request())
            table_suite = _expectation_suite(f"{suite}.{table}", [rule for rule in rules if rule.table == table])
            results[table] = batch.validate(table_suite, result_format=RESULT_FORMAT)
    if data_docs:
        replace_site(data_docs, suite, run_id, results)
    return {
        result.expectation_config.meta["rule_id"]: result
        for validation in results.values()
        for result in validation.results
        if result.expectation_config
    }


def _expectation_suite(name: str, rules: Iterable[Rule]) -> "ExpectationSuite":
    import great_expectations as gx
    import great_expectations.expectations as gxe

    expectations = []
    for rule in rules:
        stated = rule.expectation or _unexpected_rows(rule)
        meta = {"rule_id": rule.id}
        expectation = getattr(gxe, stated.name)
        expectations.append(
            expectation(**stated.arguments, severity=rule.severity, meta=meta, notes=rule.reason or None)
        )
    return gx.ExpectationSuite(name=name, expectations=expectations)


def _unexpected_rows(rule: Rule) -> Expectation:
    """State a rule's own SQL, in which SQLAlchemy would take a colon before a word for a bound parameter."""
    query = re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", rule.failing_rows or "")
    described = f"{rule.column}: {rule.name}" if rule.column else rule.name
    return Expectation("UnexpectedRowsExpectation", {"unexpected_rows_query": query, "description": described})


def _result_rows(
    session: duckdb.DuckDBPyConnection,
    rules: Sequence[Rule],
    results: Mapping[str, "ExpectationValidationResult"],
) -> list[dict[str, Any]]:
    evaluated = _count_evaluated(session, rules)
    rows = []
    for rule in rules:
        success, unexpected = _outcome(session, rule, results[rule.id])
        rows.append(
            {
                "expectation": rule.name,
                "target": rule.table,
                "column_name": rule.column,
                "severity": rule.severity,
                "success": success,
                "evaluated": 1 if rule.failing_rows is None else evaluated[rule.id],
                "unexpected": unexpected,
            }
        )
    return rows


def _outcome(session: duckdb.DuckDBPyConnection, rule: Rule, result: "ExpectationValidationResult") -> tuple[bool, int]:
    """Return whether a rule holds and how many rows fail, which both statements of the rule must agree on."""
    if fault := _swallowed_exception(result.exception_info or {}):
        raise RuleError(f"{rule.id} could not be evaluated: {fault}")
    success = bool(result.success)
    if rule.failing_rows is None:
        return success, int(not success)
    unexpected = int(result.result.get("unexpected_count", result.result.get("observed_value")) or 0)
    if success and not unexpected:
        return True, 0
    row = session.execute(f"SELECT count(*) FROM ({rule.failing_in(rule.table)})").fetchone()
    if success or row != (unexpected,):
        raise RuleError(f"{rule.id}: {unexpected} rows fail the expectation, but {row} its SQL")
    return False, unexpected


def _swallowed_exception(info: Mapping[str, Any]) -> str | None:
    """Describe the exception that Great Expectations caught: its record is flat, or one for each metric.

    DuckDB's errors on data quote the data, so only those on names and syntax are passed on in full.
    """
    for record in (info, *info.values()):
        if isinstance(record, Mapping) and record.get("raised_exception"):
            message = str(record.get("exception_message"))
            kind = _DUCKDB_ERROR.search(message)
            return message if kind is None or kind[1] in _ERRORS_WITHOUT_DATA else kind[1]
    return None


def _count_evaluated(session: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> dict[str, int]:
    """Count the rows that each rule on rows looks at, by its id: one query a table."""
    counts: dict[str, int] = {}
    for table in dict.fromkeys(rule.table for rule in rules):
        own = [rule for rule in rules if rule.table == table and rule.failing_rows]
        counted = [f"count({quoted(rule.column)})" if rule.is_on_values and rule.column else "count(*)" for rule in own]
        if own:
            row = session.execute(f"SELECT {', '.join(counted)} FROM {table}").fetchone()
            counts.update(zip((rule.id for rule in own), row or (), strict=True))
    return counts
