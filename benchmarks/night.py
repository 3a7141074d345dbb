"""Time whole nights, each a process of its own: 0, 1, 10 and 100 % of the opportunities changed, and all from nothing.

What is left out is the API's part. The changes have landed already, and the night extracts from a local server that has
nothing new: dlt runs, and reads what has landed, but the full listing is not walked, since its N / 100 calls are paced.

    .venv/bin/python -m benchmarks.night --opportunities 100000 --versions 3 --rounds 5
"""

import io
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from benchmarks.harness import ROUNDS, Taken, in_turn, judged, markdown, run_once, take
from benchmarks.landing_data import AS_OF, BEGAN_AT, change, demo_landing, generate_landing
from pipelines.demo import new_world
from pipelines.sandbox.server import Sandbox

OPPORTUNITIES = 100_000
VERSIONS = 3
SIZES = ("whole", "fifth", "tenth")
FLAT = 1.25  # the ratio up to which two nights cost the same: processes differ by as much
STAGES = ("extract", "validate", "transform", "audit", "report")
NIGHTS = {
    "0 %": "nothing changed of {0:,}",
    "1 %": "1 % changed of {0:,}",
    "10 %": "10 % changed of {0:,}",
    "100 %": "all changed of {0:,}",
    "whole": "{0:,} from nothing",
    "fifth": "{1:,} from nothing",
    "0 % of a fifth": "nothing changed of {1:,}",
    "as many of a tenth": "10 % changed of {2:,}",
}
"""The nights by name, and what is said of them."""
MARTS = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'a' AND schema_name = 'marts'"
STAGE = re.compile(r"^(\w+) .*\((\d+\.\d) s\)$", re.MULTILINE)


def night(data_dir: Path, started: float) -> Mapping[str, float]:
    """Run one night in this process, without the full listing; return what it took since the process was started."""
    from pipelines import nightly
    from pipelines.settings import load_settings

    extraction = nightly.Extraction
    nightly.Extraction = lambda *given, **options: extraction(*given, **{**options, "list_all": False})
    settings = load_settings(catalog="Sandbox", data_dir=data_dir)
    with redirect_stderr(io.StringIO()) as told:
        nightly.run_nightly(settings, as_of=AS_OF)
    stages = {name: float(seconds) for name, seconds in STAGE.findall(told.getvalue())}
    return {"wall": time.time() - started, "cpu": time.process_time(), **stages}


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner's data directory, with the warehouse that a first night has published, and a server with no news."""

    directory: Path
    template: Path
    endpoint_url: str

    def begin(self, opportunities: int, versions: int) -> Taken:
        """Generate the landing and run the first night; return what that took."""
        self.directory.mkdir()
        generate_landing(self.template, self.directory / "landing.duckdb", opportunities, versions)
        return self._run(self.directory)

    def night(self, every: int | None, *, from_nothing: bool = False) -> Taken:
        """Run a night in a copy of the directory where each opportunity that `every` divides has changed.

        Its warehouse is kept beside the directory, as `<directory>-<every>.duckdb`.
        """
        with tempfile.TemporaryDirectory(dir=self.directory.parent) as scratch:
            copy = Path(scratch) / "data"
            shutil.copytree(self.directory, copy)
            if every:
                change(self.template, copy / "landing.duckdb", every)
            if from_nothing:
                (copy / "warehouse.duckdb").unlink()
            taken = self._run(copy)
            os.replace(copy / "warehouse.duckdb", self.warehouse(every, from_nothing=from_nothing))
        return taken

    def warehouse(self, every: int | None, *, from_nothing: bool = False) -> Path:
        """Name the file that such a night's warehouse is kept as."""
        name = f"{self.directory.name}-{every or 0}{'-from-nothing' if from_nothing else ''}.duckdb"
        return self.directory.with_name(name)

    def _run(self, data_dir: Path) -> Taken:
        environment = {
            "AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
        }
        command = ["-m", "benchmarks.night", "--one", str(data_dir), "--started", str(time.time())]
        return run_once(command, environment)


def differing_tables(one: Path, other: Path) -> list[str]:
    """Name the tables of marts and quality that are not the same in two warehouses, row by row, but for the run."""
    with duckdb.connect() as connection:
        for name, path in (("a", one), ("b", other)):
            connection.execute(f"ATTACH '{path}' AS {name} (READ_ONLY)")
        tables = [f"marts.{table}" for (table,) in connection.execute(MARTS).fetchall()]
        rows = {table: f"FROM {{}}.{table}" for table in tables}
        for table in ("quality.results", "quality.quarantine"):
            last = f"run_id = (SELECT max(run_id) FROM {{0}}.{table})"
            rows[table] = f"SELECT * EXCLUDE (run_id) FROM {{0}}.{table} WHERE {last}"
        return [table for table, query in rows.items() if _differ(connection, query)]


def _differ(connection: duckdb.DuckDBPyConnection, query: str) -> bool:
    a, b = query.format("a"), query.format("b")
    return connection.execute(f"(({a}) EXCEPT ALL ({b})) UNION ALL (({b}) EXCEPT ALL ({a})) LIMIT 1").fetchall() != []


def section(rounds: int = ROUNDS, opportunities: int = OPPORTUNITIES, versions: int = VERSIONS) -> str:
    """Run all nights and return their figures and goals as Markdown. Raises RuntimeError where two builds differ."""
    work = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        template = demo_landing(work / "template")
        with Sandbox(new_world(0, 7, BEGAN_AT)) as sandbox:
            whole, fifth, tenth = (Partner(work / name, template, sandbox.endpoint_url) for name in SIZES)
            whole.begin(opportunities, versions)
            first = {"fifth": fifth.begin(opportunities // 5, versions)}
            tenth.begin(opportunities // 10, versions)
            medians = first | _often(whole, fifth, tenth, rounds) | _once(whole)
        if differing := differing_tables(whole.warehouse(100), whole.warehouse(100, from_nothing=True)):
            raise RuntimeError(f"the two builds differ in {', '.join(differing)}")
    finally:
        shutil.rmtree(work)
    return _told(medians, opportunities, versions, rounds)


def _often(whole: Partner, fifth: Partner, tenth: Partner, rounds: int) -> dict[str, Taken]:
    nights: dict[str, Callable[[], Taken]] = {
        "0 %": lambda: whole.night(None),
        "1 %": lambda: whole.night(100),
        "0 % of a fifth": lambda: fifth.night(None),
        "as many of a tenth": lambda: tenth.night(10),
    }
    return in_turn(nights, rounds, warm_up=False)


def _once(whole: Partner) -> dict[str, Taken]:
    """Run the nights that take minutes; that of 1 % is built from nothing too, to compare the tables."""
    return {
        "10 %": whole.night(10),
        "100 %": whole.night(1),
        "whole": whole.night(100, from_nothing=True),
    }


def _told(medians: Mapping[str, Taken], opportunities: int, versions: int, rounds: int) -> str:
    rows = [
        [told.format(opportunities, opportunities // 5, opportunities // 10), *_figures(medians[name])]
        for name, told in NIGHTS.items()
    ]
    heading = ["night", "CPU, s", "wall, s", "peak, GB", *(f"{stage}, s" for stage in STAGES)]
    cpu = {name: taken["cpu"] for name, taken in medians.items()}
    goals = [
        judged("nothing changed under 5 s", medians["0 %"]["wall"], 5, unit=" s"),
        judged("1 % changed at most a tenth of 100 %, in CPU; tables as from nothing", cpu["1 %"] / cpu["100 %"], 0.1),
        judged(
            "the same changes on 10 times the history at most 2 times the CPU",
            cpu["1 %"] / cpu["as many of a tenth"],
            2,
        ),
        judged("under 2 GB", max(taken["peak_gb"] for taken in medians.values()), 2, unit=" GB"),
        judged("5 times the size from nothing at most 5 times the CPU", cpu["whole"] / cpu["fifth"], 5),
        judged("5 times the size with nothing changed: as much CPU", cpu["0 %"] / cpu["0 % of a fifth"], FLAT),
    ]
    return (
        f"{opportunities:,} opportunities with {versions} versions each. Whole nights with their imports, checks and "
        f"report, without the listing of AWS; medians of {rounds} in turn where nothing or {opportunities // 100:,} "
        f"opportunities changed, one run of the others; stages in seconds of wall time.\n\n"
        f"{markdown(heading, rows)}\n\n" + "\n".join(goals)
    )


def _figures(taken: Taken) -> list[str]:
    return [
        f"{taken['cpu']:.1f}",
        f"{taken['wall']:.1f}",
        f"{taken['peak_gb']:.2f}",
        *(f"{taken.get(stage, 0):.1f}" for stage in STAGES),
    ]


def main(
    opportunities: Annotated[int, typer.Option(min=1000)] = OPPORTUNITIES,
    versions: Annotated[int, typer.Option(min=1)] = VERSIONS,
    rounds: Annotated[int, typer.Option(min=1)] = ROUNDS,
    one: Annotated[Path | None, typer.Option(hidden=True)] = None,
    started: Annotated[float, typer.Option(hidden=True)] = 0,
) -> None:
    """Generate three landings, publish them, and run the nights."""
    if one:
        take(partial(night, one, started))
        return
    typer.echo(section(rounds, opportunities, versions))


if __name__ == "__main__":
    typer.run(main)
