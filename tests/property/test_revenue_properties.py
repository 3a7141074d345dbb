import random
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import plain_python
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from reporting_strategies import reporting_currencies
from strategies import MIDNIGHT, World, amount_texts, mart, worlds

from transforms.currency import ReportingCurrency
from transforms.dates import whole_months
from transforms.money import MONEY, parse_amount, quotient
from transforms.revenue import CURRENCY_OF

OVER_THE_CONTRACT = ("deal_mrr", "aws_tcv", "aws_acv")
FROM_SPEND = [name for name in CURRENCY_OF if not name.startswith("software")]

days_around_a_month_end = st.builds(
    lambda year, month, offset: date(year, month, 1) + timedelta(days=offset),
    st.integers(2003, 2008),
    st.integers(1, 12),
    st.integers(-4, 3),
)
slowly = settings(deadline=None, max_examples=40)


@settings(deadline=None, max_examples=150)
@given(worlds(), reporting_currencies)
def test_a_slow_plain_python_version_agrees(world: World, reporting: ReportingCurrency) -> None:
    expected = plain_python.opportunities(world, end=MIDNIGHT, reporting=reporting)
    table = mart(world, reporting=reporting).collect()
    assert table["opportunity_id"].to_list() == [row["opportunity_id"] for row in expected]
    for built, row in zip(table.to_dicts(), expected, strict=True):
        assert {name: built[name] for name in row} == row


@slowly
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_rows_is_irrelevant(world: World, shuffler: random.Random) -> None:
    assert_frame_equal(mart(world.shuffled(shuffler)).collect(), mart(world).collect())


@settings(deadline=None, max_examples=15)
@given(worlds())
def test_a_rerun_and_the_streaming_engine_give_the_same_rows(world: World) -> None:
    table = mart(world)
    assert_frame_equal(table.collect(), table.collect())
    assert_frame_equal(table.collect(engine="streaming"), table.collect(engine="in-memory"))


@slowly
@given(worlds())
def test_another_opportunity_changes_nothing(world: World) -> None:
    rest = mart(world).filter(pl.col("opportunity_id") != "O2").collect()
    assert_frame_equal(mart(world.without("O2")).collect(), rest)


@slowly
@given(worlds())
def test_the_accounting_identities_hold(world: World) -> None:
    for row in mart(world).collect().iter_rows(named=True):
        mrr, months = row["aws_mrr"], row["contract_months"]
        if mrr is not None:
            assert Fraction(row["aws_arr"]) == 12 * Fraction(mrr)
        if mrr is not None and months is not None:
            assert Fraction(row["aws_tcv"]) == Fraction(mrr) * months
            assert Fraction(row["aws_acv"]) == Fraction(mrr) * min(12, months)


@slowly
@given(worlds())
def test_no_number_comes_from_unknown(world: World) -> None:
    unknown = world.with_spend([{**entry, "amount": ""} for entry in world.spend])
    for row in mart(unknown).collect().iter_rows(named=True):
        assert [row[name] for name in FROM_SPEND] == [None] * len(FROM_SPEND)
    for row in mart(world).collect().iter_rows(named=True):
        if row["contract_months"] is None:
            assert [row[name] for name in OVER_THE_CONTRACT] == [None] * len(OVER_THE_CONTRACT)
        if row["software_months"] is None or row["software_tcv"] is None:
            assert row["software_mrr"] is None
        for name in CURRENCY_OF:
            assert row[f"{name}_reporting"] in (None, row[name])


@slowly
@given(worlds())
def test_what_partners_earn_is_in_no_aws_amount(world: World) -> None:
    """Without the Self entries, every amount of AWS spend stays as it is."""
    aws_amounts = ["opportunity_id", "aws_mrr", "aws_tcv", "aws_arr", "aws_acv"]
    without_self = world.with_spend([entry for entry in world.spend if entry["target_company"] != "Self"])
    assert_frame_equal(mart(without_self).select(aws_amounts).collect(), mart(world).select(aws_amounts).collect())


@settings(deadline=None, max_examples=300)
@given(amount_texts, st.integers(1, 100_000))
def test_quotients_are_exact_to_the_cent(text: str, divisor: int) -> None:
    frame = pl.DataFrame({"text": [text], "divisor": [divisor]}, {"text": pl.String, "divisor": pl.Int32})
    result = frame.select(
        amount=parse_amount(pl.col("text")), share=quotient(parse_amount(pl.col("text")), pl.col("divisor"))
    )
    assert result.schema == {"amount": MONEY, "share": MONEY}
    amount, share = result.row(0)
    assert Fraction(amount) == plain_python.amount(text)
    assert -Fraction(1, 200) < Fraction(share) - Fraction(amount) / divisor <= Fraction(1, 200)


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet="0123456789.-+e, \n", max_size=36))
def test_no_other_text_becomes_an_amount(text: str) -> None:
    parsed = pl.select(parse_amount(pl.lit(text))).item()
    expected = plain_python.amount(text) if set(text) <= set("0123456789.") and text.count(".") <= 1 else None
    assert (None if parsed is None else Fraction(Decimal(parsed))) == expected


@settings(deadline=None, max_examples=300)
@given(st.tuples(days_around_a_month_end, days_around_a_month_end).map(sorted))
def test_whole_months_agree_with_counting_them(term: list[date]) -> None:
    first, last = term
    assert pl.select(whole_months(pl.lit(first), pl.lit(last))).item() == plain_python.whole_months(first, last)
