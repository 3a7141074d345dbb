"""Time the landing of answers that are read already against other ways into the same two tables.

.venv/bin/python -m benchmarks.land --records 50000 --rounds 5
"""

import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from benchmarks.harness import ROUNDS, Taken, compared, in_turn, judged, run_once
from benchmarks.land_contenders import DATABASE, TABLES, WINDOW_PAGES
from benchmarks.landing_pages import generate
from benchmarks.served import ENVIRONMENT

CONTENDERS = {
    "ours": "ours",
    "json-reader": "DuckDB's JSON reader",
    "pandas": "pandas, inserted by DuckDB",
    "dicts": "dlt, of dictionaries",
}
RECORDS = 50_000
MOST_GB = 1.0
ROWS = "SELECT count(*), count(DISTINCT opportunity_id), sum(length(payload) > 2) FROM {schema}.{table}"


def run(answers: Path, contender: str) -> Taken:
    """Let a contender land the answers in a new file, and see that they are there."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
        command = ["-m", "benchmarks.land_contenders", contender, str(answers), directory]
        taken = run_once(command, ENVIRONMENT)
        with duckdb.connect(Path(directory) / DATABASE, read_only=True) as connection:
            for schema, table in connection.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() "
                "WHERE table_name LIKE 'opportunit%' AND schema_name NOT LIKE '%staging'"
            ).fetchall():
                counted = connection.execute(ROWS.format(schema=schema, table=table)).fetchall()[0]
                taken[table] = counted[0] if len(set(counted)) == 1 else -1
    return taken


def section(rounds: int = ROUNDS, records: int = RECORDS) -> str:
    """Return all that is measured of the landing as Markdown."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
        answers = Path(directory) / "answers.parquet"
        size = generate(answers, records)
        contenders = {name: partial(run, answers, contender) for contender, name in CONTENDERS.items()}
        medians = in_turn(contenders, rounds, warm_up=False)
        windows = run(answers, "ours-windows")
    if any(taken[table] != records for taken in (*medians.values(), windows) for table in TABLES):
        raise RuntimeError("not every contender has landed all records in both tables")
    ours, reader, frame, dicts = medians.values()
    lines = [
        f"{records:,} records of {size / records / 1000:.1f} kB into two tables, every version and the newest one, "
        "merged by their keys, to a closed database:\n",
        compared(medians, CONTENDERS["json-reader"]),
        f"\nIn windows of {WINDOW_PAGES * 100:,}, as the nightly lands them while it waits for AWS, one run: "
        f"{windows['cpu']:.2f} s of CPU, {windows['peak_gb']:.2f} GB.\n",
        judged("CPU to that of DuckDB's JSON reader: at most 2.0", ours["cpu"] / reader["cpu"], 2.0),
        judged("CPU of dlt with dictionaries to ours: at least 3.5", dicts["cpu"] / ours["cpu"], 3.5, at_least=True),
        judged("CPU of pandas to ours: at least 1.6", frame["cpu"] / ours["cpu"], 1.6, at_least=True),
        judged(f"memory of {records:,} records at once: at most 1 GB", ours["peak_gb"], MOST_GB, unit=" GB"),
        judged("the same in windows", windows["peak_gb"], MOST_GB, unit=" GB"),
    ]
    return "\n".join(lines)


def main(
    records: Annotated[int, typer.Option(min=100)] = RECORDS, rounds: Annotated[int, typer.Option(min=1)] = ROUNDS
) -> None:
    """Measure the landing and print its section."""
    typer.echo(section(rounds, records))


if __name__ == "__main__":
    typer.run(main)
