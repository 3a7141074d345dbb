"""The rules of deal hygiene: what is wrong or missing in an opportunity's record, and what to do about it.

The one registry: marts.hygiene and docs/hygiene.md are made from it. Predicates read the columns of
marts.opportunities, of `record_facts` and of `with_run`. They are asked only of the opportunities that the rule
applies to, and are false or null where it holds.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import polars as pl

from transforms.dates import end_of_day
from transforms.limits import LONGEST_CONTRACT_MONTHS, Thresholds
from transforms.stages import WON_STAGE

SEVERITIES = {
    "critical": "a figure is wrong or AWS refuses the record",
    "warning": "a figure is missing or doubtful, or the deal has come to a halt",
    "info": "good to have",
}
SCOPES = {
    "open": pl.col("is_open"),
    "lost": pl.col("is_lost"),
    "Committed and Launched": pl.col("stage").is_in(["Committed", WON_STAGE]),
    "all": pl.lit(True),
}
"""The opportunities that a rule may apply to."""
NONE = pl.lit(None, pl.String)


@dataclass(frozen=True, slots=True)
class HygieneRule:
    """One rule: which opportunities it `applies_to`, and the predicate of the broken ones. `detail` says what is found
    in the record, `suggestion` the value to set where one follows from it."""

    id: str
    severity: Literal["critical", "warning", "info"]
    applies_to: Literal["open", "lost", "Committed and Launched", "all"]
    meaning: str
    remedy: str
    is_broken: pl.Expr
    detail: pl.Expr
    suggestion: pl.Expr = NONE


def with_run(records: pl.LazyFrame, as_of: date, thresholds: Thresholds) -> pl.LazyFrame:
    """`records` with what the predicates depend on beyond them, the same in every row."""
    return records.with_columns(
        as_of=pl.lit(as_of),
        stale_before=pl.lit(end_of_day(as_of) - timedelta(thresholds.stale_after_days)).dt.cast_time_unit("us"),
        duration_tolerance_months=pl.lit(thresholds.duration_tolerance_months),
        # Polars keeps the larger scale of two factors: 4 decimals of a share and 2 of an amount need 6.
        mrr_tolerance_share=pl.lit(thresholds.mrr_tolerance_share).cast(pl.Decimal(38, 6)),
    )


def _days_before(day: pl.Expr) -> pl.Expr:
    return (pl.col("as_of") - day).dt.total_days()


def _text(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String)


HAS_DURATION = pl.col("contract_duration_as_sent").is_not_null()
LAST_CHANGE = pl.col("last_modified_at").dt.date()
MONTHS_FROM_DATES = pl.when(pl.col("dates_months").is_between(1, LONGEST_CONTRACT_MONTHS)).then(_text("dates_months"))
IS_ONE_CURRENCY = pl.col("aws_currency_code") == pl.col("deal_currency_code")

HYGIENE_RULES = (
    HygieneRule(
        id="missing_contract_duration",
        severity="warning",
        applies_to="open",
        meaning="The record has no ExpectedContractDuration, so its TCV cannot be turned into MRR, nor its MRR into "
        "TCV.",
        remedy="Set the expected contract duration, 1 to 144 months. Suggested: the term that SoftwareRevenue's dates "
        "span.",
        is_broken=~HAS_DURATION,
        detail=pl.lit("no expected contract duration"),
        suggestion=MONTHS_FROM_DATES,
    ),
    HygieneRule(
        id="invalid_contract_duration",
        severity="critical",
        applies_to="open",
        meaning="ExpectedContractDuration is something else than 1 to 144 whole months, and counts as unknown.",
        remedy="Correct the expected contract duration. Suggested: the term that SoftwareRevenue's dates span.",
        is_broken=HAS_DURATION & pl.col("contract_months").is_null(),
        detail=pl.format('sent as "{}": not 1 to 144 whole months', "contract_duration_as_sent"),
        suggestion=MONTHS_FROM_DATES,
    ),
    HygieneRule(
        id="missing_spend",
        severity="warning",
        applies_to="open",
        meaning="There is no expected-spend entry for AWS or Self, or one of them has no amount: MRR or TCV is "
        "unknown.",
        remedy="Enter the expected monthly AWS spend, or the deal's TCV with its contract duration.",
        is_broken=~pl.col("has_spend"),
        detail=pl.lit("expected spend for AWS or Self without an amount, or none"),
    ),
    HygieneRule(
        id="target_close_date_past",
        severity="warning",
        applies_to="open",
        meaning="The target close date is before the as-of date, and the deal is still open. AWS takes no update with "
        "such a date.",
        remedy="Move the target close date to the day now expected, or close the opportunity.",
        is_broken=(pl.col("target_close_date") < pl.col("as_of")),
        detail=pl.format(
            "target close date {} (days past: {})",
            _text("target_close_date"),
            _days_before(pl.col("target_close_date")),
        ),
    ),
    HygieneRule(
        id="stale",
        severity="warning",
        applies_to="open",
        meaning="Nothing in the record has changed for `stale_after_days` days (30) before the as-of day's end.",
        remedy="Ask the owner where the deal stands; update it or close it.",
        is_broken=(pl.col("last_modified_at") < pl.col("stale_before")),
        detail=pl.format(
            "last changed {} (days ago: {})",
            LAST_CHANGE.cast(pl.String),
            _days_before(LAST_CHANGE),
        ),
    ),
    HygieneRule(
        id="missing_closed_lost_reason",
        severity="warning",
        applies_to="lost",
        meaning="The opportunity is Closed Lost without a valid reason: nothing can be learnt from it.",
        remedy="Set the closed-lost reason.",
        is_broken=pl.col("closed_lost_reason").is_null(),
        detail=pl.lit("Closed Lost without a valid reason"),
    ),
    HygieneRule(
        id="missing_solution",
        severity="critical",
        applies_to="Committed and Launched",
        meaning="No solution is associated. AWS wants a real one from Committed on; the revenue is attributed to "
        "`(none)`.",
        remedy="Associate the solution that was sold.",
        is_broken=~pl.col("has_solution"),
        detail=pl.format("{} without a solution", "stage"),
    ),
    HygieneRule(
        id="duration_disagrees_with_dates",
        severity="warning",
        applies_to="open",
        meaning="The contract duration and the term from SoftwareRevenue's EffectiveDate to its ExpirationDate are "
        "more than `duration_tolerance_months` months (1) apart. One of them is wrong, or they are two contracts.",
        remedy="Find out which is right, and correct the other. Nothing is suggested, as the record does not tell.",
        is_broken=((pl.col("contract_months") - pl.col("dates_months")).abs() > pl.col("duration_tolerance_months")),
        detail=pl.format("{} months, but the dates span {}", "contract_months", "dates_months"),
    ),
    HygieneRule(
        id="mixed_currencies",
        severity="critical",
        applies_to="open",
        meaning="The expected-spend entries are in more than one currency. AWS wants one, and amounts of AWS spend in "
        "different currencies are not added.",
        remedy="Enter all expected spend in one currency.",
        is_broken=pl.col("spend_currencies").str.contains(",", literal=True),
        detail=pl.format("expected spend in {}", "spend_currencies"),
    ),
    HygieneRule(
        id="partition_currency",
        severity="critical",
        applies_to="open",
        meaning="The workload is for the European Sovereign Cloud (`aws-eusc`), whose currency is EUR, and expected "
        "spend is in another one.",
        remedy="Enter the expected spend in EUR, or correct the partition.",
        is_broken=(pl.col("aws_partition") == "aws-eusc") & (pl.col("spend_currencies") != "EUR"),
        detail=pl.format("aws-eusc, but expected spend in {}", "spend_currencies"),
        suggestion=pl.lit("EUR"),
    ),
    HygieneRule(
        id="national_security_industry",
        severity="critical",
        applies_to="open",
        meaning="The opportunity is marked as national security, and the customer's industry is not Government. AWS "
        "allows it for Government alone.",
        remedy="Correct the industry, or take the mark away.",
        is_broken=pl.col("is_national_security") & pl.col("industry").ne_missing(pl.lit("Government")),
        detail=pl.format("national security, but industry {}", pl.col("industry").fill_null("unknown")),
    ),
    HygieneRule(
        id="action_required",
        severity="critical",
        applies_to="open",
        meaning="AWS's review sent the opportunity back: ReviewStatus is Action Required. It waits for the partner.",
        remedy="Read the review comments in Partner Central, make the corrections and submit again.",
        is_broken=(pl.col("review_status") == "Action Required"),
        detail=pl.lit("AWS's review asks for corrections"),
    ),
    HygieneRule(
        id="missing_next_steps",
        severity="info",
        applies_to="open",
        meaning="Next steps are empty, so AWS's side does not know what happens next.",
        remedy="Write down the next step.",
        is_broken=~pl.col("has_next_steps"),
        detail=pl.lit("no next steps"),
    ),
    HygieneRule(
        id="tcv_disagrees_with_mrr",
        severity="warning",
        applies_to="open",
        meaning="The partner's TCV over the contract months (deal_mrr) and the AWS entries (aws_mrr) are more than "
        "`mrr_tolerance_share` of aws_mrr (1 %) apart, in one currency.",
        remedy="Correct the one that is wrong. Suggested: the monthly amount that AWS's own conversion of the TCV "
        "gives.",
        is_broken=IS_ONE_CURRENCY
        & ((pl.col("deal_mrr") - pl.col("aws_mrr")).abs() > pl.col("aws_mrr") * pl.col("mrr_tolerance_share")),
        detail=pl.format(
            "the TCV gives {} {} a month, the AWS entries {} {}",
            _text("deal_mrr"),
            "deal_currency_code",
            _text("aws_mrr"),
            "aws_currency_code",
        ),
        suggestion=pl.col("deal_mrr").cast(pl.String),
    ),
    HygieneRule(
        id="missing_fx_rate",
        severity="warning",
        applies_to="all",
        meaning="An amount, now or in the history, is null in the reporting currency and in no sum: its own currency "
        "is unknown, or the rates file has no rate of it, or none of the reporting currency, on the as-of date or in "
        "the `fx_max_age_days` days (10) before.",
        remedy="Bring the rates file up to date (`--fx FILE`, see [Currencies](currencies.md)); enter the currency "
        "where it is unknown.",
        is_broken=pl.col("unconverted_currencies").is_not_null(),
        detail=pl.format("amounts in {} cannot be converted as of {}", "unconverted_currencies", _text("as_of")),
    ),
)
"""Every rule, in the order of the contract."""
