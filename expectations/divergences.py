"""Where AWS's data or AWS's prose says something else than AWS's service model; each with its reason.

Every other rule of the landing is the service model's own.
"""

from collections.abc import Iterator

from expectations.fields import Field
from expectations.rules import BATCH, Rule, Target, is_present, literal, matches

SPEND = "project__expected_customer_spend"
SOFTWARE_AMOUNT = "software_revenue__value__amount"
SUMMABLE_DIGITS = 24  # DECIMAL(38,2) then holds the sum of a thousand million contracts of 144 months
CONTRACT_MONTHS = "0*([1-9][0-9]?|1[0-3][0-9]|14[0-4])"  # 1 to 144


def replaces_enum(field: Field) -> bool:
    """Tell whether a divergence, not the model's enum, states what the field may hold."""
    return _is_spend_frequency(field)


def divergent_rules(field: Field, target: Target) -> Iterator[Rule]:
    """Yield the rules that hold for a field although the service model does not state them."""
    if _is_spend_frequency(field):
        yield _frequency_of_company(field, target)
    if field.column.endswith("expected_contract_duration__value"):
        yield matches(
            target,
            "is_contract_months",
            CONTRACT_MONTHS,
            reason="A whole number from 1 to 144 in AWS's prose; the model puts no constraint on the text.",
        )
    if field.column == SOFTWARE_AMOUNT or (field.column == "amount" and field.table.endswith(f"__{SPEND}")):
        yield target.on_values(
            "is_summable",
            f"regexp_matches({target.sql}, '^[0-9]{{{SUMMABLE_DIGITS + 1},31}}([.]|$)')",
            reason="AWS allows 31 digits. No deal has so many, and the sums of such amounts would not fit anywhere.",
        )
    if field.kind == "string" and field.pattern and field.column.endswith("_date"):
        yield _is_calendar_date(target)
    if field.kind == "list" and field.column.endswith(f"__{SPEND}"):
        yield _has_one_self_entry(field)


def snapshot_rules() -> Iterator[Rule]:
    """Yield the rule on a snapshot's instant, a column of the landing's that is null unless it was one."""
    yield is_present(
        Target("resource_snapshots", "created_at", "critical", "excluded"),
        reason="A snapshot whose CreatedAt is missing or malformed is an observation of no known time.",
    )


def _is_spend_frequency(field: Field) -> bool:
    return field.column == "frequency" and field.table.endswith(f"__{SPEND}")


def _frequency_of_company(field: Field, target: Target) -> Rule:
    listed = ", ".join(literal(value) for value in field.enum)
    is_whole_value = "frequency = 'None' AND target_company IS NOT DISTINCT FROM 'Self'"
    return target.on_values(
        "in_enum",
        f"frequency NOT IN ({listed}) AND NOT ({is_whole_value})",
        reason="A Self entry is a value over the whole contract: its frequency is the text None, "
        "which the model's enum lacks.",
    )


def _is_calendar_date(target: Target) -> Rule:
    form = literal("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    return target.on_values(
        "is_calendar_date",
        f"regexp_matches({target.sql}, {form}) AND try_cast({target.sql} AS DATE) IS NULL",
        reason="The model's pattern lets days through that no calendar has, such as 2026-02-31.",
    )


def _has_one_self_entry(field: Field) -> Rule:
    entries = f"SELECT parent_key FROM staging.{field.column} WHERE target_company = 'Self'"
    repeated = f"{entries} GROUP BY parent_key HAVING count(*) > 1"
    return Rule(
        name="has_one_self_entry",
        table=field.table,
        column=field.column,
        severity="warning",
        failing_rows=f"SELECT row_key FROM {BATCH} WHERE row_key IN ({repeated})",
        reason="AWS's business rules allow one Self entry; of two, neither is known to be the deal's value.",
    )
