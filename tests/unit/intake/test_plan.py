"""The plan file: what is written is what is read, and what must not be performed is refused in one line."""

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import ConfigurationError
from pipelines.intake.deals import Change, Planned, Reason
from pipelines.intake.plan import Plan, check_place, client_token, free_place, journal_path, read_plan, write_plan

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
UPDATE = Planned(
    2,
    "update",
    "O1",
    "CRM-1",
    changes=(
        Change("tcv", None, Decimal("36000.00")),
        Change("currency", "USD", "USD"),
        Change("contract_months", "forever", 36),
        Change("customer_name", None, "Ärzte 株式会社"),
        Change("solution_ids", ("S-0000001",), ("S-0000001", "S-0000002")),
    ),
)
CREATE = Planned(
    3, "create", None, "CRM-2", (Change("aws_mrr", None, Decimal("0.10")), Change("currency", None, "EUR"))
)
REFUSED = Planned(4, "refused", None, None, reasons=(Reason("tcv", "is negative"), Reason(None, "under review")))
PLAN = Plan("Sandbox", NOW, "deals.csv", False, (UPDATE, CREATE, REFUSED, Planned(5, "unchanged", "O3", None)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_plan(tmp_path / "plan.json", PLAN)
    return tmp_path / "plan.json"


def read(path: Path, catalog: str = "Sandbox", now: datetime = NOW, force: bool = False) -> Plan:
    return read_plan(path, catalog=catalog, now=now, force=force)


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def refused(path: Path, *says: str, **options: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(path, **options)
    assert [part for part in (str(path), *says) if part not in str(caught.value)] == []
    assert "\n" not in str(caught.value)


def test_what_is_written_is_what_is_read(path: Path) -> None:
    found = read(path)
    assert (found, found.digest) == (PLAN, PLAN.digest)
    assert [type(change.after) for change in found.rows[0].changes] == [Decimal, str, int, str, tuple]
    assert str(found.rows[0].changes[0].after) == "36000.00"


def test_a_person_can_read_it_and_nobody_else(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document = json.loads(path.read_text())
    assert document["rows"][0]["changes"][0] == {"column": "tcv", "before": None, "after": "36000.00"}
    assert '"after": "Ärzte 株式会社"\n' in path.read_text()
    assert [file.name for file in path.parent.iterdir()] == ["plan.json"]


def test_another_layout_is_no_edit(path: Path) -> None:
    edit(path, lambda _: None)
    assert read(path) == PLAN


def test_an_edit_is_seen_and_may_be_meant(path: Path) -> None:
    edit(path, lambda document: document["rows"][0]["changes"][0].update(after="3600"))
    refused(path, "was edited since it was made", "--force")
    edited = read(path, force=True)
    assert edited.rows[0].changes[0].after == Decimal("3600")
    assert edited.digest != PLAN.digest


def test_a_plan_is_good_for_a_day(path: Path) -> None:
    assert read(path, now=NOW + timedelta(hours=24)) == PLAN
    refused(path, "is 24 hours old", "--force", now=NOW + timedelta(hours=24, seconds=1))
    assert read(path, now=NOW + timedelta(days=30), force=True) == PLAN


@pytest.mark.parametrize("force", [False, True])
def test_another_catalog_is_never_meant(path: Path, force: bool) -> None:
    refused(path, "is for catalog Sandbox, not AWS", catalog="AWS", force=force)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is no JSON"),
        (b"row,tcv\n2,36000\n", "is no JSON"),
        (b"\xff\xfe{}", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "is no plan of cosell"),
        (b'{"rows": []}', "is no plan of cosell"),
        (b'{"cosell_intake_plan": 2}', "was made by a newer cosell"),
        (b'{"cosell_intake_plan": 1}', "is damaged"),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    refused(path, says, force=True)


def test_a_performed_plan_keeps_its_name(tmp_path: Path) -> None:
    path = tmp_path / "deals.plan.json"
    assert free_place(path) == path
    for _ in range(2):
        journal_path(free_place(path)).touch()
    assert free_place(path) == tmp_path / "deals.plan.3.json"


@pytest.mark.parametrize("place", [".", "/", "nowhere/plan.json"])
def test_a_place_that_cannot_be_written_is_told_before_anything_is_read(tmp_path: Path, place: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written: give a file in a directory of your own"):
        check_place(tmp_path / place)


def test_no_file_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "plan.json", "is not there: make a plan")
    refused(tmp_path, "cannot be read: Is a directory")


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.pop("digest"),
        lambda document: document.update(rows=5),
        lambda document: document.update(rows=["x"]),
        lambda document: document.update(created_at="yesterday"),
        lambda document: document.update(created_at="2026-11-01T12:00:00"),
        lambda document: document.update(created_at="0001-01-01T00:00:00+00:00"),
        lambda document: document.update(convert="no"),
        lambda document: document.update(catalog="Elsewhere"),
        lambda document: document["rows"].append(document["rows"][0]),
        lambda document: document["rows"][0].update(row="2"),
        lambda document: document["rows"][0].update(action="delete"),
        lambda document: document["rows"][0].update(opportunity_id=None),
        lambda document: document["rows"][0]["changes"][0].update(column="colour"),
        lambda document: document["rows"][0]["changes"][0].update(after=36000.1),
        lambda document: document["rows"][0]["changes"][0].update(after=None),
        lambda document: document["rows"][0]["changes"][0].update(after="abc"),
        lambda document: document["rows"][0]["changes"][2].update(after="36"),
        lambda document: document["rows"][0]["changes"][4].update(after="S-0000001"),
        lambda document: document["rows"][0]["changes"].pop(1),
        lambda document: document["rows"][2]["reasons"][0].pop("text"),
    ],
    ids=range(20),
)
def test_an_edit_that_makes_no_sense_is_refused_even_by_force(
    path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    """A list that is one text would be taken for its letters; an amount without its currency could not be written."""
    edit(path, change)
    refused(path, force=True)


def test_a_plan_that_has_a_journal_is_not_overwritten(path: Path) -> None:
    write_plan(path, replace(PLAN, source="other.csv"))
    assert read(path).source == "other.csv"
    journal_path(path).touch()
    with pytest.raises(ConfigurationError, match=r"has been performed.*--out"):
        write_plan(path, PLAN)
    assert read(path).source == "other.csv"


def test_nor_is_what_is_no_plan(tmp_path: Path) -> None:
    sheet = tmp_path / "deals.csv"
    sheet.write_text("opportunity_id,tcv\n")
    with pytest.raises(ConfigurationError, match=r"is there already and no plan.*--out"):
        write_plan(sheet, PLAN)
    assert sheet.read_text() == "opportunity_id,tcv\n"
    with pytest.raises(ConfigurationError, match=r"cannot be written: .*--out"):
        write_plan(tmp_path / "nowhere" / "plan.json", PLAN)


def test_tokens_tell_plans_and_rows_apart() -> None:
    later = replace(PLAN, created_at=NOW + timedelta(microseconds=1))
    tokens = [client_token(plan.digest, row) for plan in (PLAN, later) for row in (2, 3)]
    assert len(set(tokens)) == 4
    assert client_token(PLAN.digest, 3) == tokens[1]
