"""The rules of `marts.observations`."""

from collections.abc import Iterator

from expectations.marts.stages import EVIDENCE, STAGES, is_rank_of_stage
from expectations.marts.table import MartTable, is_numbered, money_rules, reconciles
from expectations.rules import BATCH, Rule, in_range, in_set


def observations_rules(table: MartTable) -> Iterator[Rule]:
    """Yield the rules of `marts.observations`: stages, ranges, the order of a history, no record lost."""
    yield in_set(table.target("stage"), "in_enum", STAGES)
    yield is_rank_of_stage(table, "stage_rank", "stage")
    yield in_set(table.target("evidence"), "in_enum", EVIDENCE)
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


def _is_in_order(table: MartTable) -> Rule:
    history = "(PARTITION BY opportunity_id ORDER BY observation)"
    earlier = "lag(observed_at) OVER history AS earlier_at, lag(evidence) OVER history AS earlier_evidence"
    is_late_version = "observed_at = earlier_at AND evidence = 'version' AND earlier_evidence = 'snapshot'"
    return table.fails_where(
        "observed_at",
        "is_in_order",
        f"observed_at < earlier_at OR {is_late_version}",
        f"SELECT *, {earlier} FROM {BATCH} WINDOW history AS {history}",
        reason="Numbers follow the instants; of one instant, versions come before snapshots.",
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
        f"SELECT opportunity_id, evidence, 1 AS number FROM {BATCH}",
        f"SELECT *, 1 AS number FROM ({records}) WHERE {published}",
        reason="Each version and each snapshot that is not excluded is one observation of its opportunity.",
    )
