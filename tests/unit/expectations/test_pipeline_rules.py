"""One changed row of a sound roll-up breaks the rules that it should, and no other rule of any mart."""

from collections.abc import Iterator

import duckdb
import pytest
from marts_world import broken, broken_by, change, create_every_mart, fill_every_mart, own_rules, rule_ids

from expectations.marts.pipeline_waterfall import MEASURES
from expectations.marts.stages import UNOBSERVED
from transforms import month_ends, pipeline_waterfall

OF_COUNT = "month_ends.is_moved.agrees_with_waterfall"
OF_AWS_MRR = "month_ends.closing_aws_mrr_reporting.agrees_with_waterfall"
STAGE_FUNNEL = [
    ("2026-01-01/2", "stage = 'Prospect'", "stage_rank.is_rank_of_stage"),
    ("2026-02-01/6", "stage = 'Closed Lost'", "stage_rank.is_rank_of_stage"),
    ("2026-02-01/6", None, "cohort_month.has_every_row"),
    ("2026-02-01/6", "cohort_month = '2026-03-01'", "cohort_month.has_every_row conversion_from_first.is_quotient"),
    (
        "2026-02-01/2",
        "reached = -1",
        "reached.in_range reached.is_sum reached.agrees_with_opportunities reached_mrr.is_sum_of_opportunities "
        "advanced.is_next_reached conversion_to_next.is_quotient conversion_from_first.is_quotient",
    ),
    ("2026-02-01/2", "advanced = -1", "advanced.in_range advanced.is_next_reached reached.is_sum"),
    ("2026-02-01/2", "lost = -1", "lost.in_range lost.agrees_with_history reached.is_sum"),
    ("2026-02-01/2", "open = -1", "open.in_range reached.is_sum"),
    ("2026-01-01/3", "open = 2", "reached.is_sum"),
    ("2026-01-01/3", "lost = 1, open = 0", "lost.agrees_with_history"),
    ("2026-01-01/4", "advanced = 0, open = 1, conversion_to_next = 0", "advanced.is_next_reached"),
    (
        "2026-01-01/5",
        "reached = 2, advanced = 2, conversion_from_first = 1",
        "advanced.is_next_reached reached.agrees_with_opportunities",
    ),
    ("2026-01-01/3", "conversion_to_next = 0.5000000000000001", "conversion_to_next.is_quotient"),
    ("2026-01-01/3", "conversion_to_next = 1.5", "conversion_to_next.is_quotient conversion_to_next.in_range"),
    ("2026-02-01/2", "conversion_to_next = 0", "conversion_to_next.is_quotient"),
    ("2026-02-01/1", "conversion_to_next = NULL", "conversion_to_next.is_quotient"),
    ("2026-01-01/4", "conversion_from_first = 1", "conversion_from_first.is_quotient"),
    ("2026-01-01/4", "conversion_from_first = -1", "conversion_from_first.is_quotient conversion_from_first.in_range"),
    ("2026-01-01/1", "median_days_in_stage = -0.1", "median_days_in_stage.in_range"),
    ("2026-01-01/1", "reached_mrr = 160.01", "reached_mrr.is_sum_of_opportunities"),
    ("2026-01-01/1", "reached_mrr = -160", "reached_mrr.is_sum_of_opportunities reached_mrr.in_range"),
    ("2026-02-01/1", "reached_mrr = 0", "reached_mrr.is_sum_of_opportunities"),
    ("2026-02-01/2", "reached_mrr = NULL", "reached_mrr.is_sum_of_opportunities"),
]
PIPELINE_MONTHLY = [
    ("2026-01-01/Prospect", "stage = 'Prospects'", "stage.in_enum"),
    ("2026-01-01/Prospect", None, "month.has_every_row"),
    (
        "2026-01-01/Prospect",
        "month = '2026-01-02'",
        "month.has_every_row month.is_without_gaps pipeline_waterfall.month.is_of_pipeline",
    ),
    (
        "2026-01-01/Prospect",
        "month = '2025-12-01'",
        "month.has_every_row month.covers_history pipeline_waterfall.month.is_of_pipeline",
    ),
    ("2026-01-01/Launched", "opportunities = -1", "opportunities.in_range"),
    ("2026-02-01/unobserved", "unobserved = -1", "unobserved.in_range"),
    ("2026-02-01/Committed", "unobserved = 1", "unobserved.is_of_its_row"),
    ("2026-02-01/unobserved", "opportunities = 1", "opportunities.is_in_a_stage"),
    ("2026-02-01/unobserved", "aws_mrr = 0", "opportunities.is_in_a_stage"),
    ("2026-02-01/unobserved", "software_tcv = 0", "opportunities.is_in_a_stage"),
    ("2026-02-01/Closed Lost", "aws_mrr = -0.01", "aws_mrr.in_range"),
    ("2026-02-01/Closed Lost", "aws_tcv = -0.01", "aws_tcv.in_range"),
    ("2026-02-01/Closed Lost", "deal_tcv = -0.01", "deal_tcv.in_range"),
    ("2026-02-01/Closed Lost", "software_tcv = -0.01", "software_tcv.in_range"),
    ("2026-02-01/Launched", "aws_mrr = NULL", "aws_mrr.is_zero_without_opportunities"),
    ("2026-02-01/Launched", "aws_mrr = 0.01", "aws_mrr.is_zero_without_opportunities"),
    ("2026-02-01/Launched", "aws_tcv = NULL", "aws_tcv.is_zero_without_opportunities"),
    ("2026-02-01/Launched", "deal_tcv = NULL", "deal_tcv.is_zero_without_opportunities"),
    ("2026-02-01/Launched", "software_tcv = NULL", "software_tcv.is_zero_without_opportunities"),
    ("2026-03-01/Launched", "opportunities = 2", "opportunities.agrees_with_history"),
    ("2026-03-01/unobserved", "unobserved = 2", "opportunities.agrees_with_history"),
    ("2026-03-01/unobserved", None, "opportunities.agrees_with_history month.has_every_row"),
    ("2026-03-01/Launched", "aws_mrr = NULL", "aws_mrr.agrees_with_observations"),
    ("2026-03-01/Closed Lost", "aws_mrr = 0", "aws_mrr.agrees_with_observations"),
    ("2026-03-01/Launched", "aws_tcv = 1439.99", "aws_tcv.agrees_with_observations"),
    ("2026-03-01/Launched", "deal_tcv = 1", "deal_tcv.agrees_with_observations"),
    ("2026-03-01/Launched", "software_tcv = 1", "software_tcv.agrees_with_observations"),
    ("2026-02-01/Committed", "opportunities = 2", "pipeline_waterfall.closing.agrees_with_pipeline"),
    ("2026-02-01/Committed", "aws_mrr = 120.01", "pipeline_waterfall.closing.agrees_with_pipeline"),
]
PIPELINE_WATERFALL = [
    (
        "2026-03-01/count",
        "measure = 'aws_tcv'",
        f"measure.in_enum month.is_of_pipeline closing.agrees_with_pipeline opening.is_closing_before {OF_COUNT}",
    ),
    ("2026-03-01/count", None, f"month.is_of_pipeline closing.agrees_with_pipeline {OF_COUNT}"),
    ("2026-03-01/aws_mrr", "month = '2026-04-01'", f"month.is_of_pipeline closing.agrees_with_pipeline {OF_AWS_MRR}"),
    ("2026-01-01/aws_mrr", "opening = -1, created = 101", f"opening.in_range opening.is_closing_before {OF_AWS_MRR}"),
    ("2026-02-01/aws_mrr", "created = -0.01, increased = 20.01", f"created.in_range {OF_AWS_MRR}"),
    ("2026-02-01/aws_mrr", "discovered = -0.01, created = 40.01", f"discovered.in_range {OF_AWS_MRR}"),
    ("2026-02-01/aws_mrr", "reopened = -0.01, created = 0.01", f"reopened.in_range {OF_AWS_MRR}"),
    ("2026-02-01/aws_mrr", "increased = -0.01, created = 20.01", f"increased.in_range {OF_AWS_MRR}"),
    ("2026-02-01/aws_mrr", "decreased = -20, increased = 0", f"decreased.in_range {OF_AWS_MRR}"),
    ("2026-02-01/aws_mrr", "won = -0.01, lost = 0.01", f"won.in_range {OF_AWS_MRR}"),
    ("2026-02-01/aws_mrr", "lost = -0.01, won = 0.01", f"lost.in_range {OF_AWS_MRR}"),
    ("2026-03-01/aws_mrr", "closing = -50, won = 220", f"closing.in_range closing.agrees_with_pipeline {OF_AWS_MRR}"),
    ("2026-03-01/aws_mrr", "won = 120.01", f"closing.is_sum {OF_AWS_MRR}"),
    ("2026-03-01/aws_mrr", "won = 120.01, closing = 49.99", f"closing.agrees_with_pipeline {OF_AWS_MRR}"),
    ("2026-03-01/aws_mrr", "opening = 160.01, won = 120.01", f"opening.is_closing_before {OF_AWS_MRR}"),
    ("2026-01-01/count", "opening = 1, created = 0", f"opening.is_closing_before {OF_COUNT}"),
    ("2026-02-01/count", "created = 0.50, discovered = 1.50", f"measure.counts_whole_numbers {OF_COUNT}"),
    ("2026-02-01/count", "increased = 1, created = 0", f"increased.is_zero_of_count {OF_COUNT}"),
    ("2026-02-01/count", "decreased = 1, lost = 0", f"decreased.is_zero_of_count {OF_COUNT}"),
]
OUTCOMES_MONTHLY = [
    (
        "2026-02-01",
        "won = -1",
        "won.in_range won.agrees_with_history won_mrr.is_sum_of_opportunities month.has_a_decision "
        "win_rate.is_quotient",
    ),
    ("2026-02-01", "lost = -1", "lost.in_range lost.agrees_with_history month.has_a_decision"),
    (
        "2026-02-01",
        "lost = 0, lost_mrr = 0",
        "lost.agrees_with_history month.has_a_decision win_rate.is_quotient",
    ),
    ("2026-02-01", "win_rate = 0.01", "win_rate.is_quotient"),
    ("2026-03-01", "won = 2", "won.agrees_with_history"),
    ("2026-03-01", None, "won.agrees_with_history"),
    ("2026-03-01", "month = '2026-04-01'", "won.agrees_with_history won_mrr.is_sum_of_opportunities"),
    ("2026-03-01", "won_mrr = 119.99", "won_mrr.is_sum_of_opportunities"),
    ("2026-02-01", "won_mrr = NULL", "won_mrr.is_sum_of_opportunities"),
    ("2026-02-01", "won_mrr = -0.01", "won_mrr.is_sum_of_opportunities won_mrr.in_range"),
    ("2026-02-01", "lost_mrr = 0", "lost_mrr.is_sum_of_opportunities"),
    ("2026-03-01", "lost_mrr = NULL", "lost_mrr.is_sum_of_opportunities"),
    ("2026-03-01", "lost_mrr = -0.01", "lost_mrr.is_sum_of_opportunities lost_mrr.in_range"),
]
CHANGES = {
    "stage_funnel": STAGE_FUNNEL,
    "pipeline_monthly": PIPELINE_MONTHLY,
    "pipeline_waterfall": PIPELINE_WATERFALL,
    "outcomes_monthly": OUTCOMES_MONTHLY,
}
CASES = [(table, *case) for table, cases in CHANGES.items() for case in cases]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        create_every_mart(connection)
        fill_every_mart(connection)
        yield connection


@pytest.mark.parametrize(("table", "row_key", "assignments", "failed"), CASES)
def test_a_changed_row_breaks_the_rules_it_should(
    connection: duckdb.DuckDBPyConnection, table: str, row_key: str, assignments: str | None, failed: str
) -> None:
    change(connection, table, row_key, assignments)
    assert broken_by(connection, table) == rule_ids(table, failed)


def test_each_rule_is_broken_by_some_change() -> None:
    broken_ones = {rule_id for table, _, _, failed in CASES for rule_id in rule_ids(table, failed)}
    assert {rule.id for rule in own_rules(*CHANGES)} <= broken_ones


@pytest.mark.parametrize(
    ("months", "failed"),
    [
        ("month = '2026-01-01'", "month.covers_history"),
        ("month = '2026-02-01'", "month.is_without_gaps"),
        (
            "month = '2026-03-01'",
            "month.covers_history opportunities.agrees_with_history "
            "aws_mrr.agrees_with_observations aws_tcv.agrees_with_observations",
        ),
        ("true", "month.covers_history opportunities.agrees_with_history"),
    ],
)
def test_no_month_of_the_pipeline_is_missing(connection: duckdb.DuckDBPyConnection, months: str, failed: str) -> None:
    connection.execute(f"DELETE FROM marts.pipeline_monthly WHERE {months}")
    assert broken(connection, own_rules("pipeline_monthly")) == rule_ids("pipeline_monthly", failed)


def test_the_pipeline_may_go_on_after_the_last_observation(connection: duckdb.DuckDBPyConnection) -> None:
    for table in ("pipeline_monthly", "pipeline_waterfall"):
        connection.execute(
            f"INSERT INTO marts.{table} SELECT * REPLACE (DATE '2026-04-01' AS month) FROM marts.{table} "
            "WHERE month = '2026-03-01'"
        )
    connection.execute(
        "UPDATE marts.pipeline_waterfall SET opening = closing, increased = 0, won = 0 WHERE month = '2026-04-01'"
    )
    assert broken(connection, own_rules("pipeline_monthly", "pipeline_waterfall")) == set()


def test_an_opportunity_created_after_the_last_month_has_no_pipeline(connection: duckdb.DuckDBPyConnection) -> None:
    """Its CreatedDate is odd: later than what was observed of it."""
    connection.execute("DELETE FROM marts.opportunities WHERE opportunity_id <> 'O4'")
    connection.execute("UPDATE marts.opportunities SET created_at = '2027-01-01 00:00Z'")
    connection.execute("DELETE FROM marts.stage_history")
    connection.execute("DELETE FROM marts.pipeline_monthly")
    assert broken(connection, own_rules("pipeline_monthly")) == set()


def test_a_cohort_that_is_missing_is_missed(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DELETE FROM marts.stage_funnel WHERE cohort_month = '2026-02-01'")
    assert broken(connection, own_rules("stage_funnel")) == {
        "stage_funnel.reached.agrees_with_opportunities",
        "stage_funnel.lost.agrees_with_history",
    }


def test_a_cohort_that_nobody_is_of_is_found(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "INSERT INTO marts.stage_funnel SELECT DATE '2026-03-01', stage, stage_rank, 0, 0, 0, 0, NULL, 0, NULL, 0 "
        "FROM marts.stage_funnel WHERE cohort_month = '2026-02-01'"
    )
    assert broken(connection, own_rules("stage_funnel")) == {"stage_funnel.conversion_from_first.is_quotient"}


def test_the_measures_and_the_stage_of_the_unobserved_are_those_of_the_transforms() -> None:
    assert MEASURES == pipeline_waterfall.MEASURES
    assert UNOBSERVED == month_ends.UNOBSERVED
