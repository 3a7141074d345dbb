"""What the parts of several opportunities add up to."""

import polars as pl
import pytest
from attribution_tables import opportunities, sums, touches
from histories import Lines, built, lines, shown

from transforms.attribution_sums import MODELS, AttributionSums, attribution_sums
from transforms.opportunities import Opportunities
from transforms.touches import DIMENSIONS, Touches

OPPORTUNITIES = """
    O1  Committed    100.00  1200.00  -
    O2  Qualified    50.00   -        -
    O3  Launched     200.00  2400.00  720.00
    O4  Closed Lost  -       -        80.00
    O5  -            999.00  999.00   999.00
"""
TOUCHES = """
    O1  solution  S-1  1  2026-03-01
    O1  solution  S-2  2  2026-03-31
    O2  solution  S-1  1  2026-03-01
    O3  solution  S-1  1  2026-03-01
    O3  solution  S-2  1  2026-03-01
    O3  solution  S-3  -  2026-03-09
    O4  solution  S-2  1  2026-03-01
    O4  solution  S-3  2  2026-03-31
    O5  solution  S-4  1  2026-03-01
"""


def of_model(table: pl.DataFrame, model: str, dimension: str = "solution") -> pl.DataFrame:
    return table.filter(table["model"] == model, table["dimension"] == dimension)


def credited(table: pl.DataFrame, model: str, dimension: str = "solution") -> Lines:
    return shown(of_model(table, model, dimension), "value outcome touched credit aws_mrr aws_tcv software_tcv")


def test_linear() -> None:
    # S-1: half of O1's 100 and all of O2's 50. Won are halves of O3; lost are halves of O4, whose MRR is unknown.
    assert credited(sums(OPPORTUNITIES, TOUCHES), "linear") == lines("""
        S-1  open  2  1.500000000000000000  100.00  600.00   0.00
        S-1  won   1  0.500000000000000000  100.00  1200.00  360.00
        S-2  lost  1  0.500000000000000000  0.00    0.00     40.00
        S-2  open  1  0.500000000000000000  50.00   600.00   0.00
        S-2  won   1  0.500000000000000000  100.00  1200.00  360.00
        S-3  lost  1  0.500000000000000000  0.00    0.00     40.00
    """)


def test_first_touch_keeps_rows_without_credit() -> None:
    assert credited(sums(OPPORTUNITIES, TOUCHES), "first_touch") == lines("""
        S-1  open  2  2.000000000000000000  150.00  1200.00  0.00
        S-1  won   1  0.500000000000000000  100.00  1200.00  360.00
        S-2  lost  1  1.000000000000000000  0.00    0.00     80.00
        S-2  open  1  0.000000000000000000  0.00    0.00     0.00
        S-2  won   1  0.500000000000000000  100.00  1200.00  360.00
        S-3  lost  1  0.000000000000000000  0.00    0.00     0.00
    """)


def test_last_touch_keeps_rows_without_credit() -> None:
    assert credited(sums(OPPORTUNITIES, TOUCHES), "last_touch") == lines("""
        S-1  open  2  1.000000000000000000  50.00   0.00     0.00
        S-1  won   1  0.500000000000000000  100.00  1200.00  360.00
        S-2  lost  1  0.000000000000000000  0.00    0.00     0.00
        S-2  open  1  1.000000000000000000  100.00  1200.00  0.00
        S-2  won   1  0.500000000000000000  100.00  1200.00  360.00
        S-3  lost  1  1.000000000000000000  0.00    0.00     80.00
    """)


def test_position_based_of_two_is_linear() -> None:
    table = sums(OPPORTUNITIES, TOUCHES)
    assert credited(table, "position_based") == credited(table, "linear")


def test_time_decay() -> None:
    # O1: 1/3 and 2/3 of 100 and of 1,200. O4: 1/3 and 2/3 of 80: 2666 + 2/3 and 5333 + 1/3 cents.
    assert credited(sums(OPPORTUNITIES, TOUCHES), "time_decay") == lines("""
        S-1  open  2  1.333333333333333333  83.33   400.00   0.00
        S-1  won   1  0.500000000000000000  100.00  1200.00  360.00
        S-2  lost  1  0.333333333333333333  0.00    0.00     26.67
        S-2  open  1  0.666666666666666667  66.67   800.00   0.00
        S-2  won   1  0.500000000000000000  100.00  1200.00  360.00
        S-3  lost  1  0.666666666666666667  0.00    0.00     53.33
    """)


def test_it_is_counted_of_how_many_each_amount_is_known() -> None:
    """Also where the value got nothing of it: S-2, of the open O1, by first touch."""
    counts = "value outcome touched known_aws_mrr known_aws_tcv known_software_tcv"
    for model in MODELS:
        assert shown(of_model(sums(OPPORTUNITIES, TOUCHES), model), counts) == lines("""
            S-1  open  2  2  1  0
            S-1  won   1  1  1  1
            S-2  lost  1  0  0  1
            S-2  open  1  1  1  0
            S-2  won   1  1  1  1
            S-3  lost  1  0  0  1
        """)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("dimension", sorted(set(DIMENSIONS) - {"solution"}))
def test_a_dimension_without_values_is_none(model: str, dimension: str) -> None:
    # Open: 100 + 50 of MRR. O5's stage is unknown: it has no outcome, and is left out.
    assert credited(sums(OPPORTUNITIES, TOUCHES), model, dimension) == lines("""
        (none)  lost  1  1.000000000000000000  0.00    0.00     80.00
        (none)  open  2  2.000000000000000000  150.00  1200.00  0.00
        (none)  won   1  1.000000000000000000  200.00  2400.00  720.00
    """)


def test_none_stands_beside_values() -> None:
    """O1 has a campaign, O2 had one, O3 never had any."""
    table = sums(
        """
            O1  Prospect  100.00
            O2  Prospect  50.00
            O3  Prospect  7.00
        """,
        """
            O1  campaign  Spring  1
            O2  campaign  Spring  -
        """,
    )
    assert shown(of_model(table, "linear", "campaign"), "value touched credit aws_mrr") == lines("""
        (none)  2  2.000000000000000000  57.00
        Spring  1  1.000000000000000000  100.00
    """)


def test_each_dimension_has_positions_of_its_own() -> None:
    table = sums(
        "O1  Prospect  100.00",
        """
            O1  campaign  Spring  1
            O1  channel   Email   1
            O1  channel   Social  2
        """,
    )
    assert shown(table.filter(table["model"] == "last_touch"), "dimension value aws_mrr") == lines("""
        apn_program   (none)  100.00
        aws_product   (none)  100.00
        campaign      Spring  100.00
        channel       Email   0.00
        channel       Social  100.00
        partner_need  (none)  100.00
        solution      (none)  100.00
    """)


@pytest.mark.parametrize(
    ("stage", "outcome"),
    [
        ("Prospect", "open"),
        ("Qualified", "open"),
        ("Technical Validation", "open"),
        ("Business Validation", "open"),
        ("Committed", "open"),
        ("Launched", "won"),
        ("Closed Lost", "lost"),
    ],
)
def test_the_stage_decides_the_outcome(stage: str, outcome: str) -> None:
    table = sums(f"O1  {stage}  100.00", "O1  campaign  Spring  1")
    assert table["outcome"].unique().to_list() == [outcome]


def test_every_opportunity_is_split_on_its_own_before_the_sum() -> None:
    """A cent of each of three opportunities, over two values: A has all three of them, not one and a half."""
    table = sums(
        "\n".join(f"O{number}  Prospect  0.01" for number in range(1, 4)),
        "\n".join(f"O{number}  campaign  {value}  1" for number in range(1, 4) for value in "AB"),
    )
    assert shown(of_model(table, "linear", "campaign"), "value credit aws_mrr") == lines("""
        A  1.500000000000000000  0.03
        B  1.500000000000000000  0.00
    """)


def test_the_parts_add_up_to_the_whole() -> None:
    table = sums(OPPORTUNITIES, TOUCHES)
    whole = table.group_by("model", "dimension", "outcome").agg(
        pl.col("credit", "aws_mrr", "aws_tcv", "software_tcv").sum()
    )
    assert whole.height == 5 * 6 * 3
    amounts = whole.select(pl.exclude("model", "dimension")).unique().sort("outcome")
    assert shown(amounts) == lines("""
        lost  1.000000000000000000  0.00    0.00     80.00
        open  2.000000000000000000  150.00  1200.00  0.00
        won   1.000000000000000000  200.00  2400.00  720.00
    """)


def test_the_order_of_rows_is_irrelevant() -> None:
    turned = attribution_sums(touches(TOUCHES).reverse(), opportunities(OPPORTUNITIES).reverse())
    assert built(AttributionSums, turned).equals(sums(OPPORTUNITIES, TOUCHES))


def test_rows_stand_in_the_order_of_their_key() -> None:
    table = sums(OPPORTUNITIES, TOUCHES).select("model", "dimension", "value", "outcome")
    assert table.rows() == sorted(table.rows())


def test_nothing_at_all_is_an_empty_table() -> None:
    empty = attribution_sums(Touches.create_empty().lazy(), Opportunities.create_empty().lazy())
    assert built(AttributionSums, empty).equals(AttributionSums.create_empty())


def test_opportunities_of_unknown_stage_alone_are_an_empty_table() -> None:
    assert sums("O1  -  100.00", "O1  campaign  Spring  1").equals(AttributionSums.create_empty())
