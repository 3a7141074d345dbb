"""Check what is staged, take out what fails, and add up what the rules of the landing say of all that has landed.

A night stages and checks the opportunities that changed; of all others the warehouse keeps what an earlier night found.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from expectations.quarantine import take_out
from expectations.rules import Rule, literal, rule_id
from expectations.schema import Checked, Offences
from expectations.validation import Evaluation, evaluate, evaluated_sql, result_rows, rules_by_table
from pipelines.changes import NO_OPPORTUNITY
from pipelines.database import registered
from pipelines.tables import append_rows, create_table
from transforms.schema import declaration

SUITE = "landing"
OFFENCES, CHECKED = "ops.offences", "ops.checked"
ROWS_AT_ONCE = 100_000  # bounds the memory of a build from nothing


@dataclass(frozen=True, slots=True)
class Checks:
    """What the rules of the landing found in some staged records: rows of `ops.checked` and of `ops.offences`."""

    evaluation: Evaluation
    checked: pl.DataFrame
    offences: pl.DataFrame


def no_checks() -> Checks:
    """Make the checks of a night on which nothing has changed."""
    return Checks(Evaluation({}, {}), Checked.create_empty(), Offences.create_empty())


def check_staged(connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> Checks:
    """Evaluate rules on the attached `staging` and take out of it what fails. Raises RuleError for a faulty rule."""
    return take_note(connection, rules, evaluate(connection, "staging", rules, SUITE))


def take_note(connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], evaluation: Evaluation) -> Checks:
    """Note what rules looked at and found in the attached `staging`, and take out of it what fails."""
    checked: pl.DataFrame = connection.sql(_counts_by_opportunity(rules)).pl()
    return Checks(evaluation, checked, take_out(connection, "staging", evaluation.failed(rules)))


def keep_checks(connection: duckdb.DuckDBPyConnection, changed: pl.DataFrame, checks: Checks) -> None:
    """Replace what the open warehouse keeps of the opportunities that changed."""
    with registered(connection, "changed", changed):
        for table, rows in ((Checked, checks.checked), (Offences, checks.offences)):
            create_table(connection, "ops", declaration(table))
            connection.execute(
                f"DELETE FROM ops.{declaration(table).name} "
                f"WHERE coalesce(opportunity_id, {literal(NO_OPPORTUNITY)}) IN (SELECT opportunity_id FROM changed)"
            )
            for part in rows.iter_slices(ROWS_AT_ONCE):
                append_rows(connection, "ops", table, part)


def landing_results(
    connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], evaluation: Evaluation, run_id: str
) -> pl.DataFrame:
    """The rows of `quality.results` of all that has landed: what was checked by this run and what it kept."""
    sums = connection.execute(
        f"SELECT source_table, list(looked_at ORDER BY place) FROM (SELECT source_table, place, sum(looked_at) AS "
        f"looked_at FROM (SELECT source_table, unnest(range(len(evaluated))) AS place, unnest(evaluated) AS looked_at "
        f"FROM {CHECKED}) GROUP BY ALL) GROUP BY ALL"
    ).fetchall()
    looked_at = dict(sums)
    evaluated = {
        rule.id: int(count)
        for table, own in rules_by_table(rules).items()
        for rule, count in zip(own, looked_at.get(table, [0] * len(own)), strict=True)
    }
    offences = connection.execute(f"SELECT source_table, column_name, rule, count(*) FROM {OFFENCES} GROUP BY ALL")
    unexpected = {rule_id(*named): count for *named, count in offences.fetchall()}
    # Of the rules that hold the publication no offences are kept.
    found = {one: max(count, unexpected.get(one, 0)) for one, count in evaluation.unexpected.items()}
    return result_rows(rules, evaluated, unexpected | found, run_id=run_id, suite=SUITE)


def kept_offences(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Read every row of `ops.offences`."""
    rows: pl.DataFrame = connection.sql(f"FROM {OFFENCES}").pl()
    return rows


def _counts_by_opportunity(rules: Iterable[Rule]) -> str:
    """Return the SQL of the rows of `ops.checked`."""
    return " UNION ALL ".join(
        f"SELECT coalesce(opportunity_id, {literal(NO_OPPORTUNITY)}) AS opportunity_id, {literal(table)} AS "
        f"source_table, [{', '.join(f'{evaluated_sql(rule)}::INTEGER' for rule in own)}] AS evaluated "
        f"FROM staging.{table} GROUP BY ALL"
        for table, own in rules_by_table(rules).items()
    )
