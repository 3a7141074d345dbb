"""All that a status rests on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipelines.settings import Settings
from pipelines.status.landed import Landed, Run
from pipelines.status.published import Published

FRESH = timedelta(hours=26)
"""A night and two hours to spare: what is published is fresh for so long, where nobody says how long."""
APART = timedelta(minutes=1)
"""The clocks of two machines may differ by so much, and a night may end while the status is read."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What landing, warehouse and disk say at an instant; the landing says nothing while a run is at work."""

    settings: Settings
    now: datetime
    max_age: timedelta | None
    is_at_work: bool
    landed: Landed | None
    published: Published | None
    disk: Mapping[str, int]

    @property
    def oldest(self) -> timedelta:
        """How old what is published may be."""
        return self.max_age or FRESH

    @property
    def is_ahead(self) -> bool:
        """Whether the published night ended in the future: a clock is or was wrong, and nobody knows how old it is."""
        return self.published is not None and self.published.finished_at - self.now > APART

    @property
    def is_fresh(self) -> bool:
        """Whether what is published is no older than it may be, by the clock and by its business date."""
        return self.published is not None and not self.is_ahead and self.now - self.published.known_until <= self.oldest

    @property
    def runs(self) -> list[Run]:
        """The last runs, the latest first."""
        if self.landed:
            return self.landed.runs
        return self.published.runs if self.published else []

    @property
    def ending(self) -> str | None:
        """How the last run ended: its status, where `running` is that of one that was killed."""
        if not self.runs:
            return None
        last = self.runs[0]
        if self.published and last.run_id == self.published.run_id:
            return "published"  # killed after its publication and before its record, it may say otherwise
        return "killed" if last.status == "running" else last.status

    @property
    def drifts(self) -> int:
        """How much AWS sent that its service model does not know, and that is not looked at yet."""
        if self.landed:
            return self.landed.drifts
        return self.published.drifts if self.published else 0

    @property
    def report_path(self) -> Path | None:
        """The latest report, if there is one."""
        path = self.settings.reports_path / "latest.html"
        return path if path.exists() else None
