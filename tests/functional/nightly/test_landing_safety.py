"""A landing that is damaged, or older, in the hands of a night: met before anything is written, or brought forward."""

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from landings import contents, files, leave_a_log
from processes import Cosell

from pipelines.errors import ConfigurationError
from pipelines.landing_file import check_landing, read_landing
from pipelines.migrations import NEWEST_VERSION
from pipelines.sandbox.server import Sandbox

NIGHTLY = ("nightly", "--catalog", "Sandbox", "--data-dir", "data")
BLOCKS_START = 12_288  # after the file's three headers
BLOCK_BYTES = 262_144
DAMAGED = "{} is damaged or no DuckDB file: restore it from a backup (`cosell restore`), or move it away"


@pytest.fixture(scope="module")
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return make_sandbox(120)


@pytest.fixture(scope="module")
def landed(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The landing of a night that spent its quota, which is the cheapest one."""
    directory = tmp_path_factory.mktemp("landed")
    result = Cosell(directory, sandbox.endpoint_url)(*NIGHTLY, COSELL_READS_PER_DAY="150")
    assert result.returncode == 4, result.stderr
    return directory / "data" / "landing.duckdb"


@pytest.fixture
def landing(landed: Path, tmp_path: Path) -> Path:
    path = tmp_path / "data" / "landing.duckdb"
    path.parent.mkdir()
    shutil.copy(landed, path)
    return path


def is_refused(landing: Path) -> bool:
    """Check a landing as a night does; whatever comes of it, the files stay as they were."""
    before, told = files(landing.parent), ""
    try:
        check_landing(landing, "Sandbox")
    except ConfigurationError as error:
        told = str(error)
    assert files(landing.parent) == before
    assert told in {"", DAMAGED.format(landing)}
    return bool(told)


def blocks_in_use(path: Path) -> set[int]:
    """The numbers of the blocks that hold data, and of those that say where it is."""
    with duckdb.connect(path, read_only=True) as connection:
        (names,) = connection.execute("SELECT list(schema_name || '.' || table_name) FROM duckdb_tables()").fetchone()
        blocks = {block for (block,) in connection.execute("SELECT block_id FROM pragma_metadata_info()").fetchall()}
        for name in names:
            columns = "unnest(list_append(additional_block_ids, block_id))"
            rows = connection.execute(f"SELECT {columns} FROM pragma_storage_info('{name}')").fetchall()
            blocks |= {block for (block,) in rows if block is not None and block >= 0}
        return blocks


def test_a_flipped_bit_is_met_in_every_block_in_use(landing: Path) -> None:
    """In a block that is in no use nothing can be lost, and all reads the same."""
    whole, everything = landing.read_bytes(), contents(landing)
    used = blocks_in_use(landing)
    assert len(used) > 10
    for block in range((len(whole) - BLOCKS_START) // BLOCK_BYTES):
        flipped = bytearray(whole)
        flipped[BLOCKS_START + block * BLOCK_BYTES + 997 * block % BLOCK_BYTES] ^= 0x10
        landing.write_bytes(flipped)
        assert is_refused(landing) == (block in used)
        if block not in used:
            assert contents(landing) == everything
    landing.write_bytes(whole)  # and this process can still read one that is whole
    assert not is_refused(landing)


@pytest.mark.parametrize("position", [8, 12, 100, 4_100, 8_200])
def test_a_flipped_bit_in_a_header_is_refused(landing: Path, position: int) -> None:
    flipped = bytearray(landing.read_bytes())
    flipped[position] ^= 0x10
    landing.write_bytes(flipped)
    assert is_refused(landing)


@pytest.mark.parametrize("share", [0, 0.0001, 0.3, 0.6, 0.999999])
def test_a_truncated_file_is_refused(landing: Path, share: float) -> None:
    whole = landing.read_bytes()
    landing.write_bytes(whole[: int(len(whole) * share)])
    assert is_refused(landing)


@pytest.fixture
def log(landing: Path) -> Path:
    """The write-ahead log of a process that was killed: a table, and 20 rows committed one after the other."""
    rows = (f"INSERT INTO ops.kept VALUES ({number}, repeat('row', 100))" for number in range(20))
    return leave_a_log(landing, "CREATE TABLE ops.kept (number INTEGER, text VARCHAR)", *rows)


def kept(landing: Path) -> list[int]:
    tables = contents(landing)
    return [number for number, _ in tables.get("ops.kept", [])]


def test_a_log_that_a_kill_cut_short_keeps_what_was_committed(landing: Path, log: Path) -> None:
    whole = log.read_bytes()
    rows = []
    for length in range(len(whole), 0, -len(whole) // 8):
        log.write_bytes(whole[:length])
        assert not is_refused(landing)
        rows.append(len(kept(landing)))
        assert kept(landing) == list(range(rows[-1]))
    assert rows == sorted(rows, reverse=True)
    assert rows[0] == 20
    assert rows[-1] < 10


def test_a_flipped_bit_in_the_log_is_refused_or_ends_it_early(landing: Path, log: Path) -> None:
    """In the length of an entry it looks like a log that was cut short: what is before it stays."""
    whole = log.read_bytes()
    refused = 0
    for position in range(2, len(whole), len(whole) // 40):
        flipped = bytearray(whole)
        flipped[position] ^= 0x10
        log.write_bytes(flipped)
        if is_refused(landing):
            refused += 1
        else:
            assert kept(landing) == list(range(len(kept(landing))))
    assert refused > 20


def test_the_log_of_another_file_is_refused(landing: Path, log: Path) -> None:
    left = log.read_bytes()
    landing.unlink()
    duckdb.connect(landing).close()
    log.write_bytes(left)
    assert is_refused(landing)


def test_a_log_without_its_landing_is_refused(landing: Path, log: Path) -> None:
    """DuckDB would delete it, and begin with an empty file."""
    landing.unlink()
    before = log.read_bytes()
    with pytest.raises(ConfigurationError, match=r"landing\.duckdb\.wal is there without landing\.duckdb"):
        check_landing(landing, "Sandbox")
    assert log.read_bytes() == before


def test_a_night_ends_in_one_line_and_writes_nothing(landing: Path, log: Path, sandbox: Sandbox) -> None:
    content = bytearray(landing.read_bytes())
    content[len(content) // 2 :: 4096] = bytes(len(content[len(content) // 2 :: 4096]))  # in every block of a half
    landing.write_bytes(content)
    before, calls = files(landing.parent), sandbox.calls.total()
    result = Cosell(landing.parents[1], sandbox.endpoint_url)(*NIGHTLY)
    assert result.returncode == 2
    assert result.stderr == f"cosell: {DAMAGED.format(landing)}\n"
    assert files(landing.parent) == before
    assert sandbox.calls.total() == calls


AS_VERSION_1_LEFT_IT = """
DROP TABLE ops.schema_version;
DROP TABLE ops.listings;
CREATE TABLE calls AS FROM ops.calls;
DROP TABLE ops.calls;
CREATE TABLE ops.calls (run_id VARCHAR NOT NULL, called_at TIMESTAMPTZ NOT NULL, operation VARCHAR NOT NULL,
    calls BIGINT NOT NULL);
INSERT INTO ops.calls FROM calls;
DROP TABLE calls;
"""


def test_a_night_goes_on_with_a_landing_of_version_1(landing: Path, sandbox: Sandbox) -> None:
    with duckdb.connect(landing) as connection:
        connection.execute(AS_VERSION_1_LEFT_IT)
    assert read_landing(landing).version == 1
    before, calls = contents(landing), sandbox.calls.copy()
    result = Cosell(landing.parents[1], sandbox.endpoint_url)(*NIGHTLY)
    assert result.returncode == 0, result.stderr
    after = contents(landing)
    assert after["ops.schema_version"] == [(NEWEST_VERSION,)]
    assert len(after["ops.listings"]) == 1
    for table in ("ops.runs", "ops.calls", "partner_central.opportunity_versions"):
        assert before[table]
        assert set(before[table]) <= set(after[table])
    landed_before = len(before["partner_central.opportunity_versions"])
    fetched = sandbox.calls["GetOpportunity"] - calls["GetOpportunity"]
    assert landed_before + fetched == len(after["partner_central.opportunity_versions"])
