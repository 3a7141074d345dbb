"""The state of one catalog: opportunities as they stand, AWS's side of them, engagements, snapshots."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Any, Protocol

import orjson

from pipelines.sandbox.events import AWS_VIEW, Changed, Created, Engaged, Engagement, Event, Snapshotted
from pipelines.sandbox.instants import MICROSECOND, format_instant, parse_instant, to_nanoseconds
from pipelines.sandbox.views import aws_full_view, opportunity_summary, snapshot_view
from pipelines.sandbox.wire import Record

PARTNER_ACCOUNT = "111122223333"  # AWS's example account
AWS_ACCOUNT = "AWS"
Entry = tuple[Any, str]
SnapshotKey = tuple[str, str, str]  # engagement, opportunity, template


class Schedule(Protocol):
    """What is still to happen in a world."""

    def due(self, now: int) -> Iterator[Event]:
        """The events up to and including this instant that were not yet given out, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One immutable revision. `payload` is JSON: the view, in the member of the union that it belongs to."""

    created_at: str
    created_by: str
    payload: bytes


class Order:
    """The ids of all opportunities in the order of one sort key; ties in the order of the id."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._keys: dict[str, Any] = {}

    def place(self, opportunity_id: str, key: Any) -> None:
        """Put an id where its key belongs, and take it away from where it was."""
        if opportunity_id in self._keys:
            self.remove(opportunity_id)
        self._keys[opportunity_id] = key
        insort(self._entries, (key, opportunity_id))

    def remove(self, opportunity_id: str) -> None:
        """Forget an id."""
        del self._entries[bisect_left(self._entries, (self._keys.pop(opportunity_id), opportunity_id))]

    def walk(self, descending: bool, beyond: Entry | None = None) -> Iterator[Entry]:
        """The entries in order, from just beyond an entry (which need not exist any more)."""
        entries = self._entries
        if descending:
            end = len(entries) if beyond is None else bisect_left(entries, beyond)
            return (entries[position] for position in range(end - 1, -1, -1))
        start = 0 if beyond is None else bisect_right(entries, beyond)
        return (entries[position] for position in range(start, len(entries)))


def modified_at(record: Record) -> int:
    """LastModifiedDate in nanoseconds. Raises ValueError when the record has none that can be read."""
    return parse_instant(record.get("LastModifiedDate"))


def created_at(record: Record) -> int:
    """CreatedDate in nanoseconds, 0 when the record has none that can be read."""
    try:
        return parse_instant(record.get("CreatedDate"))
    except ValueError:
        return 0


def _text(*path: str) -> Callable[[Record], str]:
    return lambda record: str(member(record, *path) or "")


def member(record: Any, *path: str) -> Any:
    """A nested member, or None when it, or anything above it, is absent or null."""
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record


SORT_KEYS: dict[str, Callable[[Record], Any]] = {
    "Identifier": _text("Id"),
    "CustomerCompanyName": _text("Customer", "Account", "CompanyName"),
    "CreatedDate": created_at,
    "TargetCloseDate": _text("LifeCycle", "TargetCloseDate"),
}


class Store:
    """Everything that one catalog knows. All methods may be called from any thread."""

    def __init__(
        self,
        catalog: str,
        schedule: Schedule | None = None,
        solutions: Iterable[Record] = (),
        *,
        accepts_deal_value: bool = True,
    ) -> None:
        self.catalog = catalog
        self.accepts_deal_value = accepts_deal_value
        self.lock = RLock()
        self.records: dict[str, Record] = {}
        self.modified: dict[str, int] = {}  # the place of each record in the order of modification
        self.aws_summaries: dict[str, Record] = {}
        self.engagements: dict[str, Engagement] = {}
        self.snapshots: dict[SnapshotKey, list[Snapshot]] = {}
        self._snapshot_keys: dict[str, list[SnapshotKey]] = {}  # by engagement
        self.solutions: list[Record] = list(solutions)
        # By operation and ClientToken: the digest of the request, and its response.
        self.answers: dict[tuple[str, str], tuple[bytes, bytes]] = {}
        self._schedule = schedule
        self._orders: dict[str, Order] = {"LastModifiedDate": Order()}
        self._json: dict[str, tuple[bytes, bytes]] = {}  # whole record, list entry
        self._created_here = 0

    def advance(self, now: int) -> None:
        """Let everything happen that is due by now (nanoseconds)."""
        if self._schedule is not None:
            with self.lock:
                for event in self._schedule.due(now):
                    # What happens to a removed opportunity goes unseen.
                    if isinstance(event, Created) or event.opportunity_id in self.records:
                        self.apply(event)

    def apply(self, event: Event) -> None:
        """Let one event happen, at its own instant."""
        with self.lock:
            match event:
                case Created():
                    self._set(event.opportunity_id, event.record, event.at)
                case Changed():
                    self._change(event)
                case Engaged():
                    self.engage(event.engagement)
                case Snapshotted():
                    self._snapshot(event)

    def put(self, record: Mapping[str, Any], at: datetime, opportunity_id: str | None = None) -> None:
        """Add a version of an opportunity exactly as given, malformed values included.

        `at` is its place in the order of modification when LastModifiedDate cannot be read;
        `opportunity_id` is the key when Id is not to be had.
        """
        version = deepcopy(dict(record))
        self._set(opportunity_id or version["Id"], version, to_nanoseconds(at))

    def edit(self, opportunity_id: str, at: datetime, changes: Mapping[str, Any]) -> None:
        """A new version at this instant: each dotted path (`LifeCycle.Stage`) gets its value."""
        paths = {tuple(path.split(".")): deepcopy(value) for path, value in changes.items()}
        self.apply(Changed(to_nanoseconds(at), opportunity_id, paths, digits=6))

    def remove(self, opportunity_id: str) -> None:
        """Make an opportunity invisible, as after a reassignment."""
        with self.lock:
            del self.records[opportunity_id], self.modified[opportunity_id]
            self._json.pop(opportunity_id, None)
            for order in self._orders.values():
                order.remove(opportunity_id)

    def put_aws_summary(self, opportunity_id: str, summary: Mapping[str, Any]) -> None:
        """Set AWS's side of an opportunity, exactly as given."""
        with self.lock:
            self.aws_summaries[opportunity_id] = deepcopy(dict(summary))

    def engage(self, engagement: Engagement) -> None:
        """Add an engagement."""
        with self.lock:
            self.engagements[engagement.engagement_id] = engagement

    def add_snapshot(self, key: SnapshotKey, snapshot: Snapshot) -> int:
        """Add the next revision of a resource in an engagement through a template; return its number."""
        with self.lock:
            if key not in self.snapshots:
                self.snapshots[key] = []
                self._snapshot_keys.setdefault(key[0], []).append(key)
            self.snapshots[key].append(snapshot)
            return len(self.snapshots[key])

    def snapshots_of(self, engagement_id: str) -> list[tuple[SnapshotKey, list[Snapshot]]]:
        """The revisions of every resource and template in an engagement."""
        return [(key, self.snapshots[key]) for key in self._snapshot_keys.get(engagement_id, ())]

    def next_id(self) -> str:
        """The id of an opportunity that a client creates; never one of the world's."""
        self._created_here += 1
        return f"O{9_000_000_000 + self._created_here}"

    def replace(self, record: Record, now: int) -> str:
        """Store a version made by a client at this instant and return its LastModifiedDate.

        Two versions never share an instant: a clock that stands still moves on by a microsecond.
        """
        with self.lock:
            at = max(now, self.modified.get(record["Id"], 0) + MICROSECOND)
            record["LastModifiedDate"] = format_instant(at)
            self._set(record["Id"], record, at)
            return str(record["LastModifiedDate"])

    def json(self, opportunity_id: str) -> tuple[bytes, bytes]:
        """The JSON of an opportunity: the whole record, and its entry in a list."""
        found = self._json.get(opportunity_id)
        if found is None:
            record = self.records[opportunity_id]
            found = (orjson.dumps(record), orjson.dumps(opportunity_summary(record)))
            self._json[opportunity_id] = found
        return found

    def order(self, sort_by: str) -> Order:
        """The order of one sort key, kept from its first use on."""
        if sort_by not in self._orders:
            order = Order()
            for opportunity_id, record in self.records.items():
                order.place(opportunity_id, SORT_KEYS[sort_by](record))
            self._orders[sort_by] = order
        return self._orders[sort_by]

    def _set(self, opportunity_id: str, record: Record, at: int) -> None:
        with suppress(ValueError):
            at = modified_at(record)
        with self.lock:
            self.records[opportunity_id] = record
            self.modified[opportunity_id] = at
            self._json.pop(opportunity_id, None)
            for sort_by, order in self._orders.items():
                order.place(opportunity_id, at if sort_by == "LastModifiedDate" else SORT_KEYS[sort_by](record))

    def _change(self, event: Changed) -> None:
        record = self.records[event.opportunity_id]
        for path, value in event.changes.items():
            _put_member(record, path, value)
        # A client may have written a version after this event was planned: time never goes back.
        later = max(event.at, self.modified[event.opportunity_id] + MICROSECOND)
        record["LastModifiedDate"] = format_instant(later, event.digits if later == event.at else 6)
        if event.aws_summary is not None:
            self.aws_summaries[event.opportunity_id] = event.aws_summary
        for path, value in event.aws_changes.items():
            _put_member(self.aws_summaries[event.opportunity_id], path, value)
        self._set(event.opportunity_id, record, later)

    def _snapshot(self, event: Snapshotted) -> None:
        by_aws = event.template == AWS_VIEW
        source = self.aws_summaries if by_aws else self.records
        view = aws_full_view if by_aws else snapshot_view
        member_name = AWS_VIEW if by_aws else "OpportunitySummary"
        snapshot = Snapshot(
            format_instant(event.at, event.digits),
            AWS_ACCOUNT if by_aws else PARTNER_ACCOUNT,
            orjson.dumps({member_name: view(source[event.opportunity_id])}),
        )
        self.add_snapshot((event.engagement_id, event.opportunity_id, event.template), snapshot)


def _put_member(record: Record, path: tuple[str, ...], value: Any) -> None:
    """Set a nested member; what is null or absent on the way becomes an object."""
    for name in path[:-1]:
        if not isinstance(record.get(name), dict):
            record[name] = {}
        record = record[name]
    record[path[-1]] = value
