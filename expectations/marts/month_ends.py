"""The rules of `marts.month_ends`."""

from collections.abc import Iterator
from dataclasses import replace

from expectations.marts.stages import LOST_STAGE, OPEN_STAGES, STAGES, UNOBSERVED, VANISHED, WON_STAGE, any_of
from expectations.marts.table import MONEY, MartTable, month_of, reconciles
from expectations.rules import BATCH, Rule, in_range, in_set, literal

_UNOBSERVED = literal(UNOBSERVED)
_IS_OBSERVED = f"closing_stage <> {_UNOBSERVED}"
_WAS_OPEN = f"opening_stage IN {any_of(OPEN_STAGES)}"
_STAYS_OPEN = f"{_WAS_OPEN} AND closing_stage IN {any_of(OPEN_STAGES)}"
_LEAVING = f"CASE WHEN {_WAS_OPEN} THEN opening ELSE closing END"
_WATERFALL_PARTS = {  # each the sum of a value over the observed rows that meet a condition
    "created": ("closing", "opening_stage IS NULL"),
    "discovered": ("closing", f"opening_stage = {_UNOBSERVED}"),
    "reopened": ("closing", f"opening_stage IN {any_of((WON_STAGE, LOST_STAGE))} AND is_moved"),
    "increased": ("greatest(closing - opening, 0)", _STAYS_OPEN),
    "decreased": ("greatest(opening - closing, 0)", _STAYS_OPEN),
    "won": (_LEAVING, f"closing_stage = {literal(WON_STAGE)} AND is_moved"),
    "lost": (_LEAVING, f"closing_stage = {literal(LOST_STAGE)} AND is_moved"),
}


def month_ends_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules of `marts.month_ends`: an unbroken chain of months for each opportunity, as it was observed,
    that adds up to the waterfall."""
    for column in ("opening_stage", "closing_stage"):
        yield in_set(table.target(column), "in_enum", (*STAGES, UNOBSERVED))
    yield table.target("month").on_rows("is_first_of_month", "month <> date_trunc('month', month)")
    for closing in _amounts(table, "closing"):
        yield in_range(table.target(closing), 0, None)
    yield _continues_row_before(table)
    yield from _row_rules(table)
    yield from _month_rules(table)
    yield from _evidence_rules(table)
    yield _agrees_with_waterfall(table, "is_moved", "count", "1", "1")
    opening, closing = "opening_aws_mrr_reporting", "closing_aws_mrr_reporting"
    yield _agrees_with_waterfall(table, closing, "aws_mrr", f"coalesce({opening}, 0)", f"coalesce({closing}, 0)")


def _continues_row_before(table: MartTable) -> Rule:
    openings = [column for column in table.columns if column.startswith("opening_")]
    closings = [column.replace("opening_", "closing_") for column in openings]
    befores = ", ".join(f"lag({closing}) OVER history AS before_{closing}" for closing in closings)
    return table.fails_where(
        "month",
        "opens_as_row_before_closes",
        " OR ".join(
            f"{opening} IS DISTINCT FROM before_{closing}" for opening, closing in zip(openings, closings, strict=True)
        ),
        f"SELECT *, {befores} FROM {BATCH} WINDOW history AS (PARTITION BY opportunity_id ORDER BY month)",
        reason="With the stage and the amounts of its opportunity's row before; with none in the first row.",
    )


def _row_rules(table: MartTable) -> Iterator[Rule]:
    yield table.target("closing_stage").on_rows(
        "is_kept_unless_moved",
        f"NOT is_moved AND closing_stage IS DISTINCT FROM coalesce(opening_stage, {_UNOBSERVED})",
    )
    any_amount = " OR ".join(f"{closing} IS NOT NULL" for closing in _amounts(table, "closing"))
    yield table.target("closing_stage").on_rows(
        "is_unobserved_at_first",
        f"closing_stage = {_UNOBSERVED} AND (opening_stage IS NOT NULL OR is_moved OR {any_amount})",
        reason="Only in an opportunity's first row is it not yet observed, and then no amount is known.",
    )


def _month_rules(table: MartTable) -> Iterator[Rule]:
    yield reconciles(
        table,
        "opportunity_id",
        "agrees_with_opportunities",
        "opportunity_id",
        f"SELECT DISTINCT opportunity_id, 1 AS number FROM {BATCH}",
        "SELECT opportunity_id, 1 AS number FROM opportunities",
    )
    own = "stage_history.opportunity_id = opportunities.opportunity_id"
    by_then = f"{own} AND stint = 1 AND {month_of('entered_at')} <= {month_of('created_at')}"
    yield reconciles(
        table,
        "month",
        "is_of_creation",
        "opportunity_id, month",
        f"SELECT opportunity_id, month, 1 AS number FROM {BATCH} WHERE NOT ({_IS_OBSERVED})",
        f"SELECT opportunity_id, {month_of('created_at')} AS month, 1 AS number FROM opportunities WHERE NOT EXISTS "
        f"(SELECT 1 FROM stage_history WHERE {by_then})",
        reason="An unobserved row for each that was created in an earlier month than it was seen in a stage, or never.",
    )


def _evidence_rules(table: MartTable) -> Iterator[Rule]:
    entered = month_of("entered_at")
    yield reconciles(
        table,
        "closing_stage",
        "agrees_with_history",
        "opportunity_id, month, stage",
        f"SELECT opportunity_id, month, closing_stage AS stage, 1 AS number FROM {BATCH} WHERE is_moved",
        f"SELECT opportunity_id, {entered} AS month, arg_max(stage, stint) AS stage, 1 AS number "
        f"FROM stage_history GROUP BY opportunity_id, {entered}",
        reason="Those moved in the months in which a stint began, and into the last of these; so the stage in the "
        "last row is that of the last stint.",
    )
    closings = _amounts(table, "closing")
    observed = ", ".join(closing.removeprefix("closing_") for closing in closings)
    yield table.fails_with(
        "month",
        "closes_with_observed_amounts",
        f"SELECT concat_ws('/', opportunity_id, month) AS row_key FROM ("
        f"SELECT opportunity_id, month, {', '.join(closings)} FROM {BATCH} WHERE {_IS_OBSERVED} "
        f"EXCEPT SELECT opportunity_id, {month_of('observed_at')}, {observed} FROM observations "
        f"WHERE evidence <> {literal(VANISHED)})",
        reason="One version or snapshot of that month shows all amounts at its end.",
    )


def _agrees_with_waterfall(table: MartTable, column: str, measure: str, opening: str, closing: str) -> Rule:
    """What an opportunity is worth by a measure is `opening` at a month's start and `closing` at its end."""
    sums = ", ".join(
        f"CAST(coalesce(sum({value}) FILTER ({met}), 0) AS {MONEY}) AS {part}"
        for part, (value, met) in _WATERFALL_PARTS.items()
    )
    worths = f"SELECT *, {opening} AS opening, {closing} AS closing FROM {BATCH} WHERE {_IS_OBSERVED}"
    shown = f"SELECT month, {sums} FROM ({worths}) GROUP BY month"
    found = f"SELECT * FROM pipeline_waterfall WHERE measure = {literal(measure)}"
    rule = reconciles(
        table,
        column,
        "agrees_with_waterfall",
        "month, part",
        _by_part(shown),
        _by_part(found),
        reason="Each movement of marts.pipeline_waterfall is that of the rows here.",
    )
    return replace(rule, needs_every_row=True)


def _by_part(rows: str) -> str:
    """Return the SQL of one row per month and part, of rows with a column for each part."""
    parts = ", ".join(_WATERFALL_PARTS)
    return f"SELECT month, part, number FROM (UNPIVOT ({rows}) ON {parts} INTO NAME part VALUE number)"


def _amounts(table: MartTable, end: str) -> list[str]:
    return [name for name, duckdb_type in table.columns.items() if duckdb_type == MONEY and name.startswith(end)]
