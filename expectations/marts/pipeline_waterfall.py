"""The rules of `marts.pipeline_waterfall`."""

from collections.abc import Iterator

from expectations.marts.stages import OPEN_STAGES, any_of
from expectations.marts.table import MONEY, MartTable, equals, money_rules, reconciles
from expectations.rules import BATCH, Rule, in_set

MEASURES = ("count", "aws_mrr")


def pipeline_waterfall_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules of `marts.pipeline_waterfall`: it adds up, from month to month and with the pipeline."""
    yield in_set(table.target("measure"), "in_enum", MEASURES)
    yield from money_rules(table)
    yield equals(
        table.target("closing"),
        "is_sum",
        "opening + created + discovered + reopened + increased - decreased - won - lost",
    )
    yield table.fails_where(
        "opening",
        "is_closing_before",
        "opening IS DISTINCT FROM coalesce(closing_before, 0)",
        f"SELECT *, lag(closing) OVER (PARTITION BY measure ORDER BY month) AS closing_before FROM {BATCH}",
        reason="The first month opens with nothing.",
    )
    yield from _count_rules(table)
    yield from _pipeline_rules(table)


def _count_rules(table: MartTable) -> Iterator[Rule]:
    parts = [column for column, duckdb_type in table.columns.items() if duckdb_type == MONEY]
    any_fraction = " OR ".join(f"{part} <> trunc({part})" for part in parts)
    yield table.target("measure").on_rows("counts_whole_numbers", f"measure = 'count' AND ({any_fraction})")
    for column in ("increased", "decreased"):
        yield table.target(column).on_rows(
            "is_zero_of_count",
            f"measure = 'count' AND {column} <> 0",
            reason="One opportunity neither grows nor shrinks.",
        )


def _pipeline_rules(table: MartTable) -> Iterator[Rule]:
    key = "month, measure"
    months = "SELECT DISTINCT month FROM pipeline_monthly"
    measures = " UNION ALL ".join(f"SELECT month, '{measure}' AS measure FROM ({months})" for measure in MEASURES)
    yield reconciles(
        table,
        "month",
        "is_of_pipeline",
        key,
        f"SELECT month, measure, 1 AS number FROM {BATCH}",
        f"SELECT *, 1 AS number FROM ({measures})",
        reason="Both measures in each month of marts.pipeline_monthly, and in no other.",
    )
    is_open = f"FROM pipeline_monthly WHERE stage IN {any_of(OPEN_STAGES)}"
    yield reconciles(
        table,
        "closing",
        "agrees_with_pipeline",
        key,
        f"SELECT month, measure, closing AS number FROM {BATCH}",
        f"SELECT month, 'count' AS measure, opportunities AS number {is_open} "
        f"UNION ALL SELECT month, 'aws_mrr', coalesce(aws_mrr, 0) {is_open}",
    )
