"""Whatever is wrong with the input or the machine: one line, its exit code, and the published warehouse as it was."""

import subprocess
from collections.abc import Callable, Iterator

import duckdb
import pytest
from processes import COSELL

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.wire import Fault

NIGHTLY = ("nightly", "--catalog", "Sandbox", "--data-dir", "data")


def failed(result: subprocess.CompletedProcess[str], exit_code: int, *words: str) -> None:
    """One line on stderr after the progress, with these words; no traceback, no secret."""
    assert result.returncode == exit_code, result.stderr
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("cosell: ")
    assert "Traceback" not in result.stderr
    assert "test-secret" not in result.stdout + result.stderr
    for word in words:
        assert word in last


@pytest.fixture
def published(cosell) -> Iterator[bytes]:
    """A warehouse that an earlier run published; it must be the same afterwards."""
    path = cosell.directory / "data" / "warehouse.duckdb"
    path.parent.mkdir()
    duckdb.connect(path).close()
    before = path.read_bytes()
    yield before
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.glob("warehouse.*.duckdb*")] == []


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("ExpiredTokenException", ["expired"]),
        ("UnrecognizedClientException", ["credentials"]),
        ("AccessDeniedException", ["partnercentral:ListOpportunities", "Sandbox"]),
    ],
)
def test_aws_refuses(cosell, make_sandbox: Callable[..., Sandbox], error: str, words: list[str]) -> None:
    sandbox = make_sandbox(5)
    sandbox.fault = lambda operation, request: Fault(error)
    cosell.endpoint_url = sandbox.endpoint_url
    failed(cosell(*NIGHTLY), 4, *words)


@pytest.mark.usefixtures("published")
def test_no_credentials(cosell) -> None:
    failed(cosell(*NIGHTLY, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY=""), 4, "credentials", "aws configure")


@pytest.mark.usefixtures("published")
def test_unknown_profile(cosell) -> None:
    failed(cosell(*NIGHTLY, AWS_PROFILE="nobody"), 4, "profile")


@pytest.mark.usefixtures("published")
def test_unreachable_endpoint(cosell) -> None:
    cosell.endpoint_url = "http://127.0.0.1:9"
    failed(cosell(*NIGHTLY), 4, "127.0.0.1:9")


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--as-of", "2999-01-01"], ["2999-01-01", "future"]),
        (["--as-of", "2026-02-31"], ["2026-02-31", "YYYY-MM-DD"]),
        (["--as-of", "yesterday"], ["yesterday", "YYYY-MM-DD"]),
        (["--as-of", "20260101"], ["YYYY-MM-DD"]),
        (["--as-of", "1999-12-31"], ["1999-12-31", "2000-01-01"]),
        (["--currency", "dollars"], ["currency"]),
        (["--currency", "USB"], ["USB is no currency", "ISO 4217"]),
        (["--fx", "rates.csv"], ["rates.csv is no file"]),
    ],
)
def test_bad_options(cosell, arguments: list[str], words: list[str]) -> None:
    failed(cosell(*NIGHTLY, *arguments), 2, *words)


@pytest.mark.usefixtures("published")
def test_unknown_catalog(cosell) -> None:
    result = cosell("nightly", "--catalog", "Moon")
    assert result.returncode == 2
    assert "Moon" in result.stderr
    failed(cosell("nightly", COSELL_CATALOG="Moon"), 2, "catalog", "COSELL_CATALOG")
    failed(cosell(*NIGHTLY, COSELL_AS_OF="2999-01-01"), 2, "2999-01-01", "future")
    failed(cosell(*NIGHTLY, COSELL_FULL="perhaps"), 2, "full")


@pytest.mark.usefixtures("published")
def test_settings_file(cosell) -> None:
    (cosell.directory / "cosell.toml").write_text("threads = 0\n")
    failed(cosell(*NIGHTLY), 2, "threads")
    (cosell.directory / "cosell.toml").write_text("stale_after_days = 999999\n")
    failed(cosell(*NIGHTLY), 2, "stale_after_days", "(COSELL_STALE_AFTER_DAYS or cosell.toml)")
    (cosell.directory / "cosell.toml").write_text("thread = 1\n")
    failed(cosell(*NIGHTLY), 2, "thread")
    (cosell.directory / "cosell.toml").write_text("threads = = 1\n")
    failed(cosell(*NIGHTLY), 2, "cosell.toml")


@pytest.mark.usefixtures("published")
def test_landing_is_damaged(cosell) -> None:
    landing = cosell.directory / "data" / "landing.duckdb"
    landing.write_bytes(b"not a database" * 1000)
    failed(cosell(*NIGHTLY), 2, "landing.duckdb", "damaged")
    assert landing.read_bytes() == b"not a database" * 1000


@pytest.mark.usefixtures("published")
def test_landing_is_another_programs(cosell) -> None:
    landing = cosell.directory / "data" / "landing.duckdb"
    with duckdb.connect(landing) as connection:
        connection.execute("CREATE TABLE somebody_elses (number INTEGER)")
    before = landing.read_bytes()
    failed(cosell(*NIGHTLY), 2, "landing.duckdb", "--data-dir")
    assert landing.read_bytes() == before


def test_data_directory_cannot_be_made(cosell) -> None:
    (cosell.directory / "file").write_text("")
    failed(cosell("nightly", "--demo", "--data-dir", "file/data"), 2, "file/data")


def test_data_directory_cannot_be_written(cosell, run_with_mounts) -> None:
    """On a file system mounted read-only, since root may write in any directory of a writable one."""
    (cosell.directory / "data").mkdir()
    script = f"mount -t tmpfs -o ro tmpfs data && exec {COSELL} nightly --demo --data-dir data"
    failed(run_with_mounts(script), 2, "data", "Read-only")


def test_two_runs_at_once(cosell, make_sandbox: Callable[..., Sandbox]) -> None:
    slow = make_sandbox(5)
    slow.fault = lambda operation, request: Fault(delay=1.0)
    cosell.endpoint_url = slow.endpoint_url
    first = cosell.start(*NIGHTLY)
    while not slow.calls:
        assert first.poll() is None
    failed(cosell(*NIGHTLY), 5, "another run")
    status = cosell("status")
    assert status.returncode == 0
    assert "A run is at work now" in status.stdout
    first.terminate()
    first.communicate(timeout=60)


def test_warehouse_is_missing(cosell) -> None:
    failed(cosell("query", "SELECT 1"), 2, "cosell nightly")
    result = cosell("status")
    assert result.returncode == 0
    assert "No run yet" in result.stdout


@pytest.mark.usefixtures("published")
def test_warehouse_is_another_programs(cosell) -> None:
    failed(cosell("status"), 2, "warehouse.duckdb", "cosell nightly")
