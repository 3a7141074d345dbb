"""Intake on what a night has published: what a plan costs and says, and the way round until the finding is gone."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from processes import NOW, Clock, rows, settings_for

from pipelines.errors import ConfigurationError
from pipelines.intake.performance import perform_plan
from pipelines.intake.plan import Plan
from pipelines.intake.planning import make_plan
from pipelines.intake.screen import print_plan
from pipelines.nightly import run_nightly
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.wire import Fault
from pipelines.settings import Settings
from pipelines.status import print_status

OPPORTUNITIES = 560
HEADER = "opportunity_id,partner_opportunity_id,tcv,currency,contract_months"
NEW_DEAL = (
    "CRM-NEW-1,360000,USD,36,Lakehouse,Acme Retail,US,98109,Washington,https://acme.example,Retail,Qualified,"
    "2027-06-30,Storage & Backup,Reports take two days to make.,SaaS or PaaS"
)
NEW_HEADER = (
    "partner_opportunity_id,tcv,currency,contract_months,title,customer_name,country_code,postal_code,state,website,"
    "industry,stage,target_close_date,use_case,business_problem,delivery_models"
)

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def settings(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data directory in which a night has published, without any pace."""
    settings = settings_for(tmp_path_factory.mktemp("intake") / "data", writes_per_second=0)
    run_nightly(settings, as_of=NOW.date())
    return settings


@pytest.fixture
def plan(settings: Settings, clock: Clock, tmp_path: Path) -> Callable[..., tuple[Plan, Path]]:
    def make(*lines: str, convert: bool = False) -> tuple[Plan, Path]:
        """Plan a sheet of these lines; without any, what the findings suggest."""
        sheet = tmp_path / "deals.csv" if lines else None
        if sheet:
            sheet.write_text("\n".join(lines), encoding="utf-8")
        return make_plan(settings, sheet, tmp_path / "plan.json", convert=convert, now=clock, warn=pytest.fail)

    return make


@pytest.fixture
def calls(sandbox: Sandbox) -> Iterator[Callable[[], dict[str, int]]]:
    """What the sandbox was asked since the test began, by operation."""
    before = sandbox.calls.copy()
    return lambda: dict(sandbox.calls - before)


def test_a_plan_of_500_deals_reads_each_once(settings: Settings, plan: Callable, calls: Callable) -> None:
    known = rows(settings, "SELECT opportunity_id FROM marts.opportunities ORDER BY opportunity_id LIMIT 490")
    new = [f",CRM-NEW-{number},1000,USD,12" for number in range(10)]
    made, _ = plan(HEADER, *(f"{opportunity_id},,36000,USD,36" for (opportunity_id,) in known), *new)
    assert len(made.rows) == 500
    assert {planned.action for planned in made.rows} == {"update", "refused"}
    spent = calls()
    assert spent.pop("GetOpportunity") == 490
    assert spent.keys() == {"ListOpportunities"}  # for what may be younger than the last night
    assert spent["ListOpportunities"] <= 10


def test_one_record_that_cannot_be_read_is_a_refused_row(
    settings: Settings, sandbox: Sandbox, plan: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((denied,), (shown,)) = rows(settings, "SELECT opportunity_id FROM marts.opportunities WHERE is_open LIMIT 2")
    monkeypatch.setattr(
        sandbox,
        "fault",
        lambda _, request: Fault("AccessDeniedException") if request.get("Identifier") == denied else None,
    )
    made, _ = plan(HEADER, f"{denied},,36000,USD,36", f"{shown},,36000,USD,36")
    (reason,) = made.rows[0].reasons
    assert (reason.column, reason.text[:13]) == ("opportunity_id", "access denied")
    assert made.rows[1].reasons != made.rows[0].reasons


def test_a_plan_is_as_old_as_its_first_read(
    settings: Settings, sandbox: Sandbox, clock: Clock, plan: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that an apply looks for all that was created since."""
    clock.now = NOW
    hour_later = NOW + timedelta(hours=1)
    monkeypatch.setattr(sandbox, "before_response", [lambda *_: setattr(clock, "now", hour_later)])
    made, _ = plan(HEADER, ",CRM-NEW-1,36000,USD,36")
    assert clock.now == hour_later
    assert made.created_at == NOW
    clock.now = NOW


def test_solutions_that_are_not_active_are_no_choice(settings: Settings, sandbox: Sandbox, plan: Callable) -> None:
    (known,) = rows(settings, "SELECT opportunity_id FROM marts.opportunities WHERE review_status = 'Approved' LIMIT 1")
    for status, is_refused in (("Inactive", True), ("Active", False)):
        sandbox.store.solutions[0]["Status"] = status
        made, _ = plan(f"{HEADER},solution_ids", f"{known[0]},,36000,USD,36,{sandbox.store.solutions[0]['Id']}")
        assert ("solution_ids" in {reason.column for reason in made.rows[0].reasons}) == is_refused


def test_the_screen_says_what_the_file_says(
    settings: Settings, plan: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    (known,) = rows(
        settings,
        "SELECT opportunity_id FROM marts.opportunities WHERE review_status = 'Approved' AND currency_code = 'USD' "
        "AND target_close_date > DATE '2027-01-01' AND deal_tcv IS NULL LIMIT 1",
    )
    made, path = plan(HEADER, f"{known[0]},,36000,USD,36", ",CRM-NEW-1,-5,USD,400")
    print_plan(made, path)
    shown = capsys.readouterr().out
    written = json.loads(path.read_text(encoding="utf-8"))["rows"]
    assert [row["action"] for row in written] == ["update", "refused"]
    for row in written:
        assert f" {row['row']} " in shown
        assert f" {row['action']} " in shown
        for change in row["changes"]:
            assert f"{change['column']}: {change['before'] or '(none)'} -> {change['after']}" in shown
        for reason in row["reasons"]:
            assert f"{reason['column']}: {reason['text']}" in shown
    assert [reason["column"] for reason in written[1]["reasons"]] == ["tcv", "contract_months"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_finding_is_gone_when_its_plan_is_applied(
    settings: Settings, clock: Clock, plan: Callable, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "new.csv"
    sheet.write_text(f"{NEW_HEADER}\n{NEW_DEAL}\n", encoding="utf-8")

    def plan_new(out: str) -> tuple[Plan, Path]:
        return make_plan(settings, sheet, tmp_path / out, convert=False, now=clock, warn=pytest.fail)

    suggested = dict(
        rows(
            settings,
            "SELECT opportunity_id, suggestion FROM marts.hygiene "
            "WHERE rule IN ('missing_contract_duration', 'invalid_contract_duration') AND suggestion IS NOT NULL",
        )
    )
    made, path = plan()
    updates = [planned for planned in made.rows if planned.action == "update"]
    assert len(updates) >= 3
    assert all(
        [(change.column, str(change.after)) for change in planned.changes]
        == [("contract_months", suggested[planned.opportunity_id])]
        for planned in updates
    )
    created, created_path = plan_new("first.json")
    assert [planned.action for planned in created.rows] == ["create"]
    assert perform_plan(settings, path, force=False, now=clock).counts["done"] == len(updates)
    assert perform_plan(settings, created_path, force=False, now=clock).counts == {"done": 1}
    print_status(settings, NOW)
    assert f"Writes in the last 24 h: {len(updates) + 1} of the 10,000" in capsys.readouterr().out
    run_nightly(settings, as_of=NOW.date())
    found = rows(settings, "SELECT opportunity_id, rule FROM marts.hygiene")
    fixed = {planned.opportunity_id for planned in updates}
    assert not {(opportunity_id, "missing_contract_duration") for opportunity_id in fixed} & set(found)
    assert rows(
        settings,
        "SELECT deal_tcv, contract_months, deal_mrr, aws_mrr FROM marts.opportunities "
        "WHERE partner_opportunity_id = 'CRM-NEW-1'",
    ) == [(Decimal(360000), 36, Decimal(10000), Decimal(10000))]
    again, _ = plan_new("again.json")
    assert [planned.action for planned in again.rows] == ["unchanged"]


def test_a_plan_that_was_applied_is_not_made_over(settings: Settings, plan: Callable, tmp_path: Path) -> None:
    made, path = plan(HEADER, ",CRM-NEW-2,-5,USD,36")
    path.with_name("plan.json.journal").write_text("")
    with pytest.raises(ConfigurationError, match=r"give another file with --out"):
        plan(HEADER, ",CRM-NEW-2,5,USD,36")
    assert json.loads(path.read_text())["digest"] == made.digest
