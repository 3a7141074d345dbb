"""Every table of history, built by the transforms, holds what its declaration says and what a slow plain-Python
version finds, down to the last bit."""

from datetime import date

import plain_rollups
from history_strategies import as_of_days, histories, tables
from hypothesis import given, settings
from strategies import REPORTING_CURRENCY, World

from transforms.month_transitions import MonthTransitions
from transforms.per_opportunity import PER_OPPORTUNITY
from transforms.rollups import ROLLUPS
from transforms.schema import declaration

SCHEMAS = {declaration(schema).name: schema for schema in (*PER_OPPORTUNITY, MonthTransitions, *ROLLUPS)}


@settings(max_examples=200)
@given(histories(), as_of_days)
def test_a_slow_plain_python_version_agrees(world: World, as_of: date) -> None:
    expected = plain_rollups.tables(world, as_of=as_of, reporting_currency=REPORTING_CURRENCY)
    built = {name: table.to_dicts() for name, table in tables(world, as_of).items()}
    for found, opportunity in zip(built["opportunities"], expected["opportunities"], strict=True):
        assert {name: found[name] for name in opportunity} == opportunity
    assert {**built, "opportunities": expected["opportunities"]} == expected


@settings(max_examples=40)
@given(histories(), as_of_days)
def test_every_table_is_what_its_schema_declares(world: World, as_of: date) -> None:
    built = tables(world, as_of)
    assert built.keys() == SCHEMAS.keys()
    for name, table in built.items():
        assert SCHEMAS[name].validate(table).columns == SCHEMAS[name].column_names()
