"""The current state of every opportunity, with its revenue."""

from datetime import date

import dataframely as dy
import polars as pl

from transforms.currency import ReportingCurrency
from transforms.dates import end_of_day, parse_date, parse_instant
from transforms.revenue import with_reporting, with_revenue
from transforms.schema import reporting_money
from transforms.stages import (
    LOST_STAGE,
    OPEN_STAGES,
    WON_STAGE,
    is_one_of,
    reached_rank,
    stage_of_rank,
    stage_rank,
)
from transforms.versions import current_versions


def _text(description: str) -> dy.String:
    return dy.String(nullable=True, description=description)


def _flag(description: str) -> dy.Bool:
    return dy.Bool(nullable=True, description=description)


def _number(description: str) -> dy.Int32:
    return dy.Int32(nullable=True, description=description)


def _instant(description: str) -> dy.Datetime:
    return dy.Datetime(time_unit="us", time_zone="UTC", description=description)


def _money(description: str) -> dy.Decimal:
    return dy.Decimal(38, 2, nullable=True, description=description)


class Opportunities(dy.Schema):
    """One row per opportunity that is not quarantined: its last captured version before the end of the as-of
    day."""

    opportunity_id = dy.String(primary_key=True, description="Identifier of the opportunity in Partner Central.")
    arn = _text("Amazon Resource Name of the opportunity.")
    catalog = _text("Partner Central catalog it belongs to: AWS or Sandbox.")
    partner_opportunity_id = _text("The partner's own identifier for it, usually that of the CRM.")
    title = _text("Title of the project.")
    customer_name = _text("Company name of the end customer.")
    industry = _text("Industry of the end customer.")
    country_code = _text("Country of the end customer, ISO 3166-1 alpha-2.")
    opportunity_type = _text("Net New Business, Flat Renewal or Expansion.")
    stage = _text("Stage in the partner's pipeline: Prospect to Launched, or Closed Lost.")
    stage_rank = _number(
        "Prospect 1, Qualified 2, Technical Validation 3, Business Validation 4, Committed 5, "
        "Launched 6; null for Closed Lost and for an unknown stage."
    )
    is_open = _flag("Stage is Prospect to Committed; null for an unknown stage.")
    is_won = _flag("Stage is Launched; null for an unknown stage.")
    is_lost = _flag("Stage is Closed Lost; null for an unknown stage.")
    closed_lost_reason = _text("Why it was lost, as the partner gave it.")
    review_status = _text("Where AWS's review of the submission stands.")
    target_close_date = dy.Date(
        nullable=True, description="Day the deal is expected to close; null where the record has no real day."
    )
    created_at = _instant("CreatedDate (UTC).")
    last_modified_at = _instant("LastModifiedDate of the version shown (UTC).")
    campaign = _text("Marketing campaign that it is attributed to.")
    marketing_source = _text("Whether it came from a marketing activity: Marketing Activity or None.")
    aws_funding_used = _text("Whether AWS funded the marketing activity: Yes or No.")
    aws_partition = _text("AWS partition of the workload; aws-eusc is the European Sovereign Cloud.")
    competitor = _text("Competitor named in the record.")
    currency_code = _text(
        "The one currency of all expected-spend entries, ISO 4217; null when there are none, when "
        "they mix currencies or when one is unknown."
    )
    contract_months = _number(
        "Contract duration in months, 1 to 144: ExpectedContractDuration.Value where Term is Months."
    )
    aws_mrr = _money(
        "Expected AWS spend per month, native currency: sum of Amount over the entries for AWS. Null when "
        "there are none, when one is unknown or when they mix currencies. Self entries are never in it."
    )
    deal_tcv = _money(
        "The partner's own deal value over the whole contract, native currency: Amount of the Self "
        "entry. Null when there is none or more than one."
    )
    deal_mrr = _money(
        "The partner's deal value per month, native currency: deal_tcv / contract_months, rounded half up to the cent."
    )
    aws_tcv = _money("Expected AWS spend over the contract, native currency: aws_mrr * contract_months.")
    aws_arr = _money("Expected AWS spend per year, native currency: aws_mrr * 12.")
    aws_acv = _money(
        "Expected AWS spend of the first contract year, native currency: aws_mrr * min(12, contract_months)."
    )
    software_tcv = _money("Value of the software contract, native currency: SoftwareRevenue.Value.Amount.")
    software_months = _number(
        "Term of the software contract in whole months: contract_months, else from "
        "SoftwareRevenue's EffectiveDate to its ExpirationDate, both days included."
    )
    software_mrr = _money(
        "Software revenue per month, native currency: software_tcv / software_months, rounded half up to the cent."
    )
    aws_mrr_reporting = reporting_money("aws_mrr")
    deal_tcv_reporting = reporting_money("deal_tcv")
    deal_mrr_reporting = reporting_money("deal_mrr")
    aws_tcv_reporting = reporting_money("aws_tcv")
    aws_arr_reporting = reporting_money("aws_arr")
    aws_acv_reporting = reporting_money("aws_acv")
    software_tcv_reporting = reporting_money("software_tcv")
    software_mrr_reporting = reporting_money("software_mrr")
    furthest_stage = _text("Furthest stage ever observed; Prospect for an opportunity only ever seen as Closed Lost.")
    furthest_stage_rank = _number("Rank of furthest_stage, 1 to 6.")
    close_date_pushes = dy.Int32(
        description="Times the target close date moved later, between consecutive observations that have one."
    )
    is_visible = dy.Bool(
        description="Whether Partner Central's last full listing still showed it, or a listing since; false: it has "
        "gone out of sight and may be stale."
    )
    aws_stage = _text("Stage in AWS's own pipeline, from the last AWS summary.")
    engagement_score = _text("AWS's rating of how engaged it is: High, Medium or Low.")
    involvement_type = _text("How AWS is involved: For Visibility Only or Co-Sell.")
    origin = _text("Who originated it: AWS Referral or Partner Referral.")
    software_currency_code = _text("Currency of software_tcv and software_mrr, ISO 4217.")


def opportunities(
    versions: pl.LazyFrame,
    spend: pl.LazyFrame,
    aws_summaries: pl.LazyFrame,
    visibility: pl.LazyFrame,
    observations: pl.LazyFrame,
    *,
    as_of: date,
    reporting: ReportingCurrency,
) -> pl.LazyFrame:
    """One row per opportunity that is not quarantined, as it stood at the end of the day `as_of` (UTC).

    An opportunity whose last version is excluded is left out: an older version is not its state.
    `observations` is the table of that name for the same day.
    """
    return (
        current_versions(versions, as_of)
        .pipe(with_revenue, spend)
        .pipe(with_reporting, reporting)
        .pipe(_with_record)
        .join(_history(observations), on="opportunity_id", how="left")
        .join(_aws_side(aws_summaries, as_of), on="opportunity_id", how="left")
        .join(_sight(visibility, as_of), on="opportunity_id", how="left")
        .with_columns(pl.col("is_visible").fill_null(True))
        .select(Opportunities.column_names())
        .sort("opportunity_id")
    )


def _with_record(versions: pl.LazyFrame) -> pl.LazyFrame:
    """`versions` with the members of the record under the table's names."""
    stage = pl.col("life_cycle__stage")
    return versions.with_columns(
        partner_opportunity_id="partner_opportunity_identifier",
        title="project__title",
        customer_name="customer__account__company_name",
        industry="customer__account__industry",
        country_code="customer__account__address__country_code",
        stage=stage,
        stage_rank=stage_rank(stage),
        is_open=is_one_of(stage, OPEN_STAGES),
        is_won=is_one_of(stage, (WON_STAGE,)),
        is_lost=is_one_of(stage, (LOST_STAGE,)),
        closed_lost_reason="life_cycle__closed_lost_reason",
        review_status="life_cycle__review_status",
        target_close_date=parse_date(pl.col("life_cycle__target_close_date")),
        created_at=parse_instant(pl.col("created_date")),
        campaign="marketing__campaign_name",
        marketing_source="marketing__source",
        aws_funding_used="marketing__aws_funding_used",
        aws_partition="project__aws_partition",
        competitor="project__competitor_name",
    )


def _history(observations: pl.LazyFrame) -> pl.LazyFrame:
    """One row per observed opportunity: how far it got and how often its target close date moved later."""
    close_dates = pl.col("target_close_date").sort_by("observation").drop_nulls()
    return (
        observations.group_by("opportunity_id")
        .agg(
            furthest_stage_rank=reached_rank(pl.col("stage")).max(),
            close_date_pushes=(close_dates.diff() > pl.duration()).sum().cast(pl.Int32),
        )
        .with_columns(furthest_stage=stage_of_rank(pl.col("furthest_stage_rank")))
    )


def _aws_side(aws_summaries: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """One row per opportunity that AWS has a summary of: the last one, unless that is excluded. An older one is not
    AWS's side of it."""
    return current_versions(aws_summaries, as_of).select(
        "opportunity_id",
        "involvement_type",
        "origin",
        aws_stage="life_cycle__stage",
        engagement_score="insights__engagement_score",
    )


def _sight(visibility: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """One row per opportunity that has ever gone out of sight: whether it was shown again since."""
    known = visibility.filter(pl.col("observed_at") < end_of_day(as_of))
    return known.group_by("opportunity_id").agg(pl.col("is_visible").sort_by("observed_at").last())
