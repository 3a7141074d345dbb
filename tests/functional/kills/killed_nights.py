"""A `cosell nightly` as a process of its own, watched from outside, so that it can be killed in a stage of choice."""

import re
import time
from datetime import UTC, date, datetime
from pathlib import Path
from signal import SIGKILL
from subprocess import DEVNULL

from preloaded import Command
from processes import Cosell

from pipelines.sandbox.server import Sandbox

STAGES = ["start", "extract", "load", "validate", "transform", "audit", "publish", "record", "report"]
"""`extract` begins with the first call, `load` with a package of dlt's, `record` when the warehouse has its name, and
`report` when the landing says so."""
BEGUN_BY = {"publish": "audit", "audit": "transform", "transform": "validate", "validate": "extract"}
PACKAGE_DIRECTORIES = ("normalize/extracted", "load/new", "load/normalized")
END_OF_STAGE = re.compile(r"^(\w+) .*\(([\d.]+) s\)$", re.MULTILINE)
SECONDS_WITHOUT_CALLS = 0.5
SECONDS_BETWEEN_LOOKS = 0.005


class Night:
    """One night in a directory, with nothing of this machine's AWS configuration."""

    def __init__(self, directory: Path, sandbox: Sandbox, as_of: date, **env: str) -> None:
        self.sandbox = sandbox
        self.data = directory / "data"
        self.landing, self.warehouse = self.data / "landing.duckdb", self.data / "warehouse.duckdb"
        self.log = directory / "stderr.txt"
        self._calls_before = sandbox.calls.total()
        self._inode_before = self._inode()
        self.started_at = datetime.now(UTC)
        arguments = ["nightly", "--catalog", "Sandbox", "--as-of", as_of.isoformat()]
        environment = Cosell(directory, sandbox.endpoint_url).environment(**env)
        with self.log.open("w") as log:
            self.process = Command(arguments, directory, environment, stdout=DEVNULL, stderr=log)

    @property
    def calls(self) -> int:
        """How many calls the server has seen of it."""
        return self.sandbox.calls.total() - self._calls_before

    def seconds(self) -> dict[str, float]:
        """The stages that have ended, and how long each took."""
        return {stage: float(seconds) for stage, seconds in END_OF_STAGE.findall(self.log.read_text())}

    def stage(self) -> str:
        """The stage that it is in, or was in when it was killed, by what there is to be seen of it."""
        if self._inode() != self._inode_before:
            return "report" if self._is_recorded() else "record"
        ended = self.seconds()
        for stage, before in BEGUN_BY.items():
            if before in ended:
                return stage
        if not self.calls:
            return "start"  # the packages of a killed night are still there
        pipelines = self.data / ".work" / "dlt"
        is_loading = any(any(pipelines.glob(f"*/{directory}/*")) for directory in PACKAGE_DIRECTORIES)
        return "load" if is_loading else "extract"

    def reach(self, stage: str) -> None:
        """Wait until it is in a stage, past it, or has ended."""
        wanted = STAGES.index(stage)
        while self.process.poll() is None and STAGES.index(self.stage()) < wanted:
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def kill(self) -> bool:
        """End it with SIGKILL; whether that came before its own end."""
        self.process.send_signal(SIGKILL)
        code = self.process.wait()
        self.ended_at = datetime.now(UTC)
        assert code in {0, -9}, self.log.read_text()
        self._await_last_calls()
        return code != 0

    def complete(self) -> None:
        """Wait for its end, which must be a good one."""
        code = self.process.wait()
        self.ended_at = datetime.now(UTC)
        assert code == 0, self.log.read_text()

    def _await_last_calls(self) -> None:
        """Wait until the server has seen all that was sent before the end, which is not the next night's."""
        seen = None
        while seen != self.calls:
            seen = self.calls
            time.sleep(SECONDS_WITHOUT_CALLS)

    def _is_recorded(self) -> bool:
        """Whether the landing was written since the warehouse got its name, and DuckDB has taken its log in."""
        written, named = self.landing.stat().st_mtime_ns, self.warehouse.stat().st_ctime_ns
        return written > named and not self.landing.with_name(f"{self.landing.name}.wal").exists()

    def _inode(self) -> int | None:
        try:
            return self.warehouse.stat().st_ino
        except FileNotFoundError:
            return None
