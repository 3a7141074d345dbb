"""Fetch the snapshot revisions that are not stored yet. A revision never changes once it is there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import zip_longest
from typing import Any, NamedTuple

import pyarrow as pa

from pipelines.partner_central.aws_errors import QuotaSpentError, ResourceNotFoundError
from pipelines.partner_central.client import PartnerCentral
from pipelines.partner_central.engagements import Association, Known, walk_due
from pipelines.partner_central.extraction import Extraction, Walk
from pipelines.partner_central.tables import LANDING_SCHEMAS, parse_instant

SNAPSHOT_LAG = timedelta(hours=1)  # how long after a change its snapshot may still come; AWS does not say

CALLS_PER_ASSOCIATION = 5  # one listing and a few revisions: what is fetched together when reads run short

MOST_REVISIONS = 10_000  # of one resource and template; a number beyond is no count of anything

LatestRevisions = dict[tuple[str, str], int]  # by resource and template


class Revision(NamedTuple):
    """One snapshot to fetch."""

    association: Association
    template: str
    number: int


@dataclass(frozen=True, slots=True, repr=False)
class AssociationPage:
    """Associations whose snapshots were looked at, and the snapshots that were new."""

    associations: pa.Table
    snapshots: pa.Table


def association_pages(extraction: Extraction, read_known: Callable[[], Known]) -> Iterator[AssociationPage | None]:
    """Yield a window of pages of due associations, their new snapshots fetched before they are yielded.

    Gives way (None) for as long as opportunities are being walked: what they fetch decides what is due.
    """
    while extraction.opportunity_walk is Walk.UNDER_WAY:
        yield None
    is_over = extraction.association_walk is Walk.COMPLETE or extraction.is_quota_spent
    if is_over or extraction.opportunity_walk is Walk.CUT:
        return
    extraction.association_walk = Walk.UNDER_WAY
    if extraction.known is None or extraction.due_pages is None:
        extraction.known = read_known()
        extraction.due_pages = walk_due(extraction.client, extraction.known, full=extraction.full)
    try:
        yield from _window(extraction, extraction.due_pages, extraction.known)
    except QuotaSpentError:
        extraction.stop_for_quota()
    finally:
        if extraction.association_walk is Walk.UNDER_WAY:
            extraction.association_walk = Walk.CUT


def _window(extraction: Extraction, pages: Iterator[list[Association]], known: Known) -> Iterator[AssociationPage]:
    yielded = 0
    while yielded != extraction.window_pages:
        due = next(pages, None)
        if due is None:
            extraction.association_walk = Walk.COMPLETE
            return
        yielded += 1
        while due:
            affordable = max(1, extraction.client.remaining() // CALLS_PER_ASSOCIATION)
            part, due = due[:affordable], due[affordable:]
            page = _fetch_page(extraction, part, known)
            extraction.report()
            yield page
            if not extraction.client.remaining():
                raise extraction.client.quota_spent()


def _fetch_page(extraction: Extraction, due: list[Association], known: Known) -> AssociationPage:
    """Look at the snapshots of associations and fetch the new ones.

    An association of which something could not be fetched does not land, and so stays due. When the reads run out, what
    was fetched until then lands all the same, or a day too short for the page would spend its reads on the same
    revisions for ever; nothing after the first that is missing, since the next run goes on after the last stored.
    """
    client, fetched_at = extraction.client, extraction.clock()
    engagements = sorted({association.engagement_id for association in due if association.is_askable})
    listed = client.map(partial(_latest_revisions, client), engagements)
    latest = dict(zip(engagements, listed, strict=True))
    wanted = [
        revision
        for association in due
        if association.is_askable
        for revision in _new_revisions(association, latest.get(association.engagement_id) or {}, known)
    ]
    read = client.map_affordable(partial(_fetch, client, fetched_at), wanted)
    snapshots = [snapshot for snapshot in read if snapshot]
    extraction.snapshots_fetched += len(snapshots)
    missing = {revision.association for revision, got in zip_longest(wanted, read) if got is None}
    missing |= {association for association in due if latest.get(association.engagement_id, {}) is None}
    associations = [
        _row(association, latest.get(association.engagement_id) or {}, known, fetched_at)
        for association in due
        if association not in missing
    ]
    return AssociationPage(
        pa.Table.from_pylist(associations, schema=LANDING_SCHEMAS["engagement_associations"]),
        pa.Table.from_pylist(snapshots, schema=LANDING_SCHEMAS["resource_snapshots"]),
    )


def _row(association: Association, latest: LatestRevisions, known: Known, fetched_at: datetime) -> dict[str, Any]:
    newest = known.newest_versions.get(association.resource_id)
    is_settled = newest is not None and fetched_at - newest >= SNAPSHOT_LAG
    return {
        "engagement_id": association.engagement_id,
        "resource_id": association.resource_id,
        "checked_last_modified_date": newest if is_settled else None,
        "snapshot_revisions": sum(
            last for (resource_id, _), last in latest.items() if resource_id == association.resource_id
        ),
        "fetched_at": fetched_at,
        "payload": association.payload,
    }


def _latest_revisions(client: PartnerCentral, engagement_id: str) -> LatestRevisions | None:
    """List the latest revision by resource and template; None when AWS no longer shows it, or no reads are left."""
    latest: LatestRevisions = {}
    try:
        for rows in client.pages(
            "ListResourceSnapshots", "ResourceSnapshotSummaries", EngagementIdentifier=engagement_id
        ):
            for row in rows:
                key = str(row.get("ResourceId")), str(row.get("ResourceSnapshotTemplateName"))
                revision = row.get("Revision")
                if type(revision) is int and revision <= MOST_REVISIONS:
                    latest[key] = max(revision, latest.get(key, 0))
    except (ResourceNotFoundError, QuotaSpentError):
        return None
    return latest


def _new_revisions(association: Association, latest: LatestRevisions, known: Known) -> Iterator[Revision]:
    """Yield the revisions after the last stored one, each by number: AWS may list the latest alone."""
    for (resource_id, template), last in sorted(latest.items()):
        if resource_id == association.resource_id:
            stored = known.revisions.get((association.engagement_id, resource_id, template), 0)
            for number in range(stored + 1, last + 1):
                yield Revision(association, template, number)


def _fetch(client: PartnerCentral, fetched_at: datetime, revision: Revision) -> dict[str, Any] | None:
    association, template, number = revision
    reply = client.find(
        "GetResourceSnapshot",
        EngagementIdentifier=association.engagement_id,
        ResourceType="Opportunity",
        ResourceIdentifier=association.resource_id,
        ResourceSnapshotTemplateIdentifier=template,
        Revision=number,
    )
    if reply is None:
        return None
    return {
        "engagement_id": association.engagement_id,
        "resource_id": association.resource_id,
        "template": template,
        "revision": number,
        "created_at": parse_instant(reply.body.get("CreatedAt")),
        "fetched_at": fetched_at,
        "payload": reply.text,
    }
