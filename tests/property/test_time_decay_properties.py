"""The weights of time decay fall with age, halve every thirty days, and are what their description says."""

from decimal import Decimal, localcontext

import plain_attribution
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.time_decay import decay_weight

DAY = 86_400_000_000  # microseconds
HALF_LIFE = 30 * DAY
EDGES = [unit + step for unit in (1000, 10**6, 3600 * 10**6, DAY, HALF_LIFE, 50 * HALF_LIFE) for step in (-1, 0, 1)]

ages = st.one_of(
    st.sampled_from([0, 1, *EDGES]),
    st.integers(0, DAY),
    st.integers(0, 20 * HALF_LIFE),
    st.integers(0, 70 * HALF_LIFE),
    st.integers(0, 2000 * HALF_LIFE),
)
many_ages = st.lists(ages, min_size=1, max_size=50)


def weights_of(ages: list[int]) -> list[int]:
    frame = pl.DataFrame({"age": ages}, {"age": pl.Int64})
    return frame.select(decay_weight(pl.col("age"))).to_series().to_list()


def exact_weight(age: int) -> Decimal:
    """10^15 * 2^(-age ÷ 30 days) to sixty digits."""
    with localcontext(prec=60):
        return Decimal(10) ** 15 * Decimal(2) ** (Decimal(-age) / HALF_LIFE)


@settings(max_examples=200)
@given(many_ages)
def test_weights_are_at_most_the_exact_power_and_at_most_101_hundredths_below(ages: list[int]) -> None:
    with localcontext(prec=60):
        for age, weight in zip(ages, weights_of(ages), strict=True):
            assert 0 <= exact_weight(age) - weight < Decimal("1.01")


@settings(max_examples=200)
@given(many_ages)
def test_they_are_made_as_described(ages: list[int]) -> None:
    assert weights_of(ages) == [plain_attribution.decay_weight(age) for age in ages]


def test_every_entry_of_the_tables_is_used_as_described() -> None:
    """All 720 hours, 3,600 seconds, 1,000 milliseconds and 1,000 microseconds."""
    units = ((3600 * 10**6, 720), (10**6, 3600), (1000, 1000), (1, 1000))
    ages = [unit * count for unit, counts in units for count in range(counts)]
    assert weights_of(ages) == [plain_attribution.decay_weight(age) for age in ages]


@settings(max_examples=200)
@given(many_ages)
def test_what_is_older_never_weighs_more(ages: list[int]) -> None:
    ordered = sorted(ages)
    weights = weights_of(ordered)
    assert weights == sorted(weights, reverse=True)


@settings(max_examples=200)
@given(ages, st.integers(1, 60))
def test_they_halve_every_thirty_days(age: int, half_lives: int) -> None:
    now, later = weights_of([age, age + half_lives * HALF_LIFE])
    assert later == now // 2**half_lives
    assert weights_of([0, half_lives * HALF_LIFE]) == [10**15, 10**15 >> half_lives]
