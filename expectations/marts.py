"""The rules of the marts: what must hold before a warehouse is published.

A broken rule here is a fault of the pipeline, not of a record: all are critical, and nothing is quarantined.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from expectations.rules import (
    BATCH,
    BATCH_ALIAS,
    Expectation,
    Rule,
    Target,
    in_range,
    in_set,
    is_present,
    is_unique,
    literal,
    quoted,
)

OPEN_STAGES = ("Prospect", "Qualified", "Technical Validation", "Business Validation", "Committed")
RANKED_STAGES = (*OPEN_STAGES, "Launched")  # ranks 1 to 6
STAGES = (*RANKED_STAGES, "Closed Lost")
MONEY = "DECIMAL(38,2)"
DESCRIBED_TYPES = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}  # where DuckDB describes a type under another name

RANGES: Mapping[str, tuple[int, int | None]] = {
    "contract_months": (1, 144),
    "software_months": (1, None),
    "stage_rank": (1, 6),
    "furthest_stage_rank": (1, 6),
    "close_date_pushes": (0, None),
}
_FIRST_YEAR = "CASE WHEN contract_months < 12 THEN contract_months WHEN contract_months >= 12 THEN 12 END"
PRODUCTS: Mapping[str, str] = {
    "aws_tcv": "aws_mrr * contract_months",
    "aws_arr": "aws_mrr * 12",
    "aws_acv": f"aws_mrr * ({_FIRST_YEAR})",  # least() would take an unknown duration as 12
}
QUOTIENTS: Mapping[str, tuple[str, str]] = {
    "deal_mrr": ("deal_tcv", "contract_months"),
    "software_mrr": ("software_tcv", "software_months"),
}
CURRENT_VERSIONS = (
    "(SELECT opportunity_id, arg_max(is_excluded, last_modified_at) AS is_excluded "
    "FROM staging.opportunity_versions GROUP BY opportunity_id)"
)


@dataclass(frozen=True, slots=True)
class MartTable:
    """A table as declared: columns with their DuckDB types, key, and columns that are never null."""

    name: str
    columns: Mapping[str, str]
    key: Sequence[str]
    required: Sequence[str] = ()


def marts_rules(tables: Iterable[MartTable]) -> list[Rule]:
    """List every rule of the schema `marts`: what a declaration implies, then what a table's meaning does."""
    rules: list[Rule] = []
    for table in tables:
        rules.extend(declared_rules(table))
        if table.name in OWN_RULES:
            rules.extend(OWN_RULES[table.name](table))
    return rules


def declared_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules that follow from a declaration: columns in order, types, required columns, key."""
    in_order = Expectation("ExpectTableColumnsToMatchOrderedList", {"column_list": list(table.columns)})
    yield _of_table(table, "has_declared_columns", None, in_order)
    for column, duckdb_type in table.columns.items():
        arguments = {"column": column, "type_": DESCRIBED_TYPES.get(duckdb_type, duckdb_type)}
        yield _of_table(table, "has_declared_type", column, Expectation("ExpectColumnValuesToBeOfType", arguments))
    for column in dict.fromkeys((*table.key, *table.required)):
        yield is_present(_target(table, column))
    yield _is_key(table)


def opportunities_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules of `marts.opportunities`: stages, ranges, the arithmetic of revenue, no row lost."""
    for column in ("stage", "furthest_stage"):
        yield in_set(_target(table, column), "in_enum", STAGES)
    for column, (minimum, maximum) in RANGES.items():
        yield in_range(_target(table, column), minimum, maximum)
    for column, duckdb_type in table.columns.items():
        if duckdb_type == MONEY:
            yield in_range(_target(table, column), 0, None)
    yield from _stage_rules(table)
    for column, product in PRODUCTS.items():
        yield _equals(_target(table, column), "is_product", product)
    for column, (amount, months) in QUOTIENTS.items():
        yield _is_quotient(_target(table, column), amount, months)
    yield from _completeness_rules(table)


OWN_RULES: Mapping[str, Callable[[MartTable], Iterator[Rule]]] = {"opportunities": opportunities_rules}


def _target(table: MartTable, column: str) -> Target:
    return Target(table.name, column, "critical", key=_key(table))


def _key(table: MartTable) -> str:
    return f"concat_ws('/', {_key_columns(table)})"


def _key_columns(table: MartTable) -> str:
    return ", ".join(map(quoted, table.key))


def _of_table(table: MartTable, name: str, column: str | None, expectation: Expectation) -> Rule:
    return Rule(name, table.name, column, "critical", failing_rows=None, expectation=expectation)


def _is_key(table: MartTable) -> Rule:
    if len(table.key) == 1:
        return is_unique(_target(table, table.key[0]))
    columns = _key_columns(table)
    repeated = f"SELECT {columns} FROM {BATCH} GROUP BY {columns} HAVING count(*) > 1"
    return Rule(
        name="is_unique",
        table=table.name,
        column=", ".join(table.key),
        severity="critical",
        failing_rows=f"SELECT {_key(table)} AS row_key FROM {BATCH} WHERE ({columns}) IN ({repeated})",
        expectation=Expectation("ExpectCompoundColumnsToBeUnique", {"column_list": list(table.key)}),
    )


def _stage_rules(table: MartTable) -> Iterator[Rule]:
    for column, stage in (("stage_rank", "stage"), ("furthest_stage_rank", "furthest_stage")):
        rank = f"list_position({_listed(RANKED_STAGES)}, {stage})"
        yield _equals(_target(table, column), "is_rank_of_stage", rank)
    yield _target(table, "furthest_stage_rank").on_values("is_not_behind_stage", "furthest_stage_rank < stage_rank")
    is_known = f"list_contains({_listed(STAGES)}, stage)"
    for column, stages in (
        ("is_open", OPEN_STAGES),
        ("is_won", ("Launched",)),
        ("is_lost", ("Closed Lost",)),
    ):
        is_one = f"CASE WHEN {is_known} THEN list_contains({_listed(stages)}, stage) END"
        yield _equals(_target(table, column), "agrees_with_stage", is_one)


def _equals(target: Target, name: str, expression: str) -> Rule:
    return target.on_rows(name, f"{target.sql} IS DISTINCT FROM ({expression})")


def _is_quotient(target: Target, amount: str, months: str) -> Rule:
    """A quotient rounded to the cent is off by half a cent at most: by half a cent a month over the term."""
    is_off = f"abs({target.sql} * {months} - {amount}) * 200 > {months}"
    is_known = f"{amount} IS NOT NULL AND {months} IS NOT NULL"
    return target.on_rows("is_quotient", f"({target.sql} IS NOT NULL) <> ({is_known}) OR {is_off}")


def _completeness_rules(table: MartTable) -> Iterator[Rule]:
    is_same = f"versions.opportunity_id = {BATCH_ALIAS}.opportunity_id"
    yield Rule(
        name="none_is_lost",
        table=table.name,
        column="opportunity_id",
        severity="critical",
        failing_rows=f"SELECT opportunity_id AS row_key FROM {CURRENT_VERSIONS} AS versions "
        f"WHERE NOT is_excluded AND NOT EXISTS (SELECT 1 FROM {BATCH} WHERE {is_same})",
        reason="Every opportunity landed before the end of the as-of day is in the mart, or is excluded.",
    )
    yield Rule(
        name="none_is_invented",
        table=table.name,
        column="opportunity_id",
        severity="critical",
        failing_rows=f"SELECT opportunity_id AS row_key FROM {BATCH} WHERE NOT EXISTS "
        f"(SELECT 1 FROM {CURRENT_VERSIONS} AS versions WHERE {is_same} AND NOT versions.is_excluded)",
        reason="An opportunity whose last version is excluded, or that never landed, has no state to show.",
    )


def _listed(texts: Sequence[str]) -> str:
    return f"[{', '.join(literal(text) for text in texts)}]"
