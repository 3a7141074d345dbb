"""Generate a partner's staging of any size: deals with some versions each, a quarter of them with a snapshot, and
amounts, terms and stages that move. The same size gives the same rows."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl

from transforms.currency import Quote, ReportingCurrency
from transforms.staged import (
    AWS_OPPORTUNITY_SUMMARIES,
    EXPECTED_CUSTOMER_SPEND,
    OPPORTUNITY_VERSIONS,
    OPPORTUNITY_VISIBILITY,
    RESOURCE_SNAPSHOTS,
)
from transforms.touches import LISTS, SNAPSHOT_LISTS

AS_OF = date(2026, 11, 22)
REPORTING = ReportingCurrency("USD", "USD", (Quote(AS_OF, "EUR", Decimal("0.9196")),))
DUCKDB_TYPES = {
    pl.String(): "VARCHAR",
    pl.Boolean(): "BOOLEAN",
    pl.Int64(): "BIGINT",
    pl.Datetime("us", "UTC"): "TIMESTAMPTZ",
}
SPEND = {"opportunity_id": pl.String(), **EXPECTED_CUSTOMER_SPEND}
VALUES = dict.fromkeys(("opportunity_id", "parent_key", "value"), pl.String())
STAGED: Mapping[str, Mapping[str, pl.DataType]] = {
    "opportunity_versions": OPPORTUNITY_VERSIONS,
    "opportunity_versions__project__expected_customer_spend": SPEND,
    "aws_opportunity_summaries": AWS_OPPORTUNITY_SUMMARIES,
    "opportunity_visibility": OPPORTUNITY_VISIBILITY,
    "resource_snapshots": RESOURCE_SNAPSHOTS,
    "resource_snapshots__project__expected_customer_spend": SPEND,
    **{f"opportunity_versions__{path}": VALUES for path in LISTS.values()},
    **{f"resource_snapshots__{path}": VALUES for path in SNAPSHOT_LISTS.values()},
}
RECORDS = """
CREATE OR REPLACE TEMP VIEW records AS
SELECT opportunity_id || '@' || version AS row_key, *,
       created_at + to_seconds((version * 20 * 86400 + dice * 90)::BIGINT) AS modified_at,
       greatest(1, least(6, 1 + version * 11 // 20 + CASE WHEN dice < 80 THEN -1 WHEN dice > 940 THEN 1 ELSE 0 END))
       AS rank
FROM (SELECT 'O' || (10000000 + 37 * number) AS opportunity_id, number, version,
             hash(number, version)::UHUGEINT % 1000 AS dice,
             TIMESTAMPTZ '2024-06-01' + to_seconds((hash(number)::UHUGEINT % 40000000)::BIGINT) AS created_at
      FROM range({opportunities}) AS numbers(number), range({versions}) AS versions(version))
ORDER BY modified_at
"""
VERSIONS = """
SELECT row_key, opportunity_id, modified_at AS last_modified_at, false AS is_excluded,
       'arn:aws:partnercentral:us-east-1::catalog/AWS/opportunity/' || opportunity_id AS arn, 'AWS' AS catalog,
       'CRM-' || number AS partner_opportunity_identifier, 'Net New Business' AS opportunity_type,
       strftime(created_at, '%Y-%m-%dT%H:%M:%S.%fZ') AS created_date,
       CASE WHEN version = 9 AND dice < 300 THEN 'Closed Lost' ELSE
            ['Prospect', 'Qualified', 'Technical Validation', 'Business Validation', 'Committed', 'Launched'][rank]
       END AS life_cycle__stage,
       'Approved' AS life_cycle__review_status,
       strftime(created_at + to_days((120 + dice // 10)::INTEGER), '%Y-%m-%d') AS life_cycle__target_close_date,
       'Customer ' || number % 5000 AS customer__account__company_name, 'Retail' AS customer__account__industry,
       'US' AS customer__account__address__country_code, 'Project ' || number AS project__title,
       CASE WHEN dice < 600 THEN 'Months' END AS project__expected_contract_duration__term,
       CASE WHEN dice < 600 THEN (12 + dice % 5 * 12)::VARCHAR END AS project__expected_contract_duration__value,
       CASE WHEN dice < 600 THEN (12 + dice % 5 * 12) || ' Months' END AS contract_duration_as_sent,
       CASE WHEN number % 3 = 0 THEN 'Campaign ' || number % 40 END AS marketing__campaign_name,
       CASE WHEN number % 4 = 0 THEN (10000 + dice * 7) || '.50' END AS software_revenue__value__amount,
       CASE WHEN number % 4 = 0 THEN 'USD' END AS software_revenue__value__currency_code
FROM records
"""
IS_SNAPSHOT = "number % 2 = 0 AND version % 2 = 1"
ENTRIES = """
SELECT {key} AS parent_key, opportunity_id, entry[1] AS target_company, entry[2] AS amount,
       CASE WHEN number % 10 = 0 THEN 'EUR' ELSE 'USD' END AS currency_code
FROM (SELECT *, unnest([row('AWS', (500 + dice * 13) || '.25'), row('Self', (50000 + dice * 99)::VARCHAR)]) AS entry
      FROM records WHERE {condition})
"""
# So many items in each list, of so many different ones; one in five is added half-way through the history.
ITEMS = {"channel": (2, 13), "solution": (2, 12), "aws_product": (3, 40), "apn_program": (1, 9), "partner_need": (2, 8)}
LISTED = """
SELECT {key} AS parent_key, opportunity_id, '{dimension} ' || (number * 7 + item * 5) % {different} AS value
FROM (SELECT *, unnest(range({items} + (number % 5 = 0 AND version > 4)::INTEGER)) AS item
      FROM records WHERE {condition})
"""
SUMMARIES = """
SELECT row_key, opportunity_id, modified_at AS last_modified_at, 'Qualified' AS life_cycle__stage,
       'High' AS insights__engagement_score, 'Co-Sell' AS involvement_type, 'Partner Referral' AS origin
FROM records
"""
SNAPSHOTS = f"""
SELECT 'eng-' || row_key AS row_key, opportunity_id, 'eng-' || number AS engagement_id, version + 1 AS revision,
       modified_at + INTERVAL 5 MINUTE AS created_at, false AS is_excluded, life_cycle__stage AS lifecycle__stage,
       life_cycle__target_close_date AS lifecycle__target_close_date,
       project__expected_contract_duration__term, project__expected_contract_duration__value
FROM records JOIN staging.opportunity_versions AS versions USING (row_key, opportunity_id) WHERE {IS_SNAPSHOT}
"""


def generate(directory: Path, opportunities: int, versions: int) -> None:
    """Write `staging.duckdb`: so many opportunities with so many versions each."""
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = 'UTC'; ATTACH '{directory / 'staging.duckdb'}' AS staging")
        for table, columns in STAGED.items():
            declared = ", ".join(f"{column} {DUCKDB_TYPES[dtype]}" for column, dtype in columns.items())
            connection.execute(f"CREATE TABLE staging.{table} ({declared})")
        connection.execute(RECORDS.format(opportunities=opportunities, versions=versions))
        _append(connection)


def _append(connection: duckdb.DuckDBPyConnection) -> None:
    spend = "project__expected_customer_spend"
    queries = {
        "staging.opportunity_versions": VERSIONS,
        f"staging.opportunity_versions__{spend}": ENTRIES.format(key="row_key", condition="true"),
        "staging.aws_opportunity_summaries": SUMMARIES,
        "staging.resource_snapshots": SNAPSHOTS,
        f"staging.resource_snapshots__{spend}": ENTRIES.format(key="'eng-' || row_key", condition=IS_SNAPSHOT),
        **_listed("opportunity_versions", LISTS, key="row_key", condition="true"),
        **_listed("resource_snapshots", SNAPSHOT_LISTS, key="'eng-' || row_key", condition=IS_SNAPSHOT),
    }
    for table, query in queries.items():
        connection.execute(f"INSERT INTO {table} BY NAME {query}")


def _listed(record: str, lists: Mapping[str, str], key: str, condition: str) -> dict[str, str]:
    return {
        f"staging.{record}__{path}": LISTED.format(
            key=key, dimension=dimension, items=ITEMS[dimension][0], different=ITEMS[dimension][1], condition=condition
        )
        for dimension, path in lists.items()
    }
