"""`cosell` as a process of its own that starts at once: forked from one that has imported the libraries.

Importing them is half of a small night's CPU, and of nearly all that a bad option costs. Run as a script this is the
process that forks. `Cosell.anew` starts a command without it.
"""

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import weakref
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from pathlib import Path
from select import select
from threading import Lock
from typing import IO, Any

MAIN = "from pipelines.cli import main; main()"
LONGEST_REQUEST = 1 << 17  # bytes, an environment included
IMPORTED = [
    *("great_expectations", "expectations.docs_site", "pipelines.cli", "pipelines.nightly", "pipelines.warehouse"),
    *("pipelines.backup", "pipelines.intake.performance", "pipelines.intake.planning", "pipelines.status"),
]


class Preloaded:
    """Forks when it is told to. It ends when its socket is closed, as this process ends at the latest."""

    def __init__(self, *starter: str) -> None:
        """Start the process that forks, by a command of which its own is the rest."""
        self._lock = Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [*starter, sys.executable, __file__, str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()])

    def __enter__(self) -> "Preloaded":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.wait()

    def ask(self, *streams: int, **request: Any) -> int | None:
        """Return the process id of a new command, or the exit code of one if it has ended."""
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(request).encode()], streams)
            return json.loads(self._socket.recv(LONGEST_REQUEST))


class Command:
    """A script with arguments, `cosell` if no other is given; with the methods of a Popen that the tests need.

    It leads a session of its own and reads nothing. Its output goes where a Popen's would: PIPE, DEVNULL or a file.
    """

    def __init__(
        self,
        arguments: list[str],
        cwd: Path,
        env: Mapping[str, str],
        *,
        server: Preloaded | None = None,
        script: str = MAIN,
        stdout: int | IO[Any] = subprocess.PIPE,
        stderr: int | IO[Any] = subprocess.PIPE,
    ) -> None:
        self.arguments, self._server = arguments, server or preloaded()
        (out, self.stdout), (err, self.stderr) = _opened(stdout), _opened(stderr)
        request = {"script": script, "arguments": list(map(str, arguments)), "cwd": str(cwd), "env": dict(env)}
        self.pid = self._server.ask(out, err, **request)
        for descriptor in (out, err):
            os.close(descriptor)
        self._descriptor = os.pidfd_open(self.pid)
        weakref.finalize(self, os.close, self._descriptor)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, which is minus the number of the signal that killed it; None while it runs."""
        if self.returncode is None:
            self.returncode = self._server.ask(pid=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code, at its end. Raises TimeoutExpired."""
        if self.returncode is None and not select([self._descriptor], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(self.arguments, timeout)
        return self.poll()

    def communicate(self, timeout: float | None = None) -> tuple[str | None, str | None]:
        """Return what it printed, at its end. Raises TimeoutExpired, and ends it then."""
        with ThreadPoolExecutor() as pool:
            texts = [stream and pool.submit(stream.read) for stream in (self.stdout, self.stderr)]
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        for stream in (self.stdout, self.stderr):
            if stream:
                stream.close()
        out, err = (text and text.result() for text in texts)
        return out, err

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it was not seen to have ended."""
        if self.returncode is None:
            signal.pidfd_send_signal(self._descriptor, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def _opened(target: int | IO[Any]) -> tuple[int, IO[str] | None]:
    """Return a descriptor to write to, and for a pipe its other end."""
    if target == subprocess.PIPE:
        reader, writer = os.pipe()
        return writer, open(reader, encoding="utf-8")
    if target == subprocess.DEVNULL:
        return os.open(os.devnull, os.O_WRONLY), None
    return os.dup(target if isinstance(target, int) else target.fileno()), None


@cache
def preloaded() -> Preloaded:
    """Start one, once."""
    return Preloaded()


def serve(connection: socket.socket) -> None:
    """Answer each request with a number. Nothing is called here whose threads a fork would miss."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when it is imported
    for module in IMPORTED:
        import_module(module)
    gc.freeze()
    while True:
        text, streams, *_ = socket.recv_fds(connection, LONGEST_REQUEST, 2)
        if not text:
            return
        request = json.loads(text)
        if "script" in request:
            answer = os.fork()
            if not answer:
                connection.close()
                _run(request, streams)
        else:
            pid, status = os.waitpid(request["pid"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        for descriptor in streams:
            os.close(descriptor)
        connection.send(json.dumps(answer).encode())


def _run(request: dict[str, Any], streams: list[int]) -> None:
    """Run a script as the main module, and end as an interpreter does but for taking all modules down one by one."""
    os.setsid()
    for number, source in enumerate((os.open(os.devnull, os.O_RDONLY), *streams)):
        os.dup2(source, number)
        os.close(source)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["cosell", *request["arguments"]]
    code = 0
    try:
        exec(compile(request["script"], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 - a test's own
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:  # noqa: BLE001 - told as the interpreter tells it
        sys.excepthook(*sys.exc_info())
        code = 1
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
    os._exit(0)
