"""The `cosell` command, as a process of its own or in this one, and a clock that moves when a test says so."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from preloaded import MAIN, Command, Preloaded

from pipelines.settings import Settings

COSELL = Path(sys.executable).parent / "cosell"
STARTED_AT = datetime(2025, 5, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@dataclass
class Clock:
    """An instant that moves when a test says so."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Cosell:
    """Runs the command in a directory, with nothing of this machine's AWS configuration."""

    directory: Path
    endpoint_url: str
    server: Preloaded | None = None

    def environment(self, **env: str) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COSELL_"))}
        return clean | {
            "HOME": str(self.directory),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test-secret",
            "AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING": self.endpoint_url,
            "COSELL_READS_PER_SECOND": "0",
            "COSELL_REPORT": "false",  # has tests of its own
            **env,
        }

    def start(self, *arguments: str, script: str = MAIN, **env: str) -> Command:
        """Start it forked from a process that has imported the libraries, or a script of a test in its place."""
        return Command(list(arguments), self.directory, self.environment(**env), server=self.server, script=script)

    def __call__(self, *arguments: str, script: str = MAIN, **env: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end, forked."""
        process = self.start(*arguments, script=script, **env)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def anew(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end as a person does, its start included."""
        with self.start_anew(*arguments, **env) as process:
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def start_anew(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """Start it as a person does."""
        return subprocess.Popen(
            [COSELL, *arguments],
            cwd=self.directory,
            env=self.environment(**env),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


@contextmanager
def aws_environment(endpoint_url: str, home: Path) -> Iterator[None]:
    """Point boto3's own chain, in this process, at a sandbox, with nothing of this machine's configuration."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "COSELL_"))]:
            patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", endpoint_url)
        yield


def settings_for(data_dir: Path, **changes: object) -> Settings:
    return Settings(catalog="Sandbox", data_dir=data_dir, reads_per_second=0, report=False, **changes)


def rows(settings: Settings, sql: str) -> list[tuple]:
    """What a query on the published warehouse gives."""
    with duckdb.connect(settings.warehouse_path, read_only=True) as connection:
        return connection.execute(sql).fetchall()
