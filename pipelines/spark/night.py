"""A night's steps per opportunity on Spark, in place of those on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl

from expectations.landing import landing_rules
from expectations.library import load_great_expectations
from expectations.validation import Evaluation, evaluate
from pipelines.checks import SUITE
from pipelines.database import transaction
from pipelines.examination import report
from pipelines.partner_central.service_model import staged_fields
from pipelines.progress import Progress
from pipelines.settings import Settings
from pipelines.spark.buckets import Night
from pipelines.spark.combined import Combined, bucket_count, compute_buckets
from pipelines.spark.lake import landed_at
from pipelines.spark.landed import landed_here
from pipelines.spark.session import spark_session
from pipelines.staging import stage
from transforms.currency import ReportingCurrency
from transforms.dates import end_of_day


@dataclass(frozen=True, slots=True)
class Found:
    """What the rules found on Spark: those of the landing, failing rows by rule of the marts, and how many drifts are
    new."""

    landing: Evaluation
    in_marts: Mapping[str, int]
    drifts: int


def compute_on_spark(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    run_id: str,
    as_of: date,
    reporting: ReportingCurrency,
    progress: Progress,
) -> Found:
    """Fill the open, empty warehouse with the rows of every opportunity, of the attached `landing` or of another one.

    Raises ConfigurationError for what a user can mend: of Spark's set-up, its workers or the landing.
    """
    load_great_expectations()  # now: while it is imported, nobody can import pyspark
    with spark_session(settings.spark_remote, settings.work_path) as spark:
        if settings.landing:
            landed = landed_at(spark, settings.landing)
        else:
            landed = landed_here(spark, connection, settings.work_path)
        buckets = bucket_count(spark, landed)
        progress.update(f"{buckets:,} buckets on Spark {spark.version}")
        # No transaction over all of it: DuckDB keeps in memory what is not committed.
        combined = compute_buckets(landed, buckets, connection, Night(as_of, reporting))
    with transaction(connection):
        drifts = report(connection, run_id, combined.drifts)
    return Found(_evaluation(connection, combined, as_of), combined.failing_in_marts, drifts)


def _evaluation(connection: duckdb.DuckDBPyConnection, combined: Combined, as_of: date) -> Evaluation:
    """Return what the buckets found, with the library's results of an empty staging: the pages of the Data Docs, which
    are given the totals of all buckets."""
    stage(connection, end_of_day(as_of), pl.DataFrame(schema={"opportunity_id": pl.String()}))
    of_nothing = evaluate(connection, "staging", landing_rules(staged_fields()), SUITE, even_without_rows=True)
    return Evaluation(combined.failing, of_nothing.results)
