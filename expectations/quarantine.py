"""Take failing values and records out of the staging; the landing keeps them."""

from collections.abc import Iterable

import duckdb
import polars as pl

from expectations.rules import Rule, literal, quoted
from expectations.schema import SHOWN_CHARACTERS, Offences, Quarantine


def quarantine(
    connection: duckdb.DuckDBPyConnection, schema: str, failed: Iterable[Rule], *, run_id: str
) -> pl.DataFrame:
    """Take out what the failed rules say, and return the rows of `quality.quarantine`, in a fixed order."""
    return quarantined(take_out(connection, schema, failed), run_id)


def take_out(connection: duckdb.DuckDBPyConnection, schema: str, failed: Iterable[Rule]) -> pl.DataFrame:
    """Null each failing field of `schema`, or mark its record as excluded, as the failed rules say.

    Returns the rows of `ops.offences`. Rules without an action change nothing, and those that hold the publication are
    passed over. Every rule sees the tables as they were before the first change.
    """
    rules = [rule for rule in failed if rule.failing_rows and not rule.is_holding]
    columns = ", ".join(f"{column} VARCHAR" for column in Offences.column_names())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE offences ({columns})")
    for rule in rules:
        connection.execute(_note_offences(schema, rule))
    acting = dict.fromkeys((rule.table, rule.column or "", rule.action) for rule in rules if rule.action)
    for table, column, action in acting:
        change = f"{quoted(column)} = NULL" if action == "nulled" else "is_excluded = true"
        connection.execute(
            f"UPDATE {schema}.{table} SET {change} WHERE row_key IN "
            "(SELECT row_key FROM offences WHERE source_table = ? AND column_name = ? AND action = ?)",
            [table, column, action],
        )
    rows: pl.DataFrame = connection.sql("FROM offences").pl()
    connection.execute("DROP TABLE offences")
    return Offences.validate(rows)


def quarantined(offences: pl.DataFrame, run_id: str) -> pl.DataFrame:
    """The rows of `quality.quarantine`: one per offence that something came of, in a fixed order."""
    rows = offences.filter(pl.col("action").is_not_null()).select(
        pl.lit(run_id).alias("run_id"),
        pl.all(),
    )
    order = ["source_table", "column_name", "rule", "opportunity_id", "row_key"]
    return Quarantine.validate(rows.sort(order, nulls_last=True).select(Quarantine.column_names()))


def _note_offences(schema: str, rule: Rule) -> str:
    table, column = f"{schema}.{rule.table}", rule.column or ""
    names = ", ".join(literal(name) for name in (rule.table, column, rule.name, rule.severity))
    action = literal(rule.action) if rule.action else "NULL"
    text = f"CAST({quoted(column)} AS VARCHAR)"
    cut = f"if(length({text}) > {SHOWN_CHARACTERS}, left({text}, {SHOWN_CHARACTERS - 1}) || '…', {text})"
    value = cut if rule.action and rule.is_value_shown else "NULL"
    return (
        f"INSERT INTO offences SELECT row_key, opportunity_id, {names}, {value}, {action} "
        f"FROM {table} WHERE row_key IN ({rule.failing_in(table)})"
    )
