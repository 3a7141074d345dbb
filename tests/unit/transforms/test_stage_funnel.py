from histories import Lines, built, histories, lines, shown

from transforms.opportunities import Opportunities
from transforms.stage_funnel import StageFunnel, stage_funnel
from transforms.stage_history import StageHistory

COUNTS = "stage_rank reached advanced lost open"


def funnel(history: str, columns: str = COUNTS) -> Lines:
    world = histories(history)
    return shown(built(StageFunnel, stage_funnel(world.opportunities, world.stints)), columns)


def test_a_cohort_of_four() -> None:
    history = """
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect     100.00
        O1  2026-03-04  version  Qualified    200.00
        O2  2026-03-05  created
        O2  2026-03-05  version  Prospect     50.00
        O2  2026-03-09  version  Closed Lost  50.00
        O3  2026-03-10  created
        O3  2026-03-10  version  Prospect     -
        O3  2026-03-11  version  Qualified    -
        O3  2026-03-14  version  Closed Lost  -
        O3  2026-03-15  version  Committed    -
        O4  2026-03-31  created
        O4  2026-04-02  version  Launched     300.00
    """
    # Prospect lasted 2, 4 and 1 days, Qualified 3 (O3; O1 is still there). All but O2 reached Qualified: 200 + 300.
    columns = "cohort_month stage reached advanced lost open median_days_in_stage reached_mrr"
    assert funnel(history, columns) == lines("""
        2026-03-01  Prospect              4  3  1  0  2.0  550.00
        2026-03-01  Qualified             3  2  0  1  3.0  500.00
        2026-03-01  Technical Validation  2  2  0  0  -    300.00
        2026-03-01  Business Validation   2  2  0  0  -    300.00
        2026-03-01  Committed             2  1  0  1  -    300.00
        2026-03-01  Launched              1  0  0  1  -    300.00
    """)
    assert funnel(history, "stage_rank conversion_to_next conversion_from_first") == lines(f"""
        1  0.75     1.0
        2  {2 / 3}  0.75
        3  1.0      0.5
        4  1.0      0.5
        5  0.5      0.5
        6  0.0      0.25
    """)


def test_stages_that_nobody_reached_have_their_rows() -> None:
    table = funnel(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect  100.00
        """,
        "stage_rank reached open conversion_to_next conversion_from_first median_days_in_stage reached_mrr",
    )
    assert len(table) == 6
    assert table[:3] == lines("""
        1  1  1  0.0  1.0  -  100.00
        2  0  0  -    0.0  -  0.00
        3  0  0  -    0.0  -  0.00
    """)


def test_a_deal_only_ever_seen_lost_was_lost_at_rank_1() -> None:
    table = funnel("""
        O1  2026-02-02  created
        O1  2026-03-02  version  Closed Lost  100.00
    """)
    assert table[:2] == lines("""
        1  1  0  1  0
        2  0  0  0  0
    """)


def test_a_deal_first_seen_launched_went_through_all_stages() -> None:
    table = funnel("""
        O1  2026-02-02  created
        O1  2026-03-02  version  Launched  100.00
    """)
    assert table[3:] == lines("""
        4  1  1  0  0
        5  1  1  0  0
        6  1  0  0  1
    """)


def test_regress_and_skip_lost_and_reopened_won_and_reopened_count_the_furthest_stage() -> None:
    table = funnel("""
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect
        O1  2026-03-03  version  Business Validation
        O1  2026-03-04  version  Qualified
        O2  2026-03-02  created
        O2  2026-03-02  version  Business Validation
        O2  2026-03-03  version  Closed Lost
        O2  2026-03-04  version  Prospect
        O3  2026-03-02  created
        O3  2026-03-02  version  Launched
        O3  2026-03-03  version  Committed
    """)
    assert table == lines("""
        1  3  3  0  0
        2  3  3  0  0
        3  3  3  0  0
        4  3  1  0  2
        5  1  1  0  0
        6  1  0  0  1
    """)


def test_between_closed_lost_and_launched_directly() -> None:
    table = funnel("""
        O1  2026-03-02  created
        O1  2026-03-02  version  Closed Lost
        O1  2026-03-03  version  Launched
        O2  2026-03-02  created
        O2  2026-03-02  version  Launched
        O2  2026-03-03  version  Closed Lost
    """)
    assert table[-2:] == lines("""
        5  2  2  0  0
        6  2  0  1  1
    """)


def test_what_is_lost_now_is_decided_by_the_last_stint() -> None:
    table = funnel("""
        O1  2026-03-02  created
        O1  2026-03-02  version   Qualified
        O1  2026-03-03  version   Closed Lost
        O1  2026-03-04  version   -
        O2  2026-03-02  created
        O2  2026-03-02  version   Qualified
        O2  2026-03-04  snapshot  Closed Lost
        O3  2026-03-02  created
        O3  2026-03-02  version   Closed Lost
        O3  2026-03-02  snapshot  Qualified
    """)
    assert table[:3] == lines("""
        1  3  3  0  0
        2  3  0  2  1
        3  0  0  0  0
    """)


def test_another_currency_or_no_amount_is_left_out_of_the_sum_and_null_when_none_is_known() -> None:
    table = funnel(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect   100.00
        O2  2026-03-02  created
        O2  2026-03-02  version  Qualified  -
        O3  2026-03-02  created
        O3  2026-03-02  version  Prospect   50.00
        O3  2026-03-03  version  Qualified  -
        """,
        "stage_rank reached reached_mrr",
    )
    assert table[:3] == lines("""
        1  3  100.00
        2  2  -
        3  0  0.00
    """)


def test_cohorts_are_months_of_creation_in_utc_and_months_without_one_have_no_rows() -> None:
    """A leap day, a month with nothing, a year boundary, midnight and one microsecond before it."""
    table = funnel(
        """
        O1  2024-02-29                  created
        O1  2024-03-01                  version  Prospect
        O2  2024-12-31 23:59:59.999999  created
        O2  2025-01-01                  version  Prospect
        O3  2025-01-01 00:00            created
        O3  2025-01-01                  version  Qualified
        O4  2025-01-31                  created
        O4  2025-06-01                  version  Prospect
        """,
        "cohort_month stage_rank reached",
    )
    assert [row for row in table if row[1] in ("1", "2")] == lines("""
        2024-02-01  1  1
        2024-02-01  2  0
        2024-12-01  1  1
        2024-12-01  2  0
        2025-01-01  1  2
        2025-01-01  2  1
    """)
    assert len(table) == 3 * 6


def test_an_opportunity_never_seen_in_a_stage_belongs_to_no_cohort() -> None:
    table = funnel(
        """
        O1  2026-02-02  created
        O1  2026-02-02  version  -         100.00
        O2  2026-03-02  created
        O2  2026-03-02  version  -         100.00
        O3  2026-03-02  created
        O3  2026-03-02  version  Prospect  10.00
        """,
        "cohort_month stage_rank reached reached_mrr",
    )
    assert table[0] == ["2026-03-01", "1", "1", "10.00"]
    assert len(table) == 6


def test_a_first_observation_later_than_creation_is_in_no_median_but_the_next_stint_is() -> None:
    table = funnel(
        """
        O1  2026-03-02  created
        O1  2026-03-03  version  Prospect
        O1  2026-03-05  version  Qualified
        O1  2026-03-08  version  Technical Validation
        O2  2026-03-02  created
        O2  2026-03-02  version  Prospect
        O2  2026-03-12  version  Closed Lost
        """,
        "stage median_days_in_stage",
    )
    # Prospect: O1's 2 days are a lower bound, O2's 10 are whole.
    assert table[:3] == lines("""
        Prospect              10.0
        Qualified             3.0
        Technical Validation  -
    """)


def test_the_median_is_over_every_finished_stint_in_the_stage() -> None:
    table = funnel(
        """
        O1  2026-03-01  created
        O1  2026-03-01  version  Prospect
        O1  2026-03-02  version  Qualified
        O1  2026-03-04  version  Prospect
        O1  2026-03-08  version  Qualified
        O1  2026-03-16  version  Prospect
        """,
        "stage median_days_in_stage",
    )
    # Prospect 1 and 4 days, the third stint goes on; Qualified 2 and 8.
    assert table[:2] == lines("""
        Prospect   2.5
        Qualified  5.0
    """)


def test_the_median_is_taken_of_whole_microseconds_and_divided_once() -> None:
    table = funnel(
        """
        O1  2026-03-01  created
        O1  2026-03-01                  version  Prospect
        O1  2026-03-01 00:00:00.000001  version  Qualified
        O1  2026-03-01 00:00:00.000008  version  Committed
        O2  2026-03-01  created
        O2  2026-03-01                  version  Prospect
        O2  2026-03-01 00:00:00.000006  version  Qualified
        """,
        "stage median_days_in_stage",
    )
    assert table[:2] == [["Prospect", str(3.5 / 86_400_000_000)], ["Qualified", str(7 / 86_400_000_000)]]


def test_created_date_after_the_first_observation_decides_the_cohort() -> None:
    table = funnel(
        """
        O1  2026-04-15  created
        O1  2026-03-02  version  Prospect
        O1  2026-03-04  version  Qualified
        """,
        "cohort_month stage_rank reached median_days_in_stage",
    )
    assert table[:2] == lines("""
        2026-04-01  1  1  2.0
        2026-04-01  2  1  -
    """)


def test_the_order_of_rows_is_irrelevant() -> None:
    world = histories("""
        O1  2026-04-02  created
        O1  2026-04-02  version  Prospect     100.00
        O1  2026-04-04  version  Qualified    200.00
        O2  2026-03-05  created
        O2  2026-03-05  version  Prospect     50.00
        O2  2026-03-09  version  Closed Lost  50.00
    """)
    table = built(StageFunnel, stage_funnel(world.opportunities, world.stints))
    assert shown(table, "cohort_month stage_rank")[5:7] == [["2026-03-01", "6"], ["2026-04-01", "1"]]
    arrived = stage_funnel(world.opportunities.reverse(), world.stints.reverse())
    assert built(StageFunnel, arrived).equals(table)


def test_nothing_at_all_is_an_empty_table() -> None:
    empty = stage_funnel(Opportunities.create_empty().lazy(), StageHistory.create_empty().lazy())
    assert built(StageFunnel, empty).equals(StageFunnel.create_empty())
