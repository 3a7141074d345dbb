"""Contenders of `benchmarks.transform`: the same tables of the same staging, by the transforms and by SQL."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl

from benchmarks.harness import Taken
from benchmarks.staged_data import AS_OF, REPORTING
from pipelines.changes import Changes
from pipelines.database import attach, open_database, registered, set_up_for_build, transaction
from pipelines.marts import build_marts, staged_part
from transforms.attribution_sums import AttributionSums
from transforms.hygiene import hygiene
from transforms.limits import Thresholds
from transforms.month_ends import MonthEnds, month_ends
from transforms.month_transitions import MonthTransitions
from transforms.observations import observations, with_vanished
from transforms.opportunities import Opportunities, opportunities
from transforms.outcomes_monthly import outcomes_monthly
from transforms.per_opportunity import PER_OPPORTUNITY
from transforms.pipeline_monthly import pipeline_monthly
from transforms.pipeline_waterfall import pipeline_waterfall
from transforms.record_facts import RecordFacts, record_facts
from transforms.rollups import ROLLUPS
from transforms.running_sums import running_sums
from transforms.schema import declaration
from transforms.stage_funnel import stage_funnel
from transforms.stage_history import stage_history
from transforms.touches import Touches, touches

THRESHOLDS = Thresholds()
SQL = Path(__file__).parent / "sql"
TABLES: Mapping[str, type[dy.Schema]] = {
    f"{'ops' if table is RecordFacts else 'marts'}.{declaration(table).name}": table
    for table in (*PER_OPPORTUNITY, *ROLLUPS)
}
"""The tables that every contender makes."""
FILES = (
    *("shared", "observations", "opportunities", "stage_history", "month_ends", "touches", "record_facts"),
    *("stage_funnel", "pipeline_monthly", "pipeline_waterfall", "outcomes_monthly", "attribution", "hygiene"),
)
"""The hand-written SQL in the order in which it runs: what several tables read, then a file for each."""


def build(directory: Path, path: Path) -> None:
    """Make the tables as a night that builds upon nothing does."""
    with _warehouse(directory, path) as connection:
        set_up_for_build(connection, path.with_suffix(".spilled"))
        build_marts(connection, _all(connection), as_of=AS_OF, reporting=REPORTING, thresholds=THRESHOLDS)


def time_each(directory: Path, path: Path) -> Taken:
    """Compute each table, of all opportunities at once, and return the CPU of each, without reading and writing."""
    taken = {}

    def collected(name: str, *plans: pl.LazyFrame) -> pl.LazyFrame:
        started = time.process_time()
        *_, rows = (plan.collect() for plan in plans)
        taken[name] = time.process_time() - started
        return rows.lazy()

    with _warehouse(directory, path) as connection, registered(connection, "part", _all(connection).opportunities):
        staged = staged_part(connection)
    records, summed = (staged.versions, staged.spend), {}
    run = {"as_of": AS_OF, "reporting": REPORTING}
    seen = observations(*records, staged.snapshots, staged.snapshot_spend, **run)
    observed = seen.collect().lazy()
    collected("observations", seen, with_vanished(observed, staged.visibility, AS_OF))
    current = collected(
        "opportunities", opportunities(*records, staged.aws_summaries, staged.visibility, observed, **run)
    )
    stints = collected("stage_history", stage_history(observed, current))
    summed[MonthEnds] = collected("month_ends", month_ends(observed, current))
    summed[Touches] = collected(
        "touches",
        touches(staged.versions, staged.values, staged.snapshots, staged.snapshot_values, as_of=AS_OF),
    )
    facts = collected("record_facts", record_facts(*records, staged.values, observed, as_of=AS_OF))
    sums = running_sums({**summed, Opportunities: current})
    transitions = collected("month_transitions", sums[MonthTransitions])
    collected("stage_funnel", stage_funnel(current, stints))
    collected("pipeline_monthly", pipeline_monthly(transitions, as_of=AS_OF))
    collected("pipeline_waterfall", pipeline_waterfall(transitions, as_of=AS_OF))
    collected("outcomes_monthly", outcomes_monthly(current, stints))
    collected("attribution", sums[AttributionSums])
    collected("hygiene", hygiene(current, facts, as_of=AS_OF, thresholds=THRESHOLDS))
    return taken


def build_by_sql(directory: Path, path: Path) -> Taken:
    """Make the tables by hand-written SQL. Returns the CPU that each file took."""
    taken = {}
    rates = {REPORTING.code: 1, **REPORTING.rates}
    with _warehouse(directory, path) as connection, transaction(connection):
        connection.execute("CREATE SCHEMA marts; CREATE SCHEMA ops")
        connection.execute("CREATE TEMP TABLE rates (currency_code VARCHAR, numerator HUGEINT, denominator HUGEINT)")
        connection.executemany(
            "INSERT INTO rates VALUES (?, ?, ?)", [(c, *r.as_integer_ratio()) for c, r in rates.items()]
        )
        connection.execute(f"SET VARIABLE as_of = DATE '{AS_OF}'")
        for name in ("stale_after_days", "duration_tolerance_months", "mrr_tolerance_share"):
            connection.execute(f"SET VARIABLE {name} = {getattr(THRESHOLDS, name)}")
        for name in FILES:
            started = time.process_time()
            connection.execute((SQL / f"{name}.sql").read_text())
            taken[name] = time.process_time() - started
    return taken


@contextmanager
def _warehouse(directory: Path, path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path.unlink(missing_ok=True)
    with open_database(path) as connection:
        attach(connection, directory / "staging.duckdb", "staging", read_only=True)
        yield connection


def _all(connection: duckdb.DuckDBPyConnection) -> Changes:
    query = "SELECT DISTINCT opportunity_id FROM staging.opportunity_versions ORDER BY opportunity_id"
    rows: pl.DataFrame = connection.sql(query).pl()
    return Changes(landed=rows, changed=rows, is_from_nothing=True)
