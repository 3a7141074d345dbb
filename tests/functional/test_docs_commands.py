"""Every command, query and example in the documents is run, or is listed here with the reason why it cannot be."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from documents import PAGES, ROOT, Example, examples, is_as_shown

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.world import World
from pipelines.settings import Settings

BIN = Path(sys.executable).parent
SHOWN = ("text", "csv")
"""Languages of what is not run: what a command prints, lines of a file."""
SETTINGS = ("toml", "json")
"""Languages of settings and policies, which are read and no more."""
SERVES = "serves until it is stopped; tests/functional/test_notebooks.py starts it"
NOT_RUN: Mapping[str, Mapping[str, list[str]]] = {
    "README.md": {
        "is what made the warehouse that these tests read": ["make demo"],
        "is what runs this": ["make test"],
        "needs an AWS account": ["AWS_PROFILE=partner .venv/bin/cosell nightly"],
    },
    "docs/connect.md": {"needs an AWS account": ["AWS_PROFILE=partner cosell nightly"]},
    "docs/schedule.md": {
        "changes the machine; the files that it installs are checked in tests/spec/test_deploy.py": [
            "sudo useradd --system --home-dir /var/lib/cosell --shell /usr/sbin/nologin cosell",
            "sudo install -d -o cosell -g cosell -m 0700 /var/lib/cosell",
            "sudo install -d /etc/cosell",
            "sudo python3 -m venv /srv/cosell",
            "sudo /srv/cosell/bin/pip install --require-hashes --only-binary :all: -r deploy/requirements.lock",
            "sudo /srv/cosell/bin/pip install --no-deps --no-build-isolation .",
            "sudo cp deploy/cosell.service deploy/cosell.timer /etc/systemd/system/",
            "sudo systemctl daemon-reload",
            "sudo systemctl enable --now cosell.timer",
            "sudo systemctl start cosell",
            "journalctl -u cosell",
            "systemctl list-timers cosell.timer",
            "sudo -u cosell env COSELL_DATA_DIR=/var/lib/cosell /srv/cosell/bin/cosell status",
            "sudo install -m 0644 deploy/cosell.cron /etc/cron.d/cosell",
        ],
        "needs a Docker daemon": [
            "docker build -t cosell .",
            "docker volume create cosell",
            "docker run --rm --init -v cosell:/data cosell",
            "docker run --rm -v cosell:/data cosell status",
        ],
    },
    "docs/scale.md": {
        "asks AWS, and Spark; tests/functional/spark has such nights": [
            "cosell nightly --engine spark",
            "cosell nightly --engine spark --spark-remote sc://spark.example.com:15002",
            "cosell nightly --engine spark --landing s3://bucket/lake/partner_central",
        ],
        "installs packages": [
            'pip install "cosell-revenue[spark]"',
            "pip install --require-hashes --only-binary :all: -r deploy/requirements.lock",
            "pip install --no-deps --no-build-isolation .",
        ],
    },
    "docs/query.md": {
        "the command line of DuckDB is not among what the tests install": ["duckdb -readonly data/warehouse.duckdb"],
        "needs R": ["library(duckdb)"],
    },
    "docs/jupyter.md": {SERVES: ["make notebook"]},
    "notebooks/README.md": {SERVES: ["make notebook"]},
    "docs/operations.md": {
        "changes the checkout": ["git pull", "make setup"],
        "asks AWS; a night after a restore is in tests/functional/nightly/test_restore.py": ["cosell nightly"],
    },
}
"""By page, why some commands, or blocks by their first line, are not run."""
SQL = """
import duckdb, sys
with duckdb.connect("data/warehouse.duckdb", read_only=True) as connection:
    for statement in connection.extract_statements(open(sys.argv[1]).read()):
        print(connection.execute(statement).fetchall())
"""


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def key(example: Example) -> str:
    return example.text if example.language == "console" else example.text.splitlines()[0]


def not_run(page: Path) -> set[str]:
    return {command for commands in NOT_RUN.get(name(page), {}).values() for command in commands}


def runs_of(page: Path) -> list[Example]:
    read = (*SHOWN, *SETTINGS)
    return [example for example in examples(page) if example.language not in read and key(example) not in not_run(page)]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(World(opportunities=3, catalog="AWS")) as sandbox:
        yield sandbox


@pytest.mark.parametrize("page", [page for page in PAGES if runs_of(page)], ids=name)
def test_what_a_page_says_to_run_runs(page: Path, demo_data_dir: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    to_run = runs_of(page)
    if any(example.language == "console" for example in to_run):
        shutil.copytree(demo_data_dir, tmp_path / "data", ignore=shutil.ignore_patterns("quality", "reports"))
    else:
        (tmp_path / "data").symlink_to(demo_data_dir)
    (tmp_path / ".venv").symlink_to(BIN.parent)
    for place in ("safe", "notebooks"):
        (tmp_path / place).mkdir()
    (tmp_path / "run_sql.py").write_text(SQL)
    script = session(to_run, tmp_path, free_port())
    ended = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path / "notebooks" if page.parent.name == "notebooks" else tmp_path,
        env=environment(tmp_path, sandbox.endpoint_url),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    printed = [(tmp_path / f"{number}.out").read_text() for number in range(len(list(tmp_path.glob("*.out"))))]
    assert ended.returncode == 0, (to_run[len(printed) - 1].text, printed[-1:], ended.stderr)
    assert len(printed) == len(to_run)
    for example, output in zip(to_run, printed, strict=True):
        assert not example.output or is_as_shown(example.output, output), (example.text, output)


def session(to_run: list[Example], directory: Path, port: int) -> str:
    """One shell's script: each example in turn, what it prints in a file of its own, up to the first that fails."""
    steps = ["trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT"]
    for number, example in enumerate(to_run):
        output = shlex.quote(str(directory / f"{number}.out"))
        match example.language:
            case "console":
                command = example.text.replace("/mnt/safe", str(directory / "safe")).replace(":8700", f":{port}")
            case "python" | "sql" as language:
                block = directory / f"{number}.{language}"
                block.write_text(example.text)
                runner = [directory / "run_sql.py"] if language == "sql" else []
                command = shlex.join(map(str, ["python", *runner, block]))
            case language:
                raise AssertionError(f"nothing runs a block of {language!r}: add it to SHOWN, or say what does")
        if command.endswith("&"):
            served = f"{command.removesuffix('&')} --port {port} > served.log 2>&1 &"
            steps.append(
                f": > {output}; {served} until (: < /dev/tcp/127.0.0.1/{port}) 2> /dev/null; do sleep 0.1; done"
            )
        else:
            steps.append(f"{{ {command}\n}} > {output} || exit 1")
    return "\n".join(steps)


def environment(home: Path, endpoint_url: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COSELL_"))}
    return clean | {
        "HOME": str(home),
        "DLT_DATA_DIR": str(home / "dlt"),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING": endpoint_url,
        "COSELL_REPORT": "false",
    }


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.mark.parametrize("page", [ROOT / page for page in NOT_RUN], ids=name)
def test_what_is_not_run_still_stands_there(page: Path) -> None:
    assert not_run(page) <= {key(example) for example in examples(page)}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_settings_and_policies_can_be_read(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("COSELL_")]:
        monkeypatch.delenv(name)
    for example in examples(page):
        if example.language == "toml":
            Settings(**tomllib.loads(example.text))
        if example.language == "json":
            assert re.fullmatch(r"\d{4}-\d\d-\d\d", json.loads(example.text)["Version"])


@pytest.mark.parametrize(
    ("shown", "printed", "is_same"),
    [
        ("1,999 deals as of 2026-11-23", "  7 deals as of 2027-01-01\n", True),
        ("Published …/data: 3 done", "Published /tmp/x/data: 14 done", True),
        ("│ stage │    38 │", "│ stage        │ 1 │", True),
        ("2 done", "2 refused", False),
        ("2 done", "2 done\nand more", False),
        ("Next: apply", "", False),
    ],
)
def test_what_is_printed_is_compared_but_for_numbers(shown: str, printed: str, is_same: bool) -> None:
    assert is_as_shown(shown, printed) == is_same
