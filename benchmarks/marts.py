"""Time a build of all marts from nothing against the build of a night in which one opportunity in a hundred changed.

Both read the same landing and staging and must give the same tables. Each run is a process of its own, in turn; medians
are printed as a Markdown table.

    .venv/bin/python -m benchmarks.marts --opportunities 100000 --versions 10 --rounds 5
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Annotated

import duckdb
import pandas  # noqa: F401 - DuckDB's binding loads it when first handed a frame; in a night the rules have by then
import polars as pl
import typer

from benchmarks.staged_data import change, generate
from pipelines.changes import Basis, built_with, find_changes, keep_inputs
from pipelines.database import attach, open_database
from pipelines.marts import build_marts
from pipelines.publication import publish, start_from_published
from pipelines.tables import replace_table
from transforms.currency import Quote, ReportingCurrency
from transforms.dates import end_of_day
from transforms.limits import Thresholds

AS_OF = date(2026, 11, 22)
REPORTING = ReportingCurrency("USD", "USD", (Quote(AS_OF, "EUR", Decimal("0.9196")),))
EVERY = 100  # opportunities, of which one changes
BUILDS = {"from nothing": "all marts from nothing", "night": "a night with 1 % changed"}


def build(directory: Path, path: Path, *, from_published: bool) -> int:
    """Build the marts into `path` and close the file; return how many opportunities were computed."""
    basis = built_with(REPORTING.code)
    if from_published and not start_from_published(
        directory / "warehouse.duckdb", directory / "landing.duckdb", path, basis
    ):
        raise RuntimeError("the published warehouse could not be built upon")
    with open_database(path) as connection:
        for name in ("landing", "staging"):
            attach(connection, directory / f"{name}.duckdb", name)
        changes = find_changes(connection, end_of_day(AS_OF), REPORTING)
        keep_inputs(connection, changes)
        computed = build_marts(
            connection, changes, as_of=AS_OF, reporting=REPORTING, thresholds=Thresholds()
        ).opportunities
        replace_table(connection, "ops", Basis, pl.DataFrame({"built_with": basis, "reporting_currency": "USD"}))
    return computed


def peak_gb() -> float:
    """Return the most memory that this process has held, in GB. What `getrusage` says may be its parent's."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1e6


def run(directory: Path, name: str) -> None:
    """Build once in this process and print what it took, as JSON."""
    path = directory / f"{name}.duckdb"
    path.unlink(missing_ok=True)
    wall, cpu = time.perf_counter(), time.process_time()
    computed = build(directory, path, from_published=name == "night")
    taken = {
        "computed": computed,
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "peak_gb": peak_gb(),
    }
    typer.echo(json.dumps(taken))


def measure(directory: Path, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Run both builds in turn, each in a process of its own."""
    results: dict[str, list[dict[str, float]]] = {name: [] for name in BUILDS}
    for _ in range(rounds):
        for name in BUILDS:
            command = [sys.executable, "-m", "benchmarks.marts", "--one", name, "--directory", str(directory)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
            results[name].append(json.loads(done.stdout))
    return results


def differing_tables(directory: Path) -> list[str]:
    """Name the tables that are not the same, row by row, in the two builds."""
    with duckdb.connect() as connection:
        for alias, name in (("a", "from nothing"), ("b", "night")):
            connection.execute(f"ATTACH '{directory / name}.duckdb' AS {alias} (READ_ONLY)")
        tables = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'a'"
        ).fetchall()
        differing = []
        for (table,) in tables:
            rows = [f"(FROM {one}.{table} EXCEPT ALL FROM {other}.{table})" for one, other in ("ab", "ba")]
            if connection.execute(f"SELECT count(*) FROM ({' UNION ALL '.join(rows)})").fetchall() != [(0,)]:
                differing.append(table)
    return differing


def report(results: dict[str, list[dict[str, float]]]) -> str:
    """Return the medians as a Markdown table."""
    lines = ["| build | opportunities computed | wall, s | CPU, s | peak, GB |", "|---|---|---|---|---|"]
    medians = {name: {key: median(run[key] for run in runs) for key in runs[0]} for name, runs in results.items()}
    for name, told in BUILDS.items():
        taken = medians[name]
        numbers = f"{taken['wall']:.2f} | {taken['cpu']:.2f} | {taken['peak_gb']:.2f}"
        lines.append(f"| {told} | {taken['computed']:,.0f} | {numbers} |")
    ratios = [medians["night"][key] / medians["from nothing"][key] for key in ("wall", "cpu")]
    lines.append(f"| ratio | | {ratios[0]:.3f} | {ratios[1]:.3f} | |")
    return "\n".join(lines)


def main(
    opportunities: Annotated[int, typer.Option(min=100)] = 100_000,
    versions: Annotated[int, typer.Option(min=1)] = 10,
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    one: Annotated[str | None, typer.Option(hidden=True)] = None,
    directory: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Generate the data, build in turn, compare, and print the medians."""
    if one and directory:
        run(directory, one)
        return
    work = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        generate(work, opportunities, versions)
        build(work, work / "first.duckdb", from_published=False)
        publish(work / "first.duckdb", work / "warehouse.duckdb", work / "landing.duckdb")
        change(work, opportunities, versions, EVERY)
        results = measure(work, rounds)
        if differing := differing_tables(work):
            raise RuntimeError(f"the two builds differ in {', '.join(differing)}")
    finally:
        shutil.rmtree(work)
    versions_used = ", ".join(f"{name} {version(name)}" for name in ("polars", "duckdb"))
    typer.echo(
        f"{opportunities:,} opportunities, {opportunities * versions:,} versions; Python {platform.python_version()}, "
        f"{versions_used}; {os.cpu_count()} cores; medians of {rounds} runs in turn\n\n{report(results)}"
    )


if __name__ == "__main__":
    typer.run(main)
