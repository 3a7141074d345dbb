"""Kill after kill in one data directory, compared with another one in which no night was ever disturbed."""

import random
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
from killed_nights import STAGES, Night
from moving_world import MovingWorld
from readers import Seen, readers
from twins import differences

USUAL_SECONDS = {
    "start": 1.5, "extract": 2.0, "load": 0.2, "validate": 5.0, "transform": 0.3, "audit": 3.0, "publish": 0.1,
    "record": 0.05, "report": 2.0,
}  # fmt: skip
"""How long each stage takes, until a night says so itself."""
UNSAVED = {"start", "extract", "load"}  # where a page may be in flight


@dataclass
class Told:
    """What is known of a night from outside: when it was there, where it ended, how many calls the server saw."""

    started_at: datetime
    ended_at: datetime
    stage: str | None  # None: it completed
    calls: int


@dataclass(frozen=True)
class Comparison:
    """The state after some rounds, with all that is wrong."""

    rounds: int
    wrong: list[str]


class Trial:
    """A world, two data directories, and what has been done to one of them."""

    def __init__(self, directory: Path, world: MovingWorld, seed: int, **env: str) -> None:
        self.world, self.env = world, env
        self.dice = random.Random(f"kills {seed}")
        self.disturbed, self.undisturbed = directory / "disturbed", directory / "undisturbed"
        for path in (self.disturbed, self.undisturbed):
            path.mkdir()
        self.kills: Counter[str] = Counter()
        self.too_late = 0
        self._stages: Collection[str] = STAGES
        self.seen: dict[str, Seen] = {}
        self.nights: list[Told] = []
        self._usual = dict(USUAL_SECONDS)
        self._missed: Counter[str] = Counter()
        self._half_pages: list[str] = []

    def run(
        self, rounds: int, first: Sequence[str] = (), stages: Collection[str] = STAGES, *, compare_every: int = 5
    ) -> Iterator[Comparison]:
        """Kill this many nights, and on until each of the stages was hit. Compare every few rounds, and at the end.

        `first` are the stages in which the first of them are killed; the others are killed where it happened least.
        """
        self._stages, wanted = stages, iter(first)
        with readers(self.disturbed / "data" / "warehouse.duckdb") as seen:
            while not self._is_done(rounds):
                assert self.too_late <= rounds, f"{self.too_late} nights ended before they could be killed"
                was_killed = self._round(next(wanted, self._least_hit()))
                if was_killed and (self._is_done(rounds) or self.kills.total() % compare_every == 0):
                    yield self._compare()
                    self.world.move()
        self.seen = seen

    def _is_done(self, rounds: int) -> bool:
        return self.kills.total() >= rounds and self.kills.keys() >= set(self._stages)

    def _least_hit(self) -> str:
        return min(self._stages, key=lambda stage: (self.kills[stage], self.dice.random()))

    def _round(self, wanted: str) -> bool:
        """Start a night and kill it in a stage, at a random instant; whether that came before its end."""
        self.world.edit_soon()
        night = self._start(self.disturbed)
        night.reach(wanted)
        # What came too late comes sooner the next time: on a slow machine too, each stage is hit in the end.
        time.sleep(self.dice.uniform(0, self._usual[wanted] / 2 ** self._missed[wanted]))
        was_killed = night.kill()
        stage = night.stage() if was_killed else None
        self._missed[wanted] += stage != wanted
        if stage is None:
            self.too_late += 1
        else:
            self.kills[stage] += 1
        self.nights.append(Told(night.started_at, night.ended_at, stage, night.calls))
        self._half_pages += _half_pages(self.disturbed / "data")
        return was_killed

    def _compare(self) -> Comparison:
        """Let nights run undisturbed in both directories, over a world that stands still, and compare them."""
        self.world.rest()
        day = None
        while day != today():  # what goes out of sight is told on the day that it is seen to be gone
            day = today()
            for directory in (self.disturbed, self.undisturbed):
                night = self._start(directory)
                night.complete()
                self._usual |= night.seconds()
                if directory == self.disturbed:
                    self.nights.append(Told(night.started_at, night.ended_at, None, night.calls))
        disturbed, undisturbed = self.disturbed / "data", self.undisturbed / "data"
        wrong = [
            *differences(disturbed, undisturbed),
            *_wrong_records(disturbed, self.nights, self.world.calls_of_a_page()),
            *_left_over(disturbed),
            *self._half_pages,
        ]
        return Comparison(self.kills.total(), wrong)

    def _start(self, directory: Path) -> Night:
        return Night(directory, self.world.sandbox, today(), **self.env)


@contextmanager
def trial(directory: Path, opportunities: int, seed: int, **env: str) -> Iterator[Trial]:
    """Serve a world for the trial of a directory."""
    with MovingWorld(opportunities, seed).served() as world:
        yield Trial(directory, world, seed, **env)


def today() -> date:
    return datetime.now(UTC).date()


def _left_over(data: Path) -> list[str]:
    """What killed nights left behind and a complete one did not remove."""
    pages = [path for path in data.glob("reports/*") if path.suffix != ".html" and path.name != ".lock"]
    return [f"left over: {path.name}" for path in (*data.glob("warehouse.*.duckdb*"), *data.glob(".work"), *pages)]


def _half_pages(data: Path) -> list[str]:
    """The reports under their names that are not whole."""
    pages = data.glob("reports/*.html")
    return [f"half a page: {page.name}" for page in pages if not page.read_text().rstrip().endswith("</html>")]


def _wrong_records(data: Path, nights: list[Told], in_flight: int) -> Iterator[str]:
    """What `ops.runs` and `ops.calls` say that is not so. Calls are saved page by page: one page may be missing."""
    with duckdb.connect(data / "landing.duckdb", read_only=True) as connection:
        runs = connection.execute(
            "SELECT started_at, status, (SELECT coalesce(sum(calls), 0) FROM ops.calls WHERE run_id = runs.run_id) "
            "FROM ops.runs ORDER BY started_at"
        ).fetchall()
    for number, night in enumerate(nights, start=1):
        found = [run for run in runs if night.started_at <= run[0] <= night.ended_at]
        status = "published" if night.stage in {"record", "report", None} else "killed"
        if [run[1] for run in found] != [status] and not (night.stage == "start" and not found):
            yield f"night {number}, killed in {night.stage}: {[run[1] for run in found]} in ops.runs"
        unsaved = night.calls - sum(run[2] for run in found)
        if not 0 <= unsaved <= (in_flight if night.stage in UNSAVED else 0):
            yield f"night {number}, killed in {night.stage}: {unsaved} of {night.calls} calls are not in ops.calls"
    if len(runs) > len(nights):
        yield f"{len(runs)} runs in ops.runs, {len(nights)} nights"
