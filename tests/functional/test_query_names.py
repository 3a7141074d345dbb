"""`cosell query NAME`: the queries that an analyst need not write."""

import json
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.errors import ConfigurationError
from pipelines.queries import descriptions, is_name, named_sql
from pipelines.query import open_warehouse

COSELL = Path(sys.executable).parent / "cosell"
PERSONAL = {"customer_name", "title", "detail", "value"}
NAMES = sorted(descriptions())


@pytest.fixture(scope="module")
def empty(demo_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published warehouse without a single row."""
    path = tmp_path_factory.mktemp("empty") / "warehouse.duckdb"
    shutil.copy(demo_data_dir / "warehouse.duckdb", path)
    with duckdb.connect(path) as connection:
        tables = connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
        for (table,) in tables:
            connection.execute(f"DELETE FROM {table}")
    return path


def cosell(*arguments: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COSELL, "query", *arguments], input=stdin, capture_output=True, text=True, check=False)


def answer(path: Path, name: str) -> pl.DataFrame:
    with open_warehouse(path) as connection:
        return connection.sql(named_sql(name)).pl()


@pytest.mark.parametrize("name", NAMES)
def test_each_has_rows_and_names_nobody(demo_data_dir: Path, name: str) -> None:
    told = answer(demo_data_dir / "warehouse.duckdb", name)
    assert told.height > 0
    assert PERSONAL & set(told.columns) <= ({"value"} if name == "attribution" else set())  # there a campaign or such


@pytest.mark.parametrize("name", NAMES)
def test_each_bears_an_empty_warehouse(empty: Path, name: str) -> None:
    rows = answer(empty, name)
    assert rows.height > 0 if name in {"columns", "tables"} else rows.height == 0


@pytest.mark.parametrize("name", NAMES)
def test_each_opens_with_a_line_that_says_what_its_rows_are(name: str) -> None:
    assert named_sql(name).startswith("-- ")
    assert is_name(name)
    assert descriptions()[name][0].isupper()
    assert descriptions()[name].endswith(".")
    assert all(len(line) <= 120 for line in named_sql(name).splitlines())


def test_their_figures_are_those_of_the_marts(demo_data_dir: Path) -> None:
    path = demo_data_dir / "warehouse.duckdb"
    with open_warehouse(path) as connection:
        deals, aws_mrr, broken, excluded = (
            connection.execute(
                """SELECT count(*) FILTER (is_open), sum(aws_mrr_reporting) FILTER (is_open),
               (SELECT count(*) FROM quality.results WHERE NOT success),
               (SELECT count(*) FROM quality.quarantine WHERE action = 'excluded') FROM marts.opportunities"""
            ).fetchone()
            or ()
        )
        closing = connection.execute(
            "SELECT arg_max(closing, month) FROM marts.pipeline_waterfall WHERE measure = 'aws_mrr'"
        ).fetchone()
    pipeline, funnel, rules = (answer(path, name) for name in ("pipeline", "funnel", "rules"))
    assert (pipeline["deals"].sum(), Decimal(str(pipeline["aws_mrr"].sum()))) == (deals, aws_mrr)
    assert answer(path, "waterfall").row(0)[-1] == closing[0] == aws_mrr
    assert (funnel["reached"] == funnel["advanced"] + funnel["lost"] + funnel["open"]).all()
    assert funnel["conversion_from_first"][0] == 1
    assert rules.height == broken
    assert answer(path, "quarantine").filter(action="excluded")["records"].sum() == excluded
    coverage = answer(path, "tcv-coverage")
    assert coverage["deals"].sum() == deals
    assert (coverage["with_both"] <= coverage["with_tcv"]).all()


def test_stuck_deals_have_been_there_longer_than_is_usual(demo_data_dir: Path) -> None:
    stuck = answer(demo_data_dir / "warehouse.duckdb", "stuck-deals")
    assert (stuck["days_in_stage"] >= stuck["median_days"].floor()).all()
    assert stuck["opportunity_id"].is_unique().all()


def test_the_list_shows_each_with_its_line() -> None:
    result = cosell("--list")
    assert (result.returncode, result.stderr) == (0, "")
    shown = [tuple(line.split(maxsplit=1)) for line in result.stdout.splitlines()]
    assert shown == list(descriptions().items())
    assert len(shown) >= 12


def test_a_name_runs_its_query_and_its_sql_runs_as_well(demo_data_dir: Path) -> None:
    place = ("--format", "json", "--data-dir", demo_data_dir)
    named, sql = cosell("funnel", *place), cosell("funnel", "--sql")
    assert (named.returncode, named.stderr) == (0, "")
    assert [row["stage"] for row in json.loads(named.stdout)][:2] == ["Prospect", "Qualified"]
    assert sql.stdout == named_sql("funnel")
    assert cosell("-", *place, stdin=sql.stdout).stdout == named.stdout


def test_a_name_that_is_none_is_told_with_the_nearest() -> None:
    result = cosell("funel")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "cosell: no query is named funel: did you mean `cosell query funnel`? `cosell query --list` shows them all\n"
    )
    with pytest.raises(ConfigurationError, match=r"^no query is named xyzzy: `cosell query --list` shows them all$"):
        named_sql("xyzzy")


@pytest.mark.parametrize("text", ["SELECT 1", "FROM ops.runs", "Funnel", "../funnel", "funnel.sql", "", "-", "a b"])
def test_sql_is_no_name(text: str) -> None:
    assert not is_name(text)


def test_without_sql_it_says_what_to_give() -> None:
    for arguments in ([], ["--sql"], ["--sql", "SELECT 1"]):
        result = cosell(*arguments)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr == ("cosell: give SQL or the name of a query: `cosell query --list` shows the names\n")
