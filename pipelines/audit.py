"""Check the marts before they are published: rows of opportunities that changed, and every sum."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl

from expectations.marts import MartTable, marts_rules
from expectations.rules import Rule, quoted
from expectations.validation import Evaluation, count_evaluated, evaluate, result_rows
from pipelines.changes import Changes
from pipelines.database import attach, fetch_row, registered
from pipelines.marts import MARTS, SCHEMAS, Computed
from transforms.per_opportunity import PER_OPPORTUNITY
from transforms.schema import declaration

SUITE = "marts"


def audit(
    connection: duckdb.DuckDBPyConnection,
    changes: Changes,
    computed: Computed,
    scratch: Path,
    *,
    reporting_currency: str,
    run_id: str,
    found_on_rows: Mapping[str, int] | None = None,
) -> tuple[list[Rule], Evaluation, pl.DataFrame]:
    """Evaluate the rules of the marts in the open warehouse, which keeps no row that breaks one.

    So rows of opportunities that did not change are not looked at again, nor is a table over all of them that came out
    as it was of opportunities that are what they were. Returns the rules, what they found, and the rows of
    `quality.results`. `scratch` names a file to work in. `found_on_rows` has the failing rows by rule, of the rules in
    `rules_on_rows`, where these were evaluated elsewhere.
    """
    rules = rules_of_marts(reporting_currency)
    if found_on_rows is not None:
        evaluation = _evaluate_changed(connection, changes.opportunities, rules, scratch)
        evaluation = Evaluation({**evaluation.unexpected, **found_on_rows}, evaluation.results)
    elif changes.is_from_nothing:
        evaluation = evaluate(connection, "marts", rules, SUITE)
    elif changes.opportunities.is_empty():
        others = {declaration(table).name for table in computed.rolled_up}
        on_others = [rule for rule in rules if rule.table in others or (others and rule.needs_every_row)]
        evaluation = evaluate(connection, "marts", on_others, SUITE)
    else:
        evaluation = _evaluate_changed(connection, changes.opportunities, rules, scratch)
    evaluated = count_evaluated(connection, "marts", rules)
    return rules, evaluation, result_rows(rules, evaluated, evaluation.unexpected, run_id=run_id, suite=SUITE)


def _evaluate_changed(
    connection: duckdb.DuckDBPyConnection, changed: pl.DataFrame, rules: Sequence[Rule], scratch: Path
) -> Evaluation:
    on_rows = rules_on_rows(rules)
    attach(connection, scratch, "audit")
    _copy_changed(connection, changed)
    rows = evaluate(connection, "audit.marts", on_rows, SUITE)
    connection.execute("DETACH audit")
    return rows.with_more(evaluate(connection, "marts", [rule for rule in rules if rule not in on_rows], SUITE))


def _copy_changed(connection: duckdb.DuckDBPyConnection, changed: pl.DataFrame) -> None:
    """Fill the attached database `audit` with the rows of the opportunities that changed; a rule finds all else there
    as a view."""
    (warehouse,) = fetch_row(connection, "SELECT current_database()")
    with registered(connection, "changed", changed):
        for table, schema in SCHEMAS.items():
            name = f"{schema}.{declaration(table).name}"
            source = f"FROM {quoted(warehouse)}.{name}"
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS audit.{schema}")
            if table in PER_OPPORTUNITY:
                connection.execute(f"CREATE TABLE audit.{name} AS {source} SEMI JOIN changed USING (opportunity_id)")
            else:
                connection.execute(f"CREATE VIEW audit.{name} AS {source}")


def rules_of_marts(reporting_currency: str) -> list[Rule]:
    """List every rule of the schema `marts`."""
    return marts_rules([_mart_table(table) for table in MARTS], reporting_currency=reporting_currency)


def rules_on_rows(rules: Iterable[Rule]) -> list[Rule]:
    """Choose the rules of the tables per opportunity that hold of the rows of any opportunities by themselves."""
    in_parts = {declaration(table).name for table in PER_OPPORTUNITY}
    return [rule for rule in rules if rule.table in in_parts and not rule.needs_every_row]


def _mart_table(schema: type[dy.Schema]) -> MartTable:
    table = declaration(schema)
    return MartTable(
        table.name,
        {column.name: column.duckdb_type for column in table.columns},
        table.primary_key,
        [column.name for column in table.columns if not column.is_nullable],
    )
