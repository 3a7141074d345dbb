"""Take failing values and records out of the staging; the landing keeps them."""

from collections.abc import Iterable

import duckdb
import polars as pl

from expectations.rules import Rule, literal, quoted
from expectations.schema import SHOWN_CHARACTERS, Quarantine


def quarantine(
    connection: duckdb.DuckDBPyConnection, schema: str, failed: Iterable[Rule], *, run_id: str
) -> pl.DataFrame:
    """Null each failing field of `schema`, or mark its record as excluded, as the failed rules say.

    Returns the rows of `quality.quarantine`, one per failing record and rule, in a fixed order. Rules without
    an action are passed over. Every rule sees the tables as they were before the first change.
    """
    rules = [rule for rule in failed if rule.action]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE offences (row_key VARCHAR, opportunity_id VARCHAR, "
        "source_table VARCHAR, column_name VARCHAR, rule VARCHAR, severity VARCHAR, value VARCHAR, action VARCHAR)"
    )
    for rule in rules:
        connection.execute(_note_offences(schema, rule))
    for table, column, action in dict.fromkeys((rule.table, rule.column or "", rule.action) for rule in rules):
        change = f"{quoted(column)} = NULL" if action == "nulled" else "is_excluded = true"
        connection.execute(
            f"UPDATE {schema}.{table} SET {change} WHERE row_key IN "
            "(SELECT row_key FROM offences WHERE source_table = ? AND column_name = ? AND action = ?)",
            [table, column, action],
        )
    rows: pl.DataFrame = connection.sql(
        "SELECT ? AS run_id, * EXCLUDE (row_key) FROM offences "
        "ORDER BY source_table, column_name, rule, opportunity_id, row_key",
        params=[run_id],
    ).pl()
    connection.execute("DROP TABLE offences")
    return Quarantine.validate(rows)


def _note_offences(schema: str, rule: Rule) -> str:
    table, column = f"{schema}.{rule.table}", rule.column or ""
    names = ", ".join(literal(name) for name in (rule.table, column, rule.name, rule.severity))
    action = literal(rule.action or "")
    text = f"CAST({quoted(column)} AS VARCHAR)"
    cut = f"if(length({text}) > {SHOWN_CHARACTERS}, left({text}, {SHOWN_CHARACTERS - 1}) || '…', {text})"
    value = cut if rule.is_value_shown else "NULL"
    return (
        f"INSERT INTO offences SELECT row_key, opportunity_id, {names}, {value}, {action} "
        f"FROM {table} WHERE row_key IN ({rule.failing_in(table)})"
    )
