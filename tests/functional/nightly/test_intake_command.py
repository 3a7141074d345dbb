"""`cosell intake` as a person starts it: what is wrong is one line and exit code 2, and writes nothing."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from processes import Cosell

from pipelines.errors import ConfigurationError
from pipelines.intake.deals import Planned, Reason
from pipelines.intake.performance import perform_plan
from pipelines.intake.plan import Plan, write_plan
from pipelines.intake.planning import make_plan
from pipelines.settings import Settings

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOWHERE = "http://127.0.0.1:9"
HEADER = "opportunity_id,tcv,currency,contract_months"
DEAL = "O1000001,36000,USD,36"


@pytest.fixture
def cosell(tmp_path: Path) -> Cosell:
    return Cosell(tmp_path, NOWHERE)


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    assert text.startswith("cosell: ")
    return text


@pytest.mark.parametrize(
    ("sheet", "line"),
    [
        (b"", "empty"),
        (f"{HEADER}\n".encode(), "no row"),
        (b"opportunity_id,tcv,currency\nO1000001,36000,USD\n", "contract_months"),
        (b"tcv,currency,contract_months\n36000,USD,36\n", "partner_opportunity_id"),
        (f"{HEADER}\nO1000001,36000,USD,36\nO1000002,1,USD,1\nO1000001,5,USD,5\n".encode(), r"rows 2 and 4"),
        (f"{HEADER},title\n{DEAL},Zürich\n".encode("latin-1"), "UTF-8"),
        (f"{HEADER}\n{DEAL},too,many\n".encode(), "row 2"),
        (f"{HEADER}\n{DEAL}\n".replace(",", ";").encode(), "semicolon|;"),
        (b"PAR1 but no Parquet", "Parquet"),
    ],
)
def test_a_bad_sheet_makes_no_plan(tmp_path: Path, sheet: bytes, line: str) -> None:
    path = tmp_path / "deals.csv"
    path.write_bytes(sheet)
    settings = Settings(catalog="Sandbox", data_dir=tmp_path / "data")
    with pytest.raises(ConfigurationError, match=line) as refused:
        make_plan(settings, path, None, convert=False, now=lambda: NOW, warn=pytest.fail)
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == [path]


def test_without_a_published_warehouse_the_line_says_what_to_run(cosell: Cosell, tmp_path: Path) -> None:
    (tmp_path / "deals.csv").write_text(f"{HEADER},Colour\n{DEAL},red\n")
    ended = cosell.anew("intake", "plan", "deals.csv", "--catalog", "Sandbox")
    assert ended.returncode == 2
    warning, line = ended.stderr.splitlines()
    assert warning.startswith("warning: deals.csv: column colour is passed over")
    assert "run `cosell nightly`" in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deals.csv"]


@pytest.mark.parametrize("arguments", [[], ["deals.csv", "--from-hygiene"]])
def test_one_source_of_deals_must_be_given(cosell: Cosell, arguments: list[str]) -> None:
    ended = cosell("intake", "plan", *arguments)
    assert ended.returncode == 2
    assert "give a sheet of deals, or --from-hygiene" in one_line(ended.stderr)


def plan_file(directory: Path, **changes: object) -> Path:
    refused = Planned(2, "refused", "O1000001", None, reasons=(Reason("tcv", "not an amount"),))
    plan = Plan(
        **{"catalog": "Sandbox", "created_at": NOW, "source": "deals.csv", "convert": False, **changes}, rows=(refused,)
    )
    write_plan(directory / "plan.json", plan)
    return directory / "plan.json"


@pytest.mark.parametrize(
    ("changes", "edit", "line"),
    [
        ({"catalog": "AWS"}, None, "is for catalog AWS, not Sandbox"),
        ({"created_at": NOW - timedelta(hours=25)}, None, "25 hours old.*--force"),
        ({}, ("not an amount", "an amount"), "edited.*--force"),
        ({}, ('"rows": [', '"rows": '), "no JSON"),
        ({}, ('"cosell_intake_plan": 1', '"cosell_intake_plan": 2'), "newer cosell"),
        ({}, ('"cosell_intake_plan": 1', '"another": 1'), "no plan of cosell"),
    ],
)
def test_a_plan_that_must_not_be_performed(
    tmp_path: Path, changes: dict[str, object], edit: tuple[str, str] | None, line: str
) -> None:
    path = plan_file(tmp_path, **changes)
    if edit:
        path.write_text(path.read_text().replace(*edit))
    before = {found: found.read_bytes() for found in tmp_path.iterdir()}
    settings = Settings(catalog="Sandbox", data_dir=tmp_path / "data")
    with pytest.raises(ConfigurationError, match=line):
        perform_plan(settings, path, force=False, now=lambda: NOW)
    assert {found: found.read_bytes() for found in tmp_path.iterdir()} == before


def test_a_plan_that_is_old_is_refused_by_the_command(cosell: Cosell, tmp_path: Path) -> None:
    path = plan_file(tmp_path, created_at=datetime.now(UTC) - timedelta(days=2))
    ended = cosell.anew("intake", "apply", path.name, "--catalog", "Sandbox")
    assert ended.returncode == 2
    assert "48 hours old" in one_line(ended.stderr)
    assert json.loads(path.read_text())["source"] == "deals.csv"
