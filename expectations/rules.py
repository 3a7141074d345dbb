"""What a rule is, and the few shapes that rules come in.

A rule is stated twice: as an expectation of Great Expectations, which decides and is documented, and as the
SQL of its failing rows, which finds what to quarantine without carrying keys through Python. Every validation
compares the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["critical", "warning", "info"]
Action = Literal["excluded", "nulled"]

BATCH = "{batch}"
"""Stands for the validated table in a rule's SQL, in which any other brace is doubled."""
BATCH_ALIAS = "subselect"
"""The alias that Great Expectations gives the validated table, unless the SQL says JOIN: so no rule does."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A class of Great Expectations, by name, and its arguments."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One expectation on one table.

    `failing_rows` selects one column from `BATCH`, the key of each failing row; it is None for a rule about
    the table as a whole. Without an `expectation` the rule is its SQL. `action` is what quarantine does to a
    failing row; without one it is reported alone. A rule `is_on_values` when it passes over rows without a
    value in `column`. Where not `is_value_shown`, a failing value is withheld from the quarantine's report. A rule that
    `needs_every_row` holds the rows of all opportunities against a sum over them; any other one on a table of
    opportunities can look at some by themselves.
    """

    name: str
    table: str
    column: str | None
    severity: Severity
    failing_rows: str | None
    expectation: Expectation | None = None
    action: Action | None = None
    is_on_values: bool = False
    is_value_shown: bool = True
    reason: str = ""
    needs_every_row: bool = False

    @property
    def id(self) -> str:
        """The rule's name, unique within its schema, such as `solutions.id.matches_pattern`."""
        return rule_id(self.table, self.column, self.name)

    @property
    def is_holding(self) -> bool:
        """Whether it holds the publication when it is broken: it is critical, and quarantine is no answer to it."""
        return self.severity == "critical" and self.action is None

    def failing_in(self, table: str) -> str:
        """Return the SQL of the failing rows of `table`. Raises ValueError for a rule about a whole table."""
        if self.failing_rows is None:
            raise ValueError(f"{self.id} is about the table as a whole")
        return self.failing_rows.format(batch=f"{table} AS {BATCH_ALIAS}")


@dataclass(frozen=True, slots=True)
class Target:
    """A column under rules, and what becomes of a row that breaks one; `key` is the SQL of the row's key."""

    table: str
    column: str
    severity: Severity
    action: Action | None = None
    is_value_shown: bool = True
    key: str = "row_key"

    @property
    def sql(self) -> str:
        """The column as SQL names it."""
        return quoted(self.column)

    def on_values(self, name: str, condition: str, expectation: Expectation | None = None, reason: str = "") -> Rule:
        """Build a rule on values; its failing rows are those where the SQL `condition` is true."""
        return self._rule(name, condition, expectation, reason, True)

    def on_rows(self, name: str, condition: str, expectation: Expectation | None = None, reason: str = "") -> Rule:
        """Build a rule on every row, whether it has a value or not; a row fails where `condition` is true."""
        return self._rule(name, condition, expectation, reason, False)

    def _rule(
        self, name: str, condition: str, expectation: Expectation | None, reason: str, is_on_values: bool
    ) -> Rule:
        return Rule(
            name=name,
            table=self.table,
            column=self.column,
            severity=self.severity,
            failing_rows=f"SELECT {self.key} AS row_key FROM {BATCH} WHERE {_escape_braces(condition)}",
            expectation=expectation,
            action=self.action,
            is_on_values=is_on_values,
            is_value_shown=self.is_value_shown,
            reason=reason,
        )


def rule_id(table: str, column: str | None, name: str) -> str:
    """Name a rule: unique within its schema."""
    return ".".join(part for part in (table, column, name) if part)


def in_set(target: Target, name: str, values: Sequence[str]) -> Rule:
    """A value is one of `values`."""
    listed = ", ".join(literal(value) for value in values)
    arguments = {"column": target.column, "value_set": list(values)}
    return target.on_values(
        name, f"{target.sql} NOT IN ({listed})", Expectation("ExpectColumnValuesToBeInSet", arguments)
    )


def matches(target: Target, name: str, regex: str, reason: str = "") -> Rule:
    """A whole value matches `regex`, in the dialect of RE2."""
    anchored = f"^(?:{regex})$"  # DuckDB's ~ looks for a match anywhere
    return target.on_values(
        name,
        f"NOT regexp_matches({target.sql}, {literal(anchored)})",
        Expectation("ExpectColumnValuesToMatchRegex", {"column": target.column, "regex": anchored}),
        reason,
    )


def has_length(target: Target, minimum: int | None, maximum: int | None) -> Rule:
    """A text has from `minimum` to `maximum` code points."""
    arguments = {"column": target.column, "min_value": minimum, "max_value": maximum}
    return target.on_values(
        "has_length",
        outside(f"length({target.sql})", minimum, maximum),
        Expectation("ExpectColumnValueLengthsToBeBetween", arguments),
    )


def in_range(target: Target, minimum: int | None, maximum: int | None) -> Rule:
    """A number is from `minimum` to `maximum`."""
    arguments = {"column": target.column, "min_value": minimum, "max_value": maximum}
    return target.on_values(
        "in_range",
        outside(target.sql, minimum, maximum),
        Expectation("ExpectColumnValuesToBeBetween", arguments),
    )


def is_present(target: Target, reason: str = "") -> Rule:
    """There is a value."""
    expectation = Expectation("ExpectColumnValuesToNotBeNull", {"column": target.column})
    return target.on_rows("is_present", f"{target.sql} IS NULL", expectation, reason)


def is_unique(target: Target) -> Rule:
    """No two rows have the same value."""
    repeated = f"SELECT {target.sql} FROM {BATCH} GROUP BY {target.sql} HAVING count(*) > 1"
    return Rule(
        name="is_unique",
        table=target.table,
        column=target.column,
        severity=target.severity,
        failing_rows=f"SELECT {target.key} AS row_key FROM {BATCH} WHERE {target.sql} IN ({repeated})",
        expectation=Expectation("ExpectColumnValuesToBeUnique", {"column": target.column}),
        is_on_values=True,
    )


def outside(expression: str, minimum: int | None, maximum: int | None) -> str:
    """Return the SQL condition that an expression is outside its bounds, of which each may be open."""
    conditions = []
    if minimum is not None:
        conditions.append(f"{expression} < {minimum}")
    if maximum is not None:
        conditions.append(f"{expression} > {maximum}")
    return " OR ".join(conditions)


def quoted(name: str) -> str:
    """Quote a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _escape_braces(sql: str) -> str:
    return sql.replace("{", "{{").replace("}", "}}")
