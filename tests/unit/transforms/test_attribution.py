"""The published table, of the sums."""

from attribution_tables import sums
from histories import Lines, built, lines, shown

from transforms.attribution import Attribution, attribution
from transforms.attribution_sums import AttributionSums


def attributed(opportunities: str, touches: str) -> Lines:
    """The rows of dimension `campaign`, all models but linear left out."""
    table = built(Attribution, attribution(sums(opportunities, touches).lazy()))
    return shown(table.filter(table["model"] == "linear", table["dimension"] == "campaign"))


def test_every_column() -> None:
    assert attributed("O1  Launched  100.00  1200.00  720.00", "O1  campaign  Spring  1") == lines("""
        linear  campaign  Spring  won  1.0  100.00  1200.00  720.00
    """)


def test_opportunities_are_the_sum_of_the_credit() -> None:
    opportunities = """
        O1  Prospect  100.00
        O2  Prospect  50.00
        O3  Prospect  30.00
    """
    touches = """
        O1  campaign  A  1
        O2  campaign  A  1
        O2  campaign  B  2
        O3  campaign  A  1
        O3  campaign  B  2
        O3  campaign  C  3
    """
    # A: 1 + 1/2 + 1/3 = 11/6, B: 1/2 + 1/3 = 5/6. A's money: 100 + 25 + 10.
    assert attributed(opportunities, touches) == lines("""
        linear  campaign  A  open  1.8333333333333333  135.00  -  -
        linear  campaign  B  open  0.8333333333333334  35.00   -  -
        linear  campaign  C  open  0.3333333333333333  10.00   -  -
    """)


def test_an_amount_that_is_known_of_none_is_unknown() -> None:
    """O1's is known and O2's is not; where it is known, of O3, it is 0."""
    opportunities = """
        O1  Prospect  100.00
        O2  Prospect  -
        O3  Prospect  0.00
    """
    touches = """
        O1  campaign  A  1
        O2  campaign  A  1
        O2  campaign  B  2
        O3  campaign  C  1
    """
    assert attributed(opportunities, touches) == lines("""
        linear  campaign  A  open  1.5  100.00  -  -
        linear  campaign  B  open  0.5  -       -  -
        linear  campaign  C  open  1.0  0.00    -  -
    """)


def test_an_amount_that_is_known_in_one_outcome_is_not_in_another() -> None:
    opportunities = """
        O1  Launched     -  -  80.00
        O2  Closed Lost  -  -  -
    """
    touches = """
        O1  campaign  A  1
        O2  campaign  A  1
    """
    assert attributed(opportunities, touches) == lines("""
        linear  campaign  A  lost  1.0  -  -  -
        linear  campaign  A  won   1.0  -  -  80.00
    """)


def test_a_value_without_credit_has_a_row() -> None:
    """And 0.00 where the amount is known, even if it had no part of it."""
    table = attribution(sums("O1  Prospect  100.00", "O1  campaign  A  1\nO1  campaign  B  2").lazy()).collect()
    of_campaigns = table.filter(table["dimension"] == "campaign", table["model"].is_in(["first_touch", "last_touch"]))
    assert shown(of_campaigns, "model value opportunities aws_mrr aws_tcv") == lines("""
        first_touch  A  1.0  100.00  -
        first_touch  B  0.0  0.00    -
        last_touch   A  0.0  0.00    -
        last_touch   B  1.0  100.00  -
    """)


def test_rows_stand_by_model_dimension_value_and_outcome_in_code_point_order() -> None:
    opportunities = """
        O1  Prospect     1.00
        O2  Launched     1.00
        O3  Closed Lost  1.00
    """
    touches = """
        O1  campaign  a  1
        O2  campaign  a  1
        O3  campaign  a  1
        O1  campaign  B  1
        O1  campaign  é  1
    """
    of_sums = sums(opportunities, touches).lazy()
    table = attribution(of_sums.reverse()).collect()
    assert table.equals(attribution(of_sums).collect())
    assert table["model"].unique(maintain_order=True).to_list() == [
        "first_touch",
        "last_touch",
        "linear",
        "position_based",
        "time_decay",
    ]
    assert table["dimension"].unique(maintain_order=True).to_list() == [
        "apn_program",
        "aws_product",
        "campaign",
        "channel",
        "partner_need",
        "solution",
    ]
    first = table.filter(table["model"] == "linear", table["dimension"] == "campaign")
    assert shown(first, "value outcome") == lines("""
        B  open
        a  lost
        a  open
        a  won
        é  open
    """)


def test_nothing_at_all_is_an_empty_table() -> None:
    empty = attribution(AttributionSums.create_empty().lazy())
    assert built(Attribution, empty).equals(Attribution.create_empty())
