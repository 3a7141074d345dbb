"""The known states of an opportunity over time, captured versions and snapshot revisions, and when it vanished."""

from datetime import date, datetime

import dataframely as dy
import polars as pl

from transforms.currency import ReportingCurrency
from transforms.dates import end_of_day, parse_date
from transforms.history import last_when
from transforms.revenue import CURRENCY_OF, SOFTWARE_REVENUE, unconverted_currencies, with_reporting, with_revenue
from transforms.schema import reporting_money
from transforms.stages import stage_rank
from transforms.versions import current_versions

AMOUNTS = ("aws_mrr_reporting", "aws_tcv_reporting", "deal_tcv_reporting", "software_tcv_reporting")
REVENUE = ("contract_months", *CURRENCY_OF, *dict.fromkeys(CURRENCY_OF.values()))
NUMBER = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("opportunity_id")


class Observations(dy.Schema):
    """One row per observation of an opportunity that is not quarantined, before the end of the as-of day: a captured
    version, an OpportunitySummaryView snapshot revision, or a full listing that no longer showed it. The last is no
    evidence of any state: no other table is made of it."""

    opportunity_id = dy.String(primary_key=True, description="Identifier of the opportunity in Partner Central.")
    observation = dy.Int32(
        primary_key=True,
        description="Number of the observation in the opportunity's history, from 1. At equal instants "
        "versions come before snapshots, these by engagement and revision, and `vanished` last.",
    )
    observed_at = dy.Datetime(
        time_unit="us",
        time_zone="UTC",
        description="When the state held (UTC): LastModifiedDate of the version, CreatedAt of the snapshot; of a "
        "`vanished` one, when the listing ended.",
    )
    evidence = dy.String(
        description="What shows the state: `version`, `snapshot`, or `vanished` (a full listing no longer showed the "
        "opportunity; its state is the last known one)."
    )
    stage = dy.String(nullable=True, description="Stage of the opportunity then; null where the record has none.")
    stage_rank = dy.Int32(
        nullable=True, description="Prospect 1 to Launched 6; null for Closed Lost and for an unknown stage."
    )
    target_close_date = dy.Date(nullable=True, description="Target close date then; null where it is no real day.")
    contract_months = dy.Int32(nullable=True, description="Contract duration then, in months, 1 to 144.")
    aws_mrr_reporting = reporting_money("aws_mrr then")
    aws_tcv_reporting = reporting_money("aws_tcv then")
    deal_tcv_reporting = reporting_money("deal_tcv then")
    software_tcv_reporting = reporting_money(
        "software_tcv then, on a snapshot that of the version before it, as snapshots do not show it,"
    )
    unconverted_currencies = dy.String(
        nullable=True,
        description="Currencies, with commas between, of the amounts then that are known and null in the reporting "
        "currency; `(unknown)` for an amount whose currency is not known.",
    )


def observations(
    versions: pl.LazyFrame,
    spend: pl.LazyFrame,
    snapshots: pl.LazyFrame,
    snapshot_spend: pl.LazyFrame,
    *,
    as_of: date,
    reporting: ReportingCurrency,
) -> pl.LazyFrame:
    """One row per version and snapshot before the end of the day `as_of` (UTC), in the order of each opportunity's
    history: what every table of history is made of. `with_vanished` makes marts.observations of it.

    Excluded records and snapshots without an instant observe nothing. An opportunity that has no version, or
    whose last one is excluded, is in no mart and has no observations.
    """
    end = end_of_day(as_of)
    in_marts = current_versions(versions, as_of)
    observed = pl.concat([_of_versions(versions, spend, end), _of_snapshots(snapshots, snapshot_spend, end)])
    return (
        observed.join(in_marts, on="opportunity_id", how="semi")
        .pipe(with_reporting, reporting)
        .with_columns(
            stage_rank=stage_rank(pl.col("stage")),
            target_close_date=parse_date(pl.col("target_close_date")),
            unconverted_currencies=unconverted_currencies(),
        )
        .pipe(_numbered)
        .pipe(_with_software_of_version)
        .select(Observations.column_names())
    )


def with_vanished(observed: pl.LazyFrame, visibility: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """`observed`, and one row per full listing before the end of the day `as_of` (UTC) that no longer showed an
    opportunity: after the observations of its instant, with the state that the last one before it shows.

    What vanished before anything was observed of it has no state to show, and no row.
    """
    gone = visibility.filter(~pl.col("is_visible"), pl.col("observed_at") < end_of_day(as_of))
    vanished = gone.select("opportunity_id", "observed_at", evidence=pl.lit("vanished"))
    others = observed.join(vanished, on="opportunity_id", how="anti", maintain_order="left")
    return (
        observed.join(vanished, on="opportunity_id", how="semi", maintain_order="left")
        .pipe(_with_rows_of, vanished)
        .merge_sorted(others, key="opportunity_id")
    )


def _with_rows_of(observed: pl.LazyFrame, vanished: pl.LazyFrame) -> pl.LazyFrame:
    """`observed` and `vanished`, numbered anew."""
    is_vanished = pl.col("evidence") == "vanished"
    carried = [name for name in Observations.column_names() if name not in vanished.collect_schema()]
    return (
        pl.concat([observed, vanished], how="diagonal")
        .sort("opportunity_id", "observed_at", is_vanished, "observation")
        .with_columns(last_when(~is_vanished, name).alias(name) for name in carried)
        .filter(pl.col("observation").is_not_null())
        .with_columns(observation=NUMBER)
    )


def _of_versions(versions: pl.LazyFrame, spend: pl.LazyFrame, end: datetime) -> pl.LazyFrame:
    return (
        versions.filter(~pl.col("is_excluded"), pl.col("last_modified_at") < end)
        .pipe(with_revenue, spend)
        .select(
            "opportunity_id",
            "row_key",
            *REVENUE,
            observed_at="last_modified_at",
            evidence=pl.lit("version"),
            engagement_id=pl.lit(None, pl.String),
            revision=pl.lit(None, pl.Int64),
            stage="life_cycle__stage",
            target_close_date="life_cycle__target_close_date",
        )
    )


def _of_snapshots(snapshots: pl.LazyFrame, spend: pl.LazyFrame, end: datetime) -> pl.LazyFrame:
    return (
        snapshots.filter(~pl.col("is_excluded"), pl.col("created_at") < end)
        .with_columns(pl.lit(None, pl.String).alias(column) for column in SOFTWARE_REVENUE)
        .pipe(with_revenue, spend)
        .select(
            "opportunity_id",
            "row_key",
            *REVENUE,
            observed_at="created_at",
            evidence=pl.lit("snapshot"),
            engagement_id="engagement_id",
            revision="revision",
            stage="lifecycle__stage",
            target_close_date="lifecycle__target_close_date",
        )
    )


def _numbered(observed: pl.LazyFrame) -> pl.LazyFrame:
    """`observed` in order, numbered from 1 within each opportunity."""
    is_snapshot = pl.col("evidence") == "snapshot"
    return observed.sort(
        "opportunity_id", "observed_at", is_snapshot, "engagement_id", "revision", "row_key"
    ).with_columns(observation=NUMBER)


def _with_software_of_version(numbered: pl.LazyFrame) -> pl.LazyFrame:
    """`numbered` with software revenue on snapshots, which do not show it: that of the version before."""
    return numbered.with_columns(
        last_when(pl.col("evidence") == "version", "software_tcv_reporting").alias("software_tcv_reporting")
    )
