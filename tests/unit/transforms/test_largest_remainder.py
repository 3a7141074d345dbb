"""Splitting whole numbers. A line is the group, the weight of the row's position, the sum of the weights of all
positions of the group, how many rows share the position, and the whole; `-` is unknown."""

from fractions import Fraction

import polars as pl
import pytest
from histories import lines

from transforms.largest_remainder import split, split_equally

COLUMNS = ("group", "weight", "total", "tied", "whole")
EQUAL = dict.fromkeys(("whole", "tied", "turn"), pl.Int128)


def frame(text: str) -> pl.LazyFrame:
    rows = [[None if cell == "-" else int(cell) for cell in line] for line in lines(text)]
    return pl.LazyFrame(rows, dict.fromkeys(COLUMNS, pl.Int128), orient="row")


def parts(text: str) -> list[int | None]:
    return split(frame(text), ["whole"], "group").collect()["whole"].to_list()


def test_what_divides_is_divided() -> None:
    assert parts("""
        1  1  4  1  100
        1  3  4  1  100
    """) == [25, 75]


def test_the_largest_remainder_has_what_is_left() -> None:
    # 10 * 1/7 = 1 + 3/7, 10 * 2/7 = 2 + 6/7, 10 * 4/7 = 5 + 5/7: 8, and two are left for the second and the third.
    assert parts("""
        1  1  7  1  10
        1  2  7  1  10
        1  4  7  1  10
    """) == [1, 3, 6]


@pytest.mark.parametrize(
    ("whole", "expected"),
    [(0, [0, 0, 0]), (1, [1, 0, 0]), (2, [1, 1, 0]), (3, [1, 1, 1]), (4, [2, 1, 1]), (10_000, [3334, 3333, 3333])],
)
def test_equal_remainders_stand_in_the_order_of_the_rows(whole: int, expected: list[int]) -> None:
    assert parts("\n".join([f"1  1  3  1  {whole}"] * 3)) == expected


def test_rows_that_share_a_position_share_its_weight() -> None:
    # Shares 1/4, 1/4 and 1/2 of 7: 1 + 3/4, 1 + 3/4, 3 + 1/2.
    assert parts("""
        1  1  2  2  7
        1  1  2  2  7
        1  1  2  1  7
    """) == [2, 2, 3]


def test_remainders_of_different_denominators_are_told_apart() -> None:
    # Shares 1/6 twice, 1/9 three times and 1/3, of 5: 5/6, 5/6, 5/9, 5/9, 5/9, 1 + 2/3. Four are left: for 5/6 twice,
    # for 2/3, and for the first of 5/9.
    assert parts("""
        1  1  3  2  5
        1  1  3  2  5
        1  1  3  3  5
        1  1  3  3  5
        1  1  3  3  5
        1  1  3  1  5
    """) == [1, 1, 1, 0, 0, 2]


def test_remainders_that_are_nearly_equal_are_told_apart() -> None:
    """As many rows as may share a position: of 1, 10,000 rows have 1/20,000 each and 9,999 have 1/19,998 each. One of
    the latter has it, though they stand after the others."""
    found = parts("\n".join(["1  1  2  10000  1"] * 10_000 + ["1  1  2  9999  1"] * 9_999))
    assert [row for row, part in enumerate(found) if part] == [10_000]


def test_a_row_without_weight_has_nothing() -> None:
    # Half of 3 each for the first two: 1 + 1/2, and the one that is left is the first one's.
    assert parts("""
        1  1  1  2  3
        1  1  1  2  3
        1  0  1  1  3
    """) == [2, 1, 0]


def test_groups_are_split_on_their_own() -> None:
    assert parts("""
        1  1  2  1  1
        1  1  2  1  1
        2  1  1  1  7
        3  1  2  1  9
        3  1  2  1  9
    """) == [1, 0, 7, 5, 4]


def test_what_is_unknown_stays_unknown() -> None:
    assert parts("""
        1  1  2  1  -
        1  1  2  1  -
        2  1  2  1  5
        2  1  2  1  5
    """) == [None, None, 3, 2]


def test_amounts_are_split_on_their_own_and_all_else_stays() -> None:
    text = """
        1  1  3  1  1
        1  2  3  1  1
    """
    rows = frame(text).with_columns(other=pl.lit(10, pl.Int128), name=pl.Series(["A", "B"]))
    table = split(rows, ["whole", "other"], "group").collect()
    assert table.columns == [*COLUMNS, "other", "name"]
    # 1/3 and 2/3 of 1, and of 10: 3 + 1/3 and 6 + 2/3.
    assert table.select("name", "weight", "whole", "other").rows() == [("A", 1, 0, 3), ("B", 2, 1, 7)]


@pytest.mark.parametrize("whole", [10**38 - 1, 10**38 - 2, 10**38 - 3])
def test_the_largest_amounts_by_the_largest_weights(whole: int) -> None:
    """Weights of 10^15 for each of 100 positions, and for the last one that is halved: no product may overflow."""
    total = 10**15 * 99 + 5 * 10**14
    weights = [10**15] * 99 + [5 * 10**14]
    found = parts("\n".join(f"1  {weight}  {total}  1  {whole}" for weight in weights))
    exact = [whole * Fraction(weight, total) for weight in weights]
    assert sum(found) == whole
    assert all(0 <= part - int(share) <= 1 for part, share in zip(found, exact, strict=True))


@pytest.mark.parametrize(
    ("whole", "expected"),
    [(0, [0, 0, 0]), (1, [1, 0, 0]), (2, [1, 1, 0]), (3, [1, 1, 1]), (10_000, [3334, 3333, 3333]), (None, [None] * 3)],
)
def test_equal_parts_are_larger_for_the_first_turns(whole: int | None, expected: list[int | None]) -> None:
    rows = pl.LazyFrame({"whole": [whole] * 3, "tied": [3] * 3, "turn": [0, 1, 2]}, schema_overrides=EQUAL)
    assert split_equally(rows, ["whole"]).collect()["whole"].to_list() == expected
    assert split_equally(rows.reverse(), ["whole"]).collect()["whole"].to_list() == expected[::-1]


def test_equal_parts_are_those_of_equal_weights() -> None:
    """10^38 - 2 over three; each of the two groups is split on its own."""
    text = f"""
        1  1  1  3  {10**38 - 2}
        1  1  1  3  {10**38 - 2}
        1  1  1  3  {10**38 - 2}
        2  1  1  2  7
        2  1  1  2  7
    """
    turns = frame(text).with_columns(turn=pl.Series([0, 1, 2, 0, 1], dtype=pl.Int128))
    third = int("3" * 38)
    assert parts(text) == [third, third, third - 1, 4, 3]
    assert split_equally(turns, ["whole"]).collect()["whole"].to_list() == parts(text)


def test_a_part_that_needs_every_digit() -> None:
    # 1/3 of 10^38 - 1 is 33...3 exactly, and twice that is the rest.
    assert parts(f"""
        1  500000000000000   1500000000000000  1  {10**38 - 1}
        1  1000000000000000  1500000000000000  1  {10**38 - 1}
    """) == [int("3" * 38), int("6" * 38)]
