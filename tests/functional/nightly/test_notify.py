"""Somebody hears of a night that fails, once and in one line, and no hook changes how the night ends."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from pathlib import Path
from threading import Event, Thread

import pytest
from filelock import FileLock
from processes import COSELL, Cosell

from pipelines import notify
from pipelines.errors import AwsError, ConfigurationError
from pipelines.notify import Hook
from pipelines.sandbox.server import Sandbox

WORKFLOW = Path(__file__).parents[3] / "deploy" / "github-nightly.yml"
NIGHTLY = ("nightly", "--catalog", "Sandbox", "--as-of", "2026-10-31")
WRITES_DOWN = 'echo "$COSELL_EXIT_CODE $COSELL_SUMMARY" >> heard; cat >> heard; echo "${COSELL_DATA_DIR-none}" >> heard'
FAILURE = AwsError("no answer: check the network")
LINE = "cosell nightly ended with exit code 4: no answer: check the network"
BUG = """
import sys
from pipelines import settings
from pipelines.cli import main
def parse_as_of(*_): raise KeyError("Jane Doe")
settings.parse_as_of = parse_as_of
sys.argv = ["cosell", *sys.argv[1:]]
main()
"""


class Receiver(ThreadingHTTPServer):
    """A webhook on loopback: what it got, and answers that go by the path."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.got: list[tuple[str, dict[str, str]]] = []
        self.over = Event()
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        assert self.headers["Content-Type"] == "application/json"
        self.server.got.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        if self.path == "/secret/slow":
            self.wfile.write(b"HTTP/1.0 200 OK\r\n")
            while not self.server.over.wait(0.05):
                self.wfile.write(b"x")
            return
        status = {"/secret/ok": 200, "/secret/moved": 302, "/secret/kept": 307}.get(self.path, 404)
        self.send_response(status)
        self.send_header("Location", "/secret/ok")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.05}).start()
        yield receiver
        receiver.over.set()
        receiver.shutdown()


def heard(cosell: Cosell) -> list[str]:
    return (cosell.directory / "heard").read_text().splitlines()


def told(exit_code: int, stderr: str, place: Path | str) -> list[str]:
    """What the command has to write down, once: our line of stderr, in the variable and on stdin, and where."""
    ours = [line.removeprefix("cosell: ") for line in stderr.splitlines() if line.startswith("cosell: ")]
    summary = f"cosell nightly ended with exit code {exit_code}: {ours[0]}"
    assert len(ours) == 1
    return [f"{exit_code} {summary}", summary, str(place)]


def test_a_setting_is_wrong_in_the_file_that_names_the_command(cosell: Cosell) -> None:
    (cosell.directory / "cosell.toml").write_text(f"threads = 0\nnotify = '{WRITES_DOWN}'\n")
    result = cosell(*NIGHTLY)
    assert result.returncode == 2
    assert heard(cosell) == told(2, result.stderr, "none")


def test_aws_does_not_answer(cosell: Cosell) -> None:
    cosell.endpoint_url = "http://127.0.0.1:9"
    result = cosell(*NIGHTLY, COSELL_NOTIFY=WRITES_DOWN)
    assert result.returncode == 4
    assert heard(cosell) == told(4, result.stderr, cosell.directory / "data")


def test_another_run_holds_the_lock(cosell: Cosell) -> None:
    (cosell.directory / "data").mkdir()
    with FileLock(cosell.directory / "data" / ".lock"):
        result = cosell(*NIGHTLY, "--notify", WRITES_DOWN, COSELL_NOTIFY="exit 1")
    assert result.returncode == 5
    assert heard(cosell) == told(5, result.stderr, cosell.directory / "data")


def test_a_signal_ends_the_night(make_sandbox: Callable[..., Sandbox], tmp_path: Path) -> None:
    sandbox = make_sandbox(5)
    running: Future[subprocess.Popen[str]] = Future()

    def end(*_: object) -> None:
        sandbox.before_response.clear()
        running.result(timeout=60).send_signal(signal.SIGTERM)

    sandbox.before_response.append(end)
    cosell = Cosell(tmp_path, sandbox.endpoint_url)
    process = cosell.start(*NIGHTLY, "--notify", WRITES_DOWN)
    running.set_result(process)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert heard(cosell) == told(143, err, tmp_path / "data")


def test_a_step_of_github_that_is_cancelled_ends_the_night(
    make_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    """GitHub runs a step as `bash -e FILE` and sends that process SIGINT, and to nobody else."""
    (step,) = re.findall(r"(?m)^ +id: night\n(?: .*\n)*?^ +run: (.+)$", WORKFLOW.read_text())
    (tmp_path / "step.sh").write_text(f"{step}\n")
    sandbox = make_sandbox(5)
    running: Future[subprocess.Popen[str]] = Future()

    def cancel(*_: object) -> None:
        sandbox.before_response.clear()
        running.result(timeout=60).send_signal(signal.SIGINT)

    sandbox.before_response.append(cancel)
    named = {"COSELL_CATALOG": "Sandbox", "COSELL_AS_OF": "2026-10-31", "COSELL_NOTIFY": WRITES_DOWN}
    path = f"{COSELL.parent}:{os.environ['PATH']}"
    with subprocess.Popen(
        ["bash", "-e", "step.sh"],
        cwd=tmp_path,
        env=Cosell(tmp_path, sandbox.endpoint_url).environment(PATH=path, **named),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        running.set_result(process)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert heard(Cosell(tmp_path, "")) == told(130, err, tmp_path / "data")


def test_a_bug_is_told_by_its_type_alone(cosell: Cosell, receiver: Receiver) -> None:
    result = subprocess.run(
        [sys.executable, "-c", BUG, *NIGHTLY, "--notify", f"{receiver.url}/secret/ok"],
        cwd=cosell.directory,
        env=cosell.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "Jane Doe" not in result.stderr
    line = "cosell nightly ended with exit code 1: KeyError, a bug: its traceback is in the log of the run"
    assert receiver.got == [("/secret/ok", {"text": line})]


@pytest.mark.parametrize(
    "hook",
    [
        *("", "exit 3", "/nowhere/there", "kill -KILL $$"),
        *("http://127.0.0.1:9/secret", " 'http://127.0.0.1:9/secret'\n", "htps://127.0.0.1:9/secret"),
    ],
)
def test_what_the_hook_does_changes_no_exit_code(cosell: Cosell, hook: str) -> None:
    result = cosell("nightly", "--as-of", "tomorrow", "--notify", hook, COSELL_NOTIFY="echo not this one")
    assert result.returncode == 2
    assert (result.stderr.count("cosell: "), "notify" in result.stderr) == ((2, True) if hook else (1, False))
    assert "secret" not in result.stderr
    assert "not this one" not in result.stderr


def test_the_command_is_run_though_nobody_reads_what_it_prints(cosell: Cosell) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [COSELL, "nightly", "--as-of", "tomorrow", "--notify", f"echo loud; echo loud >&2; {WRITES_DOWN}"],
        cwd=cosell.directory,
        env=cosell.environment(),
        stdout=writing,
        stderr=writing,
        check=False,
    )
    os.close(writing)
    assert ended.returncode == 2
    assert heard(cosell)[0].startswith("2 cosell nightly ended with exit code 2: --as-of 'tomorrow' is no date")


def test_a_second_signal_ends_the_command(cosell: Cosell) -> None:
    process = cosell.start("nightly", "--as-of", "tomorrow", "--notify", "echo at work as $$; exec sleep 1000")
    assert process.stderr is not None
    line = next(line for line in process.stderr if line.startswith("at work as"))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert err == "cosell: the notification was cut short by a signal\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int(line.split()[-1]), 0)


def test_a_command_that_starts_a_night_is_not_called_by_it(capfd: pytest.CaptureFixture[str]) -> None:
    assert Hook('echo "[$COSELL_NOTIFY]"').tell(FAILURE, 4) is None
    assert capfd.readouterr().err == "[]\n"


def test_a_command_that_hangs_is_ended_with_all_that_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(notify, "COMMAND_SECONDS", 1)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb") as alive:
        complaint = Hook(f"exec 3> {pipe}; echo up >&3; sleep 1000 & sleep 1000; :").tell(FAILURE, 4)
        os.set_blocking(alive.fileno(), True)
        assert alive.read() == b"up\n"  # to its end: nobody has the pipe open any more
    assert complaint == "the notify command took longer than 1 s and was ended"


def test_a_command_prints_a_lot_and_reads_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert Hook("exec <&-; head -c 1000000 /dev/zero | tr '\\0' x").tell(FAILURE, 4) is None
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "x" * 1_000_000)


def test_a_line_is_one_line_of_some_length(capfd: pytest.CaptureFixture[str]) -> None:
    wild = ConfigurationError("first\nsecond\0third\x1b[31m\udc80" + "".join(repeat("é", 200_000)))
    assert Hook("cat").tell(wild, 2) is None
    line = capfd.readouterr().err
    assert line.startswith("cosell nightly ended with exit code 2: first second third [31m é")
    assert (len(line), line.count("\n")) == (notify.LONGEST_LINE + 1, 1)


def test_a_command_that_no_process_can_be_given() -> None:
    assert Hook("echo \0").tell(FAILURE, 4) == "the notify command cannot be started (ValueError)"
    assert Hook("echo " + "x" * 10_000_000).tell(FAILURE, 4) == "the notify command cannot be started (OSError)"


@pytest.mark.parametrize(
    ("path", "failure"),
    [
        ("ok", None),
        ("gone", "HTTP status 404"),
        ("moved", "HTTP status 302"),
        ("kept", "HTTP status 307"),
        ("slow", "no answer within 1 s"),
    ],
)
def test_a_webhook_gets_the_line_once(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, path: str, failure: str | None
) -> None:
    """Redirects are not followed: it would be asked twice."""
    monkeypatch.setattr(notify, "WEBHOOK_SECONDS", 1)
    complaint = Hook(f"{receiver.url}/secret/{path}").tell(FAILURE, 4)
    assert complaint == (failure and f"the notify webhook at 127.0.0.1 failed: {failure}")
    assert receiver.got == [(f"/secret/{path}", {"text": LINE})]


@pytest.mark.parametrize("pasted", [" {}", "{}\n", '"{}"', "'{}'", "\t' {} ' "])
def test_a_webhook_gets_the_line_though_its_url_was_pasted_with_blanks_or_quotes(
    receiver: Receiver, pasted: str
) -> None:
    loud = receiver.url.replace("http", "HTTP")
    assert Hook(pasted.format(f"{loud}/secret/ok")).tell(FAILURE, 4) is None
    assert receiver.got == [("/secret/ok", {"text": LINE})]


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://127.0.0.1:9/secret", "at 127.0.0.1 failed: Connection refused"),
        (
            "https://user:secret@127.0.0.1:9/",
            "at 127.0.0.1 failed: its address holds a user or a password, which cannot be sent",
        ),
        ("http:///secret", "at no host failed: URLError"),
        ("http://[secret", "at no host failed: ValueError"),
        ("http://127.0.0.1/\nsecret", "at 127.0.0.1 failed: InvalidURL"),
    ],
)
def test_a_webhook_that_cannot_be_reached_is_told_without_its_secret(url: str, complaint: str) -> None:
    assert Hook(url).tell(FAILURE, 4) == f"the notify webhook {complaint}"
