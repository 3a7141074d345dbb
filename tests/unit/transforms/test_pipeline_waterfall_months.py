"""The waterfall's unknown amounts, months and odd records."""

from datetime import date

from histories import built, histories, lines, waterfall

from transforms.month_transitions import MonthTransitions
from transforms.pipeline_waterfall import PipelineWaterfall, pipeline_waterfall


def test_another_currency_or_no_amount_counts_as_0_and_becoming_known_or_unknown_moves_it() -> None:
    table = waterfall(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect  100.00
        O1  2026-04-02  version  Prospect  -
        O1  2026-05-02  version  Prospect  70.00
        O1  2026-06-02  version  Launched  -
        O2  2026-03-02  created
        O2  2026-03-02  version  Prospect  -
        O2  2026-06-02  version  Launched  50.00
        """,
        "2026-06-30",
    )
    # Both are won at their opening values: 70.00 and, as O2's was unknown, 0.
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won    lost  closing
        2026-03-01  count    0.00     2.00     0.00        0.00      0.00       0.00       0.00   0.00  2.00
        2026-03-01  aws_mrr  0.00     100.00   0.00        0.00      0.00       0.00       0.00   0.00  100.00
        2026-04-01  count    2.00     0.00     0.00        0.00      0.00       0.00       0.00   0.00  2.00
        2026-04-01  aws_mrr  100.00   0.00     0.00        0.00      0.00       100.00     0.00   0.00  0.00
        2026-05-01  count    2.00     0.00     0.00        0.00      0.00       0.00       0.00   0.00  2.00
        2026-05-01  aws_mrr  0.00     0.00     0.00        0.00      70.00      0.00       0.00   0.00  70.00
        2026-06-01  count    2.00     0.00     0.00        0.00      0.00       0.00       2.00   0.00  0.00
        2026-06-01  aws_mrr  70.00    0.00     0.00        0.00      0.00       0.00       70.00  0.00  0.00
    """)


def test_regress_and_skip_move_nothing_in_the_month_in_progress() -> None:
    table = waterfall(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version   Prospect   100.00
        O1  2026-04-03  version   Committed  100.00
        O1  2026-04-14  snapshot  Qualified  125.00
        """,
        "2026-04-15",
    )
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won   lost  closing
        2026-03-01  count    0.00     1.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2026-03-01  aws_mrr  0.00     100.00   0.00        0.00      0.00       0.00       0.00  0.00  100.00
        2026-04-01  count    1.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2026-04-01  aws_mrr  100.00   0.00     0.00        0.00      25.00      0.00       0.00  0.00  125.00
    """)


def test_a_year_boundary_and_a_leap_day() -> None:
    table = waterfall(
        """
        O1  2023-12-31  created
        O1  2023-12-31  version  Prospect  100.00
        O1  2024-02-29  version  Prospect  200.00
        """,
        "2024-02-29",
    )
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won   lost  closing
        2023-12-01  count    0.00     1.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2023-12-01  aws_mrr  0.00     100.00   0.00        0.00      0.00       0.00       0.00  0.00  100.00
        2024-01-01  count    1.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2024-01-01  aws_mrr  100.00   0.00     0.00        0.00      0.00       0.00       0.00  0.00  100.00
        2024-02-01  count    1.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2024-02-01  aws_mrr  100.00   0.00     0.00        0.00      100.00     0.00       0.00  0.00  200.00
    """)


def test_midnight_utc_of_a_months_first_day_belongs_to_it_and_one_microsecond_before_does_not() -> None:
    table = waterfall(
        """
        O1  2026-03-31 23:59:59.999999  created
        O1  2026-03-31 23:59:59.999999  version  Prospect  1.00
        O1  2026-04-01 00:00            version  Launched  2.00
        O2  2026-03-31 23:59:59.999999  created
        O2  2026-04-01 00:00            version  Prospect  10.00
        O3  2026-04-01 00:00            created
        O3  2026-04-01 00:00            version  Prospect  100.00
        """,
        "2026-04-01",
    )
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won   lost  closing
        2026-03-01  count    0.00     1.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2026-03-01  aws_mrr  0.00     1.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2026-04-01  count    1.00     1.00     1.00        0.00      0.00       0.00       1.00  0.00  2.00
        2026-04-01  aws_mrr  1.00     100.00   10.00       0.00      0.00       0.00       1.00  0.00  110.00
    """)


def test_an_observation_without_a_stage_does_not_enter_and_its_amounts_move() -> None:
    table = waterfall(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  -          100.00
        O1  2026-04-02  version  Qualified  200.00
        O1  2026-05-02  version  -          250.00
        O2  2026-03-02  created
        O2  2026-03-02  version  -          10.00
        """,
        "2026-05-31",
    )
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won   lost  closing
        2026-03-01  count    0.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00  0.00
        2026-03-01  aws_mrr  0.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00  0.00
        2026-04-01  count    0.00     0.00     1.00        0.00      0.00       0.00       0.00  0.00  1.00
        2026-04-01  aws_mrr  0.00     0.00     200.00      0.00      0.00       0.00       0.00  0.00  200.00
        2026-05-01  count    1.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2026-05-01  aws_mrr  200.00   0.00     0.00        0.00      50.00      0.00       0.00  0.00  250.00
    """)


def test_created_date_after_the_first_observation_is_created() -> None:
    table = waterfall(
        """
        O1  2026-05-02  created
        O1  2026-03-02  version  Prospect  100.00
        """,
        "2026-04-15",
    )
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won   lost  closing
        2026-03-01  count    0.00     1.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2026-03-01  aws_mrr  0.00     100.00   0.00        0.00      0.00       0.00       0.00  0.00  100.00
        2026-04-01  count    1.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2026-04-01  aws_mrr  100.00   0.00     0.00        0.00      0.00       0.00       0.00  0.00  100.00
    """)


def test_the_order_of_rows_is_irrelevant() -> None:
    world = histories("""
        O1  2026-02-02  created
        O1  2026-03-02  version  Prospect     100.00
        O1  2026-04-04  version  Qualified    200.00
        O2  2026-03-05  created
        O2  2026-03-05  version  Prospect     50.00
        O2  2026-05-09  version  Closed Lost  50.00
    """)
    as_of = date(2026, 5, 31)
    table = built(PipelineWaterfall, pipeline_waterfall(world.transitions, as_of=as_of))
    assert table.height == 4 * 2
    arrived = pipeline_waterfall(world.reversed().transitions.reverse(), as_of=as_of)
    assert built(PipelineWaterfall, arrived).equals(table)


def test_nothing_at_all_is_an_empty_table() -> None:
    empty = pipeline_waterfall(MonthTransitions.create_empty().lazy(), as_of=date(2026, 3, 31))
    assert built(PipelineWaterfall, empty).equals(PipelineWaterfall.create_empty())
