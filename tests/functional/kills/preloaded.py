"""`cosell` as a process of its own that starts at once: forked from one that has imported the libraries.

Importing them is half of a night's CPU, and kills there test nothing. Run as a script it is the process that forks.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any


class Preloaded:
    """Forks the command when it is told to. It ends when its standard input is closed, as this process ends."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, **request: Any) -> int | None:
        """Return the process id of a new command, or the exit code of one to be waited for."""
        with self._lock:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())


class Command:
    """One `cosell`, with the methods of a Popen that a test of kills needs."""

    def __init__(self, arguments: list[str], cwd: Path, env: dict[str, str], log: Path) -> None:
        log.write_bytes(b"")
        self.pid = preloaded().ask(fork=arguments, cwd=str(cwd), env=env, log=str(log))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, which is minus the number of the signal that killed it; None while it runs."""
        if self.returncode is None:
            self.returncode = preloaded().ask(pid=self.pid, options=os.WNOHANG)
        return self.returncode

    def wait(self) -> int:
        """Return the exit code, at its end."""
        if self.returncode is None:
            self.returncode = preloaded().ask(pid=self.pid, options=0)
        return self.returncode

    def send_signal(self, signal: int) -> None:
        """Send it a signal, if it was not seen to have ended."""
        if self.poll() is None:
            os.kill(self.pid, signal)


@cache
def preloaded() -> Preloaded:
    """Start the process that forks, once."""
    return Preloaded()


def serve() -> None:
    """Answer each request of standard input with a number. Nothing is called here whose threads a fork would miss."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when it is imported
    import great_expectations  # noqa: F401 - for the forks

    import expectations.docs_site  # noqa: F401 - for the forks
    import pipelines.nightly
    import pipelines.warehouse  # noqa: F401 - for the forks

    for line in sys.stdin:
        request = json.loads(line)
        if "fork" in request:
            answer = os.fork() or _run(request)
        else:
            pid, status = os.waitpid(request["pid"], request["options"])
            answer = os.waitstatus_to_exitcode(status) if pid else None
        print(json.dumps(answer), flush=True)  # noqa: T201


def _run(request: dict[str, Any]) -> Any:
    from pipelines.cli import main

    nowhere = os.open(os.devnull, os.O_RDWR)
    log = os.open(request["log"], os.O_WRONLY | os.O_APPEND)
    for number, target in enumerate((nowhere, nowhere, log)):
        os.dup2(target, number)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["cosell", *request["fork"]]
    main()
    sys.exit()


if __name__ == "__main__":
    serve()
