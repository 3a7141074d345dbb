"""How each model but time decay shares an amount between positions, and a position between its values."""

from attribution_tables import of_one
from histories import lines

MODELS = "linear first_touch last_touch position_based"


def test_one_position_has_all() -> None:
    assert of_one("1000.00", "A  1", MODELS) == lines("A  1000.00  1000.00  1000.00  1000.00")


def test_two_positions() -> None:
    touches = """
        A  1
        B  2
    """
    # linear 1/2, position based 50 % each
    assert of_one("1000.00", touches, MODELS) == lines("""
        A  500.00  1000.00  0.00     500.00
        B  500.00  0.00     1000.00  500.00
    """)


def test_three_positions() -> None:
    touches = """
        A  1
        B  2
        C  3
    """
    # linear 1/3 of 900, position based 40 % = 360, 20 % = 180, 40 %
    assert of_one("900.00", touches, MODELS) == lines("""
        A  300.00  900.00  0.00    360.00
        B  300.00  0.00    0.00    180.00
        C  300.00  0.00    900.00  360.00
    """)


def test_four_positions() -> None:
    touches = """
        A  1
        B  2
        C  3
        D  4
    """
    # linear 1/4 of 1,000; position based 40 %, 20 % ÷ 2, 20 % ÷ 2, 40 %
    assert of_one("1000.00", touches, MODELS) == lines("""
        A  250.00  1000.00  0.00     400.00
        B  250.00  0.00     0.00     100.00
        C  250.00  0.00     0.00     100.00
        D  250.00  0.00     1000.00  400.00
    """)


def test_five_positions() -> None:
    touches = """
        A  1
        B  2
        C  3
        D  4
        E  5
    """
    # linear 1/5 of 1,500; position based 40 % = 600, 20 % ÷ 3 = 100 three times, 40 %
    assert of_one("1500.00", touches, MODELS) == lines("""
        A  300.00  1500.00  0.00     600.00
        B  300.00  0.00     0.00     100.00
        C  300.00  0.00     0.00     100.00
        D  300.00  0.00     0.00     100.00
        E  300.00  0.00     1500.00  600.00
    """)


def test_twelve_positions() -> None:
    touches = "\n".join(f"{letter}  {position}" for position, letter in enumerate("ABCDEFGHIJKL", start=1))
    # linear 1,200 ÷ 12; position based 40 % = 480, 20 % = 240 ÷ 10
    table = of_one("1200.00", touches, MODELS)
    assert [row[1] for row in table] == ["100.00"] * 12
    assert [row[4] for row in table] == ["480.00", *["24.00"] * 10, "480.00"]


def test_the_order_of_values_is_not_that_of_positions() -> None:
    touches = """
        C  1
        A  2
        B  3
    """
    assert of_one("900.00", touches, MODELS) == lines("""
        A  300.00  0.00    0.00    180.00
        B  300.00  0.00    900.00  360.00
        C  300.00  900.00  0.00    360.00
    """)


def test_values_of_the_only_position_share_it_in_every_model() -> None:
    touches = """
        A  1
        B  1
        C  1
    """
    assert of_one("900.00", touches, MODELS) == lines("""
        A  300.00  300.00  300.00  300.00
        B  300.00  300.00  300.00  300.00
        C  300.00  300.00  300.00  300.00
    """)


def test_two_values_in_the_first_position() -> None:
    touches = """
        A  1
        B  1
        C  2
        D  3
    """
    # Positions of 1,200: linear 400 each; position based 480, 240, 480. A and B have half of the first each.
    assert of_one("1200.00", touches, MODELS) == lines("""
        A  200.00  600.00  0.00     240.00
        B  200.00  600.00  0.00     240.00
        C  400.00  0.00    0.00     240.00
        D  400.00  0.00    1200.00  480.00
    """)


def test_three_values_in_the_middle_position() -> None:
    touches = """
        A  1
        B  2
        C  2
        D  2
        E  3
    """
    # Positions of 1,800: linear 600 each; position based 720, 360, 720. B, C and D have a third of the middle each.
    assert of_one("1800.00", touches, MODELS) == lines("""
        A  600.00  1800.00  0.00     720.00
        B  200.00  0.00     0.00     120.00
        C  200.00  0.00     0.00     120.00
        D  200.00  0.00     0.00     120.00
        E  600.00  0.00     1800.00  720.00
    """)


def test_two_values_in_the_middle_position() -> None:
    touches = """
        A  1
        B  2
        C  2
        D  3
    """
    # Positions of 1,800 as above. B and C have half of the middle each.
    assert of_one("1800.00", touches, MODELS) == lines("""
        A  600.00  1800.00  0.00     720.00
        B  300.00  0.00     0.00     180.00
        C  300.00  0.00     0.00     180.00
        D  600.00  0.00     1800.00  720.00
    """)


def test_three_values_in_the_first_of_three_positions() -> None:
    touches = """
        A  1
        B  1
        C  1
        D  2
        E  3
    """
    # Positions of 1,800 as above. A, B and C have a third of the first each.
    assert of_one("1800.00", touches, MODELS) == lines("""
        A  200.00  600.00  0.00     240.00
        B  200.00  600.00  0.00     240.00
        C  200.00  600.00  0.00     240.00
        D  600.00  0.00    0.00     360.00
        E  600.00  0.00    1800.00  720.00
    """)


def test_three_values_in_the_last_of_three_positions() -> None:
    touches = """
        A  1
        B  2
        C  3
        D  3
        E  3
    """
    # Positions of 1,800 as above. C, D and E have a third of the last each.
    assert of_one("1800.00", touches, MODELS) == lines("""
        A  600.00  1800.00  0.00    720.00
        B  600.00  0.00     0.00    360.00
        C  200.00  0.00     600.00  240.00
        D  200.00  0.00     600.00  240.00
        E  200.00  0.00     600.00  240.00
    """)


def test_two_values_in_one_of_two_middle_positions() -> None:
    touches = """
        A  1
        B  2
        C  2
        D  3
        E  4
    """
    # Positions of 1,000: linear 250 each; position based 400, 100, 100, 400. B and C have half of the second each.
    assert of_one("1000.00", touches, MODELS) == lines("""
        A  250.00  1000.00  0.00     400.00
        B  125.00  0.00     0.00     50.00
        C  125.00  0.00     0.00     50.00
        D  250.00  0.00     0.00     100.00
        E  250.00  0.00     1000.00  400.00
    """)


def test_two_values_in_the_last_position() -> None:
    touches = """
        A  1
        B  2
        C  2
    """
    # Positions of 800: 400 each. B and C have half of the last each.
    assert of_one("800.00", touches, MODELS) == lines("""
        A  400.00  800.00  0.00    400.00
        B  200.00  0.00    400.00  200.00
        C  200.00  0.00    400.00  200.00
    """)


def test_several_values_in_every_position() -> None:
    touches = """
        A  1
        B  1
        C  2
        D  2
        E  2
    """
    # Positions of 1,200: 600 each, over two values and over three.
    assert of_one("1200.00", touches, MODELS) == lines("""
        A  300.00  600.00  0.00    300.00
        B  300.00  600.00  0.00    300.00
        C  200.00  0.00    400.00  200.00
        D  200.00  0.00    400.00  200.00
        E  200.00  0.00    400.00  200.00
    """)


def test_a_removed_value_gets_nothing_and_has_no_row() -> None:
    """B came between A and C, D after them; they were removed."""
    touches = """
        A  1
        B  -
        C  2
        D  -
    """
    assert of_one("800.00", touches, MODELS) == lines("""
        A  400.00  800.00  0.00    400.00
        C  400.00  0.00    800.00  400.00
    """)


def test_where_every_value_was_removed_none_gets_all() -> None:
    touches = """
        A  -
        B  -
    """
    assert of_one("800.00", touches, MODELS) == lines("(none)  800.00  800.00  800.00  800.00")
