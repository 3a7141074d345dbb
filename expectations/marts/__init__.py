"""The rules of the marts: what must hold before a warehouse is published.

A broken rule here is a fault of the pipeline, not of a record: all are critical, and nothing is quarantined.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from expectations.marts.attribution import attribution_rules
from expectations.marts.hygiene import hygiene_rules
from expectations.marts.month_ends import month_ends_rules
from expectations.marts.observations import observations_rules
from expectations.marts.opportunities import CURRENT_VERSIONS, opportunities_rules
from expectations.marts.outcomes_monthly import outcomes_monthly_rules
from expectations.marts.pipeline_monthly import pipeline_monthly_rules
from expectations.marts.pipeline_waterfall import pipeline_waterfall_rules
from expectations.marts.reporting import reporting_rules
from expectations.marts.stage_funnel import stage_funnel_rules
from expectations.marts.stage_history import stage_history_rules
from expectations.marts.table import MartTable
from expectations.marts.touches import touches_rules
from expectations.rules import BATCH, Expectation, Rule, is_present, is_unique, literal

__all__ = ["CURRENT_VERSIONS", "OWN_RULES", "MartTable", "declared_rules", "marts_rules"]

DESCRIBED_TYPES = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}  # where DuckDB describes a type under another name
OWN_RULES: Mapping[str, Callable[[MartTable], Iterator[Rule]]] = {
    "observations": observations_rules,
    "opportunities": opportunities_rules,
    "stage_history": stage_history_rules,
    "month_ends": month_ends_rules,
    "touches": touches_rules,
    "stage_funnel": stage_funnel_rules,
    "pipeline_monthly": pipeline_monthly_rules,
    "pipeline_waterfall": pipeline_waterfall_rules,
    "outcomes_monthly": outcomes_monthly_rules,
    "attribution": attribution_rules,
    "hygiene": hygiene_rules,
}


def marts_rules(tables: Iterable[MartTable], *, reporting_currency: str) -> list[Rule]:
    """List every rule of the schema `marts`: what a declaration implies, then what a table's meaning does."""
    rules: list[Rule] = []
    for table in tables:
        rules.extend(declared_rules(table))
        if table.name in OWN_RULES:
            rules.extend(OWN_RULES[table.name](table))
        if table.name == "opportunities":
            rules.extend(reporting_rules(table, reporting_currency))
    return rules


def declared_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules that follow from a declaration: columns in order, types, required columns, key."""
    in_order = Expectation("ExpectTableColumnsToMatchOrderedList", {"column_list": list(table.columns)})
    yield Rule("has_declared_columns", table.name, None, "critical", failing_rows=None, expectation=in_order)
    yield _has_declared_types(table)
    for column in dict.fromkeys((*table.key, *table.required)):
        yield is_present(table.target(column))
    yield _is_key(table)


def _has_declared_types(table: MartTable) -> Rule:
    described = {column: DESCRIBED_TYPES.get(declared, declared) for column, declared in table.columns.items()}
    listed = ", ".join(f"({literal(column)}, {literal(described)})" for column, described in described.items())
    return Rule(
        name="has_declared_types",
        table=table.name,
        column=None,
        severity="critical",
        failing_rows=f"SELECT column_name AS row_key FROM (DESCRIBE SELECT * FROM {BATCH}) "
        f"WHERE (column_name, column_type) NOT IN ({listed})",
        reason="One rule for all columns, since each takes its time, whatever it looks at.",
    )


def _is_key(table: MartTable) -> Rule:
    if len(table.key) == 1:
        return is_unique(table.target(table.key[0]))
    columns = table.key_columns
    repeated = f"SELECT {columns} FROM {BATCH} GROUP BY {columns} HAVING count(*) > 1"
    return Rule(
        name="is_unique",
        table=table.name,
        column=", ".join(table.key),
        severity="critical",
        failing_rows=f"SELECT {table.row_key} AS row_key FROM {BATCH} WHERE ({columns}) IN ({repeated})",
        expectation=Expectation("ExpectCompoundColumnsToBeUnique", {"column_list": list(table.key)}),
    )
