"""Generate a partner's landing of any size, as the nights of years would have left it: real tables, real payloads.

A demo night of few opportunities gives the file, with all that dlt and the runs keep in it, and the payloads, of which
every generated record is one with its identifiers, dates, stage and amounts replaced. The same template and size give
the same rows. Nothing has gone out of sight.
"""

import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb

from pipelines.database import fetch_row, open_database, transaction
from pipelines.demo import new_world
from transforms.dates import end_of_day

AS_OF = date(2026, 11, 22)
TEMPLATES = 200  # opportunities of the demo night
BEGAN_AT = end_of_day(date(2026, 5, 1))
MEMORY = "2GB"
COSELL = (sys.executable, "-c", "from pipelines.cli import main; main()")
STAGES = ("Prospect", "Qualified", "Technical Validation", "Business Validation", "Committed", "Launched")

# What is replaced, as a regular expression around it, and the number of the value that takes its place. A prefix before
# the amounts moves them; stages that no model knows stay, to be quarantined.
INSTANT = r'"{}":"[^"]*"'
REPLACED = (
    (INSTANT.format("LastModifiedDate"), r'"LastModifiedDate":"{1}"'),
    (INSTANT.format("CreatedDate"), r'"CreatedDate":"{2}"'),
    (INSTANT.format("CreatedAt"), r'"CreatedAt":"{1}"'),
    (INSTANT.format("TargetCloseDate"), r'"TargetCloseDate":"{3}"'),
    (rf'"Stage":"({"|".join((*STAGES, "Closed Lost"))})"', r'"Stage":"{4}"'),
    (r'"Amount":"([1-9])', r'"Amount":"{5}\1'),
    (r'"Revision":\d+', r'"Revision":{6}'),
    (r"eng-[0-9a-z]{14}", r"{7}"),
)
TEMPLATE = """
CREATE TEMP TABLE {name} AS
SELECT row_number() OVER (ORDER BY id) - 1 AS template, {text} AS text
FROM (SELECT {id} AS id, replace(replace(max(payload), '{{', '{{{{'), '}}', '}}}}') AS escaped
      FROM template.partner_central.{table} WHERE {condition} GROUP BY ALL)
"""
RECORDS = """
CREATE TEMP TABLE records AS
SELECT *, max(modified_at) OVER (PARTITION BY page) + to_hours(6) AS fetched_at
FROM (SELECT *, (row_number() OVER (ORDER BY modified_at, number) - 1) // 100 AS page
      FROM (SELECT number, version, dice, 'O' || (10000000 + 37 * number) AS opportunity_id, created_at,
                   'eng-' || lpad(number::VARCHAR, 14, '0') AS engagement_id, {modified_at} AS modified_at,
                   CASE WHEN number % 5 = 0 AND version > 1 THEN 'Closed Lost'
                        ELSE {stages}[greatest(1, least(6, 1 + number % 4 + version * 11 // 20 - (dice < 80)::INTEGER))]
                   END AS stage
            FROM (SELECT number, version, (hash(number, version) % 1000)::BIGINT AS dice,
                         TIMESTAMPTZ '2024-06-01' + to_seconds((hash(number) % 40000000)::BIGINT) AS created_at
                  FROM range({opportunities}) AS numbers(number), range({first}, {last}) AS versions(version))
            WHERE number % {every} = 0))
ORDER BY modified_at, number
"""
PAST = "created_at + to_seconds(version * 20 * 86400 + dice * 90)"
LAST_DAY = f"TIMESTAMPTZ '{AS_OF}' - to_hours(20) + to_seconds(dice * 70 + version)"
"""When a record was modified: all along its life, or on the day before the business date."""

ISO = "strftime({}, '%Y-%m-%dT%H:%M:%S.%fZ')"
FILLED = f"""format(text, opportunity_id, {ISO.format("modified_at")}, {ISO.format("created_at")},
             strftime(created_at + to_days((120 + version * 7)::INTEGER), '%Y-%m-%d'), stage,
             1 + (number + version) % 9, version // 2 + 1, engagement_id) AS payload"""
FROM_RECORDS = "FROM records JOIN {templates} ON template = hash(number) % {count} WHERE {condition}"
VERSION = f"""SELECT opportunity_id, modified_at AS last_modified_date, modified_at AS listed_last_modified_date,
                     'GetOpportunity' AS operation, fetched_at, {FILLED}"""
SUMMARY = f"SELECT opportunity_id, modified_at AS last_modified_date, fetched_at, {FILLED}"
SNAPSHOT = f"""SELECT engagement_id, opportunity_id AS resource_id, '{{view}}' AS template,
                      version // 2 + 1 AS revision, modified_at AS created_at, fetched_at, {FILLED}"""
ASSOCIATION = """
SELECT engagement_id, opportunity_id AS resource_id, max(modified_at) AS checked_last_modified_date,
       (max(version) + 1) // 2 * (1 + (number % 8 = 0)::INTEGER) AS snapshot_revisions, max(fetched_at) AS fetched_at,
       json_object('Catalog', 'Sandbox', 'EngagementId', engagement_id, 'ResourceType', 'Opportunity',
                   'ResourceId', opportunity_id, 'CreatedBy', '111122223333')::VARCHAR AS payload
FROM records WHERE number % 2 = 0 GROUP BY number, engagement_id, opportunity_id HAVING max(version) > 0 ORDER BY ALL
"""
TEMPLATE_TABLES = {
    "versions": ("opportunity_versions", "opportunity_id", "operation = 'GetOpportunity'"),
    "summaries": ("aws_opportunity_summaries", "opportunity_id", "true"),
    **{
        view: ("resource_snapshots", "resource_id", f"template = '{view}'")
        for view in ("OpportunitySummaryView", "AwsOpportunitySummaryFullView")
    },
}
"""The templates: the table that they are of, the opportunity's column, and which rows."""


def demo_landing(directory: Path) -> Path:
    """Return the landing of a demo night in a data directory; the night is run if it is not there."""
    path = directory / "landing.duckdb"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        world = new_world(TEMPLATES, 7, BEGAN_AT)
        kept = {"opportunities": world.opportunities, "seed": world.seed, "started_at": f"{world.started_at}"}
        (directory / "sandbox.json").write_text(json.dumps(kept))
        command = [*COSELL, "nightly", "--demo", "--data-dir", str(directory)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - ourselves
        if done.returncode:
            raise RuntimeError(f"the demo night failed: {done.stderr}")
    return path


def generate_landing(template: Path, path: Path, opportunities: int, versions: int) -> None:
    """Write a landing of so many opportunities with so many versions each, and rates beside it; all is examined.

    `template` is what `demo_landing` gives.
    """
    shutil.copyfile(template, path)
    (path.parent / "fx_rates.csv").write_text(f"date,currency,per_usd\n{AS_OF},EUR,0.9196\n")
    with open_database(path) as connection:
        _prepare(connection, template, opportunities, 0, versions, every=1, modified_at=PAST)
        emptied = [table for table, _, _ in TEMPLATE_TABLES.values()] + ["opportunities", "engagement_associations"]
        for table in dict.fromkeys(emptied):
            connection.execute(f"DELETE FROM partner_central.{table}")
        connection.execute("DELETE FROM ops.published")
        with transaction(connection):
            _append(connection, newest=versions - 1)
        connection.execute("CREATE TEMP TABLE model AS SELECT DISTINCT landing_table, model FROM quality.examined")
        connection.execute("DELETE FROM quality.examined")
        for (table,) in connection.execute("SELECT landing_table FROM model").fetchall():
            connection.execute(
                f"INSERT INTO quality.examined BY NAME SELECT DISTINCT '{table}' AS landing_table, fetched_at, model "
                f"FROM partner_central.{table}, model WHERE landing_table = '{table}'"
            )


def change(template: Path, path: Path, every: int) -> int:
    """Land one more version of each opportunity whose number `every` divides, modified on the day before `AS_OF`, with
    AWS's side and a snapshot where they belong. Returns how many."""
    with open_database(path) as connection:
        opportunities, version = fetch_row(
            connection,
            "SELECT count(DISTINCT opportunity_id), count(*) FILTER (opportunity_id = 'O10000000') "
            "FROM partner_central.opportunity_versions",
        )
        _prepare(connection, template, opportunities, version, version + 1, every, LAST_DAY)
        with transaction(connection):
            for table, key in (("opportunities", "opportunity_id"), ("engagement_associations", "resource_id")):
                gone = f"DELETE FROM partner_central.{table} WHERE {key} IN (SELECT opportunity_id FROM records)"
                connection.execute(gone)
            _append(connection, newest=version)
        (changed,) = fetch_row(connection, "SELECT count(*) FROM records")
    return int(changed)


def _prepare(
    connection: duckdb.DuckDBPyConnection,
    template: Path,
    opportunities: int,
    first: int,
    last: int,
    every: int,
    modified_at: str,
) -> None:
    """Make the keys of the records to write, and the templates of their payloads."""
    connection.execute(f"SET memory_limit = '{MEMORY}'")
    connection.execute(f"ATTACH '{template}' AS template (READ_ONLY)")
    for name, (table, column, condition) in TEMPLATE_TABLES.items():
        text = "replace(escaped, id, '{0}')"
        for pattern, replacement in REPLACED:
            text = f"regexp_replace({text}, '{pattern}', '{replacement}', 'g')"
        connection.execute(TEMPLATE.format(name=name, text=text, id=column, table=table, condition=condition))
    connection.execute("DETACH template")
    stages = "[" + ", ".join(f"'{stage}'" for stage in STAGES) + "]"
    connection.execute(
        RECORDS.format(
            opportunities=opportunities, first=first, last=last, every=every, modified_at=modified_at, stages=stages
        )
    )


def _append(connection: duckdb.DuckDBPyConnection, newest: int) -> None:
    """Write the records; every second version has a snapshot for half of the deals, and AWS's view for an eighth."""
    snapshots = "version % 2 = 1 AND number % {} = 0"
    for table, templates, query, condition in (
        ("opportunity_versions", "versions", VERSION, "true"),
        ("opportunities", "versions", VERSION, f"version = {newest}"),
        ("aws_opportunity_summaries", "summaries", SUMMARY, "number % 10 <> 9"),
        ("resource_snapshots", "OpportunitySummaryView", SNAPSHOT, snapshots.format(2)),
        ("resource_snapshots", "AwsOpportunitySummaryFullView", SNAPSHOT, snapshots.format(8)),
    ):
        (count,) = fetch_row(connection, f"SELECT count(*) FROM {templates}")
        rows = FROM_RECORDS.format(templates=templates, count=count, condition=condition)
        connection.execute(f"INSERT INTO partner_central.{table} BY NAME {query.replace('{view}', templates)} {rows}")
    connection.execute(f"INSERT INTO partner_central.engagement_associations BY NAME {ASSOCIATION}")
