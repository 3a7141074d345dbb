"""Opportunities that Partner Central no longer lists: marked, never deleted; too many at once are not believed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from landings import landed
from processes import NOW, Cosell, rows, settings_for

from pipelines.errors import QualityGateError
from pipelines.nightly import run_nightly
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Settings

OPPORTUNITIES = 40


@pytest.fixture(scope="module")
def settings(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A published night over all of them."""
    settings = settings_for(tmp_path_factory.mktemp("night") / "data")
    run_nightly(settings, as_of=datetime.now(UTC).date())
    return settings


def test_more_than_a_fifth_gone_at_once_holds_the_night(sandbox: Sandbox, settings: Settings, tmp_path: Path) -> None:
    """9 of 40 vanish. Nothing is marked, what changed has landed, and what is published stays as it was."""
    published = settings.warehouse_path.read_bytes()
    kept = {opportunity_id: sandbox.store.records[opportunity_id] for opportunity_id in sorted(sandbox.store.records)}
    gone, changed = list(kept)[:9], list(kept)[-1]
    for opportunity_id in gone:
        sandbox.store.remove(opportunity_id)
    sandbox.store.edit(changed, NOW - timedelta(seconds=1), {"Project.Title": "Renamed"})
    arguments = ("nightly", "--catalog", "Sandbox", "--data-dir", str(settings.data_dir))
    result = Cosell(tmp_path, sandbox.endpoint_url)(*arguments)
    assert result.returncode == 3, result.stderr
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith("cosell: publication held: 9 of 40 opportunities vanished from the listing at once")
    assert "max_vanished_share = 20%" in line
    assert "COSELL_MAX_VANISHED_SHARE=1" in line
    assert settings.warehouse_path.read_bytes() == published
    assert "opportunity_visibility" not in {
        row[0] for row in landed(settings, "SELECT table_name FROM duckdb_tables()")
    }
    last = "SELECT {} FROM {} ORDER BY {} DESC LIMIT 1"
    assert landed(settings, last.format("vanished, is_believed", "ops.listings", "listed_at")) == [(9, False)]
    assert landed(settings, last.format("status", "ops.runs", "started_at")) == [("held",)]
    titles = landed(settings, "SELECT opportunity_id FROM partner_central.opportunities WHERE payload LIKE '%Renamed%'")
    assert titles == [(changed,)]
    for opportunity_id in gone[2:]:
        sandbox.store.put(kept[opportunity_id], NOW, opportunity_id)


def test_what_vanished_is_marked_and_stays(sandbox: Sandbox, settings: Settings) -> None:
    """After the test above 2 of 40 are gone. What a listing says is true from its own day on."""
    shown = rows(settings, "SELECT opportunity_id FROM marts.opportunities ORDER BY ALL")
    gone = [row for row in shown if row[0] not in sandbox.store.records]
    assert len(gone) == 2
    today = datetime.now(UTC).date()
    run_nightly(settings, as_of=today + timedelta(days=1))  # midnight may be near
    assert rows(settings, "SELECT opportunity_id FROM marts.opportunities ORDER BY ALL") == shown
    assert rows(settings, "SELECT opportunity_id FROM marts.opportunities WHERE NOT is_visible ORDER BY ALL") == gone
    vanished = "SELECT opportunity_id FROM marts.observations WHERE evidence = 'vanished' ORDER BY ALL"
    assert rows(settings, vanished) == gone
    run_nightly(settings, as_of=today - timedelta(days=1))
    assert rows(settings, "SELECT DISTINCT is_visible FROM marts.opportunities") == [(True,)]
    assert rows(settings, vanished) == []


def test_a_user_who_knows_better_says_so(sandbox: Sandbox, settings: Settings) -> None:
    """All that is left vanishes: believed only with the limit taken away."""
    for opportunity_id in list(sandbox.store.records):
        sandbox.store.remove(opportunity_id)
    with pytest.raises(QualityGateError, match="38 of 38 opportunities vanished"):
        run_nightly(settings, as_of=NOW.date())
    believing = settings.model_copy(update={"max_vanished_share": 1.0})
    run_nightly(believing, as_of=datetime.now(UTC).date() + timedelta(days=1))
    visible = rows(settings, "SELECT is_visible, count(*) FROM marts.opportunities GROUP BY ALL")
    assert visible == [(False, 39)]  # the other one is excluded
