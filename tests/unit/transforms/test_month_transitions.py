from histories import built, histories, lines, shown

from transforms.month_ends import MonthEnds
from transforms.month_transitions import MonthTransitions, month_transitions

KEY = "month opening_stage closing_stage is_moved opportunities"
MOVES = f"{KEY} opening_aws_mrr increased_aws_mrr decreased_aws_mrr closing_aws_mrr"

HISTORY = """
    O1  2026-03-02  created
    O1  2026-03-02  version  Prospect   100.00
    O1  2026-04-02  version  Prospect   130.00
    O2  2026-03-02  created
    O2  2026-03-02  version  Prospect   50.00
    O2  2026-04-02  version  Prospect   40.00
    O3  2026-03-02  created
    O3  2026-04-02  version  Qualified  7.00
"""


def test_opportunities_that_went_the_same_way_are_one_row() -> None:
    table = built(MonthTransitions, histories(HISTORY).transitions)
    assert shown(table, MOVES) == lines("""
        2026-03-01  -           Prospect    True   2  0.00    150.00  0.00   150.00
        2026-03-01  -           unobserved  False  1  0.00    0.00    0.00   0.00
        2026-04-01  Prospect    Prospect    False  2  150.00  30.00   10.00  170.00
        2026-04-01  unobserved  Qualified   True   1  0.00    7.00    0.00   7.00
    """)


def test_known_amounts_are_summed_and_counted() -> None:
    world = histories("""
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect  100.00  1200.00  -        720.00
        O1  2026-04-02  version  Prospect  -       -        2400.00  720.00
        O2  2026-03-02  created
        O2  2026-03-02  version  Prospect  -       -        600.00   80.00
        O2  2026-04-02  version  Prospect  10.00   -        600.00   -
    """)
    table = built(MonthTransitions, world.transitions)
    opening = [name for name in table.columns if name.startswith("opening_") and name != "opening_stage"]
    closing = [name for name in table.columns if name.startswith("closing_") and name != "closing_stage"]
    # aws_mrr, aws_tcv, deal_tcv, software_tcv, and of how many opportunities each of them is known
    assert shown(table, " ".join(opening)) == lines("""
        0.00    0.00     0.00    0.00    0  0  0  0
        100.00  1200.00  600.00  800.00  1  1  1  2
    """)
    assert shown(table, " ".join(closing)) == lines("""
        100.00  1200.00  600.00   800.00  1  1  1  2
        10.00   0.00     3000.00  720.00  1  0  2  1
    """)


def test_the_order_of_rows_is_irrelevant() -> None:
    world = histories(HISTORY)
    assert world.reversed().transitions.collect().equals(world.transitions.collect())


def test_nothing_at_all_is_an_empty_table() -> None:
    empty = month_transitions(MonthEnds.create_empty().lazy())
    assert built(MonthTransitions, empty).equals(MonthTransitions.create_empty())
