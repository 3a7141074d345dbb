"""Sums that a night changes by what went out of them and what came in."""

import dataframely as dy
import polars as pl
from attribution_tables import opportunities, touches
from histories import Histories, built, histories, lines, shown

from transforms.attribution_sums import AttributionSums
from transforms.month_ends import MonthEnds
from transforms.month_transitions import MonthTransitions
from transforms.opportunities import Opportunities
from transforms.running_sums import RUNNING_SUMS, SUMMED, changed_sums, running_sums
from transforms.touches import Touches

Tables = dict[type[dy.Schema], pl.LazyFrame]

MOVES = (
    "month opening_stage closing_stage is_moved opportunities "
    "opening_aws_mrr increased_aws_mrr decreased_aws_mrr closing_aws_mrr"
)
CREDITS = "value outcome touched credit aws_mrr known_aws_mrr"
BEFORE = """
    O1  2026-03-02  created
    O1  2026-03-02  version  Prospect   100.00
    O1  2026-04-02  version  Prospect   130.00
    O2  2026-03-02  created
    O2  2026-03-02  version  Prospect   50.00
    O2  2026-04-02  version  Prospect   40.00
    O3  2026-03-02  created
    O3  2026-04-02  version  Qualified  7.00
"""
AFTER = """
    O1  2026-03-02  created
    O1  2026-03-02  version  Prospect   100.00
    O1  2026-04-02  version  Prospect   130.00
    O2  2026-03-02  created
    O2  2026-03-02  version  Prospect   50.00
    O2  2026-04-02  version  Prospect   40.00
    O2  2026-04-03  version  Launched   45.00
    O4  2026-04-05  created
    O4  2026-04-05  version  Committed  9.00
"""
"""O2 was won meanwhile and O3 is no longer in the marts; O4 is new."""

BEFORE_ATTRIBUTED = """
    O1  Prospect   130.00
    O2  Prospect   40.00
    O3  Qualified  7.00
"""
AFTER_ATTRIBUTED = """
    O1  Prospect   130.00
    O2  Launched   -
    O4  Committed  9.00
"""
BEFORE_TOUCHES = """
    O1  solution  S-1  1
    O1  solution  S-2  2
    O2  solution  S-1  1
    O3  solution  S-3  1
"""
AFTER_TOUCHES = """
    O1  solution  S-1  1
    O1  solution  S-2  2
    O2  solution  S-1  1
    O4  solution  S-2  1
    O4  solution  S-4  2
"""


def tables(world: Histories, attributed: str, touched: str) -> Tables:
    return {MonthEnds: world.month_ends, Opportunities: opportunities(attributed), Touches: touches(touched)}


def of_others(rows: Tables, opportunity_id: str) -> Tables:
    return {table: frame.filter(pl.col("opportunity_id") != opportunity_id) for table, frame in rows.items()}


def a_night() -> tuple[Tables, Tables]:
    return (
        tables(histories(BEFORE), BEFORE_ATTRIBUTED, BEFORE_TOUCHES),
        tables(histories(AFTER), AFTER_ATTRIBUTED, AFTER_TOUCHES),
    )


def changed(before: Tables, after: Tables) -> dict[type[dy.Schema], pl.DataFrame]:
    """The sums of `before`, changed by all opportunities but O1, whose records are the same."""
    removed, added = running_sums(of_others(before, "O1")), running_sums(of_others(after, "O1"))
    sums = changed_sums(running_sums(before), removed, added)
    return {table: built(table, frame) for table, frame in sums.items()}


def test_transitions_after_a_night() -> None:
    table = changed(*a_night())[MonthTransitions]
    assert shown(table, MOVES) == lines("""
        2026-03-01  -         Prospect   True   2  0.00    150.00  0.00  150.00
        2026-04-01  -         Committed  True   1  0.00    9.00    0.00  9.00
        2026-04-01  Prospect  Launched   True   1  50.00   0.00    5.00  45.00
        2026-04-01  Prospect  Prospect   False  1  100.00  30.00   0.00  130.00
    """)


def test_credit_after_a_night() -> None:
    """S-3 is gone with O3; S-1 is left with O1 among the open, and has O2, whose amount became unknown, as won."""
    table = changed(*a_night())[AttributionSums]
    of_solutions = table.filter(table["model"] == "linear", table["dimension"] == "solution")
    # S-2: half of O1's 130 and half of O4's 9.
    assert shown(of_solutions, CREDITS) == lines("""
        S-1  open  1  0.500000000000000000  65.00  1
        S-1  won   1  1.000000000000000000  0.00   0
        S-2  open  2  1.000000000000000000  69.50  2
        S-4  open  1  0.500000000000000000  4.50   1
    """)


def test_the_changed_sums_are_those_of_a_build_from_nothing() -> None:
    before, after = a_night()
    for table, frame in changed(before, after).items():
        assert frame.equals(built(table, running_sums(after)[table]))


def test_a_night_in_several_parts_is_the_same_night() -> None:
    before, after = a_night()
    sums = running_sums(before)
    for number in "234":
        removed, added = (
            {table: _of(frame, f"O{number}") for table, frame in rows.items()} for rows in (before, after)
        )
        sums = changed_sums(sums, running_sums(removed), running_sums(added))
    for table, frame in changed(before, after).items():
        assert frame.equals(built(table, sums[table]))


def test_what_goes_out_and_comes_in_again_changes_nothing() -> None:
    before, _ = a_night()
    for table, frame in changed(before, before).items():
        assert frame.equals(built(table, running_sums(before)[table]))


def test_a_row_goes_with_its_last_opportunity_although_it_has_no_credit() -> None:
    """By first touch S-2 has nothing of O1; as long as O1 has it, it has a row."""
    rows = tables(histories(BEFORE), "O1  Prospect  130.00", BEFORE_TOUCHES)
    gone = tables(histories(AFTER), "", "")
    whole = running_sums(rows)
    without = built(AttributionSums, changed_sums(whole, whole, running_sums(gone))[AttributionSums])
    table = built(AttributionSums, whole[AttributionSums])
    of_solutions = table.filter(table["model"] == "first_touch", table["dimension"] == "solution")
    assert shown(of_solutions, CREDITS) == lines("""
        S-1  open  1  1.000000000000000000  130.00  1
        S-2  open  1  0.000000000000000000  0.00    1
    """)
    assert without.equals(AttributionSums.create_empty())


def test_nothing_at_all_is_empty_tables() -> None:
    empty = running_sums({table: table.create_empty().lazy() for table in SUMMED})
    for table, frame in changed_sums(empty, empty, empty).items():
        assert built(table, frame).equals(table.create_empty())
    assert set(empty) == set(RUNNING_SUMS)


def _of(frame: pl.LazyFrame, opportunity_id: str) -> pl.LazyFrame:
    return frame.filter(pl.col("opportunity_id") == opportunity_id)
