"""The tables of a random world, as the transforms build them."""

from datetime import date

import dataframely as dy
import polars as pl
from strategies import NO_RATES, World, staged

from transforms.attribution import attribution
from transforms.attribution_sums import attribution_sums
from transforms.currency import ReportingCurrency
from transforms.hygiene import hygiene
from transforms.limits import Thresholds
from transforms.observations import observations, with_vanished
from transforms.opportunities import opportunities
from transforms.per_opportunity import per_opportunity
from transforms.record_facts import record_facts
from transforms.rollups import ROLLED_UP, roll_up
from transforms.running_sums import SUMMED, running_sums
from transforms.schema import declaration
from transforms.touches import touches

Tables = dict[type[dy.Schema], pl.DataFrame]


def built_per_opportunity(world: World, as_of: date, reporting: ReportingCurrency = NO_RATES) -> Tables:
    """The tables in which a row depends on its opportunity alone."""
    return per_opportunity(staged(world), as_of=as_of, reporting=reporting)


def sums_of(built: Tables) -> Tables:
    """The tables of sums over the rows `built`."""
    sums = running_sums({schema: built[schema].lazy() for schema in SUMMED})
    return {schema: table.collect() for schema, table in sums.items()}


def rolled_up(built: Tables, as_of: date, thresholds: Thresholds) -> Tables:
    """The tables over all opportunities, of what they are `built` from and no column more."""
    parts = {schema: built[schema].lazy().select(columns) for schema, columns in ROLLED_UP.items()}
    return roll_up(parts, as_of=as_of, thresholds=thresholds)


def tables(
    world: World, as_of: date, reporting: ReportingCurrency = NO_RATES, thresholds: Thresholds | None = None
) -> dict[str, pl.DataFrame]:
    """Every table of `world`, by name."""
    built = built_per_opportunity(world, as_of, reporting)
    built |= sums_of(built)
    return named(built | rolled_up(built, as_of, thresholds or Thresholds()))


def tables_of_records(
    world: World, as_of: date, reporting: ReportingCurrency = NO_RATES, thresholds: Thresholds | None = None
) -> dict[str, pl.DataFrame]:
    """The tables that do not look at stints and months."""
    records = staged(world)
    spent = (records.versions, records.spend, records.snapshots, records.snapshot_spend)
    observed = observations(*spent, as_of=as_of, reporting=reporting).collect()
    of_record = (records.versions, records.spend, records.aws_summaries, records.visibility)
    current = opportunities(*of_record, observed.lazy(), as_of=as_of, reporting=reporting).collect()
    shown = (records.versions, records.values, records.snapshots, records.snapshot_values)
    touched = touches(*shown, as_of=as_of).collect()
    facts = record_facts(records.versions, records.spend, records.values, observed.lazy(), as_of=as_of).collect()
    sums = attribution_sums(touched.lazy(), current.lazy()).collect()
    found = hygiene(current.lazy(), facts.lazy(), as_of=as_of, thresholds=thresholds or Thresholds()).collect()
    return {
        "opportunities": current,
        "observations": with_vanished(observed.lazy(), records.visibility, as_of).collect(),
        "touches": touched,
        "record_facts": facts,
        "attribution_sums": sums,
        "attribution": attribution(sums.lazy()).collect(),
        "hygiene": found,
    }


def named(built: Tables) -> dict[str, pl.DataFrame]:
    return {declaration(schema).name: table for schema, table in built.items()}
