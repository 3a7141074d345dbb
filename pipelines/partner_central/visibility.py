"""What is in sight: opportunities that a full listing no longer shows, and those that a listing shows again."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from pipelines.partner_central.listing import ListedOpportunity
from pipelines.partner_central.tables import LANDING_SCHEMAS


@dataclass(frozen=True, slots=True)
class FullListing:
    """What a listing that was walked to its end says: how many it showed, who vanished, who returned.

    Where it is not believed, more vanished than the limit allows, and none is marked as gone.
    """

    listed_at: datetime
    opportunities: int
    in_sight: int  # before it
    vanished: int
    returned: int
    is_believed: bool


@dataclass(slots=True)
class Sight:
    """What a walk of ListOpportunities shows, against what was in sight before it.

    `visible` says of every opportunity that has landed whether it was last in sight. Only a change becomes a row.
    """

    visible: dict[str, bool] = field(repr=False)

    def returned(self, rows: Iterable[ListedOpportunity], observed_at: datetime) -> pa.Table:
        """Take in rows of a walk, and return the changes: opportunities that were out of sight until now.

        They land with the page that shows them. The cursor moves with that page, so that a walk that is cut or
        killed later would never list them again.
        """
        return _rows(self._turn({row.opportunity_id for row in rows}, True), True, observed_at)

    def settle(
        self, listed: Collection[str], observed_at: datetime, max_vanished_share: float
    ) -> tuple[FullListing, pa.Table]:
        """Compare with everything that a full listing has shown; return what it says, and the changes."""
        in_sight = {landed for landed, is_visible in self.visible.items() if is_visible}
        vanished = in_sight.difference(listed)
        is_believed = len(vanished) <= max_vanished_share * len(in_sight)
        returned = self._turn(listed, True)
        gone = self._turn(vanished, False) if is_believed else set()
        full = FullListing(observed_at, len(listed), len(in_sight), len(vanished), len(returned), is_believed)
        return full, pa.concat_tables([_rows(returned, True, observed_at), _rows(gone, False, observed_at)])

    def _turn(self, ids: Iterable[str], is_visible: bool) -> set[str]:
        """Note what the landed ones among some opportunities are now, and return those for which that is a change."""
        changed = {known for known in ids if self.visible.get(known, is_visible) is not is_visible}
        self.visible |= dict.fromkeys(changed, is_visible)
        return changed


def _rows(ids: Iterable[str], is_visible: bool, observed_at: datetime) -> pa.Table:
    change = {"observed_at": observed_at, "is_visible": is_visible}
    rows = [{"opportunity_id": opportunity_id, **change} for opportunity_id in sorted(ids)]
    return pa.Table.from_pylist(rows, schema=LANDING_SCHEMAS["opportunity_visibility"])
