"""The weights of time decay are whole numbers, which every machine must reproduce to the last digit."""

from decimal import Decimal, localcontext

import polars as pl
import pytest

from transforms.time_decay import decay_weight

SECOND = 1_000_000  # microseconds
HOUR = 3600 * SECOND
DAY = 24 * HOUR
SPREAD_AGES = range(0, 60 * DAY, 5_180_000_033)  # over two half-lives, with hours to microseconds of every size
UNITS = ((HOUR, 720), (SECOND, 3600), (1000, 1000), (1, 1000))


def weights(*ages: int) -> list[int]:
    return pl.Series(ages, dtype=pl.Int64).to_frame("age").select(decay_weight(pl.col("age"))).to_series().to_list()


@pytest.mark.parametrize(
    ("age", "weight"),
    [
        (0, 1_000_000_000_000_000),
        (30 * DAY, 500_000_000_000_000),
        (60 * DAY, 250_000_000_000_000),
        (90 * DAY, 125_000_000_000_000),
        (300 * DAY, 976_562_500_000),  # 10^15 ÷ 2^10, exactly
        (330 * DAY, 488_281_250_000),
        (1350 * DAY, 28),  # 10^15 ÷ 2^45 = 28.42
        (1470 * DAY, 1),  # 10^15 ÷ 2^49 = 1.78
        (1500 * DAY, 0),  # 10^15 ÷ 2^50 = 0.89
    ],
)
def test_a_half_life_halves(age: int, weight: int) -> None:
    assert weights(age) == [weight]


@pytest.mark.parametrize(
    ("age", "weight"),
    [
        (1, 999_999_999_999_732),  # 10^15 * (1 - ln 2 ÷ 2,592 * 10^9) = ...732.58
        (2, 999_999_999_999_465),
        (1000, 999_999_999_732_582),
        (SECOND, 999_999_732_582_142),
        (HOUR, 999_037_758_833_783),
        (DAY, 977_159_968_434_245),
        (7 * DAY, 850_667_160_950_855),
        (10 * DAY, 793_700_525_984_099),  # the cube root of 1 ÷ 2
        (15 * DAY, 707_106_781_186_547),  # its square root
        (20 * DAY, 629_960_524_947_436),  # the cube root of 1 ÷ 4
        (45 * DAY, 353_553_390_593_273),  # half that of 15 days
        (365 * DAY, 217_504_569_858),
    ],
)
def test_between_half_lives_it_is_a_power_of_two_rounded_down(age: int, weight: int) -> None:
    assert weights(age) == [weight]


def test_a_microsecond_counts_on_either_side_of_a_half_life() -> None:
    assert weights(30 * DAY - 1, 30 * DAY, 30 * DAY + 1) == [
        500_000_000_000_133,
        500_000_000_000_000,
        499_999_999_999_866,
    ]


def test_the_oldest_ages_weigh_nothing() -> None:
    """Ten years; the oldest instants that a calendar of four digits can be apart; the largest age there is."""
    assert weights(3653 * DAY, 3_652_059 * DAY, 2**63 - 1) == [0, 0, 0]


def test_an_age_of_every_unit_is_the_product_of_its_units() -> None:
    """Each factor is 10^18 * 2^(-units ÷ 30 days), rounded down; each product is divided by 10^18 and rounded down."""
    # 45 days less a microsecond are a half-life, 359 hours, 3,599 seconds, 999 milliseconds and 999 microseconds:
    #   707787843786786863 * 999038025994392338 = 707106970279578877 * 10^18 + ...
    #                      * 999999732849559843 = 707106781375640528 * 10^18 + ...
    #                      * 999999999732849524 = 707106781186736614 * 10^18 + ..., half of it 353553390593368307
    assert weights(45 * DAY - 1) == [353_553_390_593_368]


def test_it_is_rounded_down_at_every_step() -> None:
    # 10^15 * 2^(-age ÷ 30 days) is 995196979543464.00003, but the product of the rounded factors 995196979543463997.
    assert weights(5 * HOUR + 4 * SECOND + 1001) == [995_196_979_543_463]


@pytest.mark.parametrize(
    ("unit", "count", "checksum"),
    [
        (HOUR, 720, 519_620_254_832_709_909),
        (SECOND, 3600, 3_598_268_169_115_270_761),
        (1000, 1000, 999_999_866_424_773_481),
        (1, 1000, 999_999_999_866_424_262),
    ],
)
def test_the_weights_of_every_unit_add_up_to_a_known_number(unit: int, count: int, checksum: int) -> None:
    """Of a unit alone, the weight is its table's entry ÷ 1,000, rounded down."""
    assert sum(weights(*range(0, unit * count, unit))) == checksum


@pytest.mark.parametrize(("unit", "count"), UNITS)
def test_every_weight_of_a_unit_is_that_of_slow_decimals(unit: int, count: int) -> None:
    ages = range(0, unit * count, unit)
    with localcontext(prec=80):
        exact = [10**15 * Decimal(2) ** (Decimal(-age) / (30 * DAY)) for age in ages]
    assert weights(*ages) == [int(weight) for weight in exact]


def test_the_weights_of_ages_of_all_units_add_up_to_a_known_number() -> None:
    found = weights(*SPREAD_AGES)
    assert (len(found), sum(found)) == (1001, 541_860_474_158_948_755)


def test_a_weight_is_at_most_1_01_below_the_power_of_two() -> None:
    with localcontext(prec=80):
        exact = [10**15 * Decimal(2) ** (Decimal(-age) / (30 * DAY)) for age in SPREAD_AGES]
    below = [whole - weight for whole, weight in zip(exact, weights(*SPREAD_AGES), strict=True)]
    assert min(below) >= 0
    assert max(below) <= Decimal("1.01")


def test_an_older_age_never_weighs_more() -> None:
    around = [whole + step for whole in (HOUR, DAY, 15 * DAY, 30 * DAY, 60 * DAY) for step in (-1000, -1, 0, 1, 1000)]
    found = weights(*around)
    assert found == sorted(found, reverse=True)


def test_an_unknown_age_has_no_weight() -> None:
    frame = pl.DataFrame({"age": [None, 0]}, {"age": pl.Int64})
    assert frame.select(decay_weight(pl.col("age"))).to_series().to_list() == [None, 10**15]
