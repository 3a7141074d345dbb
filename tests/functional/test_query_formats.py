"""`cosell query --format`: CSV that no spreadsheet takes for a formula, and JSON and Parquet that are exact."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

COSELL = Path(sys.executable).parent / "cosell"

CELLS = r"""
SELECT * FROM (VALUES
    ('=1+1', -1, -1.50::DECIMAL(9,2), DATE '2026-01-01', ['=a', 'b'], {'a': 1.5::DECIMAL(9,2)}, 'x'::BLOB, '-1'::JSON),
    ('+1', 2, 0.05::DECIMAL(9,2), NULL, [], NULL, NULL, NULL),
    ('-1', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('@SUM(A1)', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (chr(9) || 'x', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (chr(13) || 'x', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (chr(10) || 'x', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (chr(0) || 'x', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (chr(65309) || '1', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('a=1, "b"', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (' =1', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (chr(65279) || '=1', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
) AS cells("=text", number, amount, day, list, struct, bytes, json)
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A data directory with an empty warehouse, since the rows are in the query."""
    duckdb.connect(tmp_path / "warehouse.duckdb").close()
    return tmp_path


def cosell(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([COSELL, "query", "--data-dir", data_dir, *arguments], capture_output=True, check=False)


def test_csv_holds_no_formulas_and_any_column(warehouse: Path) -> None:
    result = cosell(warehouse, "--format", "csv", CELLS)
    assert (result.returncode, result.stderr) == (0, b"")
    heading, *rows = csv.reader(io.StringIO(result.stdout.decode(), newline=""))
    assert heading == ["'=text", "number", "amount", "day", "list", "struct", "bytes", "json"]
    assert rows[0] == ["'=1+1", "-1", "-1.50", "2026-01-01", '["=a","b"]', '{"a":1.5}', "x", "'-1"]
    assert rows[1] == ["'+1", "2", "0.05", "", "[]", "", "", ""]
    assert [row[0] for row in rows[2:]] == [
        *("'-1", "'@SUM(A1)", "'\tx", "'\rx", "'\nx", "'\0x", "'\uff1d1"),
        *('a=1, "b"', "' =1", "'\ufeff=1", "", ""),
    ]


def test_json_and_parquet_are_exact(warehouse: Path) -> None:
    as_json = cosell(warehouse, "--format", "json", CELLS)
    first, *_ = json.loads(as_json.stdout)
    assert first == {
        "=text": "=1+1",
        "number": -1,
        "amount": "-1.50",
        "day": "2026-01-01",
        "list": ["=a", "b"],
        "struct": {"a": "1.50"},
        "bytes": "x",
        "json": "-1",
    }
    as_parquet = cosell(warehouse, "--format", "parquet", CELLS)
    frame = pl.read_parquet(as_parquet.stdout)
    assert frame.columns == ["=text", "number", "amount", "day", "list", "struct", "bytes", "json"]
    assert frame["=text"].to_list()[:3] == ["=1+1", "+1", "-1"]
    assert frame["bytes"].to_list()[0] == b"x"


def of_shell(data_dir: Path, script: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of the shell, in which `$QUERY` is `cosell query`."""
    variables = {**os.environ, "QUERY": f"{COSELL} query --data-dir {data_dir}", **environment}
    return subprocess.run(["sh", "-c", script], env=variables, capture_output=True, check=False)


@pytest.mark.parametrize(
    ("output_format", "rows"),
    [
        ("table", "SELECT 1"),  # stays in a buffer to the end
        ("table", "SELECT repeat('x', 100000)"),
        ("csv", "SELECT 1"),
        ("json", "FROM range(100000)"),
        ("parquet", "FROM range(100000)"),
    ],
)
def test_rows_that_cannot_be_written_are_told(warehouse: Path, output_format: str, rows: str) -> None:
    result = of_shell(warehouse, f'$QUERY --format {output_format} "{rows}" >/dev/full')
    assert (result.returncode, result.stderr) == (2, b"cosell: cannot write the output: No space left on device\n")


@pytest.mark.parametrize("arguments", ["--format table 'SELECT 1'", "--format parquet 'SELECT 1'", "--list"])
def test_a_closed_output_is_told(warehouse: Path, arguments: str) -> None:
    result = of_shell(warehouse, f"$QUERY {arguments} >&-")
    assert result.returncode == 2
    assert result.stderr == b"cosell: cannot write the output: the standard output is closed\n"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (r"printf '\377\376SELECT 1' | $QUERY -", b"SQL: the standard input is not UTF-8"),
        ("$QUERY - <&-", b"there is no SQL to read: the standard input is closed"),
        (r"""$QUERY "$(printf "SELECT '\377'")" """, b"SQL: the statement is not UTF-8"),
    ],
)
def test_sql_that_cannot_be_read_is_told(warehouse: Path, script: str, says: bytes) -> None:
    result = of_shell(warehouse, script)
    assert (result.returncode, result.stdout, result.stderr) == (2, b"", b"cosell: " + says + b"\n")


def test_a_table_lacks_only_what_the_output_cannot_show(warehouse: Path) -> None:
    result = of_shell(warehouse, r"""$QUERY "SELECT 'M' || chr(252) || 'nchen' AS city" """, PYTHONIOENCODING="latin-1")
    assert (result.returncode, result.stderr) == (0, b"")
    assert "? München ?".encode("latin-1") in result.stdout
