"""Private values stay in the landing: none in any output, page or scratch file; in the marts only what is promised.

One data directory goes through a night that fails, is interrupted, is killed, is held, and is published, over a world
in which every private value carries a marker; then everything that was written is searched for the markers.
"""

import re
import signal
import subprocess
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest
from marked_world import (
    FIGURE,
    MARKERS,
    PERSON,
    SECRET,
    fill,
    mark_accounts,
    private_leaves,
    refuse_and_quote,
    shape_of,
)
from processes import Cosell

from pipelines.partner_central.service_model import records, staged_fields
from pipelines.sandbox.server import Sandbox

pytestmark = pytest.mark.timeout(900)  # five nights are one story, told before the first test

NIGHTLY = ("nightly", "--catalog", "Sandbox", "--as-of", "2026-11-01")
DATABASES = {"landing.duckdb", "warehouse.duckdb"}
FOUND = re.compile("|".join(MARKERS).encode(), re.IGNORECASE)


@dataclass
class Story:
    """Where it happened, and what was printed by what."""

    directory: Path
    outputs: dict[str, tuple[int, str]] = field(default_factory=dict)

    def rows(self, database: str, sql: str) -> list[tuple]:
        with duckdb.connect(self.directory / "data" / f"{database}.duckdb", read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def story(make_sandbox: Callable[..., Sandbox], tmp_path_factory: pytest.TempPathFactory) -> Story:
    sandbox = make_sandbox(0)
    fill(sandbox)
    directory = tmp_path_factory.mktemp("private")
    (directory / "tmp").mkdir()
    cosell = Cosell(directory, sandbox.endpoint_url)
    environment = {"TMPDIR": str(directory / "tmp")}
    story = Story(directory)

    def run(name: str, *arguments: str, **env: str) -> None:
        result = cosell(*arguments, **environment, **env)
        story.outputs[name] = result.returncode, result.stdout + result.stderr

    def stop(name: str, number: signal.Signals) -> None:
        process = cosell.start(*NIGHTLY, **environment)
        assert process.stderr is not None
        before = process.stderr.readline()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        story.outputs[name] = process.returncode, out + before + err

    sandbox.fault = refuse_and_quote
    run("failed", *NIGHTLY)
    sandbox.fault = mark_accounts
    stop("interrupted", signal.SIGTERM)
    stop("killed", signal.SIGKILL)
    run("held", *NIGHTLY)
    run("published", *NIGHTLY, COSELL_MAX_EXCLUDED_SHARE="1")
    run("status", "status")
    run("drift", "drift")
    return story


def test_the_story_was_as_it_is_told(story: Story) -> None:
    exit_codes = {name: exit_code for name, (exit_code, _) in story.outputs.items()}
    assert exit_codes == {
        "failed": 4,
        "interrupted": 128 + signal.SIGTERM,
        "killed": -signal.SIGKILL,
        "held": 3,
        "published": 0,
        "status": 0,
        "drift": 0,
    }
    assert [row[0] for row in story.rows("warehouse", "SELECT status FROM ops.runs ORDER BY started_at")] == [
        *("failed", "interrupted", "killed", "held", "published"),
    ]


def test_every_private_member_landed_with_its_marker(story: Story) -> None:
    leaves = [leaf for record in records() for leaf in private_leaves(record.shape)]
    assert len(leaves) > 60
    for table, column in (
        ("opportunity_versions", "payload"),
        ("aws_opportunity_summaries", "payload"),
        ("resource_snapshots", "payload"),
        ("engagement_associations", "payload"),
    ):
        landed = "".join(row[0] for row in story.rows("landing", f"SELECT {column} FROM partner_central.{table}"))
        words = {word for _, _, (word, _) in private_leaves(shape_of(table))}
        assert words
        assert all(word in landed for word in words)


def test_every_rule_on_a_private_member_was_broken(story: Story) -> None:
    """Else a report of what breaks it would not have been looked at."""
    broken = {
        tuple(row)
        for row in story.rows(
            "warehouse",
            "SELECT DISTINCT target, column_name FROM quality.results WHERE suite = 'landing' AND NOT success",
        )
    }
    ruled = {
        (target.table, target.column)
        for target in staged_fields()
        if (target.is_sensitive or target.is_person) and target.kind == "string" and (target.pattern or target.enum)
    }
    assert len(ruled) > 50
    assert ruled - broken == set()


@pytest.mark.parametrize("name", ["failed", "interrupted", "killed", "held", "published", "status", "drift"])
def test_no_marker_is_printed(story: Story, name: str) -> None:
    _, output = story.outputs[name]
    assert output
    assert [marker for marker in MARKERS if marker in output.lower()] == []


def test_no_marker_is_in_any_other_file(story: Story) -> None:
    """Pages, locks, libraries' working directories, the home and the temporary directory of the process."""
    searched = [path for path in story.directory.rglob("*") if path.is_file() and path.name not in DATABASES]
    assert any(path.suffix == ".html" for path in searched)
    assert {str(path) for path in searched if FOUND.search(path.read_bytes())} == set()
    assert {path.name for path in (story.directory / "data").iterdir()} == {".lock", "quality", *DATABASES}


def columns_with(story: Story, *markers: str) -> set[str]:
    """The columns of the warehouse that hold a marker in any row."""
    columns: dict[str, list[str]] = defaultdict(list)
    for schema, table, column in story.rows(
        "warehouse", "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE NOT internal"
    ):
        columns[f"{schema}.{table}"].append(column)
    assert len(columns) > 10
    found = set()
    for table, names in columns.items():
        (held,) = story.rows(
            "warehouse",
            f"SELECT {', '.join(f'coalesce(bool_or({holds(name, markers)}), false)' for name in names)} FROM {table}",
        )
        found |= {f"{table}.{name}" for name, is_held in zip(names, held, strict=True) if is_held}
    return found


def holds(column: str, markers: tuple[str, ...]) -> str:
    return " OR ".join(f"contains(lower(CAST({column} AS VARCHAR)), '{marker}')" for marker in markers)


def test_no_person_is_in_the_warehouse(story: Story) -> None:
    assert columns_with(story, *PERSON) == set()


def test_of_other_sensitive_texts_the_warehouse_has_those_that_analysts_are_promised(story: Story) -> None:
    assert columns_with(story, *SECRET) == {"marts.opportunities.customer_name", "marts.opportunities.title"}


def test_figures_are_in_columns_of_money_and_where_what_breaks_a_rule_is_shown(story: Story) -> None:
    shown = {"quality.quarantine.value", "ops.offences.value"}
    assert columns_with(story, FIGURE[0]) == shown
    money = {
        f"{schema}.{table}.{column}"
        for schema, table, column in story.rows(
            "warehouse",
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE data_type LIKE 'DECIMAL%'",
        )
    }
    figures = columns_with(story, FIGURE[1])
    assert "marts.opportunities.aws_mrr" in figures
    assert figures - money == shown


def test_a_quarantined_value_is_cut(story: Story) -> None:
    (longest,) = story.rows("warehouse", "SELECT max(length(value)), max(value) FROM quality.quarantine")
    assert longest[0] == 200
    ((cut,),) = story.rows(
        "warehouse", "SELECT DISTINCT value FROM quality.quarantine WHERE length(value) = 200 LIMIT 1"
    )
    assert cut == (FIGURE[0] * 2_000)[:199] + "…"


BUGS = """
import gc, logging, sys, threading
import duckdb, polars
import pipelines.nightly
from pipelines.cli import main

MARKER = "zqsecret"

def convert():
    duckdb.sql(f"SELECT CAST('{MARKER}' AS INTEGER)").fetchall()

def in_a_stage(*arguments):
    try:
        convert()
    except duckdb.Error as error:
        error.add_note(MARKER)
        raise ExceptionGroup(MARKER, [ValueError(MARKER), KeyError(MARKER)]) from error

def in_a_thread(*arguments):
    thread = threading.Thread(target=convert)
    thread.start()
    thread.join()
    raise LookupError(MARKER)

class Lost:
    def __del__(self):
        convert()

def in_a_destructor(*arguments):
    lost = Lost()
    del lost
    gc.collect()
    raise LookupError(MARKER)

def in_a_log(*arguments):
    try:
        convert()
    except duckdb.Error:
        logging.getLogger("library").exception("with %s", MARKER)
    logging.getLogger("library").error("%d", MARKER)
    raise LookupError(MARKER)

def panicking(*arguments):
    raise polars.exceptions.PanicException(MARKER)

pipelines.nightly.reporting_currency = globals()[sys.argv.pop(1)]
sys.argv = ["cosell", "nightly", "--catalog", "Sandbox"]
main()
"""


def bug(directory: Path, name: str, **env: str) -> subprocess.CompletedProcess[str]:
    return Cosell(directory, "http://127.0.0.1:9")(name, script=BUGS, **env)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "in_a_stage",
            ["in convert", "duckdb.ConversionException", "direct cause", "ExceptionGroup", "ValueError", "KeyError"],
        ),
        ("in_a_thread", ["in convert", "duckdb.ConversionException", "in in_a_thread", "LookupError"]),
        ("in_a_destructor", ["in __del__", "duckdb.ConversionException", "LookupError"]),
        ("in_a_log", ["error of library (<string>:", "duckdb.ConversionException", "LookupError"]),
        ("panicking", ["in panicking", "PanicException"]),
    ],
)
def test_a_bug_is_told_without_what_libraries_say_of_it(tmp_path: Path, name: str, told: list[str]) -> None:
    result = bug(tmp_path, name)
    assert result.returncode == 1
    assert [words for words in told if words not in result.stderr] == []
    assert SECRET[0] not in result.stdout + result.stderr
    assert "pipelines/nightly.py" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("cosell: this is a bug")
    assert "COSELL_SHOW_ERRORS=1" in result.stderr
    with duckdb.connect(tmp_path / "data" / "landing.duckdb", read_only=True) as connection:
        ((status, error),) = connection.execute("SELECT status, error FROM ops.runs").fetchall()
    assert status == "failed"
    assert SECRET[0] not in error


def test_messages_are_shown_where_logs_are_private(tmp_path: Path) -> None:
    result = bug(tmp_path, "in_a_stage", COSELL_SHOW_ERRORS="1")
    assert result.returncode == 1
    assert f"Could not convert string '{SECRET[0]}' to INT32" in result.stderr
