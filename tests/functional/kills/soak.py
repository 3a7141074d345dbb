"""The kill test for as long as one likes: `make soak`.

It ends at the first difference, with exit code 1, and keeps the directories.
"""

# ruff: noqa: T201 - a script tells what it finds

import argparse
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from killed_nights import STAGES
from trial import Trial, trial

ROUNDS_PER_TRIAL = 60
ROUNDS_PER_COMPARISON = 20  # a comparison takes two whole nights
WITH_REPORT = {"COSELL_REPORT": "true"}
WORLDS = [
    (60, WITH_REPORT, []),
    # A first load of several windows.
    (240, WITH_REPORT | {"COSELL_WINDOW_PAGES": "1"}, ["extract", "load", "extract"]),
]


@dataclass
class Sums:
    """Over all trials."""

    kills: Counter[str] = field(default_factory=Counter)
    too_late: int = 0
    edits: int = 0
    queries: int = 0
    publications: int = 0

    def add(self, done: Trial) -> Iterator[str]:
        """Take in a trial that has ended; yield what its readers found wrong."""
        self.kills += done.kills
        self.too_late += done.too_late
        self.edits += done.world.edits
        for way, seen in done.seen.items():
            self.queries += seen.queries
            self.publications += len(seen.published)
            yield from (f"a reader that {way}: {error}" for error in seen.errors)

    def __str__(self) -> str:
        by_stage = ", ".join(f"{stage} {self.kills[stage]}" for stage in STAGES)
        return (
            f"{self.kills.total()} kills ({by_stage}), {self.too_late} came too late; {self.edits} edits; "
            f"readers: {self.queries} queries, {self.publications} publications seen"
        )


def soak(rounds: int, seed: int) -> int:
    """Run trials until this many nights have been killed; return the exit code."""
    sums, started_at = Sums(), time.monotonic()
    while (left := rounds - sums.kills.total()) > 0:
        opportunities, env, first = WORLDS[seed % len(WORLDS)]
        directory = Path(mkdtemp(prefix="cosell-soak-"))
        with trial(directory, opportunities, seed, **env) as at_work:
            for comparison in at_work.run(min(left, ROUNDS_PER_TRIAL), first, compare_every=ROUNDS_PER_COMPARISON):
                done = sums.kills.total() + comparison.rounds
                each = (time.monotonic() - started_at) / done
                print(f"{done} of {rounds} rounds, {each:.1f} s each, seed {seed}, {len(comparison.wrong)} wrong")
                if comparison.wrong:
                    return tell(comparison.wrong, directory)
        if wrong := list(sums.add(at_work)):
            return tell(wrong, directory)
        shutil.rmtree(directory)
        seed += 1
    print(sums)
    return 0


def tell(wrong: list[str], directory: Path) -> int:
    """Print what is wrong, and where it can be looked at; return the exit code."""
    print(*wrong, f"kept: {directory}", sep="\n")
    return 1


def main() -> None:
    """Read the options and end with the exit code."""
    parser = argparse.ArgumentParser(description="Kill nights and compare; no difference is exit code 0.")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    sys.exit(soak(options.rounds, options.seed))


if __name__ == "__main__":
    main()
