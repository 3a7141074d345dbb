"""The rules of `marts.opportunities`."""

from collections.abc import Iterator, Mapping

from expectations.marts.stages import LOST_STAGE, OPEN_STAGES, STAGES, WON_STAGE, is_rank_of_stage, listed
from expectations.marts.table import MartTable, equals, money_rules
from expectations.rules import BATCH, BATCH_ALIAS, Rule, Target, in_range, in_set, literal

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


def opportunities_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules of `marts.opportunities`: stages, ranges, the arithmetic of revenue, no row lost."""
    for column in ("stage", "furthest_stage"):
        yield in_set(table.target(column), "in_enum", STAGES)
    for column, (minimum, maximum) in RANGES.items():
        yield in_range(table.target(column), minimum, maximum)
    yield from money_rules(table)
    yield from _stage_rules(table)
    yield _is_furthest_observed(table)
    for column, product in PRODUCTS.items():
        yield equals(table.target(column), "is_product", product)
    for column, (amount, months) in QUOTIENTS.items():
        yield _is_quotient(table.target(column), amount, months)
    yield from _completeness_rules(table)


def _stage_rules(table: MartTable) -> Iterator[Rule]:
    for column, stage in (("stage_rank", "stage"), ("furthest_stage_rank", "furthest_stage")):
        yield is_rank_of_stage(table, column, stage)
    yield table.target("furthest_stage_rank").on_values("is_not_behind_stage", "furthest_stage_rank < stage_rank")
    is_known = f"list_contains({listed(STAGES)}, stage)"
    for column, stages in (
        ("is_open", OPEN_STAGES),
        ("is_won", (WON_STAGE,)),
        ("is_lost", (LOST_STAGE,)),
    ):
        is_one = f"CASE WHEN {is_known} THEN list_contains({listed(stages)}, stage) END"
        yield equals(table.target(column), "agrees_with_stage", is_one)


def _is_furthest_observed(table: MartTable) -> Rule:
    reached = f"CASE observations.stage WHEN {literal(LOST_STAGE)} THEN 1 ELSE observations.stage_rank END"
    own = f"observations.opportunity_id = {BATCH_ALIAS}.opportunity_id"
    return equals(
        table.target("furthest_stage_rank"),
        "is_furthest_observed",
        f"SELECT max({reached}) FROM observations WHERE {own}",
        reason="The highest rank of its observations, in which Closed Lost proves no more than the first.",
    )


def _is_quotient(target: Target, amount: str, months: str) -> Rule:
    """A quotient rounded to the cent is off by half a cent at most: by half a cent a month over the term."""
    is_off = f"abs({target.sql} * {months} - {amount}) * 200 > {months}"
    is_known = f"{amount} IS NOT NULL AND {months} IS NOT NULL"
    return target.on_rows("is_quotient", f"({target.sql} IS NOT NULL) <> ({is_known}) OR {is_off}")


def _completeness_rules(table: MartTable) -> Iterator[Rule]:
    is_same = f"versions.opportunity_id = {BATCH_ALIAS}.opportunity_id"
    yield table.fails_with(
        "opportunity_id",
        "none_is_lost",
        f"SELECT opportunity_id AS row_key FROM {CURRENT_VERSIONS} AS versions "
        f"WHERE NOT is_excluded AND NOT EXISTS (SELECT 1 FROM {BATCH} WHERE {is_same})",
        reason="Every opportunity landed before the end of the as-of day is in the mart, or is excluded.",
    )
    yield table.fails_with(
        "opportunity_id",
        "none_is_invented",
        f"SELECT opportunity_id AS row_key FROM {BATCH} WHERE NOT EXISTS "
        f"(SELECT 1 FROM {CURRENT_VERSIONS} AS versions WHERE {is_same} AND NOT versions.is_excluded)",
        reason="An opportunity whose last version is excluded, or that never landed, has no state to show.",
    )
