import pytest
from histories import Lines, built, histories, lines, shown

from transforms.month_ends import MonthEnds, month_ends
from transforms.observations import Observations
from transforms.opportunities import Opportunities

STATE = "month opening_stage closing_stage is_moved opening_aws_mrr_reporting closing_aws_mrr_reporting"


def ends(history: str, columns: str = STATE) -> Lines:
    return shown(built(MonthEnds, histories(history).month_ends), columns)


def test_every_column_in_a_month_that_begins_and_one_that_goes_on() -> None:
    history = """
        O1  2026-03-02 10:00  created
        O1  2026-03-02 10:00  version   Prospect   100.00  1200.00  24000.00  720.00
        O1  2026-03-09 10:00  snapshot  Qualified  150.00  1800.00  25000.00  720.00
        O1  2026-04-01 10:00  version   Committed  140.00  1680.00  26000.00  900.00
    """
    columns = MonthEnds.column_names()
    assert ends(history, " ".join(columns[:5])) == lines("""
        O1  2026-03-01  -          Qualified  True
        O1  2026-04-01  Qualified  Committed  True
    """)
    assert ends(history, " ".join(columns[5:])) == lines("""
        -       -        -         -       150.00  1800.00  25000.00  720.00
        150.00  1800.00  25000.00  720.00  140.00  1680.00  26000.00  900.00
    """)


def test_a_first_observation_in_a_later_month_than_creation_was_unobserved_until_then() -> None:
    table = ends("""
        O1  2026-01-15  created
        O1  2026-03-02  version  Qualified  100.00
        O1  2026-04-02  version  Qualified  120.00
    """)
    assert table == lines("""
        2026-01-01  -           unobserved  False  -       -
        2026-03-01  unobserved  Qualified   True   -       100.00
        2026-04-01  Qualified   Qualified   False  100.00  120.00
    """)


def test_a_first_observation_later_than_creation_in_the_same_month() -> None:
    table = ends("""
        O1  2026-03-02  created
        O1  2026-03-31  version  Qualified  100.00
    """)
    assert table == lines("2026-03-01  -  Qualified  True  -  100.00")


def test_the_last_of_several_changes_within_one_month_holds() -> None:
    table = ends("""
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect   100.00
        O1  2026-04-03  version  Qualified  200.00
        O1  2026-04-20  version  Committed  400.00
        O1  2026-04-25  version  Prospect   300.00
    """)
    assert table == lines("""
        2026-03-01  -         Prospect  True  -       100.00
        2026-04-01  Prospect  Prospect  True  100.00  300.00
    """)


def test_a_month_in_which_only_the_amount_changed_moved_no_stage() -> None:
    table = ends("""
        O1  2026-03-02  created
        O1  2026-03-02  version   Prospect  100.00
        O1  2026-04-03  version   Prospect  200.00
        O1  2026-05-03  snapshot  Prospect  200.00
    """)
    assert table == lines("""
        2026-03-01  -         Prospect  True   -       100.00
        2026-04-01  Prospect  Prospect  False  100.00  200.00
        2026-05-01  Prospect  Prospect  False  200.00  200.00
    """)


def test_a_snapshot_of_the_same_instant_as_a_version_comes_last() -> None:
    table = ends("""
        O1  2026-03-02  created
        O1  2026-03-31  version   Committed  100.00
        O1  2026-03-31  snapshot  Qualified  90.00
        O1  2026-04-02  version   Committed  100.00
        O1  2026-04-02  snapshot  Committed  100.00
    """)
    assert table == lines("""
        2026-03-01  -          Qualified  True  -      90.00
        2026-04-01  Qualified  Committed  True  90.00  100.00
    """)


def test_created_and_won_in_one_month() -> None:
    table = ends("""
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect  100.00
        O1  2026-03-20  version  Launched  110.00
    """)
    assert table == lines("2026-03-01  -  Launched  True  -  110.00")


def test_lost_and_reopened_in_the_same_and_in_a_later_month() -> None:
    table = ends("""
        O1  2026-03-02  created
        O1  2026-03-02  version  Qualified    100.00
        O1  2026-04-05  version  Closed Lost  100.00
        O1  2026-04-06  version  Qualified    100.00
        O1  2026-05-05  version  Closed Lost  100.00
        O1  2026-07-06  version  Prospect     80.00
    """)
    assert table == lines("""
        2026-03-01  -            Qualified    True  -       100.00
        2026-04-01  Qualified    Qualified    True  100.00  100.00
        2026-05-01  Qualified    Closed Lost  True  100.00  100.00
        2026-07-01  Closed Lost  Prospect     True  100.00  80.00
    """)


def test_between_closed_lost_and_launched_directly() -> None:
    table = ends("""
        O1  2026-03-02  created
        O1  2026-03-02  version  Closed Lost  100.00
        O1  2026-04-05  version  Launched     110.00
        O1  2026-05-05  version  Closed Lost  120.00
        O1  2026-05-06  version  Launched     130.00
    """)
    assert table == lines("""
        2026-03-01  -            Closed Lost  True  -       100.00
        2026-04-01  Closed Lost  Launched     True  100.00  110.00
        2026-05-01  Launched     Launched     True  110.00  130.00
    """)


def test_an_amount_that_becomes_unknown_and_known_again() -> None:
    table = ends("""
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect  100.00
        O1  2026-04-02  version  Prospect  -
        O1  2026-05-02  version  Prospect  90.00
    """)
    assert table == lines("""
        2026-03-01  -         Prospect  True   -       100.00
        2026-04-01  Prospect  Prospect  False  100.00  -
        2026-05-01  Prospect  Prospect  False  -       90.00
    """)


def test_a_month_with_nothing_has_no_row_over_a_year_boundary_and_a_leap_day() -> None:
    table = ends("""
        O1  2023-11-30  created
        O1  2023-11-30  version  Prospect   100.00
        O1  2023-12-31  version  Qualified  200.00
        O1  2024-02-29  version  Committed  300.00
        O1  2024-03-01  version  Launched   400.00
    """)
    assert table == lines("""
        2023-11-01  -          Prospect   True  -       100.00
        2023-12-01  Prospect   Qualified  True  100.00  200.00
        2024-02-01  Qualified  Committed  True  200.00  300.00
        2024-03-01  Committed  Launched   True  300.00  400.00
    """)


def test_midnight_utc_of_a_months_first_day_belongs_to_it_and_one_microsecond_before_does_not() -> None:
    table = ends(
        """
        O1  2026-03-01 00:00            created
        O1  2026-03-31 23:59:59.999999  version  Prospect   100.00
        O1  2026-04-01 00:00            version  Qualified  200.00
        O1  2026-04-30 23:59:59.999999  version  Committed  300.00
        O1  2026-05-01 00:00            version  Launched   400.00
        O2  2026-02-28 23:59:59.999999  created
        O2  2026-03-01 00:00            version  Qualified  10.00
        """,
        f"opportunity_id {STATE}",
    )
    assert table == lines("""
        O1  2026-03-01  -           Prospect    True   -       100.00
        O1  2026-04-01  Prospect    Committed   True   100.00  300.00
        O1  2026-05-01  Committed   Launched    True   300.00  400.00
        O2  2026-02-01  -           unobserved  False  -       -
        O2  2026-03-01  unobserved  Qualified   True   -       10.00
    """)


def test_an_observation_without_a_stage_leaves_the_stage_and_brings_its_amounts() -> None:
    table = ends("""
        O1  2026-03-02  created
        O1  2026-03-02  version  -          50.00
        O1  2026-04-02  version  Qualified  100.00
        O1  2026-04-09  version  -          200.00
        O1  2026-05-09  version  -          300.00
        O1  2026-05-10  version  -          -
    """)
    assert table == lines("""
        2026-03-01  -           unobserved  False  -       -
        2026-04-01  unobserved  Qualified   True   -       200.00
        2026-05-01  Qualified   Qualified   False  200.00  -
    """)


def test_an_opportunity_never_seen_in_a_stage_is_unobserved_from_its_creation_on() -> None:
    table = ends(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  -         100.00
        O1  2026-04-02  version  -         100.00
        O2  2026-03-02  created
        O2  2026-03-02  version  Prospect  100.00
        """,
        f"opportunity_id {STATE}",
    )
    assert table == lines("""
        O1  2026-03-01  -  unobserved  False  -  -
        O2  2026-03-01  -  Prospect    True   -  100.00
    """)


@pytest.mark.parametrize("created_at", ["2026-03-31", "2026-06-30", "2027-01-01"])
def test_created_date_after_the_first_observation_changes_no_state(created_at: str) -> None:
    table = ends(f"""
        O1  {created_at}  created
        O1  2026-03-02  version  Prospect   100.00
        O1  2026-04-02  version  Qualified  100.00
    """)
    assert table == lines("""
        2026-03-01  -         Prospect   True  -       100.00
        2026-04-01  Prospect  Qualified  True  100.00  100.00
    """)


def test_the_order_of_rows_is_irrelevant() -> None:
    arrived = histories("""
        O1  2026-03-02  created
        O1  2026-03-02  version   Prospect   100.00
        O1  2026-03-05  version   Qualified  200.00
        O1  2026-03-05  snapshot  Prospect   300.00
        O10  2026-03-02  created
        O10  2026-03-05  version  Launched   400.00
        O2  2026-03-02  created
        O2  2026-03-03  version  Prospect    500.00
        O2  2026-05-07  version  Qualified   600.00
    """)
    table = built(MonthEnds, arrived.month_ends)
    assert shown(table, f"opportunity_id {STATE}") == lines("""
        O1   2026-03-01  -         Prospect   True  -       300.00
        O10  2026-03-01  -         Launched   True  -       400.00
        O2   2026-03-01  -         Prospect   True  -       500.00
        O2   2026-05-01  Prospect  Qualified  True  500.00  600.00
    """)
    assert built(MonthEnds, arrived.reversed().month_ends).equals(table)


def test_nothing_at_all_is_an_empty_table() -> None:
    empty = month_ends(Observations.create_empty().lazy(), Opportunities.create_empty().lazy())
    assert built(MonthEnds, empty).equals(MonthEnds.create_empty())
