"""The rules of `marts.outcomes_monthly`."""

from collections.abc import Iterator

from expectations.marts.stages import LOST_STAGE, WON_STAGE
from expectations.marts.table import MartTable, equals, money_rules, month_of, reconciles
from expectations.rules import BATCH, BATCH_ALIAS, Rule, in_range, literal

DECIDED_STAGES = {"won": WON_STAGE, "lost": LOST_STAGE}


def outcomes_monthly_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules of `marts.outcomes_monthly`: the decisions that the last stints show, and their amounts."""
    for column in DECIDED_STAGES:
        yield in_range(table.target(column), 0, None)
    yield from money_rules(table)
    yield table.target("month").on_rows("has_a_decision", "won + lost < 1")
    yield equals(table.target("win_rate"), "is_quotient", "won / nullif(won + lost, 0)")
    for column, stage in DECIDED_STAGES.items():
        yield _is_number_of_last_stints(table, column, stage)
        yield _is_sum_of_opportunities(table, column, stage)


def _is_number_of_last_stints(table: MartTable, column: str, stage: str) -> Rule:
    return reconciles(
        table,
        column,
        "agrees_with_history",
        "month",
        f"SELECT month, {column} AS number FROM {BATCH}",
        f"SELECT {month_of('entered_at')} AS month, 1 AS number FROM {_last_stints(stage)}",
    )


def _is_sum_of_opportunities(table: MartTable, column: str, stage: str) -> Rule:
    entered = f"{month_of('last_stints.entered_at')} = {BATCH_ALIAS}.month"
    known = (
        f"SELECT sum(aws_mrr_reporting) FROM opportunities, {_last_stints(stage)} AS last_stints "
        f"WHERE opportunities.opportunity_id = last_stints.opportunity_id AND {entered}"
    )
    return equals(
        table.target(f"{column}_mrr"),
        "is_sum_of_opportunities",
        f"CASE WHEN {column} = 0 THEN 0 ELSE ({known}) END",
        reason="Null where opportunities were decided and the amount of none is known.",
    )


def _last_stints(stage: str) -> str:
    return f"(SELECT * FROM stage_history WHERE exited_at IS NULL AND stage = {literal(stage)})"
