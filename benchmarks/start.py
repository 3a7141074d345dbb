"""Time how soon the command answers: its help, and a query of a demo's warehouse, each in a process of its own.

.venv/bin/python -m benchmarks.start --rounds 5
"""

import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.harness import ROUNDS, Taken, in_turn, judged, markdown
from benchmarks.landing_data import demo_landing

COSELL = str(Path(sys.executable).with_name("cosell"))
ANSWERS = {
    "cosell --help": (["--help"], 0.3),
    'cosell query "SELECT 1"': (["query", "SELECT 1"], 0.6),
    "cosell query pipeline": (["query", "pipeline"], 0.6),
}
"""What is asked, and within how many seconds an answer should be there."""


def answer(arguments: list[str], data_dir: Path) -> Taken:
    """Run the command and return what it took, from the start of its process to the end."""
    started, spent = time.perf_counter(), os.times()
    subprocess.run(  # noqa: S603 - ourselves
        [COSELL, *arguments], check=True, capture_output=True, env={**os.environ, "COSELL_DATA_DIR": str(data_dir)}
    )
    now = os.times()
    cpu = now.children_user + now.children_system - spent.children_user - spent.children_system
    return {"wall": time.perf_counter() - started, "cpu": cpu}


def section(rounds: int = ROUNDS) -> str:
    """Ask in turn and return the figures and goals as Markdown."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as data_dir:
        demo_landing(Path(data_dir))
        asked = {told: partial(answer, arguments, Path(data_dir)) for told, (arguments, _) in ANSWERS.items()}
        medians = in_turn(asked, rounds)
    rows = [[f"`{told}`", f"{taken['wall']:.2f}", f"{taken['cpu']:.2f}"] for told, taken in medians.items()]
    goals = [
        judged(f"`{told}` under {limit} s", medians[told]["wall"], limit, unit=" s")
        for told, (_, limit) in ANSWERS.items()
    ]
    return f"Medians of {rounds} in turn.\n\n{markdown(['', 'wall, s', 'CPU, s'], rows)}\n\n" + "\n".join(goals)


def main(rounds: Annotated[int, typer.Option(min=1)] = ROUNDS) -> None:
    """Publish a demo's warehouse, ask, and print the medians."""
    typer.echo(section(rounds))


if __name__ == "__main__":
    typer.run(main)
