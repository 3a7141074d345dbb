"""Where Spark would overtake one machine: both compute the same landing from nothing, on the same cores.

Spark loses by what it costs to start and to hand rows over, and gains by its workers' rules, which are plain SQL. The
fit says where the two make up for each other.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.harness import Taken, in_turn, markdown, run_once, take
from benchmarks.landing_data import AS_OF, demo_landing, generate_landing

ENGINES = ("polars", "spark")
SIZES = (2_000, 20_000)
VERSIONS = 3
ROUNDS = 1
RUN = "20261123T010101Z-0000"


def tree_cpu() -> float:
    """Return the CPU seconds of this process and all below it: Spark's JVM, and its Python workers."""
    of, parents = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        parents[int(path.parent.name)] = int(fields[1])
        of[int(path.parent.name)] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(of.get(pid, 0) for pid in ours)


def build_with(engine: str, data_dir: Path) -> Mapping[str, float]:
    """Build a warehouse of a landing from nothing; return what it took, workers included."""
    from pipelines.fx_rates import reporting_currency
    from pipelines.progress import Progress
    from pipelines.runs import Counts, Ending
    from pipelines.settings import Settings
    from pipelines.warehouse import build

    settings = Settings(catalog="Sandbox", data_dir=data_dir, engine=engine, full=True)
    settings.work_path.mkdir()
    spent: list[float] = []

    def ending(rows: int) -> Ending:
        spent.append(tree_cpu())
        return Ending(RUN, datetime.now(UTC), "published", Counts(), rows)

    before = tree_cpu()
    try:
        built = build(settings, RUN, AS_OF, reporting_currency(settings, AS_OF), Progress(), ending)
        built.path.unlink()
    finally:
        shutil.rmtree(settings.work_path)
    return {"cpu": max(spent[0], tree_cpu()) - before}


def measure(rounds: int, sizes: tuple[int, ...]) -> dict[int, dict[str, Taken]]:
    """Run both engines in turn on a landing of each size."""
    work = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        template, taken = demo_landing(work / "demo"), {}
        for size in sizes:
            path = work / str(size) / "landing.duckdb"
            path.parent.mkdir()
            generate_landing(template, path, size, VERSIONS)
            runs = {
                engine: lambda engine=engine, path=path: run_once(
                    ["-m", "benchmarks.scale", "--one", engine, "--directory", str(path.parent)]
                )
                for engine in ENGINES
            }
            taken[size] = in_turn(runs, rounds, warm_up=False)
        return taken
    finally:
        shutil.rmtree(work)


def section(rounds: int = ROUNDS, sizes: tuple[int, ...] = SIZES) -> str:
    """Return the figures and the fit as Markdown."""
    taken = measure(rounds, sizes)
    rows = [
        [f"{size:,}", engine, f"{run['wall']:.1f}", f"{run['cpu']:.1f}"]
        for size, by_engine in taken.items()
        for engine, run in by_engine.items()
    ]
    table = markdown(["opportunities", "engine", "wall, s", "CPU, s"], rows)
    return f"{VERSIONS} versions each\n\n{table}\n\n{fitted(taken)}"


def fitted(taken: Mapping[int, Mapping[str, Taken]]) -> str:
    """Say what each engine costs at all and for each opportunity, and where the lines meet."""
    (small, large), slopes, costs = (min(taken), max(taken)), {}, {}
    for engine in ENGINES:
        first, last = taken[small][engine]["cpu"], taken[large][engine]["cpu"]
        slopes[engine] = (last - first) / (large - small)
        costs[engine] = first - slopes[engine] * small
    lines = [
        f"- {engine}: {costs[engine]:.1f} s of CPU to begin with, {slopes[engine] * 1000:.2f} s for each 1,000 "
        "opportunities"
        for engine in ENGINES
    ]
    lines.append(f"- {crossover(costs, slopes)}")
    return "\n".join(lines)


def crossover(costs: Mapping[str, float], slopes: Mapping[str, float]) -> str:
    """Say from which size, or with how many cores, Spark would be ahead; extrapolated from the fits."""
    if min(slopes.values()) <= 0:
        return "No fit: at these sizes the cost to begin with hides that of an opportunity."
    dearer = slopes["spark"] / slopes["polars"]
    told = f"For an opportunity Spark takes {dearer:.2f} times the CPU"
    if dearer >= 1:
        return f"{told}: extrapolated, a cluster overtakes one machine with more than {dearer:.2f} times its cores."
    meet = (costs["spark"] - costs["polars"]) / (slopes["polars"] - slopes["spark"])
    return f"{told}: extrapolated, on the same cores both take as much at {meet:,.0f} opportunities."


def main(
    rounds: Annotated[int, typer.Option(min=1)] = ROUNDS,
    opportunities: Annotated[int, typer.Option(min=100, help="Of the larger landing.")] = SIZES[1],
    one: Annotated[str | None, typer.Option(hidden=True)] = None,
    directory: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Measure both engines and print the section."""
    if one and directory:
        take(lambda: build_with(one, directory))
        return
    typer.echo(section(rounds, (min(SIZES[0], opportunities // 5), opportunities)))


if __name__ == "__main__":
    typer.run(main)
