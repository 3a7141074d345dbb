"""The rules of the landing, built from what AWS's service model says of each staged column.

A value outside its enum, range or pattern is nulled. A stage outside the enum, an id or instant that is missing or
malformed, or any member of another type or shape than the model's excludes the whole record. A missing required value,
or a list of too many items, leaves nothing to null: it is reported alone. A broken key is a fault of the staging
itself: critical, and nothing to quarantine.
"""

from collections.abc import Iterable, Iterator

from expectations.divergences import divergent_rules, replaces_enum, snapshot_rules
from expectations.fields import Field
from expectations.patterns import Translation, translate
from expectations.rules import (
    BATCH,
    Expectation,
    Rule,
    Target,
    has_length,
    in_set,
    is_present,
    is_unique,
    literal,
    matches,
    outside,
)

EXCLUDING_COLUMNS = frozenset(
    {
        ("opportunity_versions", "id"),
        ("opportunity_versions", "created_date"),
        ("opportunity_versions", "last_modified_date"),
        ("opportunity_versions", "life_cycle__stage"),
        ("resource_snapshots", "lifecycle__stage"),
    }
)
TABLES_WITHOUT_OPPORTUNITY = frozenset({"solutions"})
SHOWN_ENDINGS = ("amount", "currency_code", "country_code")
"""Columns shown in reports although AWS marks some of them as sensitive: they say nothing of a person."""
INSTANT = (  # ISO 8601 with an offset and up to nanoseconds, as AWS sends it
    "[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?"
    "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)


def landing_rules(fields: Iterable[Field]) -> list[Rule]:
    """List every rule of the schema `staging`, in the order of its tables and columns."""
    fields = list(fields)
    parents = {field.column: field.table for field in fields if field.kind == "list"}
    rules: list[Rule] = []
    for table in dict.fromkeys(field.table for field in fields):
        rules.extend(_key_rules(table, parents.get(table)))
        if "__" not in table:  # of a list's items the record that holds the list is excluded
            rules.append(_is_well_formed(table))
        for field in fields:
            if field.table == table:
                rules.extend(_field_rules(field))
        if table == "resource_snapshots":
            rules.extend(snapshot_rules())
    return rules


def _key_rules(table: str, parent: str | None) -> Iterator[Rule]:
    key = Target(table, "row_key", "critical")
    yield is_present(key)
    yield is_unique(key)
    if parent:
        parent_keys = f"SELECT row_key FROM staging.{parent} WHERE row_key IS NOT NULL"
        yield Target(table, "parent_key", "critical").on_rows(
            "has_parent", f"parent_key IS NULL OR parent_key NOT IN ({parent_keys})"
        )
    elif table not in TABLES_WITHOUT_OPPORTUNITY:
        yield is_present(Target(table, "opportunity_id", "critical"))


def _is_well_formed(table: str) -> Rule:
    target = Target(table, "malformed_members", "critical", "excluded")
    return target.on_rows(
        "is_well_formed",
        f"{target.sql} IS NOT NULL",
        Expectation("ExpectColumnValuesToBeNull", {"column": target.column}),
        reason="A member that the service model knows has another type or shape: the rest of the record is in doubt.",
    )


def _field_rules(field: Field) -> Iterator[Rule]:
    target = _target(field)
    if field.is_required and field.kind != "list":  # a staged list that is absent looks like an empty one
        yield _is_required(target)
    if field.enum and not replaces_enum(field):
        yield in_set(target, "in_enum", field.enum)
    match field.kind:
        case "string":
            yield from _text_rules(field, target)
        case "timestamp":
            yield _is_instant(target)
        case "integer":
            yield _is_integer(field, target)
        case "list":
            yield from _item_rules(field)
    yield from divergent_rules(field, target)


def _target(field: Field) -> Target:
    is_shown = not field.is_person and (not field.is_sensitive or field.column.endswith(SHOWN_ENDINGS))
    if (field.table, field.column) in EXCLUDING_COLUMNS:
        return Target(field.table, field.column, "critical", "excluded", is_shown)
    return Target(field.table, field.column, "warning", "nulled", is_shown)


def _is_required(target: Target) -> Rule:
    if target.action == "excluded":
        return is_present(target)
    return is_present(Target(target.table, target.column, "warning"))


def _text_rules(field: Field, target: Target) -> Iterator[Rule]:
    pattern = translate(field.pattern) if field.pattern else Translation()
    minimum = max((bound for bound in (field.minimum, pattern.minimum) if bound), default=None)
    maximum = min((bound for bound in (field.maximum, pattern.maximum) if bound is not None), default=None)
    if minimum is not None or maximum is not None:
        yield has_length(target, minimum, maximum)
    if pattern.regex is not None:
        yield matches(target, "matches_pattern", pattern.regex)


def _is_instant(target: Target) -> Rule:
    column = target.sql
    is_malformed = f"NOT regexp_matches({column}, {literal(f'^(?:{INSTANT})$')})"
    return target.on_values(
        "is_instant",
        f"{column} IS NOT NULL AND ({is_malformed} OR try_cast({column} AS TIMESTAMPTZ) IS NULL)",
    )


def _is_integer(field: Field, target: Target) -> Rule:
    number = f"try_cast({target.sql} AS HUGEINT)"
    conditions = [f"NOT regexp_matches({target.sql}, '^-?[0-9]+$')", f"{number} IS NULL"]
    if bounds := outside(number, field.minimum, field.maximum):
        conditions.append(bounds)
    return target.on_values("in_range", f"{target.sql} IS NOT NULL AND ({' OR '.join(conditions)})")


def _item_rules(field: Field) -> Iterator[Rule]:
    bounds = outside("count(*)", field.minimum or None, field.maximum)
    if not bounds:
        return
    counted = f"SELECT parent_key FROM staging.{field.column} GROUP BY parent_key HAVING {bounds}"
    yield Rule(
        name="has_item_count",
        table=field.table,
        column=field.column,
        severity="warning",
        failing_rows=f"SELECT row_key FROM {BATCH} WHERE row_key IN ({counted})",
    )
