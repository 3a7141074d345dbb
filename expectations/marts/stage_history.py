"""The rules of `marts.stage_history`."""

from collections.abc import Iterator

from expectations.marts.stages import EVIDENCE, LOST_STAGE, STAGES, WON_STAGE, any_of, is_rank_of_stage
from expectations.marts.table import MartTable, equals, is_numbered, reconciles
from expectations.rules import BATCH, BATCH_ALIAS, Expectation, Rule, in_set, literal

MOVEMENTS = ("entry", "advance", "skip", "regress", "lost", "reopen")
MICROSECONDS_A_DAY = "86400000000"
_MOVEMENT = (
    "CASE WHEN stint = 1 THEN 'entry' "
    f"WHEN stage = {literal(LOST_STAGE)} THEN 'lost' "
    f"WHEN stage_before IN {any_of((WON_STAGE, LOST_STAGE))} THEN 'reopen' "
    "WHEN stage_rank = rank_before + 1 THEN 'advance' "
    "WHEN stage_rank > rank_before THEN 'skip' ELSE 'regress' END"
)


def stage_history_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules of `marts.stage_history`: one unbroken chain of stints for each observed opportunity."""
    yield in_set(table.target("stage"), "in_enum", STAGES)
    yield is_rank_of_stage(table, "stage_rank", "stage")
    yield in_set(table.target("movement"), "in_enum", MOVEMENTS)
    yield in_set(table.target("evidence"), "in_enum", EVIDENCE)
    yield is_numbered(table, "stint")
    yield from _chain_rules(table)
    yield from _duration_rules(table)
    yield from _evidence_rules(table)


def _chain_rules(table: MartTable) -> Iterator[Rule]:
    stage_before = "lag(stage) OVER history AS stage_before"
    yield table.fails_where("stage", "differs_from_stage_before", "stage = stage_before", _with_neighbour(stage_before))
    yield table.fails_where(
        "movement",
        "agrees_with_stages",
        f"movement IS DISTINCT FROM {_MOVEMENT}",
        _with_neighbour(f"{stage_before}, lag(stage_rank) OVER history AS rank_before"),
    )
    yield table.fails_where(
        "exited_at",
        "is_next_entry",
        "exited_at IS DISTINCT FROM next_entered_at",
        _with_neighbour("lead(entered_at) OVER history AS next_entered_at"),
        reason="A stint ends where the next one begins; the last one has not ended.",
    )


def _duration_rules(table: MartTable) -> Iterator[Rule]:
    columns = {"column_A": "exited_at", "column_B": "entered_at"}
    yield table.target("exited_at").on_values(
        "is_not_before_entry",
        "exited_at < entered_at",
        Expectation(
            "ExpectColumnPairValuesAToBeGreaterThanB",
            columns | {"or_equal": True, "ignore_row_if": "either_value_is_missing"},
        ),
        reason="They are equal where a version and a snapshot of one instant contradict each other.",
    )
    elapsed = "epoch_us(exited_at) - epoch_us(entered_at)"
    yield equals(
        table.target("days_in_stage"),
        "is_time_in_stage",
        f"CAST({elapsed} AS DOUBLE) / CAST({MICROSECONDS_A_DAY} AS DOUBLE)",
    )
    own = f"opportunities.opportunity_id = {BATCH_ALIAS}.opportunity_id"
    created = f"SELECT created_at FROM opportunities WHERE {own}"
    yield equals(table.target("is_left_censored"), "agrees_with_entry", f"stint = 1 AND entered_at > ({created})")


def _evidence_rules(table: MartTable) -> Iterator[Rule]:
    stages = "SELECT opportunity_id, observation, stage FROM observations WHERE stage IS NOT NULL"
    stage_before = "lag(stage) OVER (PARTITION BY opportunity_id ORDER BY observation)"
    changes = f"SELECT opportunity_id, stage IS DISTINCT FROM {stage_before} AS is_change FROM ({stages})"
    yield reconciles(
        table,
        "stint",
        "agrees_with_observations",
        "opportunity_id",
        f"SELECT opportunity_id, 1 AS number FROM {BATCH}",
        f"SELECT opportunity_id, 1 AS number FROM ({changes}) WHERE is_change",
        reason="As many stints as its observed stage changed; none where no stage was ever observed.",
    )
    own = f"observations.opportunity_id = {BATCH_ALIAS}.opportunity_id"
    alike = " AND ".join(f"observations.{column} = {BATCH_ALIAS}.{column}" for column in ("stage", "evidence"))
    yield table.target("entered_at").on_rows(
        "is_observed",
        f"NOT EXISTS (SELECT 1 FROM observations WHERE {own} AND observed_at = entered_at AND {alike})",
        reason="An observation of that instant shows the stage.",
    )
    first = f"SELECT arg_min(observed_at, observation) FROM observations WHERE {own} AND observations.stage IS NOT NULL"
    yield table.target("entered_at").on_rows(
        "is_first_observed", f"stint = 1 AND entered_at IS DISTINCT FROM ({first})"
    )


def _with_neighbour(columns: str) -> str:
    return f"SELECT *, {columns} FROM {BATCH} WINDOW history AS (PARTITION BY opportunity_id ORDER BY stint)"
