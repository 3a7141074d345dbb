"""What happens in the life of an opportunity.

Instants are nanoseconds since 1970; `digits` is how many digits of the fraction AWS writes.
"""

from dataclasses import dataclass, field
from typing import Any

from pipelines.sandbox.wire import Record

OPPORTUNITY_VIEW = "OpportunitySummaryView"
AWS_VIEW = "AwsOpportunitySummaryFullView"

Changes = dict[tuple[str, ...], Any]


@dataclass(frozen=True, slots=True)
class Engagement:
    """An engagement about one opportunity."""

    engagement_id: str
    opportunity_id: str
    title: str
    created_at: int
    created_by: str


@dataclass(frozen=True, slots=True)
class Created:
    """The partner creates the opportunity."""

    at: int
    opportunity_id: str
    record: Record


@dataclass(frozen=True, slots=True)
class Changed:
    """A new version: each path gets a new value, and AWS's side its own. Before submission it has none."""

    at: int
    opportunity_id: str
    changes: Changes
    digits: int
    aws_summary: Record | None = None
    aws_changes: Changes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Engaged:
    """An engagement begins; its first snapshot follows at the same instant."""

    at: int
    engagement: Engagement

    @property
    def opportunity_id(self) -> str:
        """The opportunity that the engagement is about."""
        return self.engagement.opportunity_id


@dataclass(frozen=True, slots=True)
class Snapshotted:
    """AWS keeps what a template shows of the opportunity at this instant, as the next revision."""

    at: int
    engagement_id: str
    opportunity_id: str
    template: str
    digits: int


Event = Created | Changed | Engaged | Snapshotted
