"""One changed row of a sound history breaks the rules that it should, and no other rule of any mart."""

import re

import dataframely as dy
import duckdb
import pytest
from marts_world import (
    MARTS,
    broken,
    broken_by,
    change,
    every_rule,
    fill_every_mart,
    mart_tables,
    own_rules,
    rule_ids,
)

import transforms.stages
from expectations.marts.stage_history import MOVEMENTS
from expectations.marts.stages import EVIDENCE, LOST_STAGE, OPEN_STAGES, RANKED_STAGES, STAGES, VANISHED, WON_STAGE
from transforms.observations import Observations
from transforms.stage_history import StageHistory

OBSERVATIONS = [
    ("O1/5", "stage = 'Signed'", "stage.in_enum stage_rank.is_rank_of_stage stage_history.entered_at.is_observed"),
    ("O1/1", "stage_rank = 3", "stage_rank.is_rank_of_stage"),
    ("O2/2", "stage_rank = 1", "stage_rank.is_rank_of_stage"),
    ("O2/4", "stage_rank = 6", "stage_rank.is_rank_of_stage"),
    (
        "O1/1",
        "evidence = 'guess'",
        "evidence.in_enum evidence.agrees_with_records stage_history.entered_at.is_observed",
    ),
    ("O4/1", "evidence = 'snapshot'", "evidence.agrees_with_records"),
    ("O4/1", None, "evidence.agrees_with_records"),
    ("O4/1", "opportunity_id = 'O5'", "opportunity_id.has_opportunity evidence.agrees_with_records"),
    ("O2/2", None, "evidence.agrees_with_records observation.is_without_gaps"),
    ("O1/5", "observation = 6", "observation.is_without_gaps"),
    ("O4/1", "observation = 2", "observation.is_without_gaps"),
    ("O2/2", "observed_at = '2026-01-31 23:59:59Z'", "observed_at.is_in_order"),
    ("O2/2", "observed_at = '2026-02-01 00:00Z'", "observed_at.is_in_order"),
    ("O2/2", "observed_at = '2026-02-20 00:00Z'", ""),
    ("O1/1", "contract_months = 0", "contract_months.in_range"),
    ("O1/1", "contract_months = 145", "contract_months.in_range"),
    ("O1/1", "aws_mrr_reporting = -0.01", "aws_mrr_reporting.in_range"),
    ("O1/1", "aws_tcv_reporting = -0.01", "aws_tcv_reporting.in_range"),
    ("O1/1", "deal_tcv_reporting = -0.01", "deal_tcv_reporting.in_range"),
    ("O1/1", "software_tcv_reporting = -0.01", "software_tcv_reporting.in_range"),
]
DISAPPEARANCES = [
    ("O1/3", "evidence = 'version'", "evidence.agrees_with_records evidence.agrees_with_sight"),
    (
        "O1/2",
        "evidence = 'vanished'",
        "evidence.agrees_with_records evidence.agrees_with_sight evidence.repeats_last_state "
        "stage_history.entered_at.is_observed",
    ),
    (
        "O4/1",
        "evidence = 'vanished'",
        "evidence.agrees_with_records evidence.agrees_with_sight evidence.repeats_last_state",
    ),
    ("O1/3", None, "evidence.agrees_with_sight observation.is_without_gaps"),
    ("O2/6", None, "evidence.agrees_with_sight"),
    ("O1/3", "observed_at = '2026-01-25 08:01Z'", "evidence.agrees_with_sight"),
    ("O1/3", "observed_at = '2026-02-10 08:00Z'", "evidence.agrees_with_sight observed_at.is_in_order"),
    (
        "O2/4",
        "evidence = 'vanished'",
        "evidence.agrees_with_records evidence.agrees_with_sight evidence.repeats_last_state observed_at.is_in_order "
        "stage_history.entered_at.is_observed",
    ),
    (
        "O3/2",
        "observation = 0",
        "observation.is_without_gaps evidence.repeats_last_state observed_at.is_in_order "
        "stage_history.entered_at.is_first_observed",
    ),
    (
        "O1/3",
        "stage = 'Prospect', stage_rank = 1",
        "evidence.repeats_last_state stage_history.stint.agrees_with_observations",
    ),
    ("O1/3", "aws_mrr_reporting = 100.01", "evidence.repeats_last_state"),
    ("O1/3", "aws_tcv_reporting = NULL", "evidence.repeats_last_state"),
    ("O1/3", "contract_months = 13", "evidence.repeats_last_state"),
    ("O2/6", "target_close_date = '2026-05-01'", "evidence.repeats_last_state"),
    ("O2/6", "unconverted_currencies = 'EUR'", "evidence.repeats_last_state"),
]
STAGE_HISTORY = [
    (
        "O2/2",
        "stage = 'Signed'",
        "stage.in_enum stage_rank.is_rank_of_stage entered_at.is_observed month_ends.closing_stage.agrees_with_history",
    ),
    ("O2/3", "stage_rank = 6", "stage_rank.is_rank_of_stage"),
    ("O1/2", "stage_rank = 3", "stage_rank.is_rank_of_stage movement.agrees_with_stages"),
    ("O1/2", "movement = 'jump'", "movement.in_enum movement.agrees_with_stages"),
    ("O1/2", "movement = 'skip'", "movement.agrees_with_stages"),
    ("O1/3", "movement = 'advance'", "movement.agrees_with_stages"),
    ("O2/1", "movement = 'advance'", "movement.agrees_with_stages"),
    ("O2/2", "movement = 'advance'", "movement.agrees_with_stages"),
    ("O2/3", "movement = 'regress'", "movement.agrees_with_stages"),
    ("O2/4", "movement = 'entry'", "movement.agrees_with_stages"),
    ("O3/1", "movement = 'lost'", "movement.agrees_with_stages"),
    ("O1/2", "evidence = 'guess'", "evidence.in_enum entered_at.is_observed"),
    ("O1/2", "evidence = 'snapshot'", "entered_at.is_observed"),
    ("O1/4", "stint = 5", "stint.is_without_gaps"),
    ("O3/1", "stint = 2", "stint.is_without_gaps movement.agrees_with_stages month_ends.month.is_of_creation"),
    ("O2/3", None, "stint.is_without_gaps stint.agrees_with_observations movement.agrees_with_stages"),
    ("O2/1", "stage = 'Qualified', stage_rank = 2", "stage.differs_from_stage_before entered_at.is_observed"),
    ("O1/2", "exited_at = '2026-02-11 08:00Z', days_in_stage = 22", "exited_at.is_next_entry"),
    (
        "O1/3",
        "exited_at = NULL, days_in_stage = NULL",
        "exited_at.is_next_entry pipeline_monthly.opportunities.agrees_with_history",
    ),
    (
        "O2/4",
        "exited_at = '2026-03-02 00:00Z', days_in_stage = 1",
        "exited_at.is_next_entry pipeline_monthly.opportunities.agrees_with_history "
        "pipeline_monthly.aws_mrr.agrees_with_observations",
    ),
    (
        "O1/2",
        "exited_at = '2026-01-19 08:00Z', days_in_stage = -1",
        "exited_at.is_not_before_entry exited_at.is_next_entry",
    ),
    ("O1/3", "days_in_stage = 21.500000000000004", "days_in_stage.is_time_in_stage"),
    ("O1/4", "days_in_stage = 0", "days_in_stage.is_time_in_stage"),
    ("O1/1", "days_in_stage = NULL", "days_in_stage.is_time_in_stage"),
    ("O1/1", "is_left_censored = true", "is_left_censored.agrees_with_entry"),
    ("O2/1", "is_left_censored = false", "is_left_censored.agrees_with_entry"),
    ("O2/2", "is_left_censored = true", "is_left_censored.agrees_with_entry"),
    (
        "O2/1",
        "entered_at = '2026-01-31 00:00Z', days_in_stage = 20",
        "entered_at.is_first_observed entered_at.is_observed month_ends.closing_stage.agrees_with_history "
        "month_ends.month.is_of_creation",
    ),
    (
        "O3/1",
        None,
        "stint.agrees_with_observations stage_funnel.lost.agrees_with_history "
        "pipeline_monthly.opportunities.agrees_with_history outcomes_monthly.lost.agrees_with_history "
        "month_ends.closing_stage.agrees_with_history month_ends.month.is_of_creation",
    ),
    (
        "O3/1",
        "opportunity_id = 'O4'",
        "stint.agrees_with_observations entered_at.is_first_observed entered_at.is_observed "
        "stage_funnel.lost.agrees_with_history pipeline_monthly.aws_mrr.agrees_with_observations "
        "outcomes_monthly.lost_mrr.is_sum_of_opportunities month_ends.closing_stage.agrees_with_history "
        "month_ends.month.is_of_creation",
    ),
]
CASES = [
    *(("observations", *case) for case in (*OBSERVATIONS, *DISAPPEARANCES)),
    *(("stage_history", *case) for case in STAGE_HISTORY),
]


@pytest.mark.parametrize(("table", "row_key", "assignments", "failed"), CASES)
def test_a_changed_row_breaks_the_rules_it_should(
    connection: duckdb.DuckDBPyConnection, table: str, row_key: str, assignments: str | None, failed: str
) -> None:
    fill_every_mart(connection)
    change(connection, table, row_key, assignments)
    assert broken_by(connection, table) == rule_ids(table, failed)


def test_each_rule_is_broken_by_some_change() -> None:
    broken_ones = {rule_id for table, _, _, failed in CASES for rule_id in rule_ids(table, failed)}
    assert {rule.id for rule in own_rules("observations", "stage_history")} <= broken_ones


def test_sound_marts_pass(connection: duckdb.DuckDBPyConnection) -> None:
    fill_every_mart(connection)
    assert broken(connection, every_rule(mart_tables())) == set()


def test_empty_marts_of_nothing_landed_pass(connection: duckdb.DuckDBPyConnection) -> None:
    assert broken(connection, every_rule(mart_tables())) == set()


def test_the_session_may_be_in_any_time_zone(connection: duckdb.DuckDBPyConnection) -> None:
    fill_every_mart(connection)
    connection.execute("SET GLOBAL TimeZone = 'Pacific/Auckland'")
    assert broken(connection, own_rules(*MARTS)) == set()


def test_a_missing_snapshot_is_missed(connection: duckdb.DuckDBPyConnection) -> None:
    fill_every_mart(connection)
    connection.execute("INSERT INTO staging.resource_snapshots VALUES ('late', 'O3', '2026-03-05 00:00Z', false)")
    assert broken(connection, own_rules("observations")) == {"observations.evidence.agrees_with_records"}


def test_a_missing_disappearance_is_missed(connection: duckdb.DuckDBPyConnection) -> None:
    fill_every_mart(connection)
    insert_sight = "INSERT INTO staging.opportunity_visibility VALUES ('O4', ?, false)"
    connection.execute(insert_sight, ["2026-03-03 23:59:59Z"])  # before its first observation: no state to show
    assert broken(connection, own_rules("observations")) == set()
    connection.execute(insert_sight, ["2026-03-04 00:00:00Z"])
    assert broken(connection, own_rules("observations")) == {"observations.evidence.agrees_with_sight"}


def test_the_furthest_stage_is_one_of_the_observed(connection: duckdb.DuckDBPyConnection) -> None:
    fill_every_mart(connection)
    change(connection, "opportunities", "O2", "furthest_stage = 'Qualified', furthest_stage_rank = 2")
    assert broken_by(connection, "opportunities") == {
        "opportunities.furthest_stage_rank.is_furthest_observed",
        "stage_funnel.reached.agrees_with_opportunities",
        "stage_funnel.reached_mrr.is_sum_of_opportunities",
    }


def test_the_stages_and_movements_are_those_of_the_transforms() -> None:
    assert OPEN_STAGES == transforms.stages.OPEN_STAGES
    assert RANKED_STAGES == transforms.stages.RANKED_STAGES
    assert STAGES == transforms.stages.STAGES
    assert (WON_STAGE, LOST_STAGE) == (transforms.stages.WON_STAGE, transforms.stages.LOST_STAGE)
    assert named_in(StageHistory, "movement") == list(MOVEMENTS)
    assert named_in(StageHistory, "evidence") == list(EVIDENCE)
    assert named_in(Observations, "evidence") == [*EVIDENCE, VANISHED]


def named_in(schema: type[dy.Schema], column: str) -> list[str]:
    """The values that the description of a column names."""
    return re.findall("`(.*?)`", schema.columns()[column].description or "")
