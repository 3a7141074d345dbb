"""A bad night at AWS: what can be survived leaves no trace, what cannot ends in one line and the next night goes on."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import orjson
import pytest
from processes import NOW, Cosell, rows, settings_for

from pipelines.landing import land
from pipelines.marts import MARTS
from pipelines.nightly import run_nightly
from pipelines.partner_central import retries
from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.partner_central.extraction import Extraction
from pipelines.sandbox.faults import Turbulence
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.wire import Fault
from transforms.schema import declaration

OPPORTUNITIES = 110  # 111 by now: two pages of ListOpportunities, so that one has landed when the other fails
NIGHTLY = ("nightly", "--catalog", "Sandbox", "--as-of", f"{NOW:%Y-%m-%d}")
UNPACED = Quota(reads_per_second=0)
LANDED = {
    "opportunity_versions": "opportunity_id, last_modified_date, payload",
    "opportunities": "opportunity_id, last_modified_date, payload",
    "aws_opportunity_summaries": "opportunity_id, last_modified_date, payload",
    "engagement_associations": "engagement_id, resource_id, checked_last_modified_date, snapshot_revisions, payload",
    "resource_snapshots": "engagement_id, resource_id, template, revision, created_at, payload",
    "solutions": "solution_id, payload",
}


@pytest.fixture(autouse=True)
def calm(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.fault = None
    sandbox.before_response.clear()


@pytest.fixture(scope="module")
def quiet(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a night in which nothing went wrong."""
    data_dir = tmp_path_factory.mktemp("quiet") / "data"
    run_nightly(settings_for(data_dir), as_of=NOW.date())
    return data_dir


def landed(data_dir: Path) -> dict[str, list[tuple]]:
    with duckdb.connect(data_dir / "landing.duckdb", read_only=True) as connection:
        return {
            table: connection.execute(f"SELECT {columns} FROM partner_central.{table} ORDER BY ALL").fetchall()
            for table, columns in LANDED.items()
        }


def landed_ids(data_dir: Path) -> set[str]:
    with duckdb.connect(data_dir / "landing.duckdb", read_only=True) as connection:
        found = connection.execute("SELECT opportunity_id FROM partner_central.opportunity_versions").fetchall()
    return {opportunity_id for (opportunity_id,) in found}


def extract(data_dir: Path) -> None:
    """Run the extraction of a night to its end, as if a day had passed."""
    settings = settings_for(data_dir)
    land(settings.landing_path, settings.dlt_path, Extraction(PartnerCentral("Sandbox", quota=UNPACED)), lambda: None)


def test_a_turbulent_night_publishes_what_a_quiet_one_does(
    sandbox: Sandbox, quiet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "BACKOFF_SECONDS", 0.005)
    turbulence = sandbox.fault = Turbulence()
    outcome = run_nightly(settings_for(tmp_path / "data"), as_of=NOW.date())
    assert all(turbulence.dealt.values()), turbulence.dealt
    assert 0.3 < outcome.counts.retries / outcome.counts.calls < 0.45
    for table in MARTS:
        sql = f"FROM marts.{declaration(table).name} ORDER BY ALL"
        assert rows(settings_for(tmp_path / "data"), sql) == rows(settings_for(quiet), sql), sql
    assert landed(tmp_path / "data") == landed(quiet)


@dataclass(frozen=True, slots=True)
class Calamity:
    """A fault that does not pass, of one operation or all, from so many requests on."""

    fault: Fault
    after: int = 0
    operation: str | None = None

    def befall(self, sandbox: Sandbox) -> None:
        sandbox.calls.clear()
        sandbox.fault = lambda operation, _: (
            self.fault if sandbox.calls.total() > self.after and self.operation in (None, operation) else None
        )


def with_the_same_token(body: bytes) -> bytes:
    return orjson.dumps(orjson.loads(body) | {"NextToken": "the same"})


FIRST_PAGE = 203  # calls: the full listing, one page of changes, and its opportunities with AWS's side of each
EXPIRED = Calamity(Fault("ExpiredTokenException"), after=FIRST_PAGE + 8)
NO_QUOTA = {"COSELL_READS_PER_DAY": f"{FIRST_PAGE + 8}"}
NO_END = Calamity(
    Fault(status=200, body=b'{"OpportunitySummaries": [], "NextToken": "the same"}'),
    after=FIRST_PAGE,
    operation="ListOpportunities",
)
NO_END_OF_ASSOCIATIONS = Calamity(
    Fault(request={"Catalog": "Sandbox"}, change=with_the_same_token),
    operation="ListEngagementResourceAssociations",
)


@pytest.mark.parametrize(
    ("calamity", "env", "says", "opportunities"),
    [
        (EXPIRED, {}, "AWS credentials have expired (ExpiredTokenException): sign in again", 100),
        (None, NO_QUOTA, "the day's AWS reads are spent (211 of them now): what has landed stays", 103),
        (NO_END, {}, "ListOpportunities repeats a page token, so its walk would never end", 100),
        (NO_END_OF_ASSOCIATIONS, {}, "ListEngagementResourceAssociations repeats a page token", 111),
    ],
    ids=["credentials expire", "the quota is spent", "a listing without end", "associations without end"],
)
def test_what_cannot_be_survived_ends_in_a_line_and_the_next_night_goes_on(
    calamity: Calamity | None,
    env: dict[str, str],
    says: str,
    opportunities: int,
    sandbox: Sandbox,
    quiet: Path,
    tmp_path: Path,
) -> None:
    if calamity:
        calamity.befall(sandbox)
    ended = Cosell(tmp_path, sandbox.endpoint_url)(*NIGHTLY, COSELL_WINDOW_PAGES="1", **env)
    assert_is_one_line(ended, says)
    assert not (tmp_path / "data" / "warehouse.duckdb").exists()
    before = landed_ids(tmp_path / "data")
    assert len(before) == opportunities
    sandbox.fault = None
    fetched: list[str] = []
    sandbox.before_response.append(
        lambda operation, request: fetched.append(request["Identifier"]) if operation == "GetOpportunity" else None
    )
    extract(tmp_path / "data")
    assert sorted(fetched) == sorted(landed_ids(quiet) - before)
    assert landed(tmp_path / "data") == landed(quiet)


def assert_is_one_line(ended: subprocess.CompletedProcess[str], says: str) -> None:
    assert ended.returncode == 4, ended.stderr
    told = [shown for shown in ended.stderr.splitlines() if shown.startswith("cosell: ")]
    assert told == ended.stderr.splitlines()[-1:]
    assert told[0].startswith(f"cosell: {says}")
    assert ended.stdout == ""
