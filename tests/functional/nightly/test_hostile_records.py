"""Records as AWS should never send them: each lands whole, and ends in the mart or in quarantine, never nowhere."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_records import (
    ABSENT,
    CASES,
    GOOD,
    IDENTIFIERS,
    NOT_YET,
    TEN_MEGABYTES,
    Excluded,
    Kept,
    Raw,
    answer,
    changed,
)
from landings import landed
from processes import NOW, Cosell, settings_for
from processes import rows as rows_of

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.wire import Fault
from pipelines.settings import Settings

MOST_SECONDS = 200
MOST_MEMORY = 1_500_000_000  # bytes, for a night with records of 10 MB
BY_ID = {f"O{number}": case for number, case in enumerate(CASES, start=100)}
KEPT = {opportunity_id: case for opportunity_id, case in BY_ID.items() if isinstance(case, Kept)}
EXCLUDED = {opportunity_id: case for opportunity_id, case in BY_ID.items() if isinstance(case, Excluded)}


@pytest.fixture(scope="module")
def settings(make_sandbox: Callable[..., Sandbox], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """One night over all of them, as a process of its own, bounded in time and memory."""
    sandbox = make_sandbox(0)
    answers: dict[str, bytes] = {}
    for opportunity_id, case in BY_ID.items():
        if isinstance(case.value, Raw):
            sandbox.store.put(changed(opportunity_id, "Id", opportunity_id), NOW)
            answers[opportunity_id] = answer(changed(opportunity_id, case.path, "RAW"), case.value)
        else:
            sandbox.store.put(changed(opportunity_id, case.path, case.value), NOW)
    sandbox.store.put(GOOD, NOW)
    sandbox.store.put(NOT_YET, NOW)
    for identifier in IDENTIFIERS:
        sandbox.store.put(GOOD | {"Id": identifier}, NOW)
    sandbox.store.put(changed("", "Id", ABSENT), NOW, opportunity_id="nobody")
    sandbox.fault = lambda operation, request: (
        Fault(status=200, body=answers[request["Identifier"]])
        if operation == "GetOpportunity" and request["Identifier"] in answers
        else None
    )
    directory = tmp_path_factory.mktemp("hostile")
    run_measured(Cosell(directory, sandbox.endpoint_url))
    return settings_for(directory / "data")


def run_measured(cosell: Cosell) -> None:
    process = cosell.start_anew("nightly", "--catalog", "Sandbox", COSELL_MAX_EXCLUDED_SHARE="0.9")
    timer = threading.Timer(MOST_SECONDS, process.kill)
    timer.start()
    with process.stdout, process.stderr:
        said = process.stdout.read() + process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said
    assert usage.ru_maxrss * 1024 < MOST_MEMORY


def test_there_are_a_hundred_of_them() -> None:
    """With the answers and the files, that is; these alone are enough."""
    assert len(BY_ID) + len(IDENTIFIERS) >= 100


def test_every_record_is_in_the_mart_or_excluded(settings: Settings) -> None:
    published = {row[0] for row in rows_of(settings, "SELECT opportunity_id FROM marts.opportunities")}
    excluded = {
        row[0] for row in rows_of(settings, "SELECT opportunity_id FROM quality.quarantine WHERE action = 'excluded'")
    }
    assert published == {"O1", *KEPT}
    assert excluded == {"", *IDENTIFIERS, *EXCLUDED}
    versions = landed(settings, "SELECT opportunity_id FROM partner_central.opportunity_versions")
    assert sorted(row[0] for row in versions) == sorted({*published, *excluded, NOT_YET["Id"]})


def test_each_is_excluded_for_its_own_reason(settings: Settings) -> None:
    found = rows_of(
        settings, "SELECT opportunity_id, column_name, rule FROM quality.quarantine WHERE action = 'excluded'"
    )
    expected = {(opportunity_id, *case.broken) for opportunity_id, case in EXCLUDED.items()}
    expected |= {(identifier, "id", "matches_pattern") for identifier in IDENTIFIERS} | {("", "id", "is_present")}
    assert expected - set(found) == set()
    of_type = {opportunity_id for opportunity_id, _, rule in found if rule == "is_well_formed"}
    assert of_type == {opportunity_id for opportunity_id, *broken in expected if broken[1] == "is_well_formed"}


def test_numbers_are_right_or_unknown(settings: Settings) -> None:
    found = rows_of(settings, "SELECT opportunity_id, aws_mrr::VARCHAR, contract_months FROM marts.opportunities")
    expected = [("O1", "1000.00", 36)]
    expected += [(opportunity_id, case.aws_mrr, case.contract_months) for opportunity_id, case in KEPT.items()]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_what_breaks_a_rule_is_nulled_and_nothing_else(settings: Settings) -> None:
    found = rows_of(
        settings, "SELECT opportunity_id, column_name, rule FROM quality.quarantine WHERE action = 'nulled'"
    )
    found = {row for row in found if row[0] in KEPT}
    expected = {(opportunity_id, *case.nulled) for opportunity_id, case in KEPT.items() if case.nulled}
    assert expected - found == set()
    assert {row[:2] for row in found} == {row[:2] for row in expected}  # a value may break two rules


def test_payloads_land_whole(settings: Settings) -> None:
    (deep, unknown) = (
        next(name for name, case in KEPT.items() if case.path == "Unknown" and is_wanted(case.value))
        for is_wanted in (lambda value: isinstance(value, dict), lambda value: isinstance(value, str))
    )
    payloads = dict(landed(settings, "SELECT opportunity_id, payload FROM partner_central.opportunity_versions"))
    assert '"deep":[[[[{"er":1}]]]]' in payloads[deep]
    assert "x" * TEN_MEGABYTES in payloads[unknown]


def test_names_are_not_in_the_pages(settings: Settings) -> None:
    pages: list[Path] = list(settings.quality_path.rglob("*.html"))
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert "株式会社" not in text
    assert "DROP TABLE" not in text
