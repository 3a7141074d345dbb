"""The lines of the service and of the cron file do what they say: run as they stand, but for the places they name."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from processes import COSELL, Cosell

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
WRITES_DOWN = "cat >> /var/lib/cosell/heard"
AS_THE_SERVICE = """
set -e
mount --bind state state
mount -o remount,bind,ro /
mount -t tmpfs tmpfs /var/tmp
if touch elsewhere; then exit 99; fi
cd {directory}
{{ set +e; env -i PATH=/usr/bin:/bin {environment} {command}; echo $? > {state}/exit-code; }} 2>&1 | head -1
"""
"""As ProtectSystem=strict, StateDirectory= and PrivateTmp= have it; whoever reads the output stops after a line."""


@pytest.fixture
def placed(tmp_path: Path) -> Callable[[str], str]:
    """Put a text's places under the test's own, with the settings and the AWS profile that the texts count on."""
    places = {
        "/srv/cosell/bin/cosell": str(COSELL),
        "/etc/cosell": f"{tmp_path}/etc",
        "/var/lib/cosell": f"{tmp_path}/state",
    }

    def put(text: str) -> str:
        for place, own in places.items():
            text = text.replace(place, own)
        return text

    (tmp_path / "etc").mkdir()
    (tmp_path / "state").mkdir()
    (tmp_path / "etc" / "cosell.toml").write_text(
        put(f'catalog = "Sandbox"\nas_of = "2026-10-31"\nreads_per_second = 0\nnotify = "{WRITES_DOWN}"\n')
    )
    return put


def use(endpoint_url: str, etc: Path) -> None:
    (etc / "aws.conf").write_text(
        "[default]\naws_access_key_id = test\naws_secret_access_key = test\nservices = local\n"
        f"[services local]\npartnercentral_selling =\n  endpoint_url = {endpoint_url}\n"
    )


def test_the_service_publishes_though_it_writes_in_its_state_alone_and_nobody_reads_on(
    cosell: Cosell, run_with_mounts: Callable[..., subprocess.CompletedProcess[str]], placed: Callable[[str], str]
) -> None:
    state = cosell.directory / "state"
    use(cosell.endpoint_url, cosell.directory / "etc")
    lines = [line.partition("=") for line in placed((DEPLOY / "cosell.service").read_text()).splitlines()]
    (directory,) = [value for name, _, value in lines if name == "WorkingDirectory"]
    (command,) = [value for name, _, value in lines if name == "ExecStart"]
    environment = " ".join(value for name, _, value in lines if name == "Environment")
    result = run_with_mounts(
        AS_THE_SERVICE.format(directory=directory, environment=environment, command=command, state=state)
    )
    assert result.returncode == 0, result.stderr
    assert (state / "exit-code").read_text() == "0\n"
    assert result.stdout.startswith("extract ")
    assert result.stdout.count("\n") == 1
    assert not (state / "heard").exists()
    with duckdb.connect(state / "warehouse.duckdb", read_only=True) as connection:
        assert connection.execute("SELECT status, rows_published > 0 FROM ops.runs").fetchall() == [("published", True)]


def test_the_line_of_cron_reads_its_settings_and_tells_of_a_failure(
    placed: Callable[[str], str], tmp_path: Path
) -> None:
    use("http://127.0.0.1:9", tmp_path / "etc")
    lines = [line for line in placed((DEPLOY / "cosell.cron").read_text()).splitlines() if line and line[0] != "#"]
    *settings, entry = lines
    environment = dict(line.split("=", 1) for line in settings) | {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    command = entry.split(maxsplit=6)[6]
    assert "%" not in command  # a line's end, to cron
    subprocess.run([environment["SHELL"], "-c", command], cwd="/", env=environment, capture_output=True, check=False)
    assert (
        (tmp_path / "state" / "heard")
        .read_text()
        .startswith("cosell nightly ended with exit code 4: no answer from 127.0.0.1:9")
    )
    with duckdb.connect(tmp_path / "state" / "landing.duckdb", read_only=True) as connection:
        assert connection.execute("SELECT status FROM ops.runs").fetchall() == [("failed",)]


def test_the_container_is_healthy_while_what_is_published_is_fresh(demo_data_dir: Path, tmp_path: Path) -> None:
    text = (ROOT / "Dockerfile").read_text()
    (arguments,) = re.findall(r"(?m)^HEALTHCHECK .* CMD (\[.*\])$", text)
    program, *arguments = json.loads(arguments)
    assert program == COSELL.name
    for data_dir, exit_code in ((demo_data_dir, 0), (tmp_path, 6)):
        environment = os.environ | {"COSELL_DATA_DIR": str(data_dir)}
        health = subprocess.run([COSELL, *arguments], cwd=tmp_path, env=environment, capture_output=True, check=False)
        assert health.returncode == exit_code, health.stderr
