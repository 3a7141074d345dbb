"""The rules of `marts.stage_funnel`."""

from collections.abc import Iterator

from expectations.marts.stages import LOST_STAGE, RANKED_STAGES, is_rank_of_stage
from expectations.marts.table import MartTable, equals, has_rows, month_of, reconciles
from expectations.rules import BATCH, BATCH_ALIAS, Rule, in_range, literal

_COHORT = month_of("opportunities.created_at")


def stage_funnel_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules of `marts.stage_funnel`: whole cohorts, counts that add up, shares that follow from them."""
    yield is_rank_of_stage(table, "stage_rank", "stage")
    yield has_rows(table, "cohort_month", len(RANKED_STAGES), "A cohort has a row for each stage with a rank.")
    for column in ("reached", "advanced", "lost", "open", "median_days_in_stage", "reached_mrr"):
        yield in_range(table.target(column), 0, None)
    yield equals(table.target("reached"), "is_sum", "advanced + lost + open")
    yield from _conversion_rules(table)
    yield from _source_rules(table)


def _conversion_rules(table: MartTable) -> Iterator[Rule]:
    for column in ("conversion_to_next", "conversion_from_first"):
        yield in_range(table.target(column), 0, 1)
    yield equals(table.target("conversion_to_next"), "is_quotient", "advanced / nullif(reached, 0)")
    yield table.fails_where(
        "conversion_from_first",
        "is_quotient",
        "conversion_from_first IS DISTINCT FROM reached / nullif(reached_first, 0)",
        _with_neighbour("first_value(reached) OVER cohort AS reached_first"),
    )
    yield table.fails_where(
        "advanced",
        "is_next_reached",
        "advanced IS DISTINCT FROM coalesce(reached_next, 0)",
        _with_neighbour("lead(reached) OVER cohort AS reached_next"),
        reason="Who got beyond a stage reached the next one: so reached never rises with the rank.",
    )


def _source_rules(table: MartTable) -> Iterator[Rule]:
    yield reconciles(
        table,
        "reached",
        "agrees_with_opportunities",
        "cohort_month, stage_rank",
        f"SELECT cohort_month, stage_rank, reached AS number FROM {BATCH}",
        f"SELECT {_COHORT} AS cohort_month, unnest(range(1, furthest_stage_rank + 1)) AS stage_rank, 1 AS number "
        "FROM opportunities WHERE furthest_stage_rank IS NOT NULL",
    )
    last_lost = f"SELECT opportunity_id FROM stage_history WHERE exited_at IS NULL AND stage = {literal(LOST_STAGE)}"
    yield reconciles(
        table,
        "lost",
        "agrees_with_history",
        "cohort_month, stage_rank",
        f"SELECT cohort_month, stage_rank, lost AS number FROM {BATCH}",
        f"SELECT {_COHORT} AS cohort_month, furthest_stage_rank AS stage_rank, 1 AS number "
        f"FROM opportunities WHERE opportunity_id IN ({last_lost})",
    )
    those = f"{_COHORT} = {BATCH_ALIAS}.cohort_month AND furthest_stage_rank >= {BATCH_ALIAS}.stage_rank"
    known = f"SELECT sum(aws_mrr_reporting) FROM opportunities WHERE {those}"
    yield equals(
        table.target("reached_mrr"),
        "is_sum_of_opportunities",
        f"CASE WHEN reached = 0 THEN 0 ELSE ({known}) END",
        reason="Null where opportunities reached the stage and the amount of none is known.",
    )


def _with_neighbour(column: str) -> str:
    return f"SELECT *, {column} FROM {BATCH} WINDOW cohort AS (PARTITION BY cohort_month ORDER BY stage_rank)"
