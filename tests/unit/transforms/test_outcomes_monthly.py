from histories import Lines, built, histories, lines, shown

from transforms.opportunities import Opportunities
from transforms.outcomes_monthly import OutcomesMonthly, outcomes_monthly
from transforms.stage_history import StageHistory


def outcomes(history: str) -> Lines:
    """Every row: month, won, lost, win_rate, won_mrr, lost_mrr, median_cycle_days."""
    world = histories(history)
    return shown(built(OutcomesMonthly, outcomes_monthly(world.opportunities, world.stints)))


def test_won_and_lost_in_two_months_and_a_month_with_nothing_between() -> None:
    table = outcomes("""
        O1  2026-03-01  created
        O1  2026-03-01  version  Committed    100.00
        O1  2026-03-11  version  Launched     110.00
        O2  2026-03-02  created
        O2  2026-03-02  version  Prospect     20.00
        O2  2026-03-06  version  Closed Lost  20.00
        O3  2026-03-03  created
        O3  2026-03-03  version  Prospect     3.00
        O3  2026-03-24  version  Launched     3.00
        O4  2026-03-04  created
        O4  2026-03-04  version  Prospect     50.00
        O4  2026-05-03  version  Closed Lost  50.00
        O5  2026-03-05  created
        O5  2026-03-05  version  Committed    70.00
    """)
    # March: cycles of 10 (won), 4 (lost) and 21 (won) days. May: 27 days of March, 30 of April, 3 of May.
    assert table == lines(f"""
        2026-03-01  2  1  {2 / 3}  113.00  20.00  10.0
        2026-05-01  0  1  0.0      0.00    50.00  60.0
    """)


def test_created_and_won_in_one_month_has_the_median_of_an_even_number() -> None:
    table = outcomes("""
        O1  2026-03-01        created
        O1  2026-03-01        version  Prospect     100.00
        O1  2026-03-02        version  Launched     100.00
        O2  2026-03-01        created
        O2  2026-03-01        version  Prospect     100.00
        O2  2026-03-04 12:00  version  Closed Lost  100.00
    """)
    assert table == lines("2026-03-01  1  1  0.5  100.00  100.00  2.25")


def test_a_deal_only_ever_seen_lost_and_a_deal_first_seen_launched_are_decided_then() -> None:
    """Their first observation is later than creation: the decision may have come earlier."""
    table = outcomes("""
        O1  2026-01-30  created
        O1  2026-03-01  version  Closed Lost  100.00
        O2  2026-02-01  created
        O2  2026-03-01  version  Launched     10.00
    """)
    # 30 and 28 days
    assert table == lines("2026-03-01  1  1  0.5  10.00  100.00  29.0")


def test_lost_and_reopened_and_won_and_reopened_are_not_decided() -> None:
    table = outcomes("""
        O1  2026-03-01  created
        O1  2026-03-01  version  Closed Lost  100.00
        O1  2026-03-02  version  Prospect     100.00
        O2  2026-03-01  created
        O2  2026-03-01  version  Launched     100.00
        O2  2026-04-01  version  Committed    100.00
    """)
    assert table == []


def test_the_decision_is_the_last_one_of_several() -> None:
    """Lost and reopened, then won; won and reopened, then won; Closed Lost to Launched and back directly."""
    table = outcomes("""
        O1  2026-03-01  created
        O1  2026-03-02  version  Closed Lost  100.00
        O1  2026-03-03  version  Prospect     100.00
        O1  2026-03-31  version  Launched     100.00
        O2  2026-03-01  created
        O2  2026-03-05  version  Launched     20.00
        O2  2026-03-06  version  Committed    20.00
        O2  2026-04-10  version  Launched     20.00
        O2  2026-04-20  version  Launched     30.00
        O3  2026-05-01  created
        O3  2026-05-02  version  Closed Lost  1.00
        O3  2026-05-03  version  Launched     2.00
        O4  2026-05-01  created
        O4  2026-05-02  version  Launched     3.00
        O4  2026-05-03  version  Closed Lost  4.00
    """)
    # O2: 30 days to March 31, 10 more
    assert table == lines("""
        2026-03-01  1  0  1.0  100.00  0.00  30.0
        2026-04-01  1  0  1.0  30.00   0.00  40.0
        2026-05-01  1  1  0.5  2.00    4.00  2.0
    """)


def test_another_currency_or_no_amount_is_left_out_of_the_sum_and_null_when_none_is_known() -> None:
    table = outcomes("""
        O1  2026-03-01  created
        O1  2026-03-02  version  Launched     100.00
        O2  2026-03-01  created
        O2  2026-03-02  version  Launched     -
        O3  2026-03-01  created
        O3  2026-03-02  version  Closed Lost  70.00
        O3  2026-03-09  version  Closed Lost  -
    """)
    # O3's current amount is unknown, though it was known when the deal was lost.
    assert table == lines(f"2026-03-01  2  1  {2 / 3}  100.00  -  1.0")


def test_midnight_utc_a_year_boundary_and_a_leap_day() -> None:
    table = outcomes("""
        O1  2023-12-31 00:00            created
        O1  2023-12-31 23:59:59.999999  version  Launched  1.00
        O2  2023-12-31 00:00            created
        O2  2024-01-01 00:00            version  Launched  10.00
        O3  2024-02-28 00:00            created
        O3  2024-03-01 00:00            version  Launched  100.00
    """)
    assert table == lines(f"""
        2023-12-01  1  0  1.0  1.00    0.00  {86_399_999_999 / 86_400_000_000}
        2024-01-01  1  0  1.0  10.00   0.00  1.0
        2024-03-01  1  0  1.0  100.00  0.00  2.0
    """)


def test_the_median_is_taken_of_whole_microseconds_and_divided_once() -> None:
    table = outcomes("""
        O1  2026-03-01                  created
        O1  2026-03-01 00:00:00.000001  version  Launched  1.00
        O2  2026-03-01                  created
        O2  2026-03-01 00:00:00.000006  version  Launched  1.00
        O3  2026-04-01  created
        O3  2026-04-01 00:00:00.000007  version  Launched  1.00
    """)
    assert [row[6] for row in table] == [str(3.5 / 86_400_000_000), str(7 / 86_400_000_000)]


def test_an_observation_without_a_stage_changes_no_decision() -> None:
    table = outcomes("""
        O1  2026-03-01  created
        O1  2026-03-02  version  Launched  100.00
        O1  2026-04-02  version  -         120.00
        O2  2026-03-01  created
        O2  2026-03-02  version  -         10.00
    """)
    assert table == lines("2026-03-01  1  0  1.0  120.00  0.00  1.0")


def test_created_date_after_the_first_observation_may_give_a_negative_cycle() -> None:
    table = outcomes("""
        O1  2026-03-05 12:00  created
        O1  2026-03-02  version  Prospect  100.00
        O1  2026-03-03  version  Launched  100.00
    """)
    assert table == lines("2026-03-01  1  0  1.0  100.00  0.00  -2.5")


def test_the_order_of_rows_is_irrelevant() -> None:
    world = histories("""
        O1  2026-03-01  created
        O1  2026-03-02  version  Launched     100.00
        O2  2026-03-01  created
        O2  2026-03-02  version  Prospect     10.00
        O2  2026-03-09  version  Closed Lost  10.00
        O3  2026-02-01  created
        O3  2026-02-09  version  Closed Lost  1.00
    """)
    table = built(OutcomesMonthly, outcomes_monthly(world.opportunities, world.stints))
    assert shown(table, "month won lost") == lines("""
        2026-02-01  0  1
        2026-03-01  1  1
    """)
    arrived = outcomes_monthly(world.opportunities.reverse(), world.stints.reverse())
    assert built(OutcomesMonthly, arrived).equals(table)


def test_nothing_at_all_is_an_empty_table() -> None:
    empty = outcomes_monthly(Opportunities.create_empty().lazy(), StageHistory.create_empty().lazy())
    assert built(OutcomesMonthly, empty).equals(OutcomesMonthly.create_empty())
