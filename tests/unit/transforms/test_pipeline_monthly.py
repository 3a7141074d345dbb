from datetime import date

from histories import Lines, built, histories, lines, shown

from transforms.month_transitions import MonthTransitions
from transforms.pipeline_monthly import PipelineMonthly, pipeline_monthly


def pipeline(history: str, as_of: str) -> Lines:
    """Every row of the table."""
    world = histories(history)
    table = pipeline_monthly(world.transitions, as_of=date.fromisoformat(as_of))
    return shown(built(PipelineMonthly, table))


def standing(history: str, as_of: str) -> Lines:
    """Month, stage, opportunities, aws_mrr and unobserved, where there is an opportunity."""
    rows = [[*row[:4], row[7]] for row in pipeline(history, as_of)]
    return [row for row in rows if (row[2], row[4]) != ("0", "0")]


def test_every_month_has_a_row_for_each_stage_in_their_order() -> None:
    table = pipeline(
        """
        O1  2026-02-27  created
        O1  2026-03-02  version  Qualified    100.00  1200.00  24000.00  720.00
        O2  2026-03-05  created
        O2  2026-03-05  version  Qualified    50.50   -        6000.00   -
        O3  2026-03-05  created
        O3  2026-03-05  version  Closed Lost  -       -        -         80.00
        """,
        "2026-03-31",
    )
    assert table == lines("""
        2026-02-01  Prospect              0  0.00    0.00     0.00      0.00    0
        2026-02-01  Qualified             0  0.00    0.00     0.00      0.00    0
        2026-02-01  Technical Validation  0  0.00    0.00     0.00      0.00    0
        2026-02-01  Business Validation   0  0.00    0.00     0.00      0.00    0
        2026-02-01  Committed             0  0.00    0.00     0.00      0.00    0
        2026-02-01  Launched              0  0.00    0.00     0.00      0.00    0
        2026-02-01  Closed Lost           0  0.00    0.00     0.00      0.00    0
        2026-02-01  unobserved            0  -       -        -         -       1
        2026-03-01  Prospect              0  0.00    0.00     0.00      0.00    0
        2026-03-01  Qualified             2  150.50  1200.00  30000.00  720.00  0
        2026-03-01  Technical Validation  0  0.00    0.00     0.00      0.00    0
        2026-03-01  Business Validation   0  0.00    0.00     0.00      0.00    0
        2026-03-01  Committed             0  0.00    0.00     0.00      0.00    0
        2026-03-01  Launched              0  0.00    0.00     0.00      0.00    0
        2026-03-01  Closed Lost           1  -       -        -         80.00   0
        2026-03-01  unobserved            0  -       -        -         -       0
    """)


def test_a_first_observation_later_than_creation_is_unobserved_until_then() -> None:
    table = standing(
        """
        O1  2026-01-15  created
        O1  2026-03-02  version  Qualified  100.00
        O2  2026-02-15  created
        O2  2026-03-05  version  Qualified  10.00
        O3  2026-02-16  created
        O3  2026-02-17  version  Qualified  1.00
        """,
        "2026-03-31",
    )
    assert table == lines("""
        2026-01-01  unobserved  0  -       1
        2026-02-01  Qualified   1  1.00    0
        2026-02-01  unobserved  0  -       2
        2026-03-01  Qualified   3  111.00  0
    """)


def test_the_last_of_several_changes_within_one_month_holds() -> None:
    table = standing(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version   Prospect   100.00
        O1  2026-03-09  version   Committed  300.00
        O1  2026-03-09  snapshot  Qualified  200.00
        O1  2026-04-09  version   Committed  400.00
        O1  2026-04-10  version   Qualified  250.00
        """,
        "2026-04-30",
    )
    assert table == lines("""
        2026-03-01  Qualified  1  200.00  0
        2026-04-01  Qualified  1  250.00  0
    """)


def test_created_and_won_in_one_month_was_never_open_at_an_end() -> None:
    table = standing(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect  100.00
        O1  2026-03-20  version  Launched  110.00
        """,
        "2026-04-30",
    )
    assert table == lines("""
        2026-03-01  Launched  1  110.00  0
        2026-04-01  Launched  1  110.00  0
    """)


def test_lost_and_reopened_won_and_reopened_regress_and_skip() -> None:
    table = standing(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Committed    100.00
        O1  2026-04-02  version  Closed Lost  100.00
        O1  2026-05-02  version  Prospect     80.00
        O2  2026-03-02  created
        O2  2026-03-02  version  Prospect     10.00
        O2  2026-04-02  version  Launched     20.00
        O2  2026-05-02  version  Committed    20.00
        """,
        "2026-05-31",
    )
    assert table == lines("""
        2026-03-01  Prospect     1  10.00   0
        2026-03-01  Committed    1  100.00  0
        2026-04-01  Launched     1  20.00   0
        2026-04-01  Closed Lost  1  100.00  0
        2026-05-01  Prospect     1  80.00   0
        2026-05-01  Committed    1  20.00   0
    """)


def test_a_deal_only_ever_seen_lost_and_a_deal_first_seen_launched_change_places() -> None:
    table = standing(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Closed Lost  100.00
        O1  2026-04-02  version  Launched     100.00
        O2  2026-03-02  created
        O2  2026-03-02  version  Launched     10.00
        O2  2026-04-02  version  Closed Lost  10.00
        """,
        "2026-04-02",
    )
    assert table == lines("""
        2026-03-01  Launched     1  10.00   0
        2026-03-01  Closed Lost  1  100.00  0
        2026-04-01  Launched     1  100.00  0
        2026-04-01  Closed Lost  1  10.00   0
    """)


def test_another_currency_or_no_amount_is_left_out_of_the_sum_and_null_when_none_is_known() -> None:
    table = standing(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect  100.00
        O1  2026-04-02  version  Prospect  -
        O1  2026-05-02  version  Prospect  70.00
        O2  2026-03-02  created
        O2  2026-03-02  version  Prospect  -
        O3  2026-05-02  created
        O3  2026-05-02  version  Launched  0.00
        """,
        "2026-05-31",
    )
    assert table == lines("""
        2026-03-01  Prospect  2  100.00  0
        2026-04-01  Prospect  2  -       0
        2026-05-01  Prospect  2  70.00   0
        2026-05-01  Launched  1  0.00    0
    """)


def test_the_month_in_progress_is_the_last_one() -> None:
    table = standing(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect   100.00
        O1  2026-05-14  version  Qualified  200.00
        """,
        "2026-05-15",
    )
    assert table == lines("""
        2026-03-01  Prospect   1  100.00  0
        2026-04-01  Prospect   1  100.00  0
        2026-05-01  Qualified  1  200.00  0
    """)


def test_a_month_with_nothing_a_year_boundary_and_a_leap_day() -> None:
    table = standing(
        """
        O1  2023-12-31  created
        O1  2023-12-31  version  Prospect   100.00
        O1  2024-02-29  version  Qualified  200.00
        """,
        "2024-03-01",
    )
    assert table == lines("""
        2023-12-01  Prospect   1  100.00  0
        2024-01-01  Prospect   1  100.00  0
        2024-02-01  Qualified  1  200.00  0
        2024-03-01  Qualified  1  200.00  0
    """)


def test_midnight_utc_of_a_months_first_day_belongs_to_it_and_one_microsecond_before_does_not() -> None:
    table = standing(
        """
        O1  2026-02-28 23:59:59.999999  created
        O1  2026-03-31 23:59:59.999999  version  Prospect   100.00
        O1  2026-04-01 00:00            version  Qualified  200.00
        O2  2026-03-01 00:00            created
        O2  2026-04-01 00:00            version  Qualified  10.00
        """,
        "2026-04-01",
    )
    assert table == lines("""
        2026-02-01  unobserved  0  -       1
        2026-03-01  Prospect    1  100.00  0
        2026-03-01  unobserved  0  -       1
        2026-04-01  Qualified   2  210.00  0
    """)


def test_an_opportunity_without_a_stage_is_unobserved_and_an_observation_without_one_keeps_the_stage() -> None:
    table = standing(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  -          100.00
        O2  2026-03-02  created
        O2  2026-03-02  version  -          10.00
        O2  2026-04-02  version  Qualified  20.00
        O2  2026-05-02  version  -          30.00
        """,
        "2026-05-31",
    )
    assert table == lines("""
        2026-03-01  unobserved  0  -      2
        2026-04-01  Qualified   1  20.00  0
        2026-04-01  unobserved  0  -      1
        2026-05-01  Qualified   1  30.00  0
        2026-05-01  unobserved  0  -      1
    """)


def test_created_date_after_the_first_observation_or_after_the_as_of_day() -> None:
    table = standing(
        """
        O1  2026-05-02  created
        O1  2026-03-02  version  Prospect  100.00
        O2  2026-06-02  created
        O2  2026-04-02  version  Prospect  10.00
        O3  2027-01-01  created
        O3  2026-04-02  version  -         1.00
        """,
        "2026-04-15",
    )
    assert table == lines("""
        2026-03-01  Prospect  1  100.00  0
        2026-04-01  Prospect  2  110.00  0
    """)


def test_months_after_the_as_of_day_never_have_rows() -> None:
    """Even when the only opportunity says that it was created in one, and was never seen in a stage."""
    history = """
        O1  2026-05-02  created
        O1  2026-04-02  version  -  100.00
    """
    assert pipeline(history, "2026-04-30") == []
    assert standing(history, "2026-05-01") == lines("2026-05-01  unobserved  0  -  1")


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
    table = built(PipelineMonthly, pipeline_monthly(world.transitions, as_of=as_of))
    assert table.height == 4 * 8
    arrived = pipeline_monthly(world.reversed().transitions.reverse(), as_of=as_of)
    assert built(PipelineMonthly, arrived).equals(table)


def test_nothing_at_all_is_an_empty_table() -> None:
    empty = pipeline_monthly(MonthTransitions.create_empty().lazy(), as_of=date(2026, 3, 31))
    assert built(PipelineMonthly, empty).equals(PipelineMonthly.create_empty())
