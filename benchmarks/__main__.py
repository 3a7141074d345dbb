"""Run benchmarks, those that are named, and print their Markdown.

.venv/bin/python -m benchmarks               # all but the two that take longest, as `make bench`
.venv/bin/python -m benchmarks night scale   # these two
.venv/bin/python -m benchmarks land --rounds 5
"""

from importlib import import_module
from typing import Annotated

import typer

from benchmarks.harness import machine

SECTIONS = {"start": 5, "validate": 2, "transform": 3, "land": 1, "extract": 1, "night": 1, "scale": 1}
"""Each benchmark, and its rounds where none are given: fewer of the longer ones."""
LONGEST = frozenset({"night", "scale"})
"""Those that run only when they are named."""


def main(
    sections: Annotated[
        list[str] | None,
        typer.Argument(help=f"Any of {', '.join(SECTIONS)} (default: all but {' and '.join(sorted(LONGEST))})."),
    ] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="Of each benchmark; medians are told.")] = None,
) -> None:
    """Say on what machine, then run one benchmark after the other."""
    if unknown := set(sections or ()) - SECTIONS.keys():
        raise typer.BadParameter(f"not a benchmark: {sorted(unknown)}")
    typer.echo(f"# Benchmarks\n\n{machine()}; medians of runs in turn")
    for name in sections or [name for name in SECTIONS if name not in LONGEST]:
        taken = SECTIONS[name] if rounds is None else rounds
        section = import_module(f"benchmarks.{name}").section
        typer.echo(f"\n## {name}, {taken} rounds where it does not say otherwise\n\n{section(taken).strip()}")


if __name__ == "__main__":
    typer.run(main)
