"""The demo world: deals that a partner might have, invented, with a past, and still going on.

A pure function of its seed, size, start and the instant at which it is looked at: each deal's life depends on
its own dice alone, so neither the order of requests nor the steps of the clock can change it.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.sandbox.demo import flaws, words
from pipelines.sandbox.demo.deal import draw_deal
from pipelines.sandbox.demo.dice import Dice
from pipelines.sandbox.demo.life import Life
from pipelines.sandbox.demo.record import first_record
from pipelines.sandbox.events import Event
from pipelines.sandbox.instants import EPOCH, MICROSECOND, NANOSECONDS_PER_SECOND, format_instant, to_nanoseconds
from pipelines.sandbox.store import Store
from pipelines.sandbox.validation import CATALOGS
from pipelines.sandbox.wire import Record

MILLISECOND = 1_000 * MICROSECOND
PAST = timedelta(days=548)  # 18 months
FIRST_NUMBER = 10_000_000
NUMBERS_PER_OPPORTUNITY = 37
SOLUTION_IDS = [f"S-{51_000 + 7 * position:07d}" for position in range(len(words.SOLUTIONS))]


@dataclass(frozen=True)
class World:
    """So many opportunities over the first 18 months from `started_at`, and more at the same rate ever after.

    Without `started_at` the 18 months end when the world is first looked at. A request for another catalog than
    the world's finds nothing. One that accepts no deal value refuses Self entries, as a catalog would that knows
    AWS spend alone.
    """

    opportunities: int = 2000
    seed: int = 7
    started_at: datetime | None = None
    catalog: str = "Sandbox"
    accepts_deal_value: bool = True

    def __post_init__(self) -> None:
        if self.catalog not in CATALOGS:
            raise ValueError(f"catalog must be one of {', '.join(CATALOGS)}")
        if self.opportunities < 0:
            raise ValueError("opportunities must be 0 or more")

    def store(self, now: datetime) -> Store:
        """The state of this world at an instant; it moves on as its clock does."""
        started_at = self.started_at if self.started_at is not None else now - PAST
        schedule = Schedule(self, to_nanoseconds(started_at))
        solutions = self.solutions(started_at)
        store = Store(self.catalog, schedule, solutions, accepts_deal_value=self.accepts_deal_value)
        store.advance(to_nanoseconds(now))
        return store

    def solutions(self, started_at: datetime) -> list[Record]:
        """The partner's solutions; none in a world without opportunities."""
        if not self.opportunities:
            return []
        created = to_nanoseconds(started_at - timedelta(days=400))
        month = 30 * 86_400 * NANOSECONDS_PER_SECOND
        return [
            {
                "Catalog": self.catalog,
                "Id": solution_id,
                "Name": name,
                "Status": status,
                "Category": category,
                "CreatedDate": format_instant(created + position * month, 3),
            }
            for position, (solution_id, (name, category, status)) in enumerate(
                zip(SOLUTION_IDS, words.SOLUTIONS, strict=True)
            )
        ]

    def life(self, number: int, started_at: int) -> list[Event]:
        """All events of one opportunity, its creation first."""
        dice = Dice(f"{self.seed}/{number}")
        step = PAST // timedelta(microseconds=1) * MICROSECOND // self.opportunities
        created_at = started_at + number * step + int(step * dice.random())
        created_at -= created_at % MILLISECOND
        gap = dice.whole(0, NUMBERS_PER_OPPORTUNITY - 1)
        opportunity_id = f"O{FIRST_NUMBER + number * NUMBERS_PER_OPPORTUNITY + gap}"
        day = (EPOCH + timedelta(seconds=created_at // NANOSECONDS_PER_SECOND)).date()
        deal = draw_deal(dice, opportunity_id, day, SOLUTION_IDS)
        record = first_record(deal, self.catalog, format_instant(created_at, 3))
        flaws.add_flaw(number, deal, record)
        life = Life(deal, record, self.catalog, created_at)
        if flaws.has_foreign_stage(number):
            return life.tell_with_foreign_stage(flaws.FOREIGN_STAGE)
        return life.tell()


class Schedule:
    """The events of a world that are still to come."""

    def __init__(self, world: World, started_at: int) -> None:
        self._world, self._started_at = world, started_at
        self._next_number = 0
        self._pending: list[tuple[int, int, int, Event]] = []  # instant, number, position in its life
        if world.opportunities:
            self._plan_next_life()

    def due(self, now: int) -> Iterator[Event]:
        """The events up to and including this instant that were not yet given out, in order."""
        while self._pending and self._pending[0][0] <= now:
            _, _, position, event = heapq.heappop(self._pending)
            if position == 0:
                self._plan_next_life()
            yield event

    def _plan_next_life(self) -> None:
        """Lives are planned as late as can be: each one with the creation of the one before."""
        number = self._next_number
        for position, event in enumerate(self._world.life(number, self._started_at)):
            heapq.heappush(self._pending, (event.at, number, position, event))
        self._next_number += 1
