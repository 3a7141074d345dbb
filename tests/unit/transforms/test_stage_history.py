import pytest
from histories import Lines, built, histories, lines, shown

from transforms.observations import Observations
from transforms.opportunities import Opportunities
from transforms.stage_history import StageHistory, stage_history


def stints(history: str, columns: str = "") -> Lines:
    return shown(built(StageHistory, histories(history).stints), columns)


def movements(history: str) -> Lines:
    return stints(history, "stage movement")


def test_consecutive_observations_in_one_stage_are_one_stint() -> None:
    table = stints("""
        O1  2026-03-02 10:00  created
        O1  2026-03-02 10:00  version   Prospect   100.00
        O1  2026-03-05 22:00  version   Prospect   120.00
        O1  2026-03-09 22:00  snapshot  Qualified  120.00
        O1  2026-03-10 16:00  version   Qualified  120.00
        O2  2026-03-01 00:00  created
        O2  2026-03-04 00:00  version   Committed  100.00
    """)
    assert table == lines("""
        O1  1  Prospect   1  2026-03-02 10:00  2026-03-09 22:00  7.5  entry    False  version
        O1  2  Qualified  2  2026-03-09 22:00  -                 -    advance  False  snapshot
        O2  1  Committed  5  2026-03-04 00:00  -                 -    entry    True   version
    """)


def test_a_first_observation_later_than_creation_is_left_censored() -> None:
    table = stints(
        """
        O1  2026-03-02  created
        O1  2026-03-02                  version  Prospect
        O2  2026-03-02  created
        O2  2026-03-02 00:00:00.000001  version  Prospect
        O2  2026-03-05                  version  Qualified
        """,
        "opportunity_id stint entered_at is_left_censored",
    )
    assert table == lines("""
        O1  1  2026-03-02 00:00            False
        O2  1  2026-03-02 00:00:00.000001  True
        O2  2  2026-03-05 00:00            False
    """)


def test_a_created_date_after_the_first_observation_censors_nothing() -> None:
    table = stints(
        """
        O1  2026-03-09  created
        O1  2026-03-02  version  Prospect
        O1  2026-03-05  version  Qualified
        """,
        "entered_at days_in_stage is_left_censored",
    )
    assert table == lines("""
        2026-03-02 00:00  3.0  False
        2026-03-05 00:00  -    False
    """)


def test_a_version_and_a_snapshot_of_one_instant_that_contradict_each_other() -> None:
    table = stints(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version   Prospect
        O1  2026-03-05  version   Qualified
        O1  2026-03-05  snapshot  Prospect
        O1  2026-03-09  version   Qualified
        O1  2026-03-11  snapshot  Qualified
        """,
        "stint stage entered_at exited_at days_in_stage movement evidence",
    )
    assert table == lines("""
        1  Prospect   2026-03-02 00:00  2026-03-05 00:00  3.0  entry    version
        2  Qualified  2026-03-05 00:00  2026-03-05 00:00  0.0  advance  version
        3  Prospect   2026-03-05 00:00  2026-03-09 00:00  4.0  regress  snapshot
        4  Qualified  2026-03-09 00:00  -                 -    advance  version
    """)


def test_several_changes_within_one_month_regress_and_skip() -> None:
    table = stints(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect
        O1  2026-03-05  version  Technical Validation
        O1  2026-03-06  version  Business Validation
        O1  2026-03-09  version  Qualified
        O1  2026-03-10  version  Committed
        """,
        "stint stage stage_rank movement",
    )
    assert table == lines("""
        1  Prospect              1  entry
        2  Technical Validation  3  skip
        3  Business Validation   4  advance
        4  Qualified             2  regress
        5  Committed             5  skip
    """)


def test_a_skipped_night_turns_an_advance_into_a_skip() -> None:
    every_night = """
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect
        O1  2026-03-05  version  Qualified
        O1  2026-03-06  version  Technical Validation
    """
    one_was_skipped = every_night.replace("O1  2026-03-05  version  Qualified\n", "")
    assert movements(every_night)[1:] == [["Qualified", "advance"], ["Technical Validation", "advance"]]
    assert movements(one_was_skipped)[1:] == [["Technical Validation", "skip"]]


def test_created_and_won_in_one_month() -> None:
    table = stints("""
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect  100.00
        O1  2026-03-10  version  Launched  100.00
    """)
    assert table == lines("""
        O1  1  Prospect  1  2026-03-02 00:00  2026-03-10 00:00  8.0  entry  False  version
        O1  2  Launched  6  2026-03-10 00:00  -                 -    skip   False  version
    """)


def test_lost_and_reopened_in_the_same_and_in_a_later_month() -> None:
    table = stints(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Qualified
        O1  2026-03-05  version  Closed Lost
        O1  2026-03-06  version  Qualified
        O1  2026-03-30  version  Closed Lost
        O1  2026-04-30  version  Prospect
        """,
        "stint stage stage_rank days_in_stage movement",
    )
    assert table == lines("""
        1  Qualified    2  3.0   entry
        2  Closed Lost  -  1.0   lost
        3  Qualified    2  24.0  reopen
        4  Closed Lost  -  31.0  lost
        5  Prospect     1  -     reopen
    """)


def test_won_and_reopened() -> None:
    table = movements("""
        O1  2026-03-02  created
        O1  2026-03-02  version  Committed
        O1  2026-03-05  version  Launched
        O1  2026-03-06  version  Committed
        O1  2026-03-30  version  Launched
    """)
    assert table == [["Committed", "entry"], ["Launched", "advance"], ["Committed", "reopen"], ["Launched", "advance"]]


@pytest.mark.parametrize("stage", ["Closed Lost", "Launched", "Committed"])
def test_the_first_stint_is_an_entry_whatever_its_stage(stage: str) -> None:
    """A deal only ever seen lost; a deal first seen Launched."""
    table = movements(f"""
        O1  2026-01-02  created
        O1  2026-03-02  version  {stage}
        O1  2026-03-09  version  {stage}
    """)
    assert table == [[stage, "entry"]]


def test_between_closed_lost_and_launched_directly() -> None:
    table = movements("""
        O1  2026-03-02  created
        O1  2026-03-02  version  Closed Lost
        O1  2026-03-05  version  Launched
        O1  2026-03-06  version  Closed Lost
    """)
    assert table == [["Closed Lost", "entry"], ["Launched", "reopen"], ["Closed Lost", "lost"]]


def test_a_month_with_nothing_a_year_boundary_and_a_leap_day_are_days_like_others() -> None:
    table = stints(
        """
        O1  2023-12-31 21:00  created
        O1  2023-12-31 21:00  version  Prospect
        O1  2024-01-01 00:00  version  Qualified
        O1  2024-02-28 12:00  version  Technical Validation
        O1  2024-02-29 12:00  version  Business Validation
        O1  2024-04-01 12:00  version  Committed
        """,
        "entered_at days_in_stage",
    )
    # 3 h; 31 + 27.5; 1; 1 + 31
    assert table == lines("""
        2023-12-31 21:00  0.125
        2024-01-01 00:00  58.5
        2024-02-28 12:00  1.0
        2024-02-29 12:00  32.0
        2024-04-01 12:00  -
    """)


def test_days_are_microseconds_divided_once() -> None:
    table = stints(
        """
        O1  2026-03-01  created
        O1  2026-03-01                  version  Prospect
        O1  2026-03-01 00:00:00.000003  version  Qualified
        O1  2026-03-01 00:00:00.000010  version  Committed
        O1  2026-03-02 00:00:00.000005  version  Launched
        """,
        "days_in_stage",
    )
    assert table[:3] == [[str(stay / 86_400_000_000)] for stay in (3, 7, 86_399_999_995)]


def test_a_stint_may_last_one_microsecond_before_midnight_of_a_months_first_day() -> None:
    table = stints(
        """
        O1  2026-03-02  created
        O1  2026-03-31 23:59:59.999999  version  Prospect
        O1  2026-04-01 00:00            version  Qualified
        """,
        "entered_at exited_at days_in_stage",
    )
    assert table == lines(f"""
        2026-03-31 23:59:59.999999  2026-04-01 00:00  {1 / 86_400_000_000}
        2026-04-01 00:00            -                 -
    """)


def test_an_observation_without_a_stage_neither_starts_nor_ends_a_stint() -> None:
    table = stints(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version   -
        O1  2026-03-03  version   Prospect
        O1  2026-03-04  version   -
        O1  2026-03-05  snapshot  Prospect
        O1  2026-03-06  version   -
        O1  2026-03-09  version   Qualified
        O1  2026-03-10  version   -
        """,
        "stint stage entered_at exited_at movement is_left_censored",
    )
    assert table == lines("""
        1  Prospect   2026-03-03 00:00  2026-03-09 00:00  entry    True
        2  Qualified  2026-03-09 00:00  -                 advance  False
    """)


def test_an_opportunity_never_seen_in_a_stage_has_no_stints() -> None:
    table = stints(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version   -
        O1  2026-03-05  snapshot  -
        O2  2026-03-02  created
        O2  2026-03-02  version   Prospect
        """,
        "opportunity_id stage",
    )
    assert table == [["O2", "Prospect"]]


def test_the_order_of_rows_is_irrelevant() -> None:
    arrived = histories("""
        O1  2026-03-02  created
        O1  2026-03-02  version   Prospect
        O1  2026-03-05  version   Qualified
        O1  2026-03-05  snapshot  Prospect
        O10  2026-03-02  created
        O10  2026-03-05  version  Launched
        O2  2026-03-02  created
        O2  2026-03-03  version  Closed Lost
        O2  2026-03-07  version  Qualified
    """)
    table = built(StageHistory, arrived.stints)
    assert shown(table, "opportunity_id stint stage") == lines("""
        O1   1  Prospect
        O1   2  Qualified
        O1   3  Prospect
        O10  1  Launched
        O2   1  Closed Lost
        O2   2  Qualified
    """)
    assert built(StageHistory, arrived.reversed().stints).equals(table)


def test_nothing_at_all_is_an_empty_table() -> None:
    empty = stage_history(Observations.create_empty().lazy(), Opportunities.create_empty().lazy())
    assert built(StageHistory, empty).equals(StageHistory.create_empty())
