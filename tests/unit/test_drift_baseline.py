"""The committed baseline is the installed model, and what another one knows is listed, member by member."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.schema import DRIFT_SUITE, Results
from pipelines.drift import model_drift, print_drift
from pipelines.errors import ConfigurationError
from pipelines.partner_central.baseline import BASELINE, Baseline, as_json, committed, differences, installed
from pipelines.runs import Runs
from pipelines.settings import Settings
from pipelines.tables import create_table
from transforms.schema import declaration

Members = dict[str, dict[str, Any]]


def test_the_baseline_is_the_installed_model() -> None:
    assert differences(committed(), installed()) == [], "`make docs` takes note of a new model; its diff is the drift"


def test_the_file_has_one_line_a_member() -> None:
    baseline = installed()
    assert as_json(replace(baseline, botocore=committed().botocore)) == BASELINE.read_text(encoding="utf-8")
    lines = as_json(baseline).splitlines()
    assert '"LifeCycle.TargetCloseDate": {"kind": "string", "pattern": "[1-9][0-9]{3}-(0[1-9]|1[012])-' in "\n".join(
        lines
    )
    assert sum(len(members) for members in baseline.operations.values()) == len(lines) - 2 - 2 * len(
        baseline.operations
    )


def test_it_describes_what_lands_and_nothing_else() -> None:
    operations = installed().operations
    assert list(operations) == [
        "GetOpportunity",
        "ListOpportunities",
        "GetAwsOpportunitySummary",
        "ListEngagementResourceAssociations",
        "GetResourceSnapshot",
        "ListSolutions",
    ]
    email = operations["GetOpportunity"]["Customer.Contacts[].Email"]
    assert (email["kind"], email["sensitive"]) == ("string", True)
    assert operations["GetOpportunity"]["LifeCycle.Stage"]["enum"][0] == "Prospect"


def altered(change: Callable[[Members], object]) -> Baseline:
    """The committed baseline with GetOpportunity's members changed, as an older one might have them."""
    operations: dict[str, Members] = json.loads(json.dumps(committed().operations))
    change(operations["GetOpportunity"])
    return Baseline("1.0.0", operations)


@pytest.mark.parametrize(
    ("change", "listed"),
    [
        (lambda members: members.pop("Project.Title"), ["new member Project.Title (string)"]),
        (
            lambda members: (members.pop("OpportunityTeam[]"), members.pop("OpportunityTeam[].Email")),
            ["new member OpportunityTeam[] (structure)", "new member OpportunityTeam[].Email (string)"],
        ),
        (
            lambda members: members["LifeCycle.Stage"]["enum"].remove("Committed"),
            ["new value LifeCycle.Stage = 'Committed'"],
        ),
        (
            lambda members: members["Project.Title"].update(kind="list"),
            ['Project.Title: kind is "string", was "list"'],
        ),
        (
            lambda members: members["Project.Title"].pop("sensitive"),
            ["Project.Title: sensitive is true, was not stated"],
        ),
        (
            lambda members: members["Id"].update(pattern="O[0-9]+", required=True),
            ['Id: pattern is "O[0-9]{1,19}", was "O[0-9]+"'],
        ),
        (lambda members: members["Arn"].update(max=9), ["Arn: max is not stated, was 9"]),
        (lambda members: members.update(Old={"kind": "string"}), ["member Old is gone"]),
        (
            lambda members: members["LifeCycle.Stage"]["enum"].append("Old"),
            ["value LifeCycle.Stage = 'Old' is gone"],
        ),
    ],
)
def test_each_difference_is_listed_and_nothing_else(change: Callable[[Members], object], listed: list[str]) -> None:
    before = altered(change)
    assert differences(before, installed()) == [f"GetOpportunity: {line}" for line in listed]
    title, *lines = model_drift(before, installed())
    assert title.endswith("held against the baseline, botocore 1.0.0:")
    assert len(lines) == len(listed)


def test_an_operation_that_is_new_is_listed_with_its_members() -> None:
    before = replace(
        committed(), operations={name: said for name, said in committed().operations.items() if name != "ListSolutions"}
    )
    assert "ListSolutions: new member Name (string)" in differences(before, installed())
    assert "ListSolutions: member Name is gone" in differences(installed(), before)


def test_nothing_new_is_said_with_both_versions(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    print_drift(Settings(data_dir=tmp_path))
    versions = (
        f"botocore {installed().botocore} knows of nothing that the baseline, botocore {committed().botocore}, does not"
    )
    assert capsys.readouterr().out == f"{versions}.\n"


REPORTED = [
    # expectation, landing table, member; evaluated and unexpected are 7 and 2
    ("known_member", "opportunity_versions", "Project.Mood"),
    ("known_member", "opportunity_versions", "Project.Title"),  # which an older model did not know
    ("known_member", "solutions", "Project.Title"),
    ("known_type", "opportunity_versions", "Project.ExpectedCustomerSpend[].Amount: number, not string"),
    ("known_value", "opportunity_versions", "LifeCycle.Stage = 'Committed'"),
    ("known_value", "opportunity_versions", "LifeCycle.Stage = 'Negotiation'"),
]
LISTED = """
AWS has sent, and it does not know:
  2026-11-01  unknown member  opportunity_versions: Project.Mood (2 of 7)
  2026-11-01  unknown member  solutions: Project.Title (2 of 7)
  2026-11-01  another type  opportunity_versions: Project.ExpectedCustomerSpend[].Amount: number, not string (2 of 7)
  2026-11-01  unknown value  opportunity_versions: LifeCycle.Stage = 'Negotiation' (2 of 7)
"""


@pytest.mark.parametrize("file", ["warehouse.duckdb", "landing.duckdb"])
@pytest.mark.parametrize(
    ("reported", "listed"), [(REPORTED, LISTED), ([], "\nAWS has sent nothing that it does not know.\n")]
)
def test_what_was_sent_is_listed_until_a_model_knows_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, file: str, reported: list[tuple[str, str, str]], listed: str
) -> None:
    """The landing knows of runs, too, that did not publish."""
    status = "published" if file == "warehouse.duckdb" else "held"
    with duckdb.connect(tmp_path / file) as warehouse:
        for schema, table in (("quality", Results), ("ops", Runs)):
            create_table(warehouse, schema, declaration(table))
        begun = [datetime(2026, 11, 1, 3, tzinfo=UTC), date(2026, 11, 1)]
        warehouse.execute(
            f"INSERT INTO ops.runs VALUES ('r1', ?, NULL, ?, 'AWS', '{status}', 0, 0, 0, 0, 0, 0, NULL)", begun
        )
        for expectation, table, member in reported:
            row = ["r1", DRIFT_SUITE, expectation, table, member, "info", False, 7, 2]
            warehouse.execute("INSERT INTO quality.results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    print_drift(Settings(data_dir=tmp_path))
    assert capsys.readouterr().out.partition("does not.")[2] == listed


def test_a_file_of_somebody_else_is_refused_in_one_line(tmp_path: Path) -> None:
    duckdb.connect(tmp_path / "warehouse.duckdb").close()
    with pytest.raises(ConfigurationError, match="or is none of its own: `cosell nightly` replaces it"):
        print_drift(Settings(data_dir=tmp_path))
