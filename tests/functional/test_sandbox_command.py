"""`cosell sandbox` serves a Partner Central for any AWS client until a signal ends it."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import boto3

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
        client.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def test_it_serves_this_machine_alone() -> None:
    result = subprocess.run([COSELL, "sandbox", "--host", "0.0.0.0"], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith("cosell: cannot serve on 0.0.0.0:8700")
    assert "loopback" in result.stderr


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
