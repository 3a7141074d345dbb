"""The staged columns that the transforms read. More may be present; every payload column is text exactly as
AWS sent it, null where it is absent or where a landing rule took it out."""

import polars as pl

INSTANT = pl.Datetime("us", "UTC")

OPPORTUNITY_VERSIONS: dict[str, pl.DataType] = {
    "row_key": pl.String(),
    "opportunity_id": pl.String(),
    "last_modified_at": INSTANT,
    "is_excluded": pl.Boolean(),
    **dict.fromkeys(
        (
            "arn",
            "catalog",
            "partner_opportunity_identifier",
            "opportunity_type",
            "national_security",
            "created_date",
            "life_cycle__stage",
            "life_cycle__closed_lost_reason",
            "life_cycle__review_status",
            "life_cycle__next_steps",
            "life_cycle__target_close_date",
            "customer__account__company_name",
            "customer__account__industry",
            "customer__account__address__country_code",
            "project__title",
            "project__aws_partition",
            "project__competitor_name",
            "project__expected_contract_duration__term",
            "project__expected_contract_duration__value",
            "contract_duration_as_sent",
            "marketing__campaign_name",
            "marketing__source",
            "marketing__aws_funding_used",
            "software_revenue__value__amount",
            "software_revenue__value__currency_code",
            "software_revenue__effective_date",
            "software_revenue__expiration_date",
        ),
        pl.String(),
    ),
}
"""One row per captured version of GetOpportunity. `contract_duration_as_sent` is the beginning of what AWS sent as
value and term, even where a landing rule took these out."""

EXPECTED_CUSTOMER_SPEND: dict[str, pl.DataType] = {
    "parent_key": pl.String(),
    "target_company": pl.String(),
    "amount": pl.String(),
    "currency_code": pl.String(),
}
"""One row per entry of Project.ExpectedCustomerSpend of a version or a snapshot; `parent_key` is its `row_key`."""

DIMENSION_VALUES: dict[str, pl.DataType] = {
    "parent_key": pl.String(),
    "dimension": pl.String(),
    "value": pl.String(),
}
"""One row per item of a list that is a dimension of attribution, of a version or a snapshot with that `row_key`."""

AWS_OPPORTUNITY_SUMMARIES: dict[str, pl.DataType] = {
    "row_key": pl.String(),
    "opportunity_id": pl.String(),
    "last_modified_at": INSTANT,
    "is_excluded": pl.Boolean(),
    "life_cycle__stage": pl.String(),
    "insights__engagement_score": pl.String(),
    "involvement_type": pl.String(),
    "origin": pl.String(),
}
"""One row per captured GetAwsOpportunitySummary, at the LastModifiedDate of the version it came with."""

OPPORTUNITY_VISIBILITY: dict[str, pl.DataType] = {
    "opportunity_id": pl.String(),
    "observed_at": INSTANT,
    "is_visible": pl.Boolean(),
}
"""One row per change of sight: a full listing no longer showed an opportunity, or a listing showed it again."""

RESOURCE_SNAPSHOTS: dict[str, pl.DataType] = {
    "row_key": pl.String(),
    "opportunity_id": pl.String(),
    "engagement_id": pl.String(),
    "revision": pl.Int64(),
    "created_at": INSTANT,
    "is_excluded": pl.Boolean(),
    "lifecycle__stage": pl.String(),
    "lifecycle__target_close_date": pl.String(),
    "project__expected_contract_duration__term": pl.String(),
    "project__expected_contract_duration__value": pl.String(),
}
"""One row per revision of an OpportunitySummaryView snapshot."""
