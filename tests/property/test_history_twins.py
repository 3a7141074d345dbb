"""Every table, built by the transforms, holds what its declaration says and what a slow plain-Python version finds,
down to the last bit."""

from datetime import date

import plain_rollups
import pytest
from built_tables import tables
from history_strategies import as_of_days, histories
from hypothesis import given, settings
from record_strategies import thresholds
from reporting_strategies import reporting_currencies
from strategies import World

from transforms.currency import ReportingCurrency
from transforms.limits import Thresholds
from transforms.per_opportunity import PER_OPPORTUNITY
from transforms.rollups import ROLLUPS
from transforms.running_sums import RUNNING_SUMS
from transforms.schema import declaration

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a failing world

SCHEMAS = {declaration(schema).name: schema for schema in (*PER_OPPORTUNITY, *RUNNING_SUMS, *ROLLUPS)}


@settings(max_examples=60)
@given(histories(), as_of_days, reporting_currencies, thresholds)
def test_a_slow_plain_python_version_agrees(
    world: World, as_of: date, reporting: ReportingCurrency, thresholds: Thresholds
) -> None:
    expected = plain_rollups.tables(world, as_of=as_of, reporting=reporting, thresholds=thresholds)
    built = {name: table.to_dicts() for name, table in tables(world, as_of, reporting, thresholds).items()}
    for found, opportunity in zip(built["opportunities"], expected["opportunities"], strict=True):
        assert {name: found[name] for name in opportunity} == opportunity
    assert {**built, "opportunities": expected["opportunities"]} == expected


@settings(max_examples=25)
@given(histories(), as_of_days, reporting_currencies)
def test_every_table_is_what_its_schema_declares(world: World, as_of: date, reporting: ReportingCurrency) -> None:
    built = tables(world, as_of, reporting)
    assert built.keys() == SCHEMAS.keys()
    for name, table in built.items():
        assert SCHEMAS[name].validate(table).columns == SCHEMAS[name].column_names()
