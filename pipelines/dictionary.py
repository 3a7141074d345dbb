"""The data dictionary: every published table and column, from the declarations that also make DuckDB's comments."""

import re
from collections.abc import Iterator, Mapping

import dataframely as dy

from expectations.marts import OWN_RULES, MartTable
from expectations.schema import Checked, Offences, Quarantine, Results
from pipelines.changes import Basis, Inputs
from pipelines.marts import SCHEMAS
from pipelines.runs import Runs
from transforms.currency import FxRates
from transforms.schema import ColumnDeclaration, TableDeclaration, declaration

PUBLISHED: Mapping[type[dy.Schema], str] = {
    **SCHEMAS,
    **dict.fromkeys((Results, Quarantine), "quality"),
    **dict.fromkeys((Runs, Inputs, Checked, Offences, Basis), "ops"),
}
"""Each table of the published warehouse, and the schema it is in."""
FOR_PEOPLE = {Runs, FxRates}
"""What others than the next night read in `ops`."""

ROOMS: Mapping[str, str] = {
    "marts": "What analysts query. All tables of one warehouse are of one as-of day, and agree with each other.",
    "quality": "What was checked, and what was kept out of the marts.",
    "ops": "The runs, and what they were made with. Of these tables `ops.runs` and `ops.fx_rates` are for readers; the "
    "others are what the next night starts from, and may change with any release.",
}
_PAGE = """# Data dictionary

Every table and column of `warehouse.duckdb`. `make docs` writes this page from the declarations in the code that
also make DuckDB's own comments; `cosell query columns` lists the same in the warehouse. How the figures are
defined, with worked examples: [metrics.md](metrics.md).

## How to read it

A column's name says what is in it:

| name | type | unit |
|---|---|---|
| `…_mrr` | `DECIMAL(38,2)` | money per month |
| `…_tcv` | `DECIMAL(38,2)` | money over the whole contract |
| `…_arr`, `…_acv` | `DECIMAL(38,2)` | money per year; in the first contract year |
| `…_reporting` | `DECIMAL(38,2)` | the same amount in the reporting currency; without it, in the deal's own |
| `…_at` | `TIMESTAMPTZ` | an instant, UTC, to the microsecond |
| `…_date`, `month`, `cohort_month`, `as_of` | `DATE` | a day, UTC; a month is its first day |
| `…_months` | `INTEGER` | whole months |
| `…_days`, `days_…` | `DOUBLE` | days, with fractions |
| `win_rate`, `conversion_…` | `DOUBLE` | a share, 0 to 1 |
| `is_…`, `has_…` | `BOOLEAN` | yes or no |

In the tables of sums (`attribution`, the funnel, the monthly ones) all money is in the reporting currency. Null means
that a value is not known, or that there is none, as the column says; it is never a zero. Under *values* stands what a
column may hold besides null, where the checks before publication hold it to that.

## Tables

{contents}

{rooms}
"""
_TABLE = """### {name}

{comment}

Key: {key}.

| column | type | null | values | meaning |
|---|---|---|---|---|
{columns}"""


def dictionary_page() -> str:
    """Return the page on every published table: its grain and key, then one line per column."""
    contents = ["| table | one row per |", "|---|---|"]
    contents += [f"| [`{_name(table)}`](#{_anchor(table)}) | {_grain(table)} |" for table in _in_order()]
    rooms = [
        f"## Schema {room}\n\n{meaning}\n\n" + "\n\n".join(_section(table) for table in _in_order(room))
        for room, meaning in ROOMS.items()
    ]
    return _PAGE.format(contents="\n".join(contents), rooms="\n\n".join(rooms))


def _in_order(*rooms: str) -> list[type[dy.Schema]]:
    """List the tables of some rooms, or of all: those for people first."""
    return [
        table
        for room in rooms or ROOMS
        for is_for_people in (True, False)
        for table, schema in PUBLISHED.items()
        if schema == room and (room != "ops" or table in FOR_PEOPLE) == is_for_people
    ]


def _name(table: type[dy.Schema]) -> str:
    return f"{PUBLISHED[table]}.{declaration(table).name}"


def _anchor(table: type[dy.Schema]) -> str:
    return _name(table).replace(".", "")  # as GitHub makes it of the heading


def _grain(table: type[dy.Schema]) -> str:
    return _cell(re.split(r"[.:;](?: |$)", declaration(table).comment.removeprefix("One row per "))[0])


def _section(table: type[dy.Schema]) -> str:
    declared = declaration(table)
    values = dict(_allowed(declared)) if PUBLISHED[table] == "marts" else {}
    key = ", ".join(f"`{column}`" for column in declared.primary_key) or "none"
    return _TABLE.format(
        name=_name(table),
        comment=declared.comment,
        key=key,
        columns="\n".join(_line(column, values.get(column.name, "")) for column in declared.columns),
    )


def _line(column: ColumnDeclaration, values: str) -> str:
    null = "yes" if column.is_nullable else "no"
    return f"| `{column.name}` | `{column.duckdb_type}` | {null} | {_cell(values)} | {_cell(column.comment)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _allowed(table: TableDeclaration) -> Iterator[tuple[str, str]]:
    """Yield the columns whose values a rule of the marts bounds, and what the rule says."""
    types = {column.name: column.duckdb_type for column in table.columns}
    required = [column.name for column in table.columns if not column.is_nullable]
    own_rules = OWN_RULES.get(table.name)
    for rule in own_rules(MartTable(table.name, types, table.primary_key, required)) if own_rules else ():
        if rule.column is None or rule.expectation is None:
            continue
        match rule.expectation.name:
            case "ExpectColumnValuesToBeInSet":
                yield rule.column, ", ".join(f"`{value}`" for value in rule.expectation.arguments["value_set"])
            case "ExpectColumnValuesToBeBetween":
                yield rule.column, _range(rule.expectation.arguments)


def _range(arguments: Mapping[str, float | None]) -> str:
    least, most = arguments.get("min_value"), arguments.get("max_value")
    return f"{least} or more" if most is None else f"{least} to {most}"
