"""Warehouses of a few deals, or of very many, published without a night: staged here, and built as a night builds."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl

from expectations.rules import literal
from expectations.schema import Quarantine, Results
from pipelines.changes import Basis, find_changes
from pipelines.database import fetch_row, open_database
from pipelines.marts import build_marts
from pipelines.runs import Runs
from pipelines.settings import Settings
from pipelines.staging import stage
from pipelines.tables import replace_table
from transforms.currency import Quote, ReportingCurrency
from transforms.dates import end_of_day

AS_OF = date(2026, 11, 20)
RUN_ID = "20261120T043000Z-0a1b"
REPORTING = ReportingCurrency("USD", "USD", (Quote(AS_OF, "EUR", Decimal("0.92")),))

HOSTILE_NAMES = [
    "<script>document.title = 'run'</script>",
    "</script><img src=x onerror=\"document.title = 'run'\">",
    "</style></svg></table></main><h1>Not ours</h1>",
    "'\"><a href=\"javascript:document.title = 'run'\" autofocus onfocus=\"document.title = 'run'\">",
    "{{ 7 * 7 }} {% for x in y %} &lt;b&gt; &#x3c;b&#x3e;",
    "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd \U0001f680",
    "long " * 100,
    "#",
]
DEAL = """SELECT {} AS number, 'Qualified' AS stage, '2026-09-14' AS created, {} AS campaign, '36' AS months,
                 '{}' AS mrr, '{}' AS tcv"""
DEALS = {
    "none": f"{DEAL.format(0, 'NULL', 0, 0)} LIMIT 0",
    "one": DEAL.format(0, "'Spring'", "531", "19116.50"),
    "hostile": " UNION ALL ".join(
        DEAL.format(number, literal(name), "1234567890123456789012345.67", "9" * 25)
        for number, name in enumerate(HOSTILE_NAMES)
    ),
    "many": """
        SELECT number, created, 'Campaign ' || number AS campaign, (1 + number % 60)::VARCHAR AS months,
               (100 + number * 17 % 90000) || '.25' AS mrr, (90000 + number * 31 % 4000000)::VARCHAR AS tcv,
               ['Prospect', 'Qualified', 'Technical Validation', 'Business Validation', 'Committed', 'Launched',
                'Closed Lost'][1 + number * 5 % 7] AS stage
        FROM (SELECT range AS number, strftime(DATE '2024-06-01' + (range * 7 % 890)::INTEGER, '%Y-%m-%d') AS created
              FROM range(100000))""",
}
"""Deals in SQL, each seen once, five days after it was created. All but the numbers are texts, as AWS sends them."""

STAGED = {
    "opportunity_versions": """
        SELECT row_key, opportunity_id, modified_at AS last_modified_at, false AS is_excluded, 'Sandbox' AS catalog,
               'CRM-' || number AS partner_opportunity_identifier, created || 'T08:00:00Z' AS created_date,
               stage AS life_cycle__stage, 'Approved' AS life_cycle__review_status, 'Call' AS life_cycle__next_steps,
               '2026-11-01' AS life_cycle__target_close_date, campaign AS marketing__campaign_name,
               'Months' AS project__expected_contract_duration__term, months || ' Months' AS contract_duration_as_sent,
               months AS project__expected_contract_duration__value
        FROM records""",
    "opportunity_versions__project__expected_customer_spend": """
        SELECT row_key AS parent_key, opportunity_id, 'USD' AS currency_code,
               unnest([{target_company: 'AWS', amount: mrr}, {target_company: 'Self', amount: tcv}], recursive := true)
        FROM records""",
    "opportunity_versions__related_entity_identifiers__solutions": """
        SELECT row_key AS parent_key, opportunity_id, if(number % 2 = 0, 'S-1', campaign) AS value FROM records
        WHERE number < 1000""",
}


def publish_deals(data_dir: Path, deals: str) -> Settings:
    """Publish a warehouse of deals in a new data directory, as of 2026-11-20."""
    settings = Settings(catalog="Sandbox", data_dir=data_dir)
    data_dir.mkdir()
    with open_database(settings.warehouse_path) as connection:
        _stage(connection, deals)
        changes = find_changes(connection, end_of_day(AS_OF), REPORTING)
        build_marts(connection, changes, as_of=AS_OF, reporting=REPORTING, thresholds=settings.thresholds)
        _record_run(connection)
    return settings


def _stage(connection: duckdb.DuckDBPyConnection, deals: str) -> None:
    connection.execute("ATTACH ':memory:' AS landing; ATTACH ':memory:' AS staging")
    connection.execute("CREATE SCHEMA landing.partner_central")
    stage(connection, end_of_day(AS_OF))
    connection.execute(
        f"""CREATE TEMP TABLE records AS
            SELECT *, 'O' || 1000000 + number AS opportunity_id, opportunity_id || '@1' AS row_key,
                   created::TIMESTAMPTZ + INTERVAL 5 DAY AS modified_at FROM ({deals})"""
    )
    for table, rows in STAGED.items():
        connection.execute(f"INSERT INTO staging.{table} BY NAME {rows}")
    connection.execute(
        """CREATE TABLE landing.partner_central.opportunity_versions AS
           SELECT opportunity_id, modified_at AS last_modified_date, modified_at AS fetched_at FROM records"""
    )


def _record_run(connection: duckdb.DuckDBPyConnection) -> None:
    """Write what a night notes of itself: that it published, and a rule that holds."""
    (rows,) = fetch_row(connection, "SELECT count(*) FROM marts.opportunities")
    started, finished = datetime(2026, 11, 20, 4, 30, tzinfo=UTC), datetime(2026, 11, 20, 4, 41, tzinfo=UTC)
    run = (RUN_ID, started, finished, AS_OF, "Sandbox", "published", 12, 1, rows, rows, 0, rows, None)
    checked = (RUN_ID, "landing", "in_enum", "opportunity_versions", "life_cycle__stage", "critical", True, rows, 0)
    for schema, table, found in (("ops", Runs, [run]), ("quality", Results, [checked]), ("quality", Quarantine, [])):
        replace_table(connection, schema, table, pl.DataFrame(found, table.create_empty().schema, orient="row"))
    replace_table(connection, "ops", Basis, pl.DataFrame({"built_with": "a test", "reporting_currency": "USD"}))
