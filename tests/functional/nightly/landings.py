"""Small landings that are made without a night, and what is in one."""

import signal
import subprocess
import sys
from pathlib import Path

import duckdb

from pipelines.migrations import migrate_landing
from pipelines.settings import Settings

RUN = """INSERT INTO ops.runs VALUES ('20261031T043000Z-0a1b', '2026-10-31 04:30Z', '2026-10-31 04:41Z', '2026-10-31',
    'Sandbox', 'published', 12, 1, 3, 3, 4, 3, NULL)"""


def make_landing(path: Path, *statements: str) -> Path:
    """Make a landing of catalog Sandbox in which one run has landed, and change it as told."""
    path.parent.mkdir(parents=True, exist_ok=True)
    migrate_landing(path, path.with_name("scratch.duckdb"))
    with duckdb.connect(path) as connection:
        for statement in (RUN, *statements):
            connection.execute(statement)
    return path


def damage(path: Path) -> bytes:
    """Flip a bit of every kilobyte after the file's headers, and return what is left."""
    content = bytearray(path.read_bytes())
    for position in range(12_288, len(content), 1024):
        content[position] ^= 1
    path.write_bytes(content)
    return bytes(content)


KILLED_WITH_A_LOG = """
import os, signal, sys, duckdb
connection = duckdb.connect(sys.argv[1])
for statement in sys.argv[2:]:
    connection.execute(statement)
os.kill(os.getpid(), signal.SIGKILL)
"""


def leave_a_log(path: Path, *statements: str) -> Path:
    """Have a process change a file as told and be killed, so that the changes are in the log beside it alone."""
    killed = subprocess.run([sys.executable, "-c", KILLED_WITH_A_LOG, path, *statements], check=False)
    assert killed.returncode == -signal.SIGKILL
    log = path.with_name(f"{path.name}.wal")
    assert log.exists()
    return log


def landed(settings: Settings, sql: str) -> list[tuple]:
    """What a query on the landing gives."""
    with duckdb.connect(settings.landing_path, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def contents(path: Path) -> dict[str, list[tuple]]:
    with duckdb.connect(path, read_only=True) as connection:
        tables = connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
        return {table: connection.execute(f"FROM {table} ORDER BY ALL").fetchall() for (table,) in tables}


def files(directory: Path) -> dict[str, bytes]:
    """What lies in a data directory, locks aside."""
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file() and "lock" not in path.name}


def python(script: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start a script in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
