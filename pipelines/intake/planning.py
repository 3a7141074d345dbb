"""Make a plan: find the opportunity of each deal, read it fresh, and decide. Nothing is written to AWS."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Lock

from pipelines.database import fetch_row
from pipelines.intake.deals import Deal, Planned, Reason
from pipelines.intake.matching import find_matches
from pipelines.intake.performance import Now, connected, row_progress
from pipelines.intake.plan import Plan, check_place, free_place, write_plan
from pipelines.intake.published import open_published_of
from pipelines.intake.recent import changed_since
from pipelines.intake.rules import decide
from pipelines.intake.sheet import read_sheet
from pipelines.intake.sheet_file import in_line
from pipelines.intake.suggestions import deals_of_findings
from pipelines.partner_central.aws_errors import RefusedError
from pipelines.partner_central.client import PartnerCentral
from pipelines.partner_central.solutions import SOLUTION_PAGE_ROWS
from pipelines.settings import Settings

FINDINGS = "marts.hygiene"  # the source of a plan without a sheet
# One record that claims to be of the future would hide what changed since.
LAST_CHANGE = "SELECT max(last_modified_at) FROM marts.opportunities WHERE last_modified_at <= ?"


def make_plan(
    settings: Settings, sheet: Path | None, out: Path | None, *, convert: bool, now: Now, warn: Callable[[str], None]
) -> tuple[Plan, Path]:
    """Make the plan of a sheet, or of the findings of hygiene, and write it to `out` or beside the sheet.

    Returns the plan and where it is. Raises ConfigurationError for a sheet or a place that cannot be used and without
    a published warehouse, LockedError while another run is at work, AwsError.
    """
    deals = _deals(settings, sheet, convert=convert, warn=warn)
    path = out or free_place(sheet.with_suffix(".plan.json") if sheet else Path("hygiene.plan.json"))
    check_place(path)
    with connected(settings, now) as connection, row_progress("plan", len(deals), settings) as advance:
        created_at = now()  # what comes to be while AWS is read is younger than the plan

        def on_row(planned: Planned) -> None:
            advance(planned.action)
            connection.record_at_times()

        rows = plan_rows(deals, settings, connection.client, convert=convert, now=created_at, on_row=on_row)
    source = sheet.name.encode(errors="replace").decode() if sheet else FINDINGS
    plan = Plan(settings.catalog, created_at, source, convert, rows)
    write_plan(path, plan)
    return plan, path


def _deals(settings: Settings, sheet: Path | None, *, convert: bool, warn: Callable[[str], None]) -> list[Deal]:
    if sheet is None:
        return deals_of_findings(settings.warehouse_path, catalog=settings.catalog, convert=convert)
    read = read_sheet(sheet)
    for column in read.unknown_columns:
        warn(f"warning: {in_line(sheet.name)}: column {column} is passed over")
    return read.deals


def plan_rows(
    deals: Sequence[Deal],
    settings: Settings,
    client: PartnerCentral,
    *,
    convert: bool,
    now: datetime,
    on_row: Callable[[Planned], None],
) -> tuple[Planned, ...]:
    """Decide what is to be done about each deal, in their order.

    Costs a read for each deal with an opportunity, and a page of a listing or more where identifiers of the CRM are
    given or solutions are wanted. `on_row` gets each row as it is decided, one at a time. Raises AwsError, or
    ConfigurationError where the deals or the published warehouse do not allow a plan.
    """
    matched = _matched(deals, settings, client, now)
    solutions = _solutions(client) if any("solution_ids" in deal.wanted for deal in matched) else frozenset()
    lock = Lock()

    def plan_row(deal: Deal) -> Planned:
        record = None
        try:
            if deal.opportunity_id is not None and not deal.reasons:
                found = client.find("GetOpportunity", Identifier=deal.opportunity_id)
                record = found.body if found else None
        except RefusedError as error:
            deal = replace(deal, reasons=(Reason("opportunity_id", str(error)),))
        planned = decide(deal, record, convert=convert, today=now.date(), solutions=solutions)
        with lock:
            on_row(planned)
        return planned

    return tuple(client.map(plan_row, matched))


def _matched(deals: Sequence[Deal], settings: Settings, client: PartnerCentral, now: datetime) -> list[Deal]:
    """Find the opportunity of each deal. An identifier of the CRM may be that of one younger than the last night."""
    recent: Mapping[str, Collection[str]] = {}
    if any(deal.partner_opportunity_id and not deal.reasons for deal in deals):
        with open_published_of(settings.warehouse_path, settings.catalog) as connection:
            (last_change,) = fetch_row(connection, LAST_CHANGE, [now])
        recent = changed_since(client, last_change)
    return find_matches(deals, settings.warehouse_path, settings.landing_path, recent, catalog=settings.catalog)


def _solutions(client: PartnerCentral) -> frozenset[str]:
    """List the identifiers of the partner's solutions that can be associated."""
    pages = client.pages("ListSolutions", "SolutionSummaries", MaxResults=SOLUTION_PAGE_ROWS)
    return frozenset(str(row.get("Id")) for rows in pages for row in rows if row.get("Status") == "Active")
