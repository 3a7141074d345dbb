"""Engagements: which opportunities are shared with AWS, and the walk of those whose snapshots are due."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from pipelines.partner_central.answers import row_text
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


@dataclass(frozen=True)
class Known:
    """What is known when the walk begins.

    `newest_versions` by opportunity; by engagement and resource `checked_versions` (the newest version when its
    snapshots were last looked at) and `promised` (how many revisions there were then); `revisions` by engagement,
    resource and template (the last stored).
    """

    newest_versions: Mapping[str, datetime]
    checked_versions: Mapping[tuple[str, str], datetime | None]
    promised: Mapping[tuple[str, str], int]
    revisions: Mapping[tuple[str, str, str], int]

    @cached_property
    def stored(self) -> Counter[tuple[str, str]]:
        """How many revisions are stored, by engagement and resource: they are numbered from 1."""
        stored: Counter[tuple[str, str]] = Counter()
        for (engagement_id, resource_id, _), revision in self.revisions.items():
            stored[engagement_id, resource_id] += revision
        return stored

    def is_due(self, association: Association) -> bool:
        """Whether snapshots may have come since the last look: AWS lists them without any date.

        Or whether what was fetched then is not all stored: a run killed while it loads may leave the association's
        row without its snapshots, since each table is committed by itself.
        """
        key = association.engagement_id, association.resource_id
        if key not in self.checked_versions or self.stored[key] < self.promised[key]:
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
    text = row_text("ListEngagementResourceAssociations", row)
    return Association(parse_id(row.get("EngagementId")), parse_id(row.get("ResourceId")), text)
