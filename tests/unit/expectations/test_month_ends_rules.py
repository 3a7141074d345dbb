"""One changed row of sound month ends breaks the rules that it should, and no other rule of any mart."""

import duckdb
import pytest
from marts_world import (
    broken,
    broken_by,
    change,
    fill_every_mart,
    insert,
    own_rules,
    rule_ids,
)

STAGES = [
    (
        "O1/2026-03-01",
        "closing_stage = 'Signed'",
        "closing_stage.in_enum closing_stage.agrees_with_history is_moved.agrees_with_waterfall "
        "closing_aws_mrr_reporting.agrees_with_waterfall",
    ),
    (
        "O4/2026-03-01",
        "closing_stage = 'Unobserved'",
        "closing_stage.in_enum closing_stage.is_kept_unless_moved month.is_of_creation "
        "month.closes_with_observed_amounts is_moved.agrees_with_waterfall",
    ),
    (
        "O1/2026-03-01",
        "closing_stage = 'Closed Lost'",
        "closing_stage.agrees_with_history is_moved.agrees_with_waterfall "
        "closing_aws_mrr_reporting.agrees_with_waterfall",
    ),
    ("O2/2026-03-01", "closing_stage = 'Qualified'", "closing_stage.agrees_with_history"),
    (
        "O1/2026-02-01",
        "closing_stage = 'Qualified'",
        "month.opens_as_row_before_closes closing_stage.agrees_with_history",
    ),
    (
        "O2/2026-03-01",
        "opening_stage = 'Signed'",
        "opening_stage.in_enum month.opens_as_row_before_closes closing_aws_mrr_reporting.agrees_with_waterfall",
    ),
    ("O1/2026-03-01", "opening_stage = 'Qualified'", "month.opens_as_row_before_closes"),
    (
        "O1/2026-03-01",
        "opening_stage = NULL",
        "month.opens_as_row_before_closes is_moved.agrees_with_waterfall "
        "closing_aws_mrr_reporting.agrees_with_waterfall",
    ),
    (
        "O1/2026-01-01",
        "opening_stage = 'unobserved'",
        "month.opens_as_row_before_closes is_moved.agrees_with_waterfall "
        "closing_aws_mrr_reporting.agrees_with_waterfall",
    ),
    (
        "O2/2026-02-01",
        "opening_stage = NULL",
        "month.opens_as_row_before_closes is_moved.agrees_with_waterfall "
        "closing_aws_mrr_reporting.agrees_with_waterfall",
    ),
    ("O3/2026-02-01", "opening_stage = 'Launched'", "month.opens_as_row_before_closes is_moved.agrees_with_waterfall"),
    (
        "O2/2026-03-01",
        "closing_stage = 'unobserved'",
        "closing_stage.is_unobserved_at_first month.is_of_creation closing_stage.agrees_with_history "
        "closing_aws_mrr_reporting.agrees_with_waterfall",
    ),
    (
        "O4/2026-03-01",
        "opening_stage = 'unobserved'",
        "month.opens_as_row_before_closes closing_stage.is_unobserved_at_first",
    ),
    (
        "O4/2026-03-01",
        "opening_stage = 'Prospect'",
        "month.opens_as_row_before_closes closing_stage.is_kept_unless_moved closing_stage.is_unobserved_at_first",
    ),
    ("O2/2026-03-01", "is_moved = false", "closing_stage.is_kept_unless_moved closing_stage.agrees_with_history"),
    (
        "O3/2026-02-01",
        "is_moved = false",
        "closing_stage.is_kept_unless_moved closing_stage.agrees_with_history is_moved.agrees_with_waterfall",
    ),
    (
        "O1/2026-03-01",
        "is_moved = false",
        "closing_stage.is_kept_unless_moved closing_stage.agrees_with_history is_moved.agrees_with_waterfall "
        "closing_aws_mrr_reporting.agrees_with_waterfall",
    ),
    ("O4/2026-03-01", "is_moved = true", "closing_stage.is_unobserved_at_first closing_stage.agrees_with_history"),
]
AMOUNTS = [
    (
        "O1/2026-03-01",
        "closing_aws_mrr_reporting = -0.01",
        "closing_aws_mrr_reporting.in_range month.closes_with_observed_amounts",
    ),
    (
        "O1/2026-03-01",
        "closing_aws_tcv_reporting = -0.01",
        "closing_aws_tcv_reporting.in_range month.closes_with_observed_amounts",
    ),
    (
        "O1/2026-03-01",
        "closing_deal_tcv_reporting = -0.01",
        "closing_deal_tcv_reporting.in_range month.closes_with_observed_amounts",
    ),
    (
        "O1/2026-03-01",
        "closing_software_tcv_reporting = -0.01",
        "closing_software_tcv_reporting.in_range month.closes_with_observed_amounts",
    ),
    ("O2/2026-03-01", "closing_aws_mrr_reporting = 40", "closing_aws_mrr_reporting.agrees_with_waterfall"),
    (
        "O2/2026-03-01",
        "closing_aws_mrr_reporting = NULL",
        "month.closes_with_observed_amounts closing_aws_mrr_reporting.agrees_with_waterfall",
    ),
    (
        "O1/2026-01-01",
        "closing_deal_tcv_reporting = 1",
        "month.opens_as_row_before_closes month.closes_with_observed_amounts",
    ),
    ("O3/2026-02-01", "closing_aws_mrr_reporting = 0", "month.closes_with_observed_amounts"),
    ("O4/2026-03-01", "closing_aws_mrr_reporting = 7", "closing_stage.is_unobserved_at_first"),
    ("O4/2026-03-01", "closing_aws_tcv_reporting = 0", "closing_stage.is_unobserved_at_first"),
    ("O4/2026-03-01", "closing_deal_tcv_reporting = 0", "closing_stage.is_unobserved_at_first"),
    ("O4/2026-03-01", "closing_software_tcv_reporting = 0", "closing_stage.is_unobserved_at_first"),
    (
        "O1/2026-02-01",
        "opening_aws_mrr_reporting = 110",
        "month.opens_as_row_before_closes closing_aws_mrr_reporting.agrees_with_waterfall",
    ),
    (
        "O2/2026-03-01",
        "opening_aws_mrr_reporting = 60",
        "month.opens_as_row_before_closes closing_aws_mrr_reporting.agrees_with_waterfall",
    ),
    (
        "O1/2026-03-01",
        "opening_aws_mrr_reporting = NULL",
        "month.opens_as_row_before_closes closing_aws_mrr_reporting.agrees_with_waterfall",
    ),
    ("O1/2026-02-01", "opening_aws_tcv_reporting = 1200.01", "month.opens_as_row_before_closes"),
    ("O1/2026-02-01", "opening_deal_tcv_reporting = 0", "month.opens_as_row_before_closes"),
    ("O1/2026-02-01", "opening_software_tcv_reporting = 0", "month.opens_as_row_before_closes"),
    ("O3/2026-02-01", "opening_aws_mrr_reporting = 0", "month.opens_as_row_before_closes"),
]
ROWS = [
    (
        "O1/2026-03-01",
        "month = '2026-03-02'",
        "month.is_first_of_month closing_stage.agrees_with_history month.closes_with_observed_amounts "
        "is_moved.agrees_with_waterfall closing_aws_mrr_reporting.agrees_with_waterfall",
    ),
    (
        "O1/2026-02-01",
        None,
        "month.opens_as_row_before_closes closing_stage.agrees_with_history "
        "closing_aws_mrr_reporting.agrees_with_waterfall",
    ),
    (
        "O1/2026-03-01",
        None,
        "closing_stage.agrees_with_history is_moved.agrees_with_waterfall "
        "closing_aws_mrr_reporting.agrees_with_waterfall",
    ),
    ("O2/2026-01-01", None, "month.opens_as_row_before_closes month.is_of_creation"),
    ("O2/2026-01-01", "month = '2025-12-01'", "month.is_of_creation"),
    (
        "O3/2026-02-01",
        None,
        "opportunity_id.agrees_with_opportunities closing_stage.agrees_with_history is_moved.agrees_with_waterfall",
    ),
    ("O4/2026-03-01", None, "opportunity_id.agrees_with_opportunities month.is_of_creation"),
    ("O4/2026-03-01", "opportunity_id = 'O5'", "opportunity_id.agrees_with_opportunities month.is_of_creation"),
    (
        "O3/2026-02-01",
        "opportunity_id = 'O5'",
        "opportunity_id.agrees_with_opportunities closing_stage.agrees_with_history month.closes_with_observed_amounts",
    ),
]
CASES = [("month_ends", *case) for case in (*STAGES, *AMOUNTS, *ROWS)]
EVERY_MOVEMENT = """
    id  month       opening_stage  closing_stage  moved  opening_aws_mrr  closing_aws_mrr
    O1  2026-03-01  -              Prospect       true   -                1000.00
    O1  2026-04-01  Prospect       Qualified      true   1000.00          1500.00
    O1  2026-05-01  Qualified      Closed Lost    true   1500.00          1600.00
    O1  2026-06-01  Closed Lost    Qualified      true   1600.00          1200.00
    O1  2026-07-01  Qualified      Launched       true   1200.00          1100.00
    O1  2026-08-01  Launched       Launched       false  1100.00          1300.00
    O1  2026-09-01  Launched       Closed Lost    true   1300.00          1400.00
    O2  2026-03-01  -              unobserved     false  -                -
    O2  2026-04-01  unobserved     Launched       true   -                200.00
    O3  2026-04-01  -              Committed      true   -                300.00
    O3  2026-05-01  Committed      Committed      false  300.00           250.00
    O3  2026-06-01  Committed      Prospect       true   250.00           -
"""
WATERFALL = """
    month       measure  opening  created  discovered  reopened  increased  decreased  won      lost     closing
    2026-03-01  count    0.00     1.00     0.00        0.00      0.00       0.00       0.00     0.00     1.00
    2026-03-01  aws_mrr  0.00     1000.00  0.00        0.00      0.00       0.00       0.00     0.00     1000.00
    2026-04-01  count    1.00     1.00     1.00        0.00      0.00       0.00       1.00     0.00     2.00
    2026-04-01  aws_mrr  1000.00  300.00   200.00      0.00      500.00     0.00       200.00   0.00     1800.00
    2026-05-01  count    2.00     0.00     0.00        0.00      0.00       0.00       0.00     1.00     1.00
    2026-05-01  aws_mrr  1800.00  0.00     0.00        0.00      0.00       50.00      0.00     1500.00  250.00
    2026-06-01  count    1.00     0.00     0.00        1.00      0.00       0.00       0.00     0.00     2.00
    2026-06-01  aws_mrr  250.00   0.00     0.00        1200.00   0.00       250.00     0.00     0.00     1200.00
    2026-07-01  count    2.00     0.00     0.00        0.00      0.00       0.00       1.00     0.00     1.00
    2026-07-01  aws_mrr  1200.00  0.00     0.00        0.00      0.00       0.00       1200.00  0.00     0.00
    2026-08-01  count    1.00     0.00     0.00        0.00      0.00       0.00       0.00     0.00     1.00
    2026-08-01  aws_mrr  0.00     0.00     0.00        0.00      0.00       0.00       0.00     0.00     0.00
    2026-09-01  count    1.00     0.00     0.00        1.00      0.00       0.00       0.00     1.00     1.00
    2026-09-01  aws_mrr  0.00     0.00     0.00        1400.00   0.00       0.00       0.00     1400.00  0.00
"""
OF_WATERFALL = [rule for rule in own_rules("month_ends") if rule.name == "agrees_with_waterfall"]


@pytest.mark.parametrize(("table", "row_key", "assignments", "failed"), CASES)
def test_a_changed_row_breaks_the_rules_it_should(
    connection: duckdb.DuckDBPyConnection, table: str, row_key: str, assignments: str | None, failed: str
) -> None:
    fill_every_mart(connection)
    change(connection, table, row_key, assignments)
    assert broken_by(connection, table) == rule_ids(table, failed)


def test_each_rule_is_broken_by_some_change() -> None:
    broken_ones = {rule_id for table, _, _, failed in CASES for rule_id in rule_ids(table, failed)}
    assert {rule.id for rule in own_rules("month_ends")} == broken_ones


def test_one_created_after_it_was_first_observed_has_no_row_for_it(connection: duckdb.DuckDBPyConnection) -> None:
    """Its CreatedDate is odd: later than what was observed of it."""
    fill_every_mart(connection)
    connection.execute("UPDATE marts.opportunities SET created_at = '2026-03-05 00:00Z' WHERE opportunity_id = 'O1'")
    assert broken(connection, own_rules("month_ends")) == set()


def test_a_disappearance_makes_no_month(connection: duckdb.DuckDBPyConnection) -> None:
    """Nothing but one of O3 is in March."""
    fill_every_mart(connection)
    insert(
        connection,
        "marts.month_ends",
        """
        id  month       opening_stage  closing_stage  moved
        O3  2026-03-01  Closed Lost    Closed Lost    false
        """,
    )
    assert broken_by(connection, "month_ends") == {"month_ends.month.closes_with_observed_amounts"}


def test_every_movement_of_the_waterfall_is_found(connection: duckdb.DuckDBPyConnection) -> None:
    insert(connection, "marts.month_ends", EVERY_MOVEMENT)
    insert(connection, "marts.pipeline_waterfall", WATERFALL)
    adding_up = [rule for rule in own_rules("pipeline_waterfall") if rule.name in ("is_sum", "is_closing_before")]
    assert broken(connection, [*OF_WATERFALL, *adding_up]) == set()


@pytest.mark.parametrize("part", ["created", "discovered", "reopened", "increased", "decreased", "won", "lost"])
def test_no_movement_of_the_waterfall_may_differ(connection: duckdb.DuckDBPyConnection, part: str) -> None:
    insert(connection, "marts.month_ends", EVERY_MOVEMENT)
    insert(connection, "marts.pipeline_waterfall", WATERFALL)
    connection.execute(f"UPDATE marts.pipeline_waterfall SET {part} = {part} + 0.01 WHERE month = '2026-08-01'")
    assert broken(connection, OF_WATERFALL) == {rule.id for rule in OF_WATERFALL}
