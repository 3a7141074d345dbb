"""The day's reads: remembered from run to run, and a first load that takes more than one day of them."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from landings import landed
from processes import NOW, rows, settings_for

from pipelines.nightly import run_nightly
from pipelines.partner_central.aws_errors import QuotaSpentError
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Settings
from pipelines.status import print_status

OPPORTUNITIES = 130
READS_PER_DAY = 150


def a_day_passes(settings: Settings) -> None:
    with duckdb.connect(settings.landing_path) as connection:
        connection.execute("UPDATE ops.calls SET called_at = called_at - INTERVAL 25 HOUR")


def spend_the_day(settings: Settings, sandbox: Sandbox) -> int:
    """Run until the day's reads are spent; return how many the server saw."""
    before = sandbox.calls.total()
    with pytest.raises(QuotaSpentError, match="the day's AWS reads are spent"):
        run_nightly(settings, as_of=NOW.date())
    return sandbox.calls.total() - before


def status(settings: Settings, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    print_status(settings, datetime.now(UTC))
    return capsys.readouterr().out


def test_a_first_load_of_several_days(sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """131 opportunities at two calls each, and their snapshots, from 150 reads a day."""
    settings = settings_for(tmp_path / "data").model_copy(update={"reads_per_day": READS_PER_DAY})
    total = len(sandbox.store.records)
    assert spend_the_day(settings, sandbox) <= READS_PER_DAY
    ((first_day,),) = landed(settings, "SELECT count(*) FROM partner_central.opportunities")
    assert 50 < first_day < total
    assert landed(settings, "SELECT sum(calls) FROM ops.calls") == [(sandbox.calls.total(),)]

    left = total - first_day
    shown = status(settings, capsys)
    assert f"of the {READS_PER_DAY} that are allowed, {READS_PER_DAY - sandbox.calls.total()} left." in shown
    assert f"First load: {first_day} of {total} opportunities have landed" in shown
    assert f"{2 * left} calls, their snapshots aside: 2 nights." in shown  # what is left of this day does not do

    assert spend_the_day(settings, sandbox) <= 1  # on the same day nothing more is to be had
    days = 1
    while True:
        a_day_passes(settings)
        days += 1
        try:
            before = sandbox.calls.total()
            night = run_nightly(settings, as_of=NOW.date())
            break
        except QuotaSpentError:
            assert sandbox.calls.total() - before <= READS_PER_DAY
    assert days > 3
    assert night.built.rows == total - night.built.excluded
    doubled = "SELECT opportunity_id, last_modified_date FROM partner_central.opportunity_versions GROUP BY ALL"
    assert landed(settings, f"{doubled} HAVING count(*) > 1") == []
    assert landed(settings, "SELECT count(*) FROM partner_central.opportunities") == [(total,)]
    assert len(landed(settings, "FROM ops.listings")) == days
    assert "First load" not in status(settings, capsys)
    assert rows(settings, "SELECT DISTINCT is_visible FROM marts.opportunities") == [(True,)]
    statuses = [row[0] for row in rows(settings, "SELECT status FROM ops.runs ORDER BY started_at")]
    assert statuses == ["failed"] * days + ["published"]
