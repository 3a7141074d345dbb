"""The rules of `marts.observations`."""

from collections.abc import Iterator

from expectations.marts.stages import EVIDENCE, STAGES, VANISHED, is_rank_of_stage, listed
from expectations.marts.table import MartTable, is_numbered, money_rules, reconciles
from expectations.rules import BATCH, Rule, in_range, in_set, literal

_IS_VANISHED = f"evidence = {literal(VANISHED)}"


def observations_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules of `marts.observations`: stages, ranges, the order of a history, no record lost."""
    yield in_set(table.target("stage"), "in_enum", STAGES)
    yield is_rank_of_stage(table, "stage_rank", "stage")
    yield in_set(table.target("evidence"), "in_enum", (*EVIDENCE, VANISHED))
    yield in_range(table.target("contract_months"), 1, 144)
    yield from money_rules(table)
    yield is_numbered(table, "observation")
    yield _is_in_order(table)
    yield table.fails_with(
        "opportunity_id",
        "has_opportunity",
        f"SELECT opportunity_id AS row_key FROM {BATCH} EXCEPT SELECT opportunity_id FROM opportunities",
    )
    yield _is_of_every_record(table)
    yield _is_of_every_disappearance(table)
    yield _repeats_last_state(table)


def _is_in_order(table: MartTable) -> Rule:
    place = f"list_position({listed((*EVIDENCE, VANISHED))}, evidence)"
    earlier = f"lag(observed_at) OVER history AS earlier_at, {place} AS place, lag(place) OVER history AS earlier_place"
    return table.fails_where(
        "observed_at",
        "is_in_order",
        "observed_at < earlier_at OR (observed_at = earlier_at AND place < earlier_place)",
        _with_neighbour(earlier),
        reason="Numbers follow the instants; of one instant, versions come before snapshots, and what vanished last.",
    )


def _is_of_every_record(table: MartTable) -> Rule:
    records = (
        "SELECT opportunity_id, 'version' AS evidence FROM staging.opportunity_versions WHERE NOT is_excluded "
        "UNION ALL SELECT opportunity_id, 'snapshot' FROM staging.resource_snapshots "
        "WHERE created_at IS NOT NULL AND NOT is_excluded"
    )
    published = "opportunity_id IN (SELECT opportunity_id FROM opportunities)"
    return reconciles(
        table,
        "evidence",
        "agrees_with_records",
        "opportunity_id, evidence",
        f"SELECT opportunity_id, evidence, 1 AS number FROM {BATCH} WHERE NOT ({_IS_VANISHED})",
        f"SELECT *, 1 AS number FROM ({records}) WHERE {published}",
        reason="Each version and each snapshot that is not excluded is one observation of its opportunity.",
    )


def _is_of_every_disappearance(table: MartTable) -> Rule:
    first = f"SELECT opportunity_id, min(observed_at) AS first_at FROM {BATCH} GROUP BY opportunity_id"
    gone = (
        "SELECT visibility.opportunity_id, observed_at, 1 AS number "
        f"FROM staging.opportunity_visibility AS visibility, ({first}) AS first "
        "WHERE visibility.opportunity_id = first.opportunity_id AND NOT is_visible AND observed_at >= first_at"
    )
    return reconciles(
        table,
        "evidence",
        "agrees_with_sight",
        "opportunity_id, observed_at",
        f"SELECT opportunity_id, observed_at, 1 AS number FROM {BATCH} WHERE {_IS_VANISHED}",
        gone,
        reason="Each full listing that no longer showed an opportunity is one observation, once any of it was seen.",
    )


def _repeats_last_state(table: MartTable) -> Rule:
    state = [column for column in table.columns if column not in (*table.key, "observed_at", "evidence")]
    row = f"row({', '.join(state)})"
    return table.fails_where(
        "evidence",
        "repeats_last_state",
        f"{_IS_VANISHED} AND state IS DISTINCT FROM last_state",
        _with_neighbour(f"{row} AS state, lag({row}) OVER history AS last_state"),
        reason="What vanished keeps the state of the observation before, of which there is one.",
    )


def _with_neighbour(columns: str) -> str:
    return f"SELECT *, {columns} FROM {BATCH} WINDOW history AS (PARTITION BY opportunity_id ORDER BY observation)"
