"""What is in sight: opportunities that a full listing no longer shows, and those that a listing shows again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from pipelines.partner_central.listing import ListedOpportunity
from pipelines.partner_central.tables import LANDING_SCHEMAS


@dataclass(slots=True)
class Sight:
    """What one walk of ListOpportunities shows, against what was in sight before it.

    `visible` says of every opportunity that has landed whether it was last in sight. Only a change becomes a row.
    """

    visible: dict[str, bool] = field(repr=False)
    is_full: bool  # the walk began without a cursor: what it does not show by its end is gone
    listed: set[str] = field(default_factory=set, repr=False)

    def returned(self, rows: Iterable[ListedOpportunity], observed_at: datetime) -> pa.Table:
        """Take in rows of the walk, and return the changes: opportunities that were out of sight until now.

        They land with the page that shows them. The cursor moves with that page, so that a walk that is cut or
        killed later would never list them again.
        """
        ids = {row.opportunity_id for row in rows}
        self.listed |= ids
        return self._changed({shown for shown in ids if not self.visible.get(shown, True)}, True, observed_at)

    def gone(self, observed_at: datetime) -> pa.Table:
        """Return the changes at the end of a complete walk: opportunities that a full one has not shown."""
        in_sight = {landed for landed, is_visible in self.visible.items() if is_visible}
        return self._changed(in_sight - self.listed if self.is_full else set(), False, observed_at)

    def _changed(self, ids: set[str], is_visible: bool, observed_at: datetime) -> pa.Table:
        self.visible |= dict.fromkeys(ids, is_visible)
        change = {"observed_at": observed_at, "is_visible": is_visible}
        rows = [{"opportunity_id": opportunity_id, **change} for opportunity_id in sorted(ids)]
        return pa.Table.from_pylist(rows, schema=LANDING_SCHEMAS["opportunity_visibility"])
