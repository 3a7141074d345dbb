"""The walk of ListOpportunities, which loses nothing while rows change under it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.partner_central.answers import row_text
from pipelines.partner_central.aws_errors import ExpiredPageTokenError
from pipelines.partner_central.client import PartnerCentral, TokenGuard
from pipelines.partner_central.tables import parse_id, parse_instant

OPERATION = "ListOpportunities"
PAGE_ROWS = 100  # the most that AWS gives
OPPORTUNITY_ID = re.compile(r"O[0-9]{1,19}")  # AWS takes no other identifier


@dataclass(frozen=True, slots=True)
class ListedOpportunity:
    """One row of a listing. `stamp` is LastModifiedDate as AWS wrote it, `payload` the whole row as JSON."""

    opportunity_id: str
    stamp: str
    last_modified_date: datetime | None
    payload: str = field(repr=False)

    @property
    def is_fetchable(self) -> bool:
        """Whether AWS would take the identifier."""
        return OPPORTUNITY_ID.fullmatch(self.opportunity_id) is not None


def walk_opportunities(client: PartnerCentral, after: datetime | None) -> Iterator[list[ListedOpportunity]]:
    """Yield pages of opportunities changed on or after an instant, oldest change first, each row once.

    Every page asks anew for what changed on or after the last instant seen. A token is followed only where a
    whole page shares one instant: what a token means once rows have moved is not documented, and where it is
    an offset, each move hides a row. Where a token has expired the walk asks anew too. An opportunity that changes
    during the walk comes again, with its new date.
    """
    seen: set[tuple[str, str]] = set()
    tokens = TokenGuard(OPERATION)
    token: str | None = None
    while True:
        try:
            rows, token = _page(client, after, token)
        except ExpiredPageTokenError:
            tokens.begin_anew()
            token = None
            continue
        fresh = {(row.opportunity_id, row.stamp): row for row in rows}
        fresh = {key: row for key, row in fresh.items() if key not in seen}
        seen.update(fresh)
        yield list(fresh.values())
        if token is None:
            return
        instants = {row.last_modified_date for row in rows if row.last_modified_date is not None}
        if len(instants) > 1 and (after is None or max(instants) > after):
            after, token, tokens = max(instants), None, TokenGuard(OPERATION)
        else:
            tokens.admit(token, fresh)


def _page(
    client: PartnerCentral, after: datetime | None, token: str | None
) -> tuple[list[ListedOpportunity], str | None]:
    changed: dict[str, Any] = {"LastModifiedDate": {"AfterLastModifiedDate": after}} if after else {}
    rows, token = client.page(
        OPERATION,
        "OpportunitySummaries",
        token,
        MaxResults=PAGE_ROWS,
        Sort={"SortBy": "LastModifiedDate", "SortOrder": "ASCENDING"},
        **changed,
    )
    return [_listed(row) for row in rows], token


def _listed(row: dict[str, Any]) -> ListedOpportunity:
    stamp = row.get("LastModifiedDate")
    return ListedOpportunity(parse_id(row.get("Id")), str(stamp), parse_instant(stamp), row_text(OPERATION, row))
