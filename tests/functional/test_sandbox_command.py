"""`cosell sandbox` serves a Partner Central for any AWS client until a signal ends it."""

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

COSELL = Path(sys.executable).parent / "cosell"


def test_it_serves_and_says_that_it_is_a_sandbox() -> None:
    command = [COSELL, "sandbox", "--port", "0", "--opportunities", "30", "--seed", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        banner = process.stdout.readline()
        assert "sandbox" in banner.lower()
        (endpoint_url,) = re.findall(r"http://127\.0\.0\.1:\d+", banner)
        client = boto3.client(
            "partnercentral-selling",
            endpoint_url=endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        listed = client.list_opportunities(Catalog="Sandbox", MaxResults=100)
        assert len(listed["OpportunitySummaries"]) == 30
        assert submit_a_deal_of_ours(client) == "COMPLETE"
        client.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def submit_a_deal_of_ours(client: Any) -> str:
    """Write what a partner writes, and return the status of the task that hands it to AWS."""
    account = {"CompanyName": "Example Ltd", "Industry": "Retail", "WebsiteUrl": "https://www.example.com"}
    made = client.create_opportunity(Catalog="Sandbox", ClientToken="one", Customer={"Account": account})
    (solution,) = client.list_solutions(Catalog="Sandbox", MaxResults=1)["SolutionSummaries"]
    ties = [("AwsProducts", "AmazonS3"), ("Solutions", solution["Id"])]
    for call, kept in [(client.associate_opportunity, ties), (client.disassociate_opportunity, ties[:1])]:
        for entity_type, identifier in kept:
            call(
                Catalog="Sandbox",
                OpportunityIdentifier=made["Id"],
                RelatedEntityType=entity_type,
                RelatedEntityIdentifier=identifier,
            )
    assignee = {"Email": "a@example.com", "FirstName": "A", "LastName": "B", "BusinessTitle": "Seller"}
    client.assign_opportunity(Catalog="Sandbox", Identifier=made["Id"], Assignee=assignee)
    task = client.start_engagement_from_opportunity_task(
        Catalog="Sandbox", Identifier=made["Id"], AwsSubmission={"InvolvementType": "Co-Sell"}
    )
    return str(task["TaskStatus"])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "partner.example", "127.1", "::ffff:10.1.2.3"])
def test_it_serves_this_machine_alone(host: str) -> None:
    result = subprocess.run([COSELL, "sandbox", "--host", host], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"cosell: cannot serve on {host}:8700: {host} is no loopback address")
    assert line.endswith("--allow-remote")


def test_it_lets_other_machines_in_when_told_to_and_warns() -> None:
    command = [COSELL, "sandbox", "--allow-remote", "--host", "0.0.0.0", "--port", "0", "--opportunities", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        banner, warning = process.stdout.readline(), process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    assert "http://0.0.0.0:" in banner
    assert warning.startswith("Warning: whoever reaches this machine can read and change it")


SLOW_TO_END = """
import sys, threading, time
from pipelines.cli import main
threading.Thread(target=lambda: (threading.main_thread().join(), time.sleep(1))).start()
sys.argv = ["cosell", "sandbox", "--port", "0", "--opportunities", "5"]
main()
"""


def test_a_signal_that_was_heard_does_not_come_again_while_the_process_ends() -> None:
    with subprocess.Popen([sys.executable, "-c", SLOW_TO_END], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
