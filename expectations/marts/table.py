"""A published table as it is declared, and the shapes that the rules of the marts come in.

A rule's SQL names the marts as they are; the tables that they come from are in the schema `staging`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from expectations.rules import BATCH, Rule, Target, in_range, quoted

MONEY = "DECIMAL(38,2)"


@dataclass(frozen=True, slots=True)
class MartTable:
    """A table as declared: columns with their DuckDB types, key, and columns that are never null."""

    name: str
    columns: Mapping[str, str]
    key: Sequence[str]
    required: Sequence[str] = ()

    @property
    def key_columns(self) -> str:
        """The columns of the key as SQL lists them."""
        return ", ".join(map(quoted, self.key))

    @property
    def row_key(self) -> str:
        """The SQL of one text that names a row."""
        return f"concat_ws('/', {self.key_columns})"

    def target(self, column: str) -> Target:
        """Put a column under rules that hold the publication."""
        return Target(self.name, column, "critical", key=self.row_key)

    def fails_with(self, column: str | None, name: str, failing_rows: str, reason: str = "") -> Rule:
        """Build a rule on a column, or on rows as a whole, that is its SQL alone."""
        return Rule(name, self.name, column, "critical", failing_rows, reason=reason)

    def fails_where(self, column: str | None, name: str, condition: str, rows: str, reason: str = "") -> Rule:
        """Build a rule on `rows`, the SQL of this table's rows with more columns, such as those of a window."""
        return self.fails_with(
            column, name, f"SELECT {self.row_key} AS row_key FROM ({rows}) WHERE {condition}", reason
        )


def equals(target: Target, name: str, expression: str, reason: str = "") -> Rule:
    """A column is what an SQL expression gives, null included."""
    return target.on_rows(name, f"{target.sql} IS DISTINCT FROM ({expression})", reason=reason)


def money_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules that no amount of a table is negative."""
    for column, duckdb_type in table.columns.items():
        if duckdb_type == MONEY:
            yield in_range(table.target(column), 0, None)


def reconciles(
    table: MartTable, column: str | None, name: str, key: str, shown: str, found: str, reason: str = ""
) -> Rule:
    """Two queries give the same sum of `number` for each key: one on this table, one on where it comes from.

    Both select the columns of `key` and `number`. A key that one of them lacks has the sum 0 there.
    """
    both = f"SELECT {key}, number AS shown, 0 AS found FROM ({shown}) UNION ALL SELECT {key}, 0, number FROM ({found})"
    differing = f"FROM ({both}) GROUP BY {key} HAVING sum(shown) IS DISTINCT FROM sum(found)"
    return table.fails_with(column, name, f"SELECT concat_ws('/', {key}) AS row_key {differing}", reason)


def is_numbered(table: MartTable, number: str) -> Rule:
    """Rows of one opportunity bear the numbers from 1, without gaps."""
    gap = f"min({number}) <> 1 OR max({number}) <> count(*)"
    return table.fails_with(
        number,
        "is_without_gaps",
        f"SELECT opportunity_id AS row_key FROM {BATCH} GROUP BY opportunity_id HAVING {gap}",
    )


def has_rows(table: MartTable, column: str, count: int, reason: str) -> Rule:
    """Each value of a column has as many rows."""
    other = f"FROM {BATCH} GROUP BY {column} HAVING count(*) <> {count}"
    return table.fails_with(column, "has_every_row", f"SELECT {column} AS row_key {other}", reason)


def month_of(instant: str) -> str:
    """Return the SQL of the first day of an instant's month, in UTC whatever the session's time zone."""
    return f"CAST(date_trunc('month', {instant} AT TIME ZONE 'UTC') AS DATE)"
