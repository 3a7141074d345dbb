"""The files of deploy/ and the Dockerfile hold in the eyes of the programs that read them, and a mistake does not."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TOOLS = ROOT / "tests" / "tools"
COSELL = Path(sys.executable).parent / "cosell"
PACKAGES = ("pipelines", "transforms", "expectations")
MOST_EXPOSED = 25  # tenths, of systemd's 10.0 for a service without any limit


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a tool that is no part of Python's environment; continuous integration has them all."""
    if shutil.which(command[0]) is None or not (TOOLS / "node_modules").exists():
        unavailable = pytest.fail if os.environ.get("CI") else pytest.skip
        unavailable(f"{command[0]} is not there: `apt-get install systemd cron npm`, then `make tools`")
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as they stand, but that the program is where it is here."""
    for name in ("cosell.service", "cosell.timer"):
        text = (DEPLOY / name).read_text()
        (tmp_path / name).write_text(text.replace("/srv/cosell/bin/cosell", str(COSELL)))
    return tmp_path


def change(file: Path, old: str, new: str) -> None:
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_the_units_hold(units: Path) -> None:
    result = run("systemd-analyze", "verify", units / "cosell.service", units / "cosell.timer")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("unit", "old", "new"),
    [
        ("cosell.service", "ProtectSystem=", "ProtectSystems="),
        ("cosell.service", "Type=oneshot", "Type=nightly"),
        ("cosell.service", "TimeoutStartSec=20h", "TimeoutStartSec=20 nights"),
        ("cosell.service", "ExecStart=", "ExecStart=/nowhere"),
        ("cosell.service", "@system-service", "@nothing-there"),
        ("cosell.timer", "02:17:00", "25:17:00"),
    ],
)
def test_a_wrong_unit_does_not(units: Path, unit: str, old: str, new: str) -> None:
    change(units / unit, old, new)
    assert run("systemd-analyze", "verify", units / unit).stderr


def test_the_service_can_do_little_harm(units: Path) -> None:
    measure = ("systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", units / "cosell.service")
    assert run(*measure).returncode == 0
    change(units / "cosell.service", "CapabilityBoundingSet=\n", "")
    assert run(*measure).returncode != 0


def test_the_line_of_cron_holds(tmp_path: Path) -> None:
    """`crontab -n` reads a user's own table, which has no column for the user."""
    text = (DEPLOY / "cosell.cron").read_text()
    own, columns = re.subn(r"(?m)^((?:\S+ ){5})cosell ", r"\1", text)
    assert columns == 1
    for minute, is_right in (("17", True), ("77", False)):
        (tmp_path / "crontab").write_text(own.replace("17 2 ", f"{minute} 2 "))
        result = run("crontab", "-n", tmp_path / "crontab")
        assert (result.returncode == 0) == is_right, result.stderr


def test_the_workflow_holds(tmp_path: Path) -> None:
    """Read by GitHub's own parser, beside five of it that are wrong."""
    text = (DEPLOY / "github-nightly.yml").read_text()
    wrong = {
        ("17 2 * * *", "77 2 * * *"): "Invalid cron",
        ("id-token: write", "id-token: always"): "Unexpected value 'always'",
        ("vars.COSELL_ROLE }}", "vars.COSELL_ROLE }"): "expression is not closed",
        ("steps.night", "stops.night"): "Unrecognized named-value: 'stops'",
        ("run: exec cosell nightly", "runs: cosell nightly"): "Unexpected value 'runs'",
    }
    assert all(old in text for old, _ in wrong)
    files = [tmp_path / f"{number}.yml" for number in range(len(wrong) + 1)]
    for file, (old, new) in zip(files, [("", ""), *wrong], strict=True):
        file.write_text(text.replace(old, new))
    result = run("node", TOOLS / "check_workflow.mjs", *files)
    assert result.returncode == 0, result.stderr
    right, *found = ([line for line in result.stdout.splitlines() if line.startswith(f"{file}:")] for file in files)
    assert right == []
    for lines, finding in zip(found, wrong.values(), strict=True):
        assert any(finding in line for line in lines), (finding, lines)


def test_the_workflow_uses_actions_by_commit() -> None:
    """A tag can be moved to other code; the comment says which release the commit is."""
    used = re.findall(r"uses: (.+)", (DEPLOY / "github-nightly.yml").read_text())
    assert used
    assert [action for action in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)] == []


def test_the_credentials_of_the_workflow_outlast_it() -> None:
    (job,) = yaml.safe_load((DEPLOY / "github-nightly.yml").read_text())["jobs"].values()
    (seconds,) = [
        step["with"]["role-duration-seconds"]
        for step in job["steps"]
        if "configure-aws-credentials" in step.get("uses", "")
    ]
    assert job["timeout-minutes"] * 60 < seconds


class Bucket(ThreadingHTTPServer):
    """As much of S3 on loopback as an upload needs: the keys that came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Uploads)
        self.keys: list[str] = []


class Uploads(BaseHTTPRequestHandler):
    server: Bucket

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.keys.append(urlsplit(self.path).path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.mark.parametrize(
    ("files", "keys"),
    [
        ([], []),
        (["warehouse.duckdb"], ["warehouse.duckdb"]),  # the report failed, or none is wanted
        (
            ["warehouse.duckdb", "landing.duckdb", "reports/latest.html", "reports/2026-10-31.html", "reports/.lock"],
            ["reports/2026-10-31.html", "reports/latest.html", "warehouse.duckdb"],
        ),
    ],
)
def test_the_workflow_hands_out_what_is_published(tmp_path: Path, files: list[str], keys: list[str]) -> None:
    """The step as it stands, with AWS's own command."""
    (job,) = yaml.safe_load((DEPLOY / "github-nightly.yml").read_text())["jobs"].values()
    (step,) = [step for step in job["steps"] if step.get("name") == "Hand out what is published"]
    assert "always()" in step["if"]  # a night may publish and fail afterwards
    (tmp_path / "step.sh").write_text(step["run"])
    for file in files:
        (tmp_path / "data" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / file).touch()
    with Bucket() as bucket:
        Thread(target=bucket.serve_forever, kwargs={"poll_interval": 0.05}).start()
        environment = {
            "PATH": f"{COSELL.parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "COSELL_DATA_DIR": str(tmp_path / "data"),
            "BUCKET": "a-bucket",
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{bucket.server_port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        ended = subprocess.run(
            ["bash", "-e", "step.sh"], cwd=tmp_path, env=environment, capture_output=True, check=False
        )
        bucket.shutdown()
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
    assert sorted(bucket.keys) == [f"/a-bucket/{key}" for key in keys]


def test_the_dockerfile_holds(tmp_path: Path) -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert complaints(tmp_path, text) == []
    for old, new, complaint in (
        ("USER cosell", "USR cosell", "Unknown instruction: USR"),
        ("--interval=10m", "--interval=soon", "soon"),
        ("COPY transforms transforms", "COPY transforms", "COPY requires at least two arguments"),
        ("COPY --from=build", "COPY --form=build", "form"),
    ):
        assert old in text
        assert any(complaint in line for line in complaints(tmp_path, text.replace(old, new)))


def complaints(directory: Path, dockerfile: str) -> list[str]:
    (directory / "Dockerfile").write_text(dockerfile)
    result = run(TOOLS / "node_modules" / ".bin" / "dockerfile-utils", "lint", "-j", directory / "Dockerfile")
    return [finding["message"] for finding in json.loads(result.stdout or "[]")]


def copied() -> list[str]:
    """What the Dockerfile copies from here."""
    lines = re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text())
    return [source for line in lines for source in line.split()]


def test_the_image_is_pinned_and_runs_as_nobody_special() -> None:
    text = (ROOT / "Dockerfile").read_text()
    bases = re.findall(r"(?m)^FROM (\S+)", text)
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm@sha256:[0-9a-f]{64}", bases[0])
    assert text.index("USER cosell") < text.index("ENTRYPOINT")


def test_the_image_gets_what_is_copied_and_nothing_else() -> None:
    ignore = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert ignore == ["*", *(f"!{source}" for source in copied()), "**/__pycache__"]
    assert [source for source in copied() if not (ROOT / source).exists()] == []


def test_what_is_installed_from_the_copied_files_is_whole(tmp_path: Path) -> None:
    """`make setup` installs in place, where a file that no package declares is there all the same."""
    for source in set(copied()) - {"deploy/requirements.lock"}:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, tmp_path / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, tmp_path)
    build = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", "wheels", ".")
    subprocess.run([sys.executable, *build], cwd=tmp_path, capture_output=True, check=True)
    (wheel,) = (tmp_path / "wheels").iterdir()
    files = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    assert "pipelines/partner_central/baseline.json" in files
    assert files - set(zipfile.ZipFile(wheel).namelist()) == set()


def locked(file: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """The pins of a lock by their names: version and hashes. On which platform each is for may differ."""
    pins = re.findall(r"(?m)^([\w.-]+)==(\S+)((?:.*\\\n)+.*)$", file.read_text())
    return {
        canonicalize_name(name): (version, frozenset(re.findall(r"sha256:\w+", rest))) for name, version, rest in pins
    }


def needed(name: str, extras: frozenset[str] = frozenset()) -> set[tuple[str, frozenset[str]]]:
    """What a distribution needs on this machine, itself included, and what that needs in turn."""
    found, due = set(), [(canonicalize_name(name), extras)]
    while due:
        item = due.pop()
        if item in found:
            continue
        found.add(item)
        for text in metadata.requires(item[0]) or []:
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in item[1] | {""}):
                due.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return found


def test_the_lock_of_the_image_is_the_part_of_the_whole_that_runs() -> None:
    whole, part = locked(ROOT / "requirements.lock"), locked(DEPLOY / "requirements.lock")
    assert part.items() <= whole.items()
    runs = {name for name, _ in needed("cosell-revenue")} - {"cosell-revenue"}
    assert runs - part.keys() == set()
    assert {"pytest", "mypy", "ruff", "awscli", "jupyterlab", "playwright"} & part.keys() == set()
