"""`cosell query --limit --offset`, and the pager: what is left out is said on stderr, and never in the rows."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.paging import Page
from pipelines.query import print_query

COSELL = Path(sys.executable).parent / "cosell"
NUMBERS = "SELECT range AS number FROM range(250)"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an empty warehouse, since the rows are in the query."""
    directory = tmp_path_factory.mktemp("pages")
    duckdb.connect(directory / "warehouse.duckdb").close()
    return directory


def cosell(data_dir: Path, *arguments: str) -> tuple[bytes, str]:
    result = subprocess.run([COSELL, "query", "--data-dir", data_dir, *arguments], capture_output=True, check=False)
    assert result.returncode == 0
    return result.stdout, result.stderr.decode()


@pytest.mark.parametrize(
    ("page", "numbers", "note"),
    [
        (Page(), range(250), None),
        (Page(100), range(100), "rows 1-100 of 250; next: --offset 100"),
        (Page(100, 100), range(100, 200), "rows 101-200 of 250; next: --offset 200"),
        (Page(100, 200), range(200, 250), "rows 201-250 of 250"),
        (Page(None, 249), range(249, 250), "rows 250-250 of 250"),
        (Page(None, 250), range(0), "no rows after --offset 250: there are 250"),
        (Page(250), range(250), None),
        (Page(9223372036854775807), range(250), None),
    ],
)
def test_a_page_and_what_is_left_out(
    data_dir: Path, page: Page, numbers: range, note: str | None, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert print_query(data_dir / "warehouse.duckdb", NUMBERS, "json", page) == note
    assert [row["number"] for row in json.loads(capsysbinary.readouterr().out)] == list(numbers)


def test_order_is_kept_from_page_to_page(data_dir: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    ordered = f"{NUMBERS} ORDER BY number % 7, number DESC"
    answers = []
    for page in (Page(), Page(100), Page(100, 100), Page(100, 200)):
        print_query(data_dir / "warehouse.duckdb", ordered, "json", page)
        answers.append(json.loads(capsysbinary.readouterr().out))
    whole, *pages = answers
    assert [row for page in pages for row in page] == whole
    assert [row["number"] for row in whole[:3]] == [245, 238, 231]


def test_every_format_has_pages(data_dir: Path, tmp_path: Path) -> None:
    page = ("--limit", "2", "--offset", "7")
    as_csv, note = cosell(data_dir, "--format", "csv", NUMBERS, *page)
    assert (as_csv, note) == (b"number\n7\n8\n", "rows 8-9 of 250; next: --offset 9\n")
    as_parquet, note = cosell(data_dir, "--format", "parquet", NUMBERS, *page)
    (tmp_path / "rows.parquet").write_bytes(as_parquet)
    assert pl.read_parquet(tmp_path / "rows.parquet")["number"].to_list() == [7, 8]
    assert note == "rows 8-9 of 250; next: --offset 9\n"


def test_a_table_shows_a_hundred_rows_and_says_that_there_are_more(data_dir: Path) -> None:
    out, note = cosell(data_dir, NUMBERS)
    assert out.decode().count("\n│ ") == 2 + 100  # name, type and rows
    assert note == "rows 1-100 of 250; next: --offset 100\n"
    out, note = cosell(data_dir, NUMBERS, "--limit", "1000")
    assert out.decode().count("\n│ ") == 2 + 250
    assert note == ""


def on_terminal(data_dir: Path, *arguments: str, **environment: str) -> str:
    """Run it on a terminal of 24 lines, and return what the terminal showed."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [COSELL, "query", "--data-dir", data_dir, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "LINES": "24", "COLUMNS": "80", "TERM": "xterm", **environment},
    ) as process:
        os.close(theirs)
        shown = bytearray()
        try:
            while read := os.read(ours, 65536):
                shown += read
        except OSError:  # the last one who had the terminal has closed it
            pass
        os.close(ours)
        assert process.wait(timeout=20) == 0
    return shown.decode().replace("\r\n", "\n")


MARKING = "sed s/^/paged:/"


def test_a_table_longer_than_the_screen_goes_to_the_pager(data_dir: Path) -> None:
    shown = on_terminal(data_dir, NUMBERS, PAGER=MARKING)
    *table, note = shown.splitlines()
    assert len(table) > 100
    assert all(line.startswith("paged:") for line in table)
    assert note == "rows 1-100 of 250; next: --offset 100"


WIDE = "SELECT repeat('a', 60) AS one, repeat('b', 60) AS two, 4 AS three"


def test_a_table_wider_than_the_screen_goes_there_whole_as_well(data_dir: Path) -> None:
    shown = on_terminal(data_dir, WIDE, PAGER=MARKING)
    assert shown.startswith("paged:")
    assert "a" * 60 in shown
    assert "b" * 60 in shown
    without = on_terminal(data_dir, WIDE, "--no-pager", PAGER=MARKING)
    assert max(map(len, without.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "pager"),
    [
        ([NUMBERS, "--limit", "5"], MARKING),  # fits the screen
        ([NUMBERS, "--no-pager"], MARKING),
        ([NUMBERS, "--format", "csv"], MARKING),
        ([NUMBERS], "/nowhere/to/be/found"),
        ([NUMBERS], "/etc"),  # nothing to run
        ([NUMBERS], "cat | /nowhere/to/be/found"),
        ([NUMBERS], '"'),
    ],
)
def test_all_else_is_printed_as_it_is(data_dir: Path, arguments: list[str], pager: str) -> None:
    shown = on_terminal(data_dir, *arguments, PAGER=pager)
    assert "paged:" not in shown
    assert "4" in shown


def test_the_pager_is_a_line_of_the_shell(data_dir: Path) -> None:
    """As for git and man."""
    table = on_terminal(data_dir, NUMBERS, "--no-pager").splitlines()
    assert on_terminal(data_dir, NUMBERS, PAGER=f"cat | {MARKING}").splitlines() == [
        *(f"paged:{line}" for line in table[:-1]),
        "rows 1-100 of 250; next: --offset 100",
    ]


def test_a_blank_pager_is_the_usual_one(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "less").write_text(f"#!/bin/sh\n{MARKING}\n")
    (tmp_path / "less").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert on_terminal(data_dir, NUMBERS, PAGER="   ", PATH=path).startswith("paged:")


def test_leaving_the_pager_early_is_no_failure(data_dir: Path) -> None:
    shown = on_terminal(data_dir, "FROM range(100000)", "--limit", "100000", PAGER="head -1")
    assert len(shown.splitlines()) == 1


def test_a_table_or_json_that_nobody_reads_to_its_end_ends_quietly(data_dir: Path) -> None:
    for output_format in ("table", "json"):
        script = f'"{COSELL}" query --data-dir "{data_dir}" --format {output_format} "{NUMBERS}" | head -c 20'
        result = subprocess.run(["sh", "-c", script], capture_output=True, check=False)
        assert len(result.stdout) == 20
        assert b"Error" not in result.stderr
        assert b"Traceback" not in result.stderr
