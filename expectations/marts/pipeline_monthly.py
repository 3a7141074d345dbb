"""The rules of `marts.pipeline_monthly`."""

from collections.abc import Iterator

from expectations.marts.stages import STAGES, UNOBSERVED
from expectations.marts.table import MONEY, MartTable, has_rows, money_rules, month_of, reconciles
from expectations.rules import BATCH, BATCH_ALIAS, Rule, in_range, in_set, literal

_IS_UNOBSERVED = f"stage = {literal(UNOBSERVED)}"
_LAST_MONTH = "(SELECT max(month) FROM pipeline_monthly)"


def pipeline_monthly_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules of `marts.pipeline_monthly`: whole months without gaps, the last one as things stand."""
    yield in_set(table.target("stage"), "in_enum", (*STAGES, UNOBSERVED))
    yield has_rows(
        table, "month", len(STAGES) + 1, f"A month has a row for each stage and one for the stage `{UNOBSERVED}`."
    )
    yield from _month_rules(table)
    for column in ("opportunities", "unobserved"):
        yield in_range(table.target(column), 0, None)
    yield from money_rules(table)
    yield from _row_rules(table)
    yield _is_last_stint(table)
    for amount in _amounts(table):
        yield _is_last_observed(table, amount)


def _month_rules(table: MartTable) -> Iterator[Rule]:
    yield table.fails_with(
        "month",
        "is_without_gaps",
        "SELECT month AS row_key FROM (SELECT month, lag(month) OVER (ORDER BY month) AS month_before "
        f"FROM (SELECT DISTINCT month FROM {BATCH})) "
        "WHERE month <> date_trunc('month', month) OR month <> month_before + INTERVAL 1 MONTH",
    )
    first = (
        f"SELECT min(month) FROM (SELECT {month_of('created_at')} AS month FROM opportunities "
        f"UNION ALL SELECT {month_of('entered_at')} FROM stage_history)"
    )
    last = f"SELECT {month_of('max(observed_at)')} FROM observations"
    ends = f"SELECT min(month) AS first_shown, max(month) AS last_shown, ({first}) AS first, ({last}) AS last"
    is_short = "first_shown <> first OR last_shown < last OR (first_shown IS NULL AND first <= last)"
    yield table.fails_with(
        "month",
        "covers_history",
        f"SELECT first AS row_key FROM ({ends} FROM {BATCH}) WHERE {is_short}",
        reason="From the month in which an opportunity was first created or observed in a stage, to the last "
        "observation's or a later one.",
    )


def _row_rules(table: MartTable) -> Iterator[Rule]:
    amounts = _amounts(table)
    yield table.target("unobserved").on_rows(
        "is_of_its_row", f"NOT ({_IS_UNOBSERVED}) AND unobserved <> 0", reason="Counted on one row of a month alone."
    )
    any_amount = " OR ".join(f"{amount} IS NOT NULL" for amount in amounts)
    yield table.target("opportunities").on_rows(
        "is_in_a_stage",
        f"{_IS_UNOBSERVED} AND (opportunities <> 0 OR {any_amount})",
        reason="Of opportunities not yet observed neither the stage nor an amount is known.",
    )
    for amount in amounts:
        yield table.target(amount).on_rows(
            "is_zero_without_opportunities",
            f"NOT ({_IS_UNOBSERVED}) AND opportunities = 0 AND {amount} IS DISTINCT FROM 0",
        )


def _is_last_stint(table: MartTable) -> Rule:
    created = f"SELECT opportunity_id FROM opportunities WHERE {month_of('created_at')} <= {_LAST_MONTH}"
    return reconciles(
        table,
        "opportunities",
        "agrees_with_history",
        "stage",
        f"SELECT stage, opportunities + unobserved AS number FROM {BATCH} WHERE month = {_LAST_MONTH}",
        "SELECT stage, 1 AS number FROM stage_history WHERE exited_at IS NULL UNION ALL "
        f"SELECT {literal(UNOBSERVED)}, 1 FROM ({created} EXCEPT SELECT opportunity_id FROM stage_history)",
        reason="In the last month, those in a stage are those whose last stint it is.",
    )


def _is_last_observed(table: MartTable, amount: str) -> Rule:
    last_observed = (
        f"SELECT opportunity_id, arg_max_null({amount}_reporting, observation) AS amount "
        "FROM observations GROUP BY opportunity_id"
    )
    known = (
        f"SELECT sum(amount) FROM stage_history, ({last_observed}) AS last_observed "
        "WHERE stage_history.opportunity_id = last_observed.opportunity_id "
        f"AND stage_history.exited_at IS NULL AND stage_history.stage = {BATCH_ALIAS}.stage"
    )
    return table.target(amount).on_rows(
        "agrees_with_observations",
        f"month = {_LAST_MONTH} AND opportunities > 0 AND {amount} IS DISTINCT FROM ({known})",
        reason="In the last month, the amounts are those of the last observations; null where none is known.",
    )


def _amounts(table: MartTable) -> list[str]:
    return [column for column, duckdb_type in table.columns.items() if duckdb_type == MONEY]
