"""A sandbox whose world moves on when it is told to, and once in a while as it is read."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipelines.sandbox.instants import format_instant, to_nanoseconds
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.store import Store
from pipelines.sandbox.wire import Record
from pipelines.sandbox.world import World

STARTED_AT = datetime(2025, 5, 1, tzinfo=UTC)
NOW = datetime(2026, 9, 1, tzinfo=UTC)
STAGES = ["Qualified", "Technical Validation", "Business Validation", "Committed"]
MOST_OUT_OF_SIGHT = 3
PAGE_ROWS = 100
LISTINGS = 3  # opportunities, associations, solutions: dlt takes them in turns
CALLS_BEFORE_EDIT = 8


class MovingWorld:
    """A world under a clock of its own. It stands still between two calls of `move`, but for the edit of `edit_soon`.

    What changes while nights are killed has landed in both directories as it was, so that both can see all versions.
    """

    def __init__(self, opportunities: int, seed: int) -> None:
        self.dice = random.Random(f"world {seed}")
        self.now = NOW
        self.sandbox = Sandbox(World(opportunities, seed, STARTED_AT), clock=lambda: self.now)
        self.sandbox.before_response.append(lambda operation, request: self._edit_when_due())
        self.edits = 0
        self._out_of_sight: list[Record] = []
        self._at_rest: dict[str, int] = {}
        self._edited_next: str | None = None
        self._calls_left = 0

    @property
    def store(self) -> Store:
        return self.sandbox.stores["Sandbox"]

    @contextmanager
    def served(self) -> Iterator["MovingWorld"]:
        with self.sandbox:
            yield self

    def move(self) -> None:
        """Let days pass, then change some opportunities by hand, two of them at one instant."""
        self.now += timedelta(days=self.dice.randint(1, 6), seconds=self.dice.randint(0, 86_399))
        self.store.advance(to_nanoseconds(self.now))
        self._edit(self.dice.sample(self._engaged(), 2))
        self._edit([self.dice.choice(sorted(self.store.records))])
        self._add_snapshot(self.dice.choice(self._engaged()))
        self._put_back()
        self._remove()

    def rest(self) -> None:
        """Stand still, so that all there is can be read; until the next move, that is what may be edited."""
        self._edited_next = None
        self._at_rest = dict(self.store.modified)

    def edit_soon(self) -> None:
        """Edit an opportunity, whose present version has been read, a few calls from now: while a night runs."""
        modified = self.store.modified
        at_rest = sorted(name for name, instant in self._at_rest.items() if modified.get(name) == instant)
        if at_rest:
            self._calls_left = self.dice.randint(1, CALLS_BEFORE_EDIT)
            self._edited_next = self.dice.choice(at_rest)

    def calls_of_a_page(self) -> int:
        """The most that one page costs: two calls for each opportunity, or those for snapshots; and the listings."""
        revisions: Counter[str] = Counter()
        for (_, opportunity_id, _), found in self.store.snapshots.items():
            revisions[opportunity_id] += len(found)
        of_snapshots = sum(1 + found for _, found in revisions.most_common(PAGE_ROWS))
        return LISTINGS + max(2 * min(PAGE_ROWS, len(self.store.records)), of_snapshots)

    def _edit_when_due(self) -> None:
        if self._edited_next is None:
            return
        self._calls_left -= 1
        if self._calls_left <= 0:
            edited, self._edited_next = self._edited_next, None
            self._edit([edited])

    def _edit(self, opportunity_ids: list[str]) -> None:
        self.now += timedelta(seconds=1)
        self.edits += 1
        for opportunity_id in opportunity_ids:
            changes = {"LifeCycle.Stage": self.dice.choice(STAGES), "LifeCycle.NextSteps": f"Step {self.edits}"}
            self.store.edit(opportunity_id, self.now, changes)

    def _engaged(self) -> list[str]:
        """Opportunities in sight that have snapshots."""
        return sorted({opportunity_id for _, opportunity_id, _ in self.store.snapshots} & set(self.store.records))

    def _add_snapshot(self, opportunity_id: str) -> None:
        key = min(key for key in self.store.snapshots if key[1] == opportunity_id)
        created_at = format_instant(to_nanoseconds(self.now))
        self.store.add_snapshot(key, replace(self.store.snapshots[key][-1], created_at=created_at))
        self._edit([opportunity_id])

    def _remove(self) -> None:
        """Take an opportunity out of sight. One that AWS has a side of, which further events can build upon."""
        if len(self._out_of_sight) < MOST_OUT_OF_SIGHT:
            opportunity_id = self.dice.choice(sorted(set(self.store.records) & set(self.store.aws_summaries)))
            self._out_of_sight.append(self.store.records[opportunity_id])
            self.store.remove(opportunity_id)

    def _put_back(self) -> None:
        """Show an opportunity again, as it was or with an edit."""
        if self._out_of_sight and self.dice.random() < 0.5:
            record = self._out_of_sight.pop(0)
            self.store.put(record, self.now)
            if self.dice.random() < 0.5:
                self._edit([record["Id"]])
