"""`cosell intake apply` as a person starts it: exit codes, one line each, and a signal on its way."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals

import pytest
from applies import start
from deal_world import DealWorld, calls_of, create, plan_file, update

from pipelines.intake.deals import Planned, Reason
from pipelines.sandbox.wire import Fault
from pipelines.settings import Settings

REFUSED = Planned(9, "refused", "O9", None, reasons=(Reason("tcv", "is needed"),))


def run(settings: Settings, plan: Path, **env: str) -> tuple[int, str, str]:
    process = start(settings, plan, **env)
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    return process.returncode, out, err.strip().splitlines()[-1]


def now() -> datetime:
    return datetime.now(UTC)


def test_exit_codes_say_what_is_left(world: DealWorld, settings: Settings) -> None:
    """A row refused by AWS, one in conflict, one refused by the plan: mended one after the other."""
    path = plan_file(settings, update(2, world.deal(2)), update(3, world.deal(3)), REFUSED, created_at=now())
    world.faults("UpdateOpportunity", Fault("ValidationException"))
    world.edit("O3", Project__ExpectedContractDuration={"Term": "Months", "Value": "12"})
    code, out, last = run(settings, path)
    assert (code, out.splitlines()) == (
        4,
        [
            "row 2 (O2): failed: AWS refuses UpdateOpportunity (no field named)",
            "row 3 (O3): conflict: contract_months changed in Partner Central since the plan: make a new plan",
            "Applied: 1 refused, 1 conflict, 1 failed.",
        ],
    )
    assert last == (
        f"cosell: 1 refused, 1 conflict, 1 failed: mend what the failed rows say, then run "
        f"`cosell intake apply {path}` again"
    )
    code, _, last = run(settings, path)
    assert (code, last) == (3, "cosell: 1 done, 1 refused, 1 conflict: mend those rows, then make a new plan")


def test_a_quota_that_is_spent_and_a_plan_that_is_old(world: DealWorld, settings: Settings) -> None:
    rows = [update(row, world.deal(row)) for row in (2, 3)]
    path = plan_file(settings, *rows, created_at=now() - timedelta(hours=30))
    assert run(settings, path)[::2] == (
        2,
        f"cosell: {path} is 30 hours old: make a new plan, or go on with --force",
    )
    assert world.sandbox.calls == {}
    path = plan_file(settings, *rows, created_at=now())
    code, out, last = run(settings, path, COSELL_WRITES_PER_DAY="1")
    assert (code, out) == (4, "Applied: 1 done, 1 left.\n")
    assert last.startswith("cosell: the day's AWS writes are spent (1 of them now): what is written stays")
    assert run(settings, path)[:2] == (0, "Applied: 2 done.\n")
    assert world.taken == {("UpdateOpportunity", "O2"): 1, ("UpdateOpportunity", "O3"): 1}


@pytest.mark.parametrize("number", [SIGTERM, SIGINT])
def test_a_signal_leaves_what_the_next_apply_goes_on_from(
    world: DealWorld, settings: Settings, number: Signals
) -> None:
    """It comes while the fourth write is on its way; every call is remembered."""
    path = plan_file(
        settings, *(update(row, world.deal(row)) for row in (2, 3, 4)), create(5, "CRM-7"), created_at=now()
    )
    process = start(settings, path)
    world.before("CreateOpportunity", lambda: process.send_signal(number))
    world.faults("CreateOpportunity", Fault(delay=0.3))
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err.splitlines()[-1][:27]) == (128 + number, "cosell: stopped by a signal")
    assert calls_of(settings) == world.sandbox.calls
    assert run(settings, path)[:2] == (0, "Applied: 4 done.\n")
    assert len(world.by_crm_id("CRM-7")) == 1
    assert {times for (operation, _), times in world.taken.items() if operation == "UpdateOpportunity"} == {1}


def test_no_landing_no_writes(world: DealWorld, settings: Settings) -> None:
    path = plan_file(settings, update(2, world.deal(2)), created_at=now())
    os.remove(settings.landing_path)
    code, _, last = run(settings, path)
    assert (code, last[-50:]) == (2, "run `cosell nightly` first, or give its --data-dir")
    assert world.sandbox.calls == {}


def test_a_terminal_shows_a_bar(world: DealWorld, settings: Settings) -> None:
    path = plan_file(settings, update(2, world.deal(2)), created_at=now())
    master, terminal = os.openpty()
    process = start(settings, path, stderr=terminal, TERM="xterm", COLUMNS="120")
    process.communicate(timeout=60)
    os.close(terminal)
    shown = os.read(master, 100_000).decode()
    os.close(master)
    assert process.returncode == 0
    assert [part for part in ("apply", "\u2501", "1/1", "1 done") if part not in shown] == []
