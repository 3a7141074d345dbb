"""One changed row of a sound attribution, or of what it is made of, breaks the rules that it should."""

import duckdb
import pytest
from marts_world import broken, broken_by, change, fill_every_mart, insert, own_rules, rule_ids
from records_world import attribution

from expectations.marts import attribution as rules
from transforms import attribution_sums as transforms
from transforms.time_decay import HALF_LIFE_DAYS

LINEAR_S_1 = "linear/solution/S-1/won"
OF_TOUCHES = "value.agrees_with_touches"
ADD_UP = "opportunities.adds_up money_adds_up"
ATTRIBUTION = [
    (LINEAR_S_1, "model = 'even'", f"model.in_enum {OF_TOUCHES} {ADD_UP}"),
    (LINEAR_S_1, "dimension = 'region'", f"dimension.in_enum {OF_TOUCHES} {ADD_UP}"),
    (LINEAR_S_1, "outcome = 'signed'", f"outcome.in_enum {OF_TOUCHES} {ADD_UP}"),
    (LINEAR_S_1, "outcome = 'lost'", f"{OF_TOUCHES} {ADD_UP}"),
    (LINEAR_S_1, "value = ''", f"value.has_length {OF_TOUCHES}"),
    (LINEAR_S_1, "value = 'S-5'", OF_TOUCHES),
    (LINEAR_S_1, None, f"{OF_TOUCHES} {ADD_UP}"),
    ("first_touch/solution/S-2/won", None, OF_TOUCHES),
    ("linear/apn_program/(none)/lost", None, f"{OF_TOUCHES} {ADD_UP}"),
    (
        "first_touch/solution/S-2/won",
        "opportunities = -0.1",
        f"opportunities.in_range opportunities.adds_up {OF_TOUCHES}",
    ),
    (LINEAR_S_1, "opportunities = 0.33333334", f"opportunities.adds_up {OF_TOUCHES}"),
    ("time_decay/solution/S-1/won", "opportunities = 0.2122416", f"opportunities.adds_up {OF_TOUCHES}"),
    (LINEAR_S_1, "aws_mrr = -40", f"aws_mrr.in_range money_adds_up {OF_TOUCHES}"),
    (LINEAR_S_1, "aws_tcv = -0.01", f"aws_tcv.in_range money_adds_up {OF_TOUCHES}"),
    (LINEAR_S_1, "software_tcv = -0.01", f"software_tcv.in_range money_adds_up {OF_TOUCHES}"),
    (LINEAR_S_1, "aws_mrr = 40.01", "money_adds_up"),  # rounding may have moved a cent
    (LINEAR_S_1, "aws_mrr = 40.02", f"money_adds_up {OF_TOUCHES}"),
    ("time_decay/solution/S-4/won", "aws_mrr = 29.26", "money_adds_up"),
    (LINEAR_S_1, "aws_tcv = 0", OF_TOUCHES),
    (LINEAR_S_1, "software_tcv = 0", OF_TOUCHES),
    ("first_touch/solution/S-2/won", "aws_mrr = NULL", OF_TOUCHES),
    ("linear/partner_need/(none)/lost", "aws_mrr = 0", OF_TOUCHES),
]
# Four positions. Linear gives each 1/4; position based 0.4, 0.1, 0.1 and 0.4; time decay, as S-1 is 90 days older than
# S-5, 1/8, 1/4, 1/2 and 1 of 15/8 in all. S-2 and S-3 share theirs. Of 100.00 the last model gives three times 6.667,
# 26.667 and 53.333: of the three cents that rounding down leaves S-4 gets none, as its remainder is no larger.
FOUR_POSITIONS = """
    id  dimension  value  touched_at         is_current  position
    A   solution   S-1    2026-01-01 00:00Z  true        1
    A   solution   S-2    2026-01-31 00:00Z  true        2
    A   solution   S-3    2026-01-31 00:00Z  true        2
    A   solution   S-4    2026-03-02 00:00Z  true        3
    A   solution   S-5    2026-04-01 00:00Z  true        4
"""
CREDIT = """
    dimension     value   outcome  linear  first_touch  last_touch  position_based  time_decay
    campaign      (none)  open     1       1            1           1               1
    channel       (none)  open     1       1            1           1               1
    solution      S-1     open     0.25    1            0           0.4             0.06666666666666667
    solution      S-2     open     0.125   0            0           0.05            0.06666666666666667
    solution      S-3     open     0.125   0            0           0.05            0.06666666666666667
    solution      S-4     open     0.25    0            0           0.1             0.26666666666666666
    solution      S-5     open     0.25    0            1           0.4             0.5333333333333333
    aws_product   (none)  open     1       1            1           1               1
    apn_program   (none)  open     1       1            1           1               1
    partner_need  (none)  open     1       1            1           1               1
"""
AWS_MRR = """
    dimension     value   outcome  linear  first_touch  last_touch  position_based  time_decay
    campaign      (none)  open     100.00  100.00       100.00      100.00          100.00
    channel       (none)  open     100.00  100.00       100.00      100.00          100.00
    solution      S-1     open     25.00   100.00       0.00        40.00           6.67
    solution      S-2     open     12.50   0.00         0.00        5.00            6.67
    solution      S-3     open     12.50   0.00         0.00        5.00            6.67
    solution      S-4     open     25.00   0.00         0.00        10.00           26.66
    solution      S-5     open     25.00   0.00         100.00      40.00           53.33
    aws_product   (none)  open     100.00  100.00       100.00      100.00          100.00
    apn_program   (none)  open     100.00  100.00       100.00      100.00          100.00
    partner_need  (none)  open     100.00  100.00       100.00      100.00          100.00
"""
OPPORTUNITIES = [
    ("O1", "is_won = NULL"),
    ("O1", "is_won = false, is_lost = true"),
    ("O4", "is_open = true"),
    ("O3", None),
]


@pytest.fixture
def filled(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    fill_every_mart(connection)
    return connection


@pytest.mark.parametrize(("row_key", "assignments", "failed"), ATTRIBUTION)
def test_a_changed_row_breaks_the_rules_it_should(
    filled: duckdb.DuckDBPyConnection, row_key: str, assignments: str | None, failed: str
) -> None:
    change(filled, "attribution", row_key, assignments)
    assert broken_by(filled, "attribution") == rule_ids("attribution", failed)


def test_each_rule_is_broken_by_some_change() -> None:
    broken_ones = {rule_id for _, _, failed in ATTRIBUTION for rule_id in rule_ids("attribution", failed)}
    assert {rule.id for rule in own_rules("attribution")} == broken_ones


@pytest.mark.parametrize(("row_key", "assignments"), OPPORTUNITIES)
def test_credit_is_that_of_the_opportunities(
    filled: duckdb.DuckDBPyConnection, row_key: str, assignments: str | None
) -> None:
    change(filled, "opportunities", row_key, assignments)
    assert broken(filled, own_rules("attribution")) >= rule_ids("attribution", f"opportunities.adds_up {OF_TOUCHES}")


@pytest.mark.parametrize("amount", ["aws_mrr", "aws_tcv", "software_tcv"])
def test_money_is_that_of_the_opportunities(filled: duckdb.DuckDBPyConnection, amount: str) -> None:
    change(filled, "opportunities", "O1", f"{amount}_reporting = 130")
    assert broken(filled, own_rules("attribution")) == rule_ids("attribution", f"money_adds_up {OF_TOUCHES}")


def test_an_unknown_amount_is_no_known_zero(filled: duckdb.DuckDBPyConnection) -> None:
    """Where O3 is the only opportunity, as in `(none)` of the needs, the amount is null, not 0."""
    change(filled, "opportunities", "O3", "aws_mrr_reporting = 0")
    assert broken(filled, own_rules("attribution")) == rule_ids("attribution", OF_TOUCHES)


@pytest.fixture
def positions(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    connection.execute(
        "INSERT INTO marts.opportunities (opportunity_id, is_open, is_won, is_lost, aws_mrr_reporting) "
        "VALUES ('A', true, false, false, 100)"
    )
    insert(connection, "marts.touches", FOUR_POSITIONS)
    insert(connection, "marts.attribution", attribution(CREDIT, AWS_MRR))
    return connection


def test_four_positions_share_the_credit(positions: duckdb.DuckDBPyConnection) -> None:
    assert broken(positions, own_rules("attribution")) == set()


@pytest.mark.parametrize("model", rules.MODELS)
@pytest.mark.parametrize(("column", "part"), [("opportunities", "0.00000001"), ("aws_mrr", "0.02")])
def test_no_part_goes_to_another_position(
    positions: duckdb.DuckDBPyConnection, model: str, column: str, part: str
) -> None:
    receiver, giver = ("S-5", "S-1") if model == "first_touch" else ("S-1", "S-5")
    for value, sign in ((receiver, "+"), (giver, "-")):
        change(positions, "attribution", f"{model}/solution/{value}/open", f"{column} = {column} {sign} {part}")
    assert broken(positions, own_rules("attribution")) == rule_ids("attribution", OF_TOUCHES)


def test_models_dimensions_and_outcomes_are_those_of_the_transforms() -> None:
    assert rules.MODELS == transforms.MODELS
    assert rules.DIMENSIONS == transforms.DIMENSIONS
    assert list(rules.OUTCOMES) == list(transforms.OUTCOMES)
    assert rules.NO_VALUE == transforms.NO_VALUE
    assert rules.HALF_LIFE_MICROSECONDS == HALF_LIFE_DAYS * 86_400_000_000
