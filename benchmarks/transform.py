"""Time the transforms against SQL written by hand for DuckDB, and against pandas, on the same staging.

Every contender makes the same tables in a DuckDB file of its own, of staging that is clustered by opportunity, as a
night leaves it. The tables are compared row by row, and a difference is an error.

    .venv/bin/python -m benchmarks.transform --opportunities 20000 --rounds 5
"""

import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from benchmarks.harness import ROUNDS, Taken, compared, in_turn, judged, markdown, run_once, take
from benchmarks.staged_data import STAGED, generate
from benchmarks.transform_contenders import FILES, TABLES, build, build_by_sql, time_each

VERSIONS = 10  # of each opportunity
SUMS_OF_DOUBLES = {"marts.attribution": "opportunities"}  # in SQL and pandas; ours are exact. Compared to 9 places.
EACH = "each"  # table of the transforms alone
LARGE, LARGE_ROUNDS = 100_000, 1
OF_EACH = 20_000  # opportunities of the table with a row for each table
MOST_MEMORY_GB = 4


def prepare(directory: Path, opportunities: int) -> None:
    """Generate staging and cluster it: the rows of an opportunity stand together in every table."""
    generate(directory, opportunities, VERSIONS)
    staging, generated = directory / "staging.duckdb", directory / "generated.duckdb"
    staging.rename(generated)
    with duckdb.connect(staging) as connection:
        connection.execute(f"ATTACH '{generated}' AS generated (READ_ONLY)")
        for table in STAGED:
            connection.execute(f"CREATE TABLE {table} AS FROM generated.{table} ORDER BY opportunity_id")
    generated.unlink()


def run(directory: Path, contender: str) -> None:
    """Run one contender in this process and print what it took."""
    path = directory / f"{contender}.duckdb"
    if contender == "pandas":
        from benchmarks.pandas_marts import build as build_by_pandas

        take(lambda: build_by_pandas(directory, path))
    else:
        take(lambda: {"transforms": build, "SQL": build_by_sql, EACH: time_each}[contender](directory, path))


def measure(directory: Path, opportunities: int, contenders: list[str], rounds: int) -> dict[str, Taken]:
    """Run the contenders in turn on so many opportunities and return the medians. Raises RuntimeError when their tables
    are not the same."""
    prepare(directory, opportunities)
    runs = {
        name: partial(run_once, ["-m", "benchmarks.transform", "--one", name, "--directory", str(directory)])
        for name in contenders
    }
    medians = in_turn(runs, rounds, warm_up=rounds > 1)
    first, *others = [name for name in contenders if name != EACH]
    for other in others:
        if names := differing(directory, first, other):
            raise RuntimeError(f"{first} and {other} differ in {', '.join(names)}")
    return medians


def differing(directory: Path, one: str, other: str) -> list[str]:
    """Name the tables that are not the same, row by row, in the files of two contenders."""
    found = []
    with duckdb.connect() as connection:
        for alias, name in (("a", one), ("b", other)):
            connection.execute(f"ATTACH '{directory / name}.duckdb' AS {alias} (READ_ONLY)")
        for name, table in TABLES.items():
            rounded = SUMS_OF_DOUBLES.get(name)
            columns = ", ".join(f"round({c}, 9)" if c == rounded else c for c in table.column_names())
            rows = [
                f"(SELECT {columns} FROM {x}.{name} EXCEPT ALL SELECT {columns} FROM {y}.{name})"
                for x, y in ("ab", "ba")
            ]
            if connection.execute(f"SELECT count(*) FROM ({' UNION ALL '.join(rows)})").fetchone() != (0,):
                found.append(name)
    return found


def told(opportunities: int, medians: Mapping[str, Taken], rounds: int) -> str:
    """Return the medians as Markdown, the goals after them."""
    counted = f"{opportunities:,} opportunities, {opportunities * VERSIONS:,} versions; rounds: {rounds}"
    ours = medians["transforms"]
    lines = [
        judged(f"transforms / {name}, CPU, {opportunities:,}", ours["cpu"] / medians[name]["cpu"], limit)
        for name, limit in (("SQL", 1.0), ("pandas", 0.25))
        if name in medians
    ]
    shown = {name: taken for name, taken in medians.items() if name != EACH}
    parts = [f"### {counted}", compared(shown, to="SQL" if "SQL" in shown else "transforms"), "\n".join(lines)]
    if EACH in medians:
        parts.append(each_table(medians))
    return "\n\n".join(part for part in parts if part)


def each_table(medians: Mapping[str, Taken]) -> str:
    """Return the CPU of each table alone as a Markdown table."""
    rows = [[name, *(f"{medians[contender].get(name, 0):.3f}" for contender in (EACH, "SQL"))] for name in FILES]
    return (
        "CPU of each table, s. Ours: computing it, without reading staging and writing the table, which are in the "
        "totals above. SQL: its file, which reads, computes and writes.\n\n" + markdown(["", "transforms", "SQL"], rows)
    )


def section(rounds: int) -> str:
    """Return what the transforms take against SQL and pandas as Markdown."""
    parts = []
    for opportunities, contenders, own_rounds in (
        (2_000, ["transforms", "SQL", "pandas"], rounds),
        (OF_EACH, ["transforms", "SQL", "pandas", EACH], rounds),
        (LARGE, ["transforms", "SQL"], LARGE_ROUNDS),
    ):
        with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
            medians = measure(Path(directory), opportunities, contenders, own_rounds)
        parts.append(told(opportunities, medians, own_rounds))
    return "\n\n".join(parts)


def alone(opportunities: int) -> str:
    """Return what the transforms take alone, run once on so many opportunities, as Markdown."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
        medians = measure(Path(directory), opportunities, ["transforms"], 1)
    goal, peak = f"peak of {opportunities * VERSIONS:,} versions", medians["transforms"]["peak_gb"]
    return f"{told(opportunities, medians, 1)}\n\n{judged(goal, peak, MOST_MEMORY_GB, unit=' GB')}"


def main(
    rounds: Annotated[int, typer.Option(min=1)] = ROUNDS,
    opportunities: Annotated[int | None, typer.Option(help="Run the transforms alone, once, on so many.")] = None,
    one: Annotated[str | None, typer.Option(hidden=True)] = None,
    directory: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Generate the data, run the contenders in turn, compare their tables, and print the medians."""
    if one and directory:
        run(directory, one)
    else:
        typer.echo(alone(opportunities) if opportunities else section(rounds))


if __name__ == "__main__":
    typer.run(main)
