"""What the hygiene rules ask of an opportunity's record beyond its row in marts.opportunities."""

from datetime import date

import dataframely as dy
import polars as pl

from transforms.dates import parse_date, whole_months
from transforms.money import parse_amount
from transforms.revenue import spend_of_versions
from transforms.versions import current_versions


class RecordFacts(dy.Schema):
    """One row per opportunity in marts.opportunities: what the rules of marts.hygiene ask of the same version beyond
    the columns there."""

    opportunity_id = dy.String(primary_key=True, description="Identifier of the opportunity in Partner Central.")
    contract_duration_as_sent = dy.String(
        nullable=True,
        description="ExpectedContractDuration as AWS sent it, value and term, cut to 40 characters each; null when the "
        "record has none.",
    )
    dates_months = dy.Int32(
        nullable=True,
        description="Whole months from SoftwareRevenue's EffectiveDate to its ExpirationDate, both days included; 0 "
        "below one month or where they are the wrong way round; null unless both are real days.",
    )
    has_spend = dy.Bool(
        description="Whether there are expected-spend entries for AWS or Self, and each of them has an amount."
    )
    spend_currencies = dy.String(
        nullable=True,
        description="The known currencies of all expected-spend entries, in alphabetical order, with commas between.",
    )
    aws_currency_code = dy.String(nullable=True, description="Currency of aws_mrr and what follows from it, ISO 4217.")
    deal_currency_code = dy.String(nullable=True, description="Currency of deal_tcv and deal_mrr, ISO 4217.")
    is_national_security = dy.Bool(description="Whether NationalSecurity is Yes.")
    has_next_steps = dy.Bool(description="Whether LifeCycle.NextSteps has any text.")
    has_solution = dy.Bool(description="Whether a solution is associated.")
    unconverted_currencies = dy.String(
        nullable=True,
        description="The currencies, in alphabetical order, with commas between, of all amounts in its "
        "marts.observations that could not be converted into the reporting currency; null when there are none.",
    )


def record_facts(
    versions: pl.LazyFrame, spend: pl.LazyFrame, values: pl.LazyFrame, observations: pl.LazyFrame, *, as_of: date
) -> pl.LazyFrame:
    """One row per opportunity that is not quarantined, of its last version before the end of the day `as_of` (UTC).

    `observations` is the table of that name for the same day.
    """
    first, last = (parse_date(pl.col(f"software_revenue__{day}_date")) for day in ("effective", "expiration"))
    current = current_versions(versions, as_of)
    of_current = spend.join(current, left_on="parent_key", right_on="row_key", how="semi")
    solutions = values.filter(pl.col("dimension") == "solution", pl.col("value").is_not_null(), pl.col("value") != "")
    return (
        current.join(_spend_facts(of_current), left_on="row_key", right_on="parent_key", how="left")
        .join(spend_of_versions(of_current), left_on="row_key", right_on="parent_key", how="left")
        .join(
            solutions.select("parent_key", has_solution=True).unique(),
            left_on="row_key",
            right_on="parent_key",
            how="left",
        )
        .with_columns(
            pl.col("has_spend", "has_solution").fill_null(False),
            dates_months=pl.coalesce(
                whole_months(first, last), pl.when(first.is_not_null(), last.is_not_null()).then(0)
            ),
            is_national_security=pl.col("national_security").eq_missing(pl.lit("Yes")),
            has_next_steps=pl.col("life_cycle__next_steps").str.strip_chars().fill_null("") != "",
        )
        .join(_unconverted(observations), on="opportunity_id", how="left")
        .select(RecordFacts.column_names())
        .sort("opportunity_id")
    )


def _unconverted(observations: pl.LazyFrame) -> pl.LazyFrame:
    """One row per opportunity with an amount, now or in its history, that could not be converted."""
    currencies = observations.select("opportunity_id", pl.col("unconverted_currencies").str.split(", ")).drop_nulls()
    return (
        currencies.explode("unconverted_currencies")
        .group_by("opportunity_id")
        .agg(pl.col("unconverted_currencies").unique().sort().str.join(", "))
    )


def _spend_facts(spend: pl.LazyFrame) -> pl.LazyFrame:
    """One row per version with spend entries."""
    is_ours, currency = pl.col("target_company").is_in(["AWS", "Self"]), pl.col("currency_code")
    has_amount = parse_amount(pl.col("amount")).is_not_null()
    return spend.group_by("parent_key").agg(
        has_spend=is_ours.any() & has_amount.filter(is_ours).all(),
        spend_currencies=pl.when(currency.is_not_null().any()).then(
            currency.drop_nulls().unique().sort().str.join(", ")
        ),
    )
