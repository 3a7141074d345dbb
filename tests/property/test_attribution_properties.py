"""Attribution loses nothing and invents nothing: whatever the model, parts add up to the whole of every opportunity."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
from built_tables import tables_of_records
from history_strategies import few_records, late_days
from hypothesis import given, settings
from reporting_strategies import reporting_currencies
from strategies import World

from transforms.attribution_sums import AMOUNTS, MODELS, OUTCOMES, attribution_sums
from transforms.currency import ReportingCurrency
from transforms.touches import DIMENSIONS

VALUE_OF = ("dimension", "value", "outcome")
OWN = ("opportunities", "touches")


def rows_of(table: pl.DataFrame, **of: str) -> list[dict[str, Any]]:
    return table.filter(**of).to_dicts()


def known(rows: list[dict[str, Any]], column: str) -> list[Fraction]:
    return [Fraction(row[column]) for row in rows if row[column] is not None]


@settings(max_examples=40)
@given(few_records, late_days, reporting_currencies)
def test_every_model_and_dimension_adds_up_to_the_totals_of_opportunities(
    world: World, as_of: date, reporting: ReportingCurrency
) -> None:
    built = tables_of_records(world, as_of, reporting)
    for outcome, flag in OUTCOMES.items():
        opportunities = built["opportunities"].filter(pl.col(flag)).to_dicts()
        for model in MODELS:
            for dimension in DIMENSIONS:
                rows = rows_of(built["attribution"], model=model, dimension=dimension, outcome=outcome)
                assert abs(sum(row["opportunities"] for row in rows) - len(opportunities)) < 1e-9
                for amount in AMOUNTS:
                    found, expected = known(rows, amount), known(opportunities, f"{amount}_reporting")
                    assert sum(found) == sum(expected)
                    assert bool(found) == bool(expected)


@settings(max_examples=40)
@given(few_records, late_days, reporting_currencies)
def test_the_credit_and_the_money_of_each_opportunity_are_split_whole(
    world: World, as_of: date, reporting: ReportingCurrency
) -> None:
    built = tables_of_records(world, as_of, reporting)
    for opportunity in built["opportunities"].iter_rows(named=True):
        own = {name: built[name].filter(opportunity_id=opportunity["opportunity_id"]) for name in OWN}
        parts = attribution_sums(own["touches"].lazy(), own["opportunities"].lazy()).collect()
        is_counted = opportunity["is_open"] is not None
        groups = parts.partition_by("model", "dimension")
        assert len(groups) == (len(MODELS) * len(DIMENSIONS) if is_counted else 0)
        for group in groups:
            assert group["credit"].sum() == Decimal(1)
            assert group["credit"].min() >= 0
            for amount in AMOUNTS:
                whole = opportunity[f"{amount}_reporting"]
                assert group[amount].sum() == (whole or 0)
                assert set(group[f"known_{amount}"]) == {int(whole is not None)}


@settings(max_examples=25)
@given(few_records, late_days)
def test_all_models_list_the_same_values_and_only_what_records_show_now(world: World, as_of: date) -> None:
    built = tables_of_records(world, as_of)
    listed = [
        {tuple(row[name] for name in VALUE_OF) for row in rows_of(built["attribution"], model=model)}
        for model in MODELS
    ]
    assert all(values == listed[0] for values in listed)
    shown = {row[:2] for row in built["touches"].filter("is_current").select("dimension", "value").iter_rows()}
    assert {value[:2] for value in listed[0]} <= shown | {(dimension, "(none)") for dimension in DIMENSIONS}


@settings(max_examples=25)
@given(few_records, late_days)
def test_the_first_and_the_last_touch_take_all_and_no_one_else_any(world: World, as_of: date) -> None:
    built = tables_of_records(world, as_of)
    current = built["touches"].filter("is_current")
    ends = {"first_touch": pl.col("position").min(), "last_touch": pl.col("position").max()}
    for model, end in ends.items():
        at_end = current.filter(pl.col("position") == end.over("opportunity_id", "dimension"))
        with_value = set(at_end.select("dimension", "value").iter_rows())
        for row in rows_of(built["attribution"], model=model):
            is_at_end = (row["dimension"], row["value"]) in with_value or row["value"] == "(none)"
            assert is_at_end or row["opportunities"] == 0


@settings(max_examples=25)
@given(few_records, late_days)
def test_positions_number_the_instants_of_current_values_without_gaps(world: World, as_of: date) -> None:
    touches = tables_of_records(world, as_of)["touches"]
    assert touches.filter(pl.col("position").is_null() == pl.col("is_current")).is_empty()
    for group in touches.filter("is_current").partition_by("opportunity_id", "dimension"):
        instants = sorted(set(group["touched_at"]))
        expected = [instants.index(instant) + 1 for instant in group["touched_at"]]
        assert group["position"].to_list() == expected
