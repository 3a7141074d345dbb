"""`cosell query` reads the published warehouse and touches nothing else, whatever the SQL."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

COSELL = Path(sys.executable).parent / "cosell"
Results = dict[str, tuple[int, str, str]]

READS = [
    "SELECT 1",
    "FROM numbers",
    "VALUES (1), (2)",
    "WITH one AS (SELECT 1) FROM one",
    "TABLE numbers;",
    "DESCRIBE numbers",
    "SHOW ALL TABLES",
    "SUMMARIZE numbers",
    "EXPLAIN ANALYZE FROM numbers",
    "PIVOT numbers ON text USING sum(number)",
    "FROM query('FROM numbers')",
    "FROM query_table('numbers')",
]
OTHER_KINDS = """
ATTACH 'other.duckdb'
ATTACH ':memory:' AS other
DETACH warehouse
USE main
COPY numbers TO 'out.csv'
COPY (FROM numbers) TO 'out.parquet'
COPY numbers FROM 'secret.csv'
COPY FROM DATABASE warehouse TO other
EXPORT DATABASE 'out'
IMPORT DATABASE 'out'
INSTALL httpfs
FORCE INSTALL httpfs FROM community
LOAD httpfs
UPDATE EXTENSIONS
CREATE TABLE other AS SELECT 1
CREATE TEMP TABLE other AS SELECT 1
CREATE VIEW other AS SELECT 1
CREATE MACRO other() AS 1
CREATE SECRET other (TYPE http, BEARER_TOKEN 'x')
CREATE PERSISTENT SECRET other (TYPE http, BEARER_TOKEN 'x')
DROP PERSISTENT SECRET stored
INSERT INTO numbers VALUES (2, 'b')
UPDATE numbers SET number = 2
DELETE FROM numbers
TRUNCATE numbers
MERGE INTO numbers USING numbers AS other ON numbers.number = other.number WHEN MATCHED THEN DELETE
DROP TABLE numbers
ALTER TABLE numbers ADD COLUMN other INTEGER
COMMENT ON TABLE numbers IS 'other'
CHECKPOINT
FORCE CHECKPOINT
VACUUM
ANALYZE
BEGIN
COMMIT
SET memory_limit = '1GB'
SET VARIABLE other = 1
RESET memory_limit
PRAGMA memory_limit = '1GB'
PRAGMA enable_profiling
PRAGMA table_info('numbers')
PREPARE other AS DELETE FROM numbers
EXECUTE other
DEALLOCATE other
CALL enable_logging(storage := 'file', storage_path := 'logs')
SELECT 1; DROP TABLE numbers
SELECT 1; SELECT 2
;
/* nothing */
""".strip().splitlines()
BEYOND_THE_WAREHOUSE = """
FROM 'secret.csv'
FROM read_csv('secret.csv')
FROM read_text('secret.csv')
FROM read_blob('data/warehouse.duckdb')
FROM 'data/landing.duckdb'
FROM read_duckdb('data/landing.duckdb')
FROM read_json('secret.csv')
FROM read_parquet('secret.csv')
FROM sniff_csv('secret.csv')
FROM parquet_metadata('secret.csv')
FROM glob('*')
FROM glob('/etc/*')
FROM query('FROM ''secret.csv''')
FROM query('DELETE FROM numbers')
FROM query('SELECT 1; DROP TABLE numbers')
FROM query_table('secret.csv')
FROM json_execute_serialized_sql(json_serialize_sql('FROM ''secret.csv'''))
FROM 's3://bucket/rows.parquet'
FROM enable_logging(storage := 'file', storage_path := 'logs')
FROM enable_profiling(save_location := 'profile.json')
FROM start_ui()
SELECT nextval('numbering')
WITH gone AS (DELETE FROM numbers RETURNING *) FROM gone
EXPLAIN ANALYZE DELETE FROM numbers
EXPLAIN ANALYZE CREATE TABLE other AS SELECT 1
EXPLAIN ANALYZE COPY numbers TO 'out.csv'
EXPLAIN ANALYZE SET threads = 1
EXPLAIN ANALYZE CREATE TEMP TABLE other AS SELECT 1
EXPLAIN (ANALYZE, FORMAT json) CREATE TEMP VIEW other AS SELECT 1
EXPLAIN ANALYZE LOAD json
EXPLAIN CHECKPOINT
EXPLAIN ANALYZE PREPARE other AS SELECT 1
""".strip().splitlines()
WITHOUT_MEANING = """
SELECT getenv('HOME')
SELECT nothing FROM numbers
SELEKT 1
SELECT $1
FROM connection
FROM sql
FROM settings
FROM path
FROM relation
FROM statement
FROM sys
FROM arrow_scan(0, 0, 0)
""".strip().splitlines()

DRIVER = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from pipelines.cli import main
results = {}
for sql in json.load(sys.stdin):
    sys.argv = ["cosell", "query", sql]
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        try:
            exit_code = main() or 0
        except SystemExit as end:
            exit_code = end.code
    results[sql] = exit_code, out.getvalue(), err.getvalue()
json.dump(results, sys.stdout)
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse, files beside it, and a secret of the user's in their home."""
    directory = tmp_path_factory.mktemp("query")
    (directory / "data").mkdir()
    with duckdb.connect(directory / "data" / "warehouse.duckdb") as connection:
        connection.execute("CREATE TABLE numbers AS SELECT 1 AS number, 'a' AS text; CREATE SEQUENCE numbering")
    with duckdb.connect(directory / "data" / "landing.duckdb") as connection:
        connection.execute("CREATE TABLE people AS SELECT 'hidden' AS name")
        connection.execute(f"SET secret_directory = '{directory}/.duckdb/stored_secrets'")
        connection.execute("CREATE PERSISTENT SECRET stored (TYPE http, BEARER_TOKEN 'hidden')")
    (directory / "secret.csv").write_text("name\nhidden\n")
    return directory


@pytest.fixture(scope="module")
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture(scope="module")
def results(directory: Path, server: socket.socket) -> Results:
    """Exit code, output and errors of every statement, all of them in one process, which must change no file."""
    reads_web = f"FROM 'http://127.0.0.1:{server.getsockname()[1]}/rows.csv'"
    statements = [*READS, *OTHER_KINDS, *BEYOND_THE_WAREHOUSE, *WITHOUT_MEANING, "FROM duckdb_secrets()", reads_web]
    before = files(directory)
    result = run(directory, sys.executable, "-c", DRIVER, stdin=json.dumps(statements))
    assert result.returncode == 0, result.stderr
    assert files(directory) == before
    told: Results = json.loads(result.stdout)
    told["web"] = told[reads_web]
    return told


def environment(directory: Path) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("COSELL_")} | {
        "HOME": str(directory)
    }


def run(directory: Path, *command: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=directory,
        env=environment(directory),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def files(directory: Path) -> dict[str, bytes]:
    return {f"{path}": path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("sql", READS)
def test_what_reads_the_warehouse_is_answered(results: Results, sql: str) -> None:
    exit_code, out, err = results[sql]
    assert (exit_code, err) == (0, "")
    assert "rows" in out or "row" in out or "─" in out


@pytest.mark.parametrize("sql", [*OTHER_KINDS, *BEYOND_THE_WAREHOUSE, "web"])
def test_all_else_is_refused_in_a_line_that_says_what_is_allowed(results: Results, sql: str) -> None:
    exit_code, out, err = results[sql]
    assert (exit_code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("cosell: SQL: `cosell query` runs one statement that reads the published warehouse")
    assert "SELECT" in line


@pytest.mark.parametrize("sql", WITHOUT_MEANING)
def test_neither_variables_of_the_program_nor_the_environment_can_be_read(results: Results, sql: str) -> None:
    exit_code, out, err = results[sql]
    assert (exit_code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("cosell: SQL: ")
    assert "Error: " in line


@pytest.mark.usefixtures("results")
def test_nothing_was_asked_of_the_network(server: socket.socket) -> None:
    with pytest.raises(BlockingIOError):
        server.accept()


def test_secrets_of_the_user_are_not_loaded(results: Results) -> None:
    exit_code, out, _ = results["FROM duckdb_secrets()"]
    assert exit_code == 0
    assert "stored" not in out
    assert "0 rows" in out


SMALL_MEMORY = """
import duckdb, sys
from pipelines.cli import main
connect = duckdb.connect
def connect_with_little_memory(*arguments, config=None, **options):
    return connect(*arguments, config={**(config or {}), "memory_limit": "50MB"}, **options)
duckdb.connect = connect_with_little_memory
sys.argv = ["cosell", "query", "SELECT count(DISTINCT hash(range)) FROM range(1000000000)"]
main()
"""


def test_a_query_too_large_for_the_memory_ends_in_one_line_and_leaves_no_file(directory: Path) -> None:
    before = files(directory)
    result = run(directory, sys.executable, "-c", SMALL_MEMORY)
    assert result.returncode == 2
    assert result.stderr == "cosell: SQL: out of memory: ask for fewer rows, columns or groups at a time\n"
    assert files(directory) == before


@pytest.mark.parametrize("output_format", ["table", "csv"])
def test_ctrl_c_ends_a_long_query_at_once(directory: Path, output_format: str) -> None:
    endless = "SELECT count(*) FROM range(1000000000000) AS a, range(1000000) AS b"
    process = subprocess.Popen(
        [COSELL, "query", "--format", output_format, endless],
        cwd=directory,
        env=environment(directory),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not has_open(process.pid, "warehouse.duckdb"):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (-signal.SIGINT, "")
    finally:
        process.kill()


def has_open(pid: int, name: str) -> bool:
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            if os.readlink(entry).endswith(name):
                return True
    return False


def test_whoever_stops_reading_ends_it_quietly(directory: Path) -> None:
    result = run(directory, "sh", "-c", f'"{COSELL}" query --format csv "FROM range(3000000)" | head -1')
    assert (result.stdout, result.stderr) == ("range\n", "")
