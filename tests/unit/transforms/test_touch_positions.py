"""Which values are current, and the positions of these."""

from histories import lines, shown
from touch_tables import rows, touched


def test_a_snapshot_after_the_last_version_makes_no_value_current() -> None:
    """Nor does it take one away."""
    table = touched("""
        O1  2026-03-01  version   solution S-1
        O1  2026-03-05  snapshot  solution S-2
    """)
    assert rows(table) == lines("""
        S-1  2026-03-01 00:00  True   1
        S-2  2026-03-05 00:00  False  -
    """)


def test_a_removed_value_has_no_position_and_leaves_no_gap() -> None:
    table = touched("""
        O1  2026-03-01  version  solution S-1
        O1  2026-03-05  version  solution S-1  solution S-2
        O1  2026-03-09  version  solution S-1  solution S-3
    """)
    assert rows(table) == lines("""
        S-1  2026-03-01 00:00  True   1
        S-2  2026-03-05 00:00  False  -
        S-3  2026-03-09 00:00  True   2
    """)


def test_a_removed_first_value_leaves_the_first_position_to_the_next() -> None:
    table = touched("""
        O1  2026-03-01  version  solution S-1
        O1  2026-03-05  version  solution S-2
    """)
    assert rows(table) == lines("""
        S-1  2026-03-01 00:00  False  -
        S-2  2026-03-05 00:00  True   1
    """)


def test_where_all_values_were_removed_none_has_a_position() -> None:
    table = touched("""
        O1  2026-03-01  version  solution S-1  solution S-2
        O1  2026-03-05  version
    """)
    assert rows(table) == lines("""
        S-1  2026-03-01 00:00  False  -
        S-2  2026-03-01 00:00  False  -
    """)


def test_values_first_seen_at_one_instant_share_a_position() -> None:
    """S-3 and S-4 too, although one was seen by a version and the other by a snapshot; S-5 came a microsecond later."""
    table = touched("""
        O1  2026-03-01                  version   solution S-2  solution S-1
        O1  2026-03-05 00:00:00.000001  version   solution S-3
        O1  2026-03-05 00:00:00.000001  snapshot  solution S-4
        O1  2026-03-05 00:00:00.000002  snapshot  solution S-5
        O1  2026-03-09                  version   solution S-1  solution S-2  solution S-3  solution S-4  solution S-5
    """)
    assert rows(table) == lines("""
        S-1  2026-03-01 00:00            True  1
        S-2  2026-03-01 00:00            True  1
        S-3  2026-03-05 00:00:00.000001  True  2
        S-4  2026-03-05 00:00:00.000001  True  2
        S-5  2026-03-05 00:00:00.000002  True  3
    """)


def test_a_removed_value_of_the_same_instant_takes_no_part_in_the_position() -> None:
    table = touched("""
        O1  2026-03-01  version  solution S-1  solution S-2
        O1  2026-03-05  version  solution S-3  solution S-4
        O1  2026-03-09  version  solution S-1  solution S-3
    """)
    assert rows(table) == lines("""
        S-1  2026-03-01 00:00  True   1
        S-2  2026-03-01 00:00  False  -
        S-3  2026-03-05 00:00  True   2
        S-4  2026-03-05 00:00  False  -
    """)


def test_positions_are_counted_by_opportunity_and_dimension() -> None:
    table = touched("""
        O1  2026-03-01  version  solution S-1
        O1  2026-03-05  version  solution S-1  solution S-2  aws_product EC2
        O2  2026-03-01  version
        O2  2026-03-05  version  solution S-1
    """)
    assert shown(table) == lines("""
        O1  aws_product  EC2  2026-03-05 00:00  True  1
        O1  solution     S-1  2026-03-01 00:00  True  1
        O1  solution     S-2  2026-03-05 00:00  True  2
        O2  solution     S-1  2026-03-05 00:00  True  1
    """)


def test_of_versions_of_one_instant_the_last_by_key_is_current() -> None:
    """It is the one in marts.opportunities; all of them were seen."""
    records = """
        O1  2026-03-01  version  solution S-1
        O1  2026-03-01  version  solution S-2
    """
    assert rows(touched(records)) == lines("""
        S-1  2026-03-01 00:00  False  -
        S-2  2026-03-01 00:00  True   1
    """)
    assert touched(records, in_reverse=True).equals(touched(records))
