"""What looks at no stints and months agrees with a slow plain-Python version: amounts in reporting currency, touches,
attribution and hygiene, down to the last cent, bit and letter."""

from datetime import date

import plain_rollups
import pytest
from built_tables import tables_of_records
from history_strategies import late_days, many_records
from hypothesis import given, settings
from record_strategies import thresholds
from reporting_strategies import reporting_currencies
from strategies import World

from transforms.currency import ReportingCurrency
from transforms.limits import Thresholds

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a failing world


@pytest.mark.timeout(900)
@settings(max_examples=80)
@given(many_records, late_days, reporting_currencies, thresholds)
def test_a_slow_plain_python_version_agrees(
    world: World, as_of: date, reporting: ReportingCurrency, thresholds: Thresholds
) -> None:
    """A world of eight opportunities costs little more than one of two: these show 700 of them."""
    expected = plain_rollups.tables_of_records(world, as_of=as_of, reporting=reporting, thresholds=thresholds)
    tables = tables_of_records(world, as_of, reporting, thresholds)
    built = {name: table.to_dicts() for name, table in tables.items()}
    for found, opportunity in zip(built["opportunities"], expected["opportunities"], strict=True):
        assert {name: found[name] for name in opportunity} == opportunity
    assert {**built, "opportunities": expected["opportunities"]} == expected
