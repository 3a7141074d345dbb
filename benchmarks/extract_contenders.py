"""Read a partner's opportunities and AWS's side of them in one process: as the nightly does, and as by hand."""

import csv
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import boto3
import dlt
import typer
from botocore.config import Config

from benchmarks.harness import take
from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.partner_central.extraction import Extraction, Walk
from pipelines.partner_central.opportunities import Frontier, opportunity_pages
from pipelines.partner_central.service_model import SERVICE
from pipelines.partner_central.source import partner_central

CATALOG = "Sandbox"
WINDOW_PAGES = 10  # the nightly's own
OPPORTUNITY_TABLES = ("opportunity_versions", "opportunities", "aws_opportunity_summaries", "opportunity_visibility")

Counted = dict[str, float]


def arrow_pages(threads: int, pace: float) -> Counted:
    """Read into the Arrow pages that the source hands to dlt, and let each go."""
    extraction = Extraction(PartnerCentral(CATALOG, quota=Quota(pace), threads=threads))
    frontier = Frontier(None, {}, datetime.now(UTC) + timedelta(days=1))
    records = sum(page.versions.num_rows for page in opportunity_pages(extraction, frontier, dict))
    return {"records": records}


def landed(threads: int, pace: float) -> Counted:
    """Read the same through dlt into a new landing, window after window."""
    extraction = Extraction(PartnerCentral(CATALOG, quota=Quota(pace), threads=threads), window_pages=WINDOW_PAGES)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
        pipeline = dlt.pipeline(
            "cosell",
            destination=dlt.destinations.duckdb(f"{directory}/landing.duckdb"),
            dataset_name="partner_central",
            pipelines_dir=directory,
        )
        while extraction.opportunity_walk is not Walk.COMPLETE:
            source = partner_central(CATALOG, extraction=extraction)
            pipeline.run(source.with_resources(*OPPORTUNITY_TABLES), loader_file_format="parquet")
    return {"records": extraction.opportunities_fetched}


def bare_loop(threads: int, _: float) -> Counted:
    """Read with boto3 in a pool of threads, and throw the records away."""
    client = boto3.client(SERVICE, config=Config(max_pool_connections=threads))

    def read(row: dict[str, Any]) -> None:
        client.get_opportunity(Catalog=CATALOG, Identifier=row["Id"])
        _summary(client, row["Id"])

    with ThreadPoolExecutor(threads) as pool:
        return {"records": sum(1 for _ in pool.map(read, _listed(client)))}


def export_by_hand(_: int, __: float) -> Counted:
    """List, get and flatten one opportunity after the other into a CSV file."""
    client = boto3.client(SERVICE)
    records = 0
    with tempfile.TemporaryFile("w", newline="") as file:
        writer = csv.writer(file)
        for row in _listed(client):
            opportunity = client.get_opportunity(Catalog=CATALOG, Identifier=row["Id"])
            writer.writerow(_flat(opportunity, _summary(client, row["Id"])).values())
            records += 1
    return {"records": records}


CONTENDERS: dict[str, Callable[[int, float], Counted]] = {
    "pages": arrow_pages,
    "landed": landed,
    "bare": bare_loop,
    "by-hand": export_by_hand,
}


def _listed(client: Any) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("list_opportunities").paginate(
        Catalog=CATALOG,
        Sort={"SortBy": "LastModifiedDate", "SortOrder": "ASCENDING"},
        PaginationConfig={"PageSize": 100},
    )
    for page in pages:
        yield from page["OpportunitySummaries"]


def _summary(client: Any, identifier: str) -> dict[str, Any]:
    """Return AWS's side; nothing before the opportunity is submitted."""
    try:
        answer: dict[str, Any] = client.get_aws_opportunity_summary(
            Catalog=CATALOG, RelatedOpportunityIdentifier=identifier
        )
    except client.exceptions.ResourceNotFoundException:
        return {}
    return answer


def _flat(opportunity: dict[str, Any], summary: dict[str, Any]) -> dict[str, Any]:
    project, life_cycle = opportunity.get("Project") or {}, opportunity.get("LifeCycle") or {}
    account = (opportunity.get("Customer") or {}).get("Account") or {}
    spend = {entry.get("TargetCompany"): entry for entry in project.get("ExpectedCustomerSpend") or []}
    insights = summary.get("Insights") or {}
    return {
        "id": opportunity["Id"],
        "title": project.get("Title"),
        "customer": account.get("CompanyName"),
        "industry": account.get("Industry"),
        "country": (account.get("Address") or {}).get("CountryCode"),
        "stage": life_cycle.get("Stage"),
        "review_status": life_cycle.get("ReviewStatus"),
        "target_close_date": life_cycle.get("TargetCloseDate"),
        "months": (project.get("ExpectedContractDuration") or {}).get("Value"),
        "aws_mrr": spend.get("AWS", {}).get("Amount"),
        "deal_tcv": spend.get("Self", {}).get("Amount"),
        "created": opportunity.get("CreatedDate"),
        "last_modified": opportunity.get("LastModifiedDate"),
        "aws_stage": (summary.get("LifeCycle") or {}).get("Stage"),
        "engagement_score": insights.get("EngagementScore"),
    }


def main(
    contender: str,
    threads: Annotated[int, typer.Option()] = 4,
    pace: Annotated[float, typer.Option(help="reads per second; 0 is unpaced")] = 0.0,
) -> None:
    """Let one contender read all that the server of the environment has, and print what that took."""
    take(lambda: CONTENDERS[contender](threads, pace))


if __name__ == "__main__":
    typer.run(main)
