"""Time all suites of the night, through Great Expectations, against one SQL query a table for the same rules.

Both look at the staging and the marts of a generated landing, and must count the same failing rows for every rule. The
queries are what one would write by hand, put together of the rules' own conditions: they count and nothing else, where
the suites also compare both statements of a rule that fails and write Data Docs.

    .venv/bin/python -m benchmarks.validate --opportunities 9000 --rounds 5
"""

import json
import shutil
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from benchmarks.harness import ROUNDS, Taken, compared, in_turn, judged, run_once, take
from benchmarks.landing_data import AS_OF, BEGAN_AT, demo_landing
from benchmarks.night import Partner
from expectations.landing import landing_rules
from expectations.marts import MartTable, marts_rules
from expectations.rules import BATCH_ALIAS, Rule
from expectations.validation import validate
from pipelines.database import attach, fetch_row, open_database
from pipelines.demo import new_world
from pipelines.marts import MARTS
from pipelines.partner_central.service_model import staged_fields
from pipelines.sandbox.server import Sandbox
from pipelines.staging import stage
from transforms.dates import end_of_day
from transforms.schema import declaration

OPPORTUNITIES = 9_000  # with their versions a million rows in staging and marts
VERSIONS = 3
SUITES = "the suites"
BY_HAND = "one query a table"
CONTENDERS = {SUITES: "suites", BY_HAND: "by_hand"}
ROWS = "SELECT sum(estimated_size)::BIGINT FROM duckdb_tables() WHERE database_name || '.' || schema_name IN ({})"

Suite = tuple[str, str, list[Rule]]
"""A suite by its name, the schema of its tables, and its rules."""


def prepare(directory: Path, opportunities: int) -> None:
    """Write `staging.duckdb` and `warehouse.duckdb` as the suites of a first night find them."""
    template = demo_landing(directory / "template")
    with Sandbox(new_world(0, 7, BEGAN_AT)) as sandbox:
        Partner(directory / "data", template, sandbox.endpoint_url).begin(opportunities, VERSIONS)
    with open_database(directory / "warehouse.duckdb") as connection:
        attach(connection, directory / "data" / "landing.duckdb", "landing", read_only=True)
        attach(connection, directory / "data" / "warehouse.duckdb", "published", read_only=True)
        attach(connection, directory / "staging.duckdb", "staging")
        connection.execute("COPY FROM DATABASE published TO warehouse")
        stage(connection, end_of_day(AS_OF))
    shutil.rmtree(directory / "data")


def suites() -> list[Suite]:
    """The suites of a night."""
    tables = [declaration(table) for table in MARTS]
    marts = [
        MartTable(
            table.name,
            {column.name: column.duckdb_type for column in table.columns},
            table.primary_key,
            [column.name for column in table.columns if not column.is_nullable],
        )
        for table in tables
    ]
    return [
        ("landing", "staging", landing_rules(staged_fields())),
        ("marts", "marts", list(marts_rules(marts, reporting_currency="USD"))),
    ]


def by_suites(connection: duckdb.DuckDBPyConnection, directory: Path) -> dict[str, int]:
    """Count the failing rows of every rule by the suites, with their Data Docs."""
    counts = {}
    for suite, schema, rules in suites():
        results, _ = validate(connection, schema, rules, run_id="run", suite=suite, data_docs=directory / "quality")
        counts.update(zip((rule.id for rule in rules), results["unexpected"].to_list(), strict=True))
    return counts


def by_hand(connection: duckdb.DuckDBPyConnection, _: Path) -> dict[str, int]:
    """Count the failing rows of every rule by one query a table; what is no rule on rows is not looked at."""
    counts = {}
    for _, schema, rules in suites():
        connection.execute(f"USE {schema if schema == 'staging' else 'warehouse.' + schema}")
        on_rows = [rule for rule in rules if rule.failing_rows]
        for table in dict.fromkeys(rule.table for rule in on_rows):
            own = [rule for rule in on_rows if rule.table == table]
            found = fetch_row(connection, query(table, own))
            counts.update(zip((rule.id for rule in own), found, strict=True))
    return counts


def query(table: str, rules: Iterable[Rule]) -> str:
    """Return the query that counts the rows of a table which break each of its rules, in their order.

    A condition on the row alone is a filter of the one pass; a rule that reads more has a query of its own inside.
    """
    counted = []
    for rule in rules:
        sql = rule.failing_in(table)
        _, found, condition = sql.partition(f"FROM {table} AS {BATCH_ALIAS} WHERE ")
        is_of_row = found and sql.count("SELECT") == 1 and " GROUP BY " not in sql
        counted.append(f"count(*) FILTER ({condition})" if is_of_row else f"(SELECT count(*) FROM ({sql}))")
    return f"SELECT {', '.join(counted)} FROM {table} AS {BATCH_ALIAS}"


def run(directory: Path, name: str) -> None:
    """Run a contender in this process, keep what it counted, and print what it took, as JSON."""
    with open_database(directory / "warehouse.duckdb") as connection:
        attach(connection, directory / "staging.duckdb", "staging")
        counted: dict[str, int] = {}
        work = by_suites if name == "suites" else by_hand
        take(lambda: counted.update(work(connection, directory)))
        (directory / f"{name}.json").write_text(json.dumps(counted))


def section(rounds: int = ROUNDS, opportunities: int = OPPORTUNITIES) -> str:
    """Run both in turn and return their figures and goals as Markdown. Raises RuntimeError where they count apart."""
    directory = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        prepare(directory, opportunities)
        medians = in_turn({told: partial(_once, directory, name) for told, name in CONTENDERS.items()}, rounds)
        rules, failing = _compare(directory)
        rows = _rows(directory)
    finally:
        shutil.rmtree(directory)
    suite = medians[SUITES]
    goals = [
        judged(
            "all suites on a million rows under 10 s of CPU", suite["cpu"] / rows * 1e6, 10, unit=" s a million rows"
        ),
        judged("under 700 MB", suite["peak_gb"] * 1000, 700, unit=" MB"),
        judged("at most 5 times the CPU of the queries", suite["cpu"] / medians[BY_HAND]["cpu"], 5),
    ]
    return (
        f"{rows:,} rows in staging and marts, {rules} rules, {failing:,} failing rows; medians of {rounds} in turn, "
        f"with the import of Great Expectations and its Data Docs\n\n{compared(medians, BY_HAND)}\n\n"
        + "\n".join(goals)
    )


def _once(directory: Path, name: str) -> Taken:
    return run_once(["-m", "benchmarks.validate", "--one", name, "--directory", str(directory)])


def _compare(directory: Path) -> tuple[int, int]:
    """Return how many rules there are, and how many rows fail."""
    counts, by_hand = (json.loads((directory / f"{name}.json").read_text()) for name in CONTENDERS.values())
    if differing := [rule for rule, count in by_hand.items() if counts[rule] != count]:
        raise RuntimeError(f"the two counts differ for {', '.join(differing)}")
    return len(counts), sum(counts.values())


def _rows(directory: Path) -> int:
    with open_database(directory / "warehouse.duckdb", read_only=True) as connection:
        attach(connection, directory / "staging.duckdb", "staging", read_only=True)
        (rows,) = fetch_row(connection, ROWS.format("'staging.main', 'warehouse.marts'"))
    return int(rows)


def main(
    opportunities: Annotated[int, typer.Option(min=100)] = OPPORTUNITIES,
    rounds: Annotated[int, typer.Option(min=1)] = ROUNDS,
    one: Annotated[str | None, typer.Option(hidden=True)] = None,
    directory: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Generate the data, run both in turn, compare, and print the medians."""
    if one and directory:
        run(directory, one)
        return
    typer.echo(section(rounds, opportunities))


if __name__ == "__main__":
    typer.run(main)
