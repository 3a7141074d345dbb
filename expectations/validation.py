"""Run rules through Great Expectations, on the tables of one schema of an open DuckDB connection."""

import gc
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from expectations.docs_site import replace_site
from expectations.duckdb_dialect import lend
from expectations.library import load_great_expectations
from expectations.rules import Expectation, Rule, quoted
from expectations.schema import Results

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult

RESULT_FORMAT = {
    "result_format": "BASIC",  # counts, no rows
    "exclude_unexpected_values": True,  # Data Docs hold no customer's data
    "partial_unexpected_count": 0,
}
_DUCKDB_ERROR = re.compile(r"\(_duckdb\.(\w+)\)")
_ERRORS_WITHOUT_DATA = frozenset({"BinderException", "CatalogException", "ParserException"})


class RuleError(RuntimeError):
    """A rule could not be evaluated, or its two statements disagree: a fault of the rule, not of the data."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What rules found: the failing rows of each by its id, 0 where it holds, and the library's results by table."""

    unexpected: Mapping[str, int]
    results: Mapping[str, "ExpectationSuiteValidationResult"]

    def failed(self, rules: Iterable[Rule]) -> list[Rule]:
        """Choose the rules that do not hold, in their order."""
        return [rule for rule in rules if self.unexpected.get(rule.id)]

    def with_more(self, other: "Evaluation") -> "Evaluation":
        """Add what other rules found, of the same tables or of others."""
        results = {**other.results, **self.results}
        for table in self.results.keys() & other.results.keys():
            results[table].results.extend(other.results[table].results)
        return Evaluation({**self.unexpected, **other.unexpected}, results)


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
    evaluation = evaluate(connection, schema, rules, suite)
    evaluated = count_evaluated(connection, schema, rules)
    results = result_rows(rules, evaluated, evaluation.unexpected, run_id=run_id, suite=suite)
    if data_docs:
        write_data_docs(data_docs, results, evaluation)
    return results, evaluation.failed(rules)


def evaluate(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    rules: Sequence[Rule],
    suite: str,
    *,
    even_without_rows: bool = False,
) -> Evaluation:
    """Run rules on the committed tables of `schema`, which may name a database too. Raises what `validate` raises.

    Of a table without rows the SQL of a rule says that it holds, at a tenth of the cost. The library's results are then
    without that table, unless they are wanted `even_without_rows`.
    """
    with closing(connection.cursor()) as session:  # has a search path of its own; the caller's stays as it is
        session.execute(f"USE {schema}")
        holds = {} if even_without_rows else _hold_without_rows(session, rules)
        rules = [rule for rule in rules if rule.id not in holds]
        if not rules:
            return Evaluation(holds, {})
        # The library's own warnings are no news to a user.
        with warnings.catch_warnings(action="ignore"), _without_collection():
            results = _run_suites(session, rules, suite)
        by_rule = {
            result.expectation_config.meta["rule_id"]: result
            for validation in results.values()
            for result in validation.results
            if result.expectation_config
        }
        found = {rule.id: _unexpected(session, rule, by_rule[rule.id]) for rule in rules}
        return Evaluation(holds | found, results)


def result_rows(
    rules: Iterable[Rule], evaluated: Mapping[str, int], unexpected: Mapping[str, int], *, run_id: str, suite: str
) -> pl.DataFrame:
    """The rows of `quality.results` of rules that looked at so many rows each, of which so many fail."""
    rows = [
        {
            "run_id": run_id,
            "suite": suite,
            "expectation": rule.name,
            "target": rule.table,
            "column_name": rule.column,
            "severity": rule.severity,
            "success": not unexpected.get(rule.id),
            "evaluated": evaluated.get(rule.id, 0) if rule.failing_rows else 1,
            "unexpected": unexpected.get(rule.id, 0),
        }
        for rule in rules
    ]
    return Results.validate(pl.DataFrame(rows, schema=Results.create_empty().schema))


def count_evaluated(connection: duckdb.DuckDBPyConnection, schema: str, rules: Iterable[Rule]) -> dict[str, int]:
    """Count the rows that each rule on rows looks at, by its id: one query a table."""
    counts: dict[str, int] = {}
    for table, own in rules_by_table(rules).items():
        counted = connection.execute(f"SELECT {', '.join(map(evaluated_sql, own))} FROM {schema}.{table}").fetchall()
        counts.update(zip((rule.id for rule in own), counted[0], strict=True))
    return counts


def evaluated_sql(rule: Rule) -> str:
    """Return the SQL of how many rows of a table a rule looks at."""
    return f"count({quoted(rule.column)})" if rule.is_on_values and rule.column else "count(*)"


def rules_by_table(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    """Group the rules on rows by their table, in their order."""
    by_table: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.failing_rows:
            by_table.setdefault(rule.table, []).append(rule)
    return by_table


def write_data_docs(directory: Path, results: pl.DataFrame, evaluation: Evaluation) -> None:
    """Replace the pages of a suite under `directory`, those of the tables that were evaluated, and its index."""
    with warnings.catch_warnings(action="ignore"):
        replace_site(directory, results, evaluation.results)


def holding(failed: Iterable[Rule]) -> list[Rule]:
    """Choose the failed rules that hold the publication: critical ones, to which quarantine is no answer."""
    return [rule for rule in failed if rule.is_holding]


def _hold_without_rows(session: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> dict[str, int]:
    """Return 0 failing rows by its id for each rule on a table without rows that its SQL alone finds to hold."""
    tables = {rule.table for rule in rules}
    empty = {table for table in tables if session.execute(f"FROM {table} LIMIT 1").fetchone() is None}
    return {rule.id: 0 for rule in rules if rule.table in empty and rule.failing_rows and _finds_none(session, rule)}


def _finds_none(session: duckdb.DuckDBPyConnection, rule: Rule) -> bool:
    try:
        return session.execute(f"{rule.failing_in(rule.table)} LIMIT 1").fetchone() is None
    except duckdb.Error:  # a fault of the rule, which is told where it is run
        return False


@contextmanager
def _without_collection() -> Iterator[None]:
    """Collect no garbage meanwhile: of the library's many objects few go, and looking for them takes a sixth of it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _run_suites(
    session: duckdb.DuckDBPyConnection, rules: Sequence[Rule], suite: str
) -> dict[str, "ExpectationSuiteValidationResult"]:
    """Return the results of the rules by table.

    A batch is validated by itself: a checkpoint does the same, and writes and reads each suite several times over.
    """
    load_great_expectations()
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
    return results


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


def _unexpected(session: duckdb.DuckDBPyConnection, rule: Rule, result: "ExpectationValidationResult") -> int:
    """Return how many rows fail a rule, which both statements of the rule must agree on; 0 where it holds."""
    if fault := _swallowed_exception(result.exception_info or {}):
        raise RuleError(f"{rule.id} could not be evaluated: {fault}")
    success = bool(result.success)
    if rule.failing_rows is None:
        return int(not success)
    unexpected = int(result.result.get("unexpected_count", result.result.get("observed_value")) or 0)
    if success and not unexpected:
        return 0
    row = session.execute(f"SELECT count(*) FROM ({rule.failing_in(rule.table)})").fetchone()
    if success or row != (unexpected,):
        raise RuleError(f"{rule.id}: {unexpected} rows fail the expectation, but {row} its SQL")
    return unexpected


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
