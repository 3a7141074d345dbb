"""Partner Central as a dlt source, for any destination."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import dlt
import pyarrow as pa
from dlt.extract import DltResource

from pipelines.errors import ConfigurationError
from pipelines.partner_central.client import PartnerCentral
from pipelines.partner_central.extraction import Extraction
from pipelines.partner_central.opportunities import Frontier, OpportunityPage, opportunity_pages
from pipelines.partner_central.snapshots import AssociationPage, association_pages
from pipelines.partner_central.solutions import solution_pages
from pipelines.partner_central.stored import read_known, read_solutions, read_visible
from pipelines.partner_central.tables import LANDING_SCHEMAS

__all__ = ["LANDING_SCHEMAS", "partner_central"]

MERGE: Any = {"disposition": "merge", "strategy": "delete-insert"}
LISTED_THROUGH: Any = dlt.sources.incremental(
    "listed_through",
    primary_key=(),  # pages, which no key can tell apart; their rows are told apart by the frontier
    on_cursor_value_missing="include",
)
CLOCK_SKEW = timedelta(days=1)  # between AWS's clock and ours, generously
NEWEST_FIRST: Any = {"last_modified_date": {"dedup_sort": "desc"}}


@dlt.source(name="partner_central")
def partner_central(
    catalog: str = "AWS",
    *,
    full: bool = False,
    list_all: bool = False,
    client: PartnerCentral | None = None,
    extraction: Extraction | None = None,
) -> Iterable[DltResource]:
    """Opportunities of an AWS partner: current state, versions, AWS's side, visibility, snapshots, solutions.

    Incremental: a run reads what has changed since the last one, `full` everything; `list_all` begins with a full
    listing, which tells what has gone out of sight. Credentials, profile, region and endpoint come from boto3's own
    chain. An `extraction` brings its own client and options, and tells how far it is. `engagement_associations` says
    for which version `resource_snapshots` have been looked for, so load both or neither.
    """
    if extraction is None:
        extraction = Extraction(client or PartnerCentral(catalog), full=full, list_all=list_all)
    if extraction.client.catalog != catalog:
        raise ConfigurationError(f"the client reads catalog {extraction.client.catalog}, not {catalog}")
    return [*_opportunities(extraction), *_engagements(extraction), _solutions(extraction)]


def _opportunities(extraction: Extraction) -> Iterator[DltResource]:
    @dlt.resource(name="opportunity_pages", selected=False)
    def pages(
        cursor: Any = LISTED_THROUGH,
    ) -> Iterator[OpportunityPage]:
        """One item per listed page; the cursor is the last *listed* LastModifiedDate that has landed."""
        state = dlt.current.resource_state()
        _claim(state, extraction.client.catalog)
        yield from opportunity_pages(
            extraction, Frontier(cursor.last_value, state, extraction.clock() + CLOCK_SKEW), read_visible
        )

    @dlt.transformer(
        name="opportunity_versions",
        data_from=pages,
        primary_key=("opportunity_id", "last_modified_date"),
        write_disposition=MERGE,
    )
    def versions(page: OpportunityPage) -> pa.Table | None:
        """One row per opportunity and LastModifiedDate that was fetched: every version ever seen."""
        return _rows(page.versions)

    @dlt.transformer(
        name="opportunities",
        data_from=pages,
        primary_key="opportunity_id",
        write_disposition=MERGE,
        columns=NEWEST_FIRST,
    )
    def current(page: OpportunityPage) -> pa.Table | None:
        """One row per opportunity: the version fetched last."""
        return _rows(page.versions)

    @dlt.transformer(
        name="aws_opportunity_summaries",
        data_from=pages,
        primary_key=("opportunity_id", "last_modified_date"),
        write_disposition=MERGE,
    )
    def summaries(page: OpportunityPage) -> pa.Table | None:
        """One row per version of an opportunity that AWS has a side of."""
        return _rows(page.summaries)

    @dlt.transformer(
        name="opportunity_visibility",
        data_from=pages,
        primary_key=("opportunity_id", "observed_at"),
        write_disposition=MERGE,
    )
    def visibility(page: OpportunityPage) -> pa.Table | None:
        """One row each time that a full listing no longer showed an opportunity, or a listing showed it again."""
        return _rows(page.visibility)

    yield from (pages, versions, current, summaries, visibility)


def _engagements(extraction: Extraction) -> Iterator[DltResource]:
    @dlt.resource(name="association_pages", selected=False)
    def pages() -> Iterator[AssociationPage | None]:
        """One item per page of associations whose snapshots are due."""
        yield from association_pages(extraction, lambda: read_known(extraction.newest_versions))

    @dlt.transformer(
        name="engagement_associations",
        data_from=pages,
        primary_key=("engagement_id", "resource_id"),
        write_disposition=MERGE,
    )
    def associations(page: AssociationPage) -> pa.Table | None:
        """One row per engagement and opportunity, with the version for which snapshots were looked for."""
        return _rows(page.associations)

    @dlt.transformer(
        name="resource_snapshots",
        data_from=pages,
        primary_key=("engagement_id", "resource_id", "template", "revision"),
        write_disposition=MERGE,
    )
    def snapshots(page: AssociationPage) -> pa.Table | None:
        """One row per snapshot revision."""
        return _rows(page.snapshots)

    yield from (pages, associations, snapshots)


def _solutions(extraction: Extraction) -> DltResource:
    @dlt.resource(name="solutions", primary_key="solution_id", write_disposition=MERGE)
    def solutions() -> Iterator[pa.Table]:
        """One row per solution."""
        yield from solution_pages(extraction, read_solutions)

    return solutions


def _claim(state: dict[str, Any], catalog: str) -> None:
    """Bind a pipeline to one catalog: a cursor of one would hide what is older in the other."""
    if state.setdefault("catalog", catalog) != catalog:
        raise ConfigurationError(
            f"what has landed here is catalog {state['catalog']}, not {catalog}: choose another directory"
        )


def _rows(table: pa.Table) -> pa.Table | None:
    """Return a table, or None to say that there is nothing to load."""
    return table if table.num_rows else None
