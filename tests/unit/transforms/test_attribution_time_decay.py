"""Time decay halves a position's weight for every 30 days that it came before the last one.

The weights are 2^(-days before the decision ÷ 30), normalised: the days from the last position to the decision, or to
the as-of day's end, are in all of them and cancel out.
"""

import pytest
from attribution_tables import of_one, sums
from histories import lines, shown


def decayed(amount: str, touches: str, part: str = "aws_mrr") -> list[list[str]]:
    return of_one(amount, touches, "time_decay", part)


def test_one_position_has_all_however_old() -> None:
    assert decayed("700.00", "A  1  2016-01-01") == lines("A  700.00")


def test_half_as_much_for_30_days() -> None:
    touches = """
        A  1  2026-03-01
        B  2  2026-03-31
    """
    # Weights 1/2 and 1, so shares 1/3 and 2/3.
    assert decayed("900.00", touches) == lines("""
        A  300.00
        B  600.00
    """)
    assert decayed("900.00", touches, "credit") == lines("""
        A  0.333333333333333333
        B  0.666666666666666667
    """)


def test_a_quarter_for_60_days() -> None:
    touches = """
        A  1  2026-01-30
        B  2  2026-03-01
        C  3  2026-03-31
    """
    # Weights 1/4, 1/2 and 1, so shares 1/7, 2/7 and 4/7.
    assert decayed("700.00", touches) == lines("""
        A  100.00
        B  200.00
        C  400.00
    """)
    # 10,000 cents: 1428 + 4/7, 2857 + 1/7, 5714 + 2/7; the cent that is left goes to A.
    assert decayed("100.00", touches) == lines("""
        A  14.29
        B  28.57
        C  57.14
    """)


def test_five_positions_of_30_days() -> None:
    touches = """
        A  1  2025-12-01
        B  2  2025-12-31
        C  3  2026-01-30
        D  4  2026-03-01
        E  5  2026-03-31
    """
    # Weights 1/16, 1/8, 1/4, 1/2 and 1: shares 1/31, 2/31, 4/31, 8/31 and 16/31.
    assert decayed("310.00", touches) == lines("""
        A  10.00
        B  20.00
        C  40.00
        D  80.00
        E  160.00
    """)


def test_15_days_weigh_the_square_root_of_a_half() -> None:
    touches = """
        A  1  2026-03-16
        B  2  2026-03-31
    """
    # Weights 707106781186547 and 10^15: 10,000 cents are 4142.13... and 5857.86...; the one that is left is B's. The
    # 10^18 units of credit are 414213562373094868.85... and 585786437626905131.14...; the one that is left is A's.
    assert decayed("100.00", touches) == lines("""
        A  41.42
        B  58.58
    """)
    assert decayed("100.00", touches, "credit") == lines("""
        A  0.414213562373094869
        B  0.585786437626905131
    """)


def test_a_microsecond_tells_positions_apart() -> None:
    touches = """
        A  1  2026-03-31 00:00:00.000001
        B  2  2026-03-31 00:00:00.000002
    """
    # Weights 999999999999732 and 10^15: the cent goes to the one with more than a half. The 10^18 units of credit are
    # 499999999999932999.9999... and 500000000000067000.0000...
    assert decayed("0.01", touches) == lines("""
        A  0.00
        B  0.01
    """)
    assert decayed("0.01", touches, "credit") == lines("""
        A  0.499999999999933000
        B  0.500000000000067000
    """)


def test_ten_years_leave_nothing() -> None:
    touches = """
        A  1  2016-03-31
        B  2  2026-03-31
    """
    # 2^-121.7 is below 10^-15, so A's weight is 0.
    assert decayed("1000000000.00", touches, "credit") == lines("""
        A  0.000000000000000000
        B  1.000000000000000000
    """)
    assert decayed("1000000000.00", touches) == lines("""
        A  0.00
        B  1000000000.00
    """)


def test_what_lies_between_is_weighed_from_the_last_position_not_from_its_neighbour() -> None:
    """B and C are both 30 days after A and B; with D ten years later nothing is left for any of them but D."""
    touches = """
        A  1  2016-01-01
        B  2  2016-01-31
        C  3  2016-03-01
        D  4  2026-03-31
    """
    assert decayed("700.00", touches) == lines("""
        A  0.00
        B  0.00
        C  0.00
        D  700.00
    """)


def test_another_opportunity_a_decade_later_changes_nothing() -> None:
    """O1 is split as if it were alone: its last position has the full weight."""
    table = sums(
        """
            O1  Prospect  900.00
            O2  Prospect  900.00
        """,
        """
            O1  solution  A  1  2016-03-01
            O1  solution  B  2  2016-03-31
            O2  solution  C  1  2026-03-01
            O2  solution  D  2  2026-03-31
            O1  channel   E  1  2026-03-31
        """,
    )
    decay = table.filter(table["model"] == "time_decay", table["dimension"] == "solution")
    assert shown(decay, "value credit aws_mrr") == lines("""
        A  0.333333333333333333  300.00
        B  0.666666666666666667  600.00
        C  0.333333333333333333  300.00
        D  0.666666666666666667  600.00
    """)


def test_values_of_one_position_share_its_weight() -> None:
    touches = """
        A  1  2026-03-01
        B  1  2026-03-01
        C  2  2026-03-31
    """
    # Positions 1/3 and 2/3 of 600; A and B have half of the first each.
    assert decayed("600.00", touches) == lines("""
        A  100.00
        B  100.00
        C  400.00
    """)


@pytest.mark.parametrize(
    ("tied", "expected"),
    [
        # Positions 1/7, 2/7 and 4/7 of 4,200: 600, 1,200 and 2,400; three values share the middle one, then the last.
        ("B  2  2026-03-01\nC  2  2026-03-01\nD  2  2026-03-01\nE  3  2026-03-31", "600 400 400 400 2400"),
        ("B  2  2026-03-01\nC  3  2026-03-31\nD  3  2026-03-31\nE  3  2026-03-31", "600 1200 800 800 800"),
    ],
)
def test_three_values_in_the_middle_or_the_last_position(tied: str, expected: str) -> None:
    parts = decayed("4200.00", f"A  1  2026-01-30\n{tied}")
    assert parts == [[value, f"{part}.00"] for value, part in zip("ABCDE", expected.split(), strict=True)]


def test_a_removed_value_is_not_the_last_position() -> None:
    """C came 30 days after B and was removed: A is 30 days before the end, not 60."""
    touches = """
        A  1  2026-01-30
        B  2  2026-03-01
        C  -  2026-03-31
    """
    assert decayed("900.00", touches) == lines("""
        A  300.00
        B  600.00
    """)


def test_the_outcome_does_not_change_the_shares() -> None:
    touches = "\n".join(
        f"{opportunity}  solution  {touch}"
        for opportunity in ("O1", "O2", "O3")
        for touch in ("A  1  2026-03-01", "B  2  2026-03-31")
    )
    table = sums("O1  Committed  900.00\nO2  Launched  900.00\nO3  Closed Lost  900.00", touches)
    decay = table.filter(table["model"] == "time_decay", table["dimension"] == "solution")
    assert shown(decay, "value outcome aws_mrr") == lines("""
        A  lost  300.00
        A  open  300.00
        A  won   300.00
        B  lost  600.00
        B  open  600.00
        B  won   600.00
    """)
