"""Fetch what the listing of opportunities says has changed."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import pyarrow as pa
from dlt.common import logger

from pipelines.partner_central import listing
from pipelines.partner_central.aws_errors import QuotaSpentError
from pipelines.partner_central.client import PartnerCentral
from pipelines.partner_central.extraction import Extraction, Walk
from pipelines.partner_central.limits import CALLS_PER_OPPORTUNITY
from pipelines.partner_central.listing import ListedOpportunity
from pipelines.partner_central.tables import LANDING_SCHEMAS, UNKNOWN_INSTANT, parse_instant
from pipelines.partner_central.visibility import Sight

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class OpportunityPage:
    """The opportunities of one listed page. `listed_through` is the cursor once the page has landed."""

    listed_through: datetime | None
    versions: pa.Table = field(default_factory=LANDING_SCHEMAS["opportunity_versions"].empty_table)
    summaries: pa.Table = field(default_factory=LANDING_SCHEMAS["aws_opportunity_summaries"].empty_table)
    visibility: pa.Table = field(default_factory=LANDING_SCHEMAS["opportunity_visibility"].empty_table)


@dataclass(slots=True)
class Frontier:
    """How far the listing has landed: the last listed instant, and the identifiers landed at that instant.

    The instant is dlt's cursor; the identifiers are kept in `state`, which dlt commits with the load. It never moves
    beyond `horizon`: one date in the future would hide every later change.
    """

    instant: datetime | None
    state: Record
    horizon: datetime
    ids: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.ids = set(self.state.get("ids_at_cursor", []))

    def holds(self, row: ListedOpportunity) -> bool:
        """Whether a row lies on the frontier and has landed."""
        return row.last_modified_date == self.instant and row.opportunity_id in self.ids

    def move(self, rows: list[ListedOpportunity]) -> bool:
        """Take in rows that land now; whether that changes the frontier. It never goes back."""
        before = self.instant, len(self.ids)
        for row in rows:
            if row.last_modified_date is None or row.last_modified_date > self.horizon:
                continue
            if self.instant is None or row.last_modified_date > self.instant:
                self.instant, self.ids = row.last_modified_date, set()
            if row.last_modified_date == self.instant:
                self.ids.add(row.opportunity_id)
        self.state["ids_at_cursor"] = sorted(self.ids)
        return before != (self.instant, len(self.ids))


def opportunity_pages(
    extraction: Extraction, frontier: Frontier, read_visible: Callable[[], dict[str, bool]]
) -> Iterator[OpportunityPage]:
    """Yield a window of pages of changed opportunities, each fetched before it is yielded.

    The frontier moves with the pages, by the *listed* dates: a detail may be newer than its listing, and a
    cursor that followed it would jump over everything listed in between and not yet fetched.
    """
    if extraction.opportunity_walk is Walk.COMPLETE or extraction.is_quota_spent:
        return
    extraction.opportunity_walk = Walk.UNDER_WAY
    try:
        sight = extraction.sight = extraction.sight or Sight(read_visible())
        if extraction.list_all and extraction.full_listing is None:
            yield from _list_all(extraction, sight, frontier)
        if extraction.listed_pages is None:
            after = None if extraction.full else frontier.instant
            is_full = after is None and extraction.full_listing is None
            extraction.listed_ids = set() if is_full else None
            extraction.listed_pages = listing.walk_opportunities(extraction.client, after)
        yield from _window(extraction, extraction.listed_pages, sight, frontier)
    except QuotaSpentError:
        extraction.stop_for_quota()
    finally:
        if extraction.opportunity_walk is Walk.UNDER_WAY:
            extraction.opportunity_walk = Walk.CUT


def _list_all(extraction: Extraction, sight: Sight, frontier: Frontier) -> Iterator[OpportunityPage]:
    """Walk the full listing before anything is fetched: it tells who vanished, and how much there is to do.

    It may take half of the reads that are left, or a day that has too few of them would never fetch anything.
    """
    due: dict[str, bool] = {}
    enough = extraction.client.remaining() // 2
    for rows in listing.walk_opportunities(extraction.client, None):
        if extraction.client.remaining() < enough:
            return
        due |= {row.opportunity_id: extraction.full or _is_news(row, frontier, sight) for row in rows}
        extraction.opportunities_listed = len(due)
        extraction.report()
    extraction.opportunities_due = sum(due.values())
    yield from _settle(extraction, sight, frontier, due)


def _is_news(row: ListedOpportunity, frontier: Frontier, sight: Sight) -> bool:
    """Whether the walk from the frontier will list a row, and find that it has not landed."""
    if row.last_modified_date is None:
        return row.opportunity_id not in sight.visible
    return (frontier.instant is None or row.last_modified_date >= frontier.instant) and not frontier.holds(row)


def _settle(
    extraction: Extraction, sight: Sight, frontier: Frontier, listed: Collection[str]
) -> Iterator[OpportunityPage]:
    """Take a listing that came to its end as the whole truth of what is in sight; yield the changes, if any."""
    full, changes = sight.settle(listed, extraction.clock(), extraction.max_vanished_share)
    extraction.full_listing = full
    if not full.is_believed:
        logger.warning(f"{full.vanished} of {full.in_sight} opportunities vanished at once: none is marked as gone")
    if changes.num_rows:
        yield OpportunityPage(frontier.instant, visibility=changes)


def _window(
    extraction: Extraction, pages: Iterator[list[ListedOpportunity]], sight: Sight, frontier: Frontier
) -> Iterator[OpportunityPage]:
    yielded = 0
    while not extraction.is_quota_spent and yielded != extraction.window_pages:
        rows = next(pages, None)
        if rows is None:
            extraction.opportunity_walk = Walk.COMPLETE
            if extraction.listed_ids is not None:
                yield from _settle(extraction, sight, frontier, extraction.listed_ids)
            return
        if not extraction.list_all:
            extraction.opportunities_listed += len(rows)
        if extraction.listed_ids is not None:
            extraction.listed_ids.update(row.opportunity_id for row in rows)
        rows, due = _affordable(extraction, rows, frontier)
        fetched = extraction.client.map_affordable(partial(_fetch, extraction.client, extraction.clock()), due)
        if len(fetched) < len(due):  # retries have taken what was reckoned for the others
            rows = rows[: rows.index(due[len(fetched)])]
            extraction.stop_for_quota()
        page = _page(extraction, fetched)
        returned = sight.returned(rows, extraction.clock())
        has_moved = frontier.move(rows)
        extraction.report()
        if fetched or has_moved or returned.num_rows:
            yielded += 1
            yield OpportunityPage(frontier.instant, *page, returned)


def _affordable(
    extraction: Extraction, rows: list[ListedOpportunity], frontier: Frontier
) -> tuple[list[ListedOpportunity], list[ListedOpportunity]]:
    """Return the leading rows that the day's budget can pay for, and those of them that are to be fetched."""
    due = [row for row in rows if _is_due(extraction, row, frontier)]
    affordable = extraction.client.remaining() // CALLS_PER_OPPORTUNITY
    if len(due) <= affordable:
        return rows, due
    extraction.stop_for_quota()
    return rows[: rows.index(due[affordable])], due[:affordable]


def _is_due(extraction: Extraction, row: ListedOpportunity, frontier: Frontier) -> bool:
    """Whether a row has neither landed before nor been fetched in this run at its date or a later one."""
    if not extraction.full and frontier.holds(row):
        return False
    fetched = extraction.newest_versions.get(row.opportunity_id)
    return not (row.is_fetchable and fetched and row.last_modified_date and row.last_modified_date <= fetched)


def _page(extraction: Extraction, fetched: list[tuple[Record, Record | None]]) -> tuple[pa.Table, pa.Table]:
    """Count what was fetched, and return it as versions and AWS summaries."""
    versions = [version for version, _ in fetched]
    summaries = [summary for _, summary in fetched if summary]
    for version in versions:
        newest = extraction.newest_versions.get(version["opportunity_id"], UNKNOWN_INSTANT)
        extraction.newest_versions[version["opportunity_id"]] = max(newest, version["last_modified_date"])
    extraction.opportunities_fetched += sum(version["operation"] == "GetOpportunity" for version in versions)
    return (
        pa.Table.from_pylist(versions, schema=LANDING_SCHEMAS["opportunity_versions"]),
        pa.Table.from_pylist(summaries, schema=LANDING_SCHEMAS["aws_opportunity_summaries"]),
    )


def _fetch(client: PartnerCentral, fetched_at: datetime, row: ListedOpportunity) -> tuple[Record, Record | None]:
    """Fetch an opportunity and AWS's side of it.

    What cannot be fetched lands as the listing shows it: its identifier is malformed, or it went out of sight
    between the listing and now. AWS has no side of its own before an opportunity is submitted.
    """
    reply = client.find("GetOpportunity", Identifier=row.opportunity_id) if row.is_fetchable else None
    version: Record = {
        "opportunity_id": row.opportunity_id,
        "last_modified_date": row.last_modified_date or UNKNOWN_INSTANT,
        "listed_last_modified_date": row.last_modified_date,
        "operation": "GetOpportunity" if reply else listing.OPERATION,
        "fetched_at": fetched_at,
        "payload": reply.text if reply else row.payload,
    }
    if reply is None:
        return version, None
    version["last_modified_date"] = parse_instant(reply.body.get("LastModifiedDate")) or version["last_modified_date"]
    summary = client.find("GetAwsOpportunitySummary", RelatedOpportunityIdentifier=row.opportunity_id)
    if summary is None:
        return version, None
    key = {name: version[name] for name in ("opportunity_id", "last_modified_date", "fetched_at")}
    return version, {**key, "payload": summary.text}
