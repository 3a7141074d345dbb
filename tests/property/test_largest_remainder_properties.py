"""A whole is split without loss, and no part strays from its share by a unit."""

import random
from collections.abc import Sequence
from fractions import Fraction

import plain_attribution
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.largest_remainder import split, split_equally

WHOLE = pl.Int128()
wholes = st.integers(0, 20) | st.integers(0, 10**18) | st.integers(0, 10**36)
weights = st.integers(1, 4) | st.integers(1, 10**15)


@st.composite
def rows_of_a_group(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Weight, total and tied of each row, as positions of up to seven values each give them; a position may weigh
    nothing."""
    positions = draw(st.lists(st.tuples(weights, st.integers(1, 7)), min_size=1, max_size=6))
    if draw(st.booleans()):
        positions.append((0, draw(st.integers(1, 7))))
    total = sum(weight for weight, _ in positions)
    rows = [(weight, total, tied) for weight, tied in positions for _ in range(tied)]
    return draw(st.permutations(rows))


def split_alone(whole: int | None, rows: Sequence[tuple[int, int, int]]) -> list[int | None]:
    return split_all([whole], [rows])[0]


def split_all(
    amounts: Sequence[int | None], groups: Sequence[Sequence[tuple[int, int, int]]]
) -> list[list[int | None]]:
    """The parts of each group, split in one frame."""
    names = ("group", "amount", "weight", "total", "tied")
    rows = [(number, amount, *row) for number, amount in enumerate(amounts) for row in groups[number]]
    frame = pl.LazyFrame(rows, {"group": pl.Int64(), **dict.fromkeys(names[1:], WHOLE)}, orient="row")
    parts = split(frame, ["amount"], "group").collect()
    return [part["amount"].to_list() for part in parts.partition_by("group", maintain_order=True)]


def shares(rows: Sequence[tuple[int, int, int]]) -> list[Fraction]:
    return [Fraction(weight, total * tied) for weight, total, tied in rows]


@settings(max_examples=400)
@given(wholes, rows_of_a_group())
def test_parts_add_up_to_the_whole_and_stay_within_a_unit_of_their_share(
    whole: int, rows: list[tuple[int, int, int]]
) -> None:
    parts = split_alone(whole, rows)
    assert sum(parts) == whole
    for part, share in zip(parts, shares(rows), strict=True):
        assert abs(part - whole * share) < 1


@settings(max_examples=300)
@given(wholes, rows_of_a_group())
def test_of_equal_shares_the_earlier_never_gets_less_and_none_gets_two_more(
    whole: int, rows: list[tuple[int, int, int]]
) -> None:
    by_share: dict[Fraction, list[int]] = {}
    for part, share in zip(split_alone(whole, rows), shares(rows), strict=True):
        by_share.setdefault(share, []).append(part)
    for parts in by_share.values():
        assert parts == sorted(parts, reverse=True)
        assert parts[0] - parts[-1] <= 1


@settings(max_examples=300)
@given(wholes, rows_of_a_group())
def test_it_agrees_with_splitting_by_hand(whole: int, rows: list[tuple[int, int, int]]) -> None:
    by_hand = plain_attribution.split(whole, dict(enumerate(shares(rows))))
    assert split_alone(whole, rows) == [by_hand[place] for place in range(len(rows))]


@settings(max_examples=200)
@given(st.lists(wholes | st.none(), min_size=1, max_size=4), st.integers(1, 9), st.randoms(use_true_random=False))
def test_equal_parts_are_those_of_equal_weights(amounts: list[int | None], tied: int, shuffler: random.Random) -> None:
    """The first ones are the larger ones, in whatever order the rows come."""
    rows = [(amount, tied, turn) for amount in amounts for turn in range(tied)]
    shuffler.shuffle(rows)
    columns = dict.fromkeys(("amount", "tied", "turn"), WHOLE)
    parts = split_equally(pl.LazyFrame(rows, columns, orient="row"), ["amount"]).collect()["amount"]
    for (amount, _, turn), part in zip(rows, parts, strict=True):
        by_weight = split_alone(amount, [(1, 1, tied)] * tied)
        assert part == by_weight[turn]


@settings(max_examples=100)
@given(st.lists(st.tuples(wholes | st.none(), rows_of_a_group()), min_size=1, max_size=4))
def test_groups_are_split_as_if_alone_and_the_unknown_stays_unknown(
    groups: list[tuple[int | None, list[tuple[int, int, int]]]],
) -> None:
    together = split_all([whole for whole, _ in groups], [rows for _, rows in groups])
    assert together == [split_alone(whole, rows) for whole, rows in groups]
    assert [set(parts) == {None} for parts in together] == [whole is None for whole, _ in groups]
