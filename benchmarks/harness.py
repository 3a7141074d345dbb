"""Run contenders in turn, each in a process of its own, and tell the medians of what they took."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

ROUNDS = 5
LIBRARIES = ("boto3", "dlt", "duckdb", "great-expectations", "polars")

Taken = dict[str, float]
"""What one run took: `wall` and `cpu` in seconds, `peak_gb`, and whatever else the contender counted."""


def take(work: Callable[[], Mapping[str, float] | None]) -> None:
    """Do the work once in this process and print what it took, as JSON: the end of a contender's process."""
    wall, cpu = time.perf_counter(), time.process_time()
    counted = work() or {}
    taken = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "peak_gb": peak_gb(), **counted}
    sys.stdout.write(json.dumps(taken) + "\n")


def peak_gb() -> float:
    """Return the most memory that this process has held, in GB. What `getrusage` says may be its parent's."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1e6


def run_once(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Taken:
    """Run a contender's process, which ends with `take`, and return what it took."""
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, *command],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    taken: Taken = json.loads(done.stdout.splitlines()[-1])
    return taken


def in_turn(
    contenders: Mapping[str, Callable[[], Taken]], rounds: int = ROUNDS, warm_up: bool = True
) -> dict[str, Taken]:
    """Run all contenders, one after the other, as often as `rounds` says, and return the medians by contender.

    In turn, so that a noisy minute of the machine hits them all; an uncounted first round fills the disk's cache.
    """
    runs: dict[str, list[Taken]] = {name: [] for name in contenders}
    for number in range(rounds + warm_up):
        for name, run in contenders.items():
            taken = run()
            if number >= warm_up:
                runs[name].append(taken)
    return {name: {key: median(run[key] for run in own) for key in own[0]} for name, own in runs.items()}


def markdown(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [f"| {' | '.join(heading)} |", "|" + "---|" * len(heading)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def compared(medians: Mapping[str, Taken], to: str) -> str:
    """Return the medians of contenders as a Markdown table, with the ratios of CPU and wall time to one of them."""
    base = medians[to]
    rows = [
        [
            name,
            f"{taken['cpu']:.2f}",
            f"{taken['wall']:.2f}",
            f"{taken['cpu'] / base['cpu']:.2f}",
            f"{taken['wall'] / base['wall']:.2f}",
            f"{taken['peak_gb']:.2f}",
        ]
        for name, taken in medians.items()
    ]
    return markdown(["", "CPU, s", "wall, s", "CPU ratio", "wall ratio", "peak, GB"], rows)


def judged(goal: str, measured: float, limit: float, *, at_least: bool = False, unit: str = "") -> str:
    """Return one line that holds a figure against its goal."""
    met = measured >= limit if at_least else measured <= limit
    return f"- {'met' if met else '**missed**'}: {goal}; measured {measured:.3g}{unit}"


def machine() -> str:
    """Say on what the figures were measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"{os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}, {versions}"
