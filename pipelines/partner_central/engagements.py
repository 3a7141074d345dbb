"""Engagements: which opportunities are shared with AWS, and the walk of those whose snapshots are due."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from pipelines.partner_central.client import PartnerCentral
from pipelines.partner_central.listing import OPPORTUNITY_ID
from pipelines.partner_central.tables import parse_id

ASSOCIATION_PAGE_ROWS = 1000  # the most that AWS gives
DUE_PAGE_ROWS = 100
ENGAGEMENT_ID = re.compile(r"eng-[0-9a-z]{14}")  # AWS takes no other identifier


@dataclass(frozen=True, slots=True)
class Association:
    """One opportunity shared in an engagement. `payload` is the listed row as JSON."""

    engagement_id: str
    resource_id: str
    payload: str = field(repr=False)

    @property
    def is_askable(self) -> bool:
        """Whether AWS would take the identifiers."""
        return bool(ENGAGEMENT_ID.fullmatch(self.engagement_id) and OPPORTUNITY_ID.fullmatch(self.resource_id))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when the walk begins.

    `newest_versions` by opportunity, `checked_versions` by engagement and resource (the newest version when
    its snapshots were last looked at), `revisions` by engagement, resource and template (the last stored).
    """

    newest_versions: Mapping[str, datetime]
    checked_versions: Mapping[tuple[str, str], datetime | None]
    revisions: Mapping[tuple[str, str, str], int]

    def is_due(self, association: Association) -> bool:
        """Whether snapshots may have come since the last look: AWS lists them without any date."""
        key = association.engagement_id, association.resource_id
        if key not in self.checked_versions:
            return True
        return self.checked_versions[key] != self.newest_versions.get(association.resource_id)


def walk_due(client: PartnerCentral, known: Known, *, full: bool) -> Iterator[list[Association]]:
    """Yield pages of the associations that are due, or of all of them, each once."""
    seen: set[tuple[str, str]] = set()
    for rows in client.pages(
        "ListEngagementResourceAssociations",
        "EngagementResourceAssociationSummaries",
        MaxResults=ASSOCIATION_PAGE_ROWS,
        ResourceType="Opportunity",
    ):
        due = []
        for association in map(_association, rows):
            key = association.engagement_id, association.resource_id
            if key not in seen and (full or known.is_due(association)):
                due.append(association)
            seen.add(key)
        for start in range(0, len(due), DUE_PAGE_ROWS):
            yield due[start : start + DUE_PAGE_ROWS]


def _association(row: dict[str, Any]) -> Association:
    return Association(parse_id(row.get("EngagementId")), parse_id(row.get("ResourceId")), orjson.dumps(row).decode())
