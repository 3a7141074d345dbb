"""A client that is not ours: the AWS CLI works with the sandbox."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.world import World

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PROJECT = {
    "Title": "Größe — 規模 🚀",
    "CustomerBusinessProblem": "The present platform leaves support within the year.",
    "ExpectedCustomerSpend": [{"Amount": "36000", "CurrencyCode": "USD", "Frequency": "None", "TargetCompany": "Self"}],
    "ExpectedContractDuration": {"Term": "Months", "Value": "36"},
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(World(opportunities=25, seed=1), clock=lambda: NOW) as running:
        yield running


def aws(sandbox: Sandbox, operation: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs `aws partnercentral-selling <operation>` with nothing of the caller's own configuration."""
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.devnull,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONUTF8": "1",
    }
    command = [str(Path(sys.executable).parent / "aws"), "partnercentral-selling", operation, "--catalog=Sandbox"]
    command += [f"--endpoint-url={sandbox.endpoint_url}", "--output=json", *flags]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def answer(sandbox: Sandbox, operation: str, **options: Any) -> dict[str, Any]:
    done = aws(sandbox, operation, **options)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_aws_cli_lists_every_page(sandbox: Sandbox) -> None:
    before = sandbox.calls["ListOpportunities"]
    listed = answer(sandbox, "list-opportunities", page_size=10)["OpportunitySummaries"]
    assert {entry["Id"] for entry in listed} == sandbox.store.records.keys()
    assert sandbox.calls["ListOpportunities"] - before == 3
    qualified = answer(sandbox, "list-opportunities", life_cycle_stage="Qualified")["OpportunitySummaries"]
    assert {entry["LifeCycle"]["Stage"] for entry in qualified} == {"Qualified"}


def test_the_aws_cli_creates_gets_and_updates(sandbox: Sandbox) -> None:
    create = {"client_token": "cli", "project": json.dumps(PROJECT)}
    made = answer(sandbox, "create-opportunity", **create)
    assert answer(sandbox, "create-opportunity", **create) == made
    got = answer(sandbox, "get-opportunity", identifier=made["Id"])
    assert got["Project"]["Title"] == PROJECT["Title"]
    assert [spend["Amount"] for spend in got["Project"]["ExpectedCustomerSpend"]] == ["1000.00", "36000"]
    got["Project"]["Title"] = "Renamed"
    update = {
        "identifier": made["Id"],
        "last_modified_date": got["LastModifiedDate"],
        "project": json.dumps(got["Project"]),
    }
    updated = answer(sandbox, "update-opportunity", **update)
    assert updated["LastModifiedDate"] > got["LastModifiedDate"]
    assert answer(sandbox, "get-opportunity", identifier=made["Id"])["Project"]["Title"] == "Renamed"
    stale = aws(sandbox, "update-opportunity", **update)
    assert stale.returncode != 0
    assert "ConflictException" in stale.stderr


def test_the_aws_cli_shows_what_is_wrong(sandbox: Sandbox) -> None:
    refused = aws(sandbox, "get-opportunity", identifier="0815")
    assert refused.returncode != 0
    assert "ValidationException" in refused.stderr
    assert "identifier must match the pattern O[0-9]{1,19}" in refused.stderr
