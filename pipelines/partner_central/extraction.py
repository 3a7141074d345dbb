"""What one run extracts: its client, its options, how far it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

from dlt.common import logger

from pipelines.partner_central.client import PartnerCentral
from pipelines.partner_central.engagements import Association, Known
from pipelines.partner_central.limits import MAX_VANISHED_SHARE
from pipelines.partner_central.listing import ListedOpportunity
from pipelines.partner_central.visibility import FullListing, Sight


class Walk(Enum):
    """How far the walk of a listing is."""

    NOT_STARTED = "not started"
    UNDER_WAY = "under way"
    CUT = "cut"  # by the end of a window or of the budget
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts since the extraction began; `calls` are HTTP attempts, retries included."""

    opportunities_listed: int
    opportunities_fetched: int
    snapshots_fetched: int
    calls: int


@dataclass(slots=True)
class Extraction:
    """One run over Partner Central, in one or more windows, each a run of the pipeline that lands by itself.

    Run the pipeline with `partner_central(..., extraction=extraction)` until `is_complete`; each run goes on
    where the last one stopped. `is_quota_spent` ends it early: what was fetched lands, and a later extraction
    goes on. After an error make a new extraction: this one may be ahead of what landed.
    """

    client: PartnerCentral
    full: bool = False  # read every opportunity and engagement again
    list_all: bool = False  # begin with a full listing, which alone tells what has gone out of sight
    max_vanished_share: float = MAX_VANISHED_SHARE  # of what was in sight; if more is gone at once, none is marked
    window_pages: int | None = None  # pages of 100 opportunities, or of 100 engagements, that land together
    on_progress: Callable[[Progress], None] = lambda _: None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    opportunities_listed: int = 0
    opportunities_fetched: int = 0
    snapshots_fetched: int = 0
    is_quota_spent: bool = False
    opportunity_walk: Walk = Walk.NOT_STARTED
    association_walk: Walk = Walk.NOT_STARTED
    solution_walk: Walk = Walk.NOT_STARTED
    newest_versions: dict[str, datetime] = field(default_factory=dict, repr=False)  # fetched in this run
    listed_pages: Iterator[list[ListedOpportunity]] | None = None
    sight: Sight | None = None
    listed_ids: set[str] | None = field(default=None, repr=False)  # by a walk that is a full listing itself
    full_listing: FullListing | None = None  # once one has come to its end
    opportunities_due: int | None = None  # to be fetched, as a full listing at the beginning said
    known: Known | None = field(default=None, repr=False)
    due_pages: Iterator[list[Association]] | None = None

    @property
    def is_complete(self) -> bool:
        """Whether opportunities, engagements and solutions have all been walked to their end."""
        walks = self.opportunity_walk, self.association_walk, self.solution_walk
        return all(walk is Walk.COMPLETE for walk in walks)

    def stop_for_quota(self) -> None:
        """End the extraction because the day's reads are spent."""
        self.is_quota_spent = True
        logger.warning(str(self.client.quota_spent()))

    def report(self) -> None:
        """Tell the caller how far the extraction is."""
        self.on_progress(
            Progress(
                self.opportunities_listed,
                self.opportunities_fetched,
                self.snapshots_fetched,
                self.client.calls.total(),
            )
        )
