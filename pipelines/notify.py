"""Who hears of a night that failed: a command of the user's, or a webhook, gets its one line."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pipelines.errors import CosellError, Interrupted
from pipelines.interrupts import heard

COMMAND_SECONDS = 60.0
WEBHOOK_SECONDS = 10.0
LONGEST_LINE = 2_000
ADDRESS = re.compile(r"\S*://|(https?:/*)?[\w-]+(\.[\w-]+)+(:\d+)?/", re.IGNORECASE)
"""What begins so is a URL, whole or mistyped: a shell would print its secret as the command that it cannot find."""


@dataclass
class Hook:
    """Whom to tell, as the verb read it from the settings: nobody until then."""

    notify: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def tell(self, error: BaseException, exit_code: int) -> str | None:
        """Hand on the line of a failure. Returns what went wrong with that, in one line without any secret."""
        line = _summary(error, exit_code)
        try:
            bare = _bare(self.notify)
            if not bare:
                return None
            if _is_url(bare):
                return _post(bare, line)
            if ADDRESS.match(bare):
                return "notify is an address without http:// or https:// in front: mend that, or write a command"
            return _run(self.notify, line, self.environment | {"COSELL_EXIT_CODE": str(exit_code)})
        except Interrupted as second:
            heard(second)
            return "the notification was cut short by a signal"


def _summary(error: BaseException, exit_code: int) -> str:
    """Say in one line what ended the night: our own errors hold no data, a bug's message might."""
    is_ours = isinstance(error, CosellError | Interrupted)
    text = str(error) if is_ours else f"{type(error).__name__}, a bug: its traceback is in the log of the run"
    printable = "".join(character if character.isprintable() else " " for character in text)
    return f"cosell nightly ended with exit code {exit_code}: {printable}"[:LONGEST_LINE]


def _bare(notify: str) -> str:
    """Strip blanks and one pair of quotes, which a secret that was pasted with them has kept."""
    bare = notify.strip()
    is_quoted = len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\""
    return bare[1:-1].strip() if is_quoted else bare


def _is_url(notify: str) -> bool:
    return notify.lower().startswith(("http://", "https://"))


def _run(command: str, line: str, environment: dict[str, str]) -> str | None:
    """Run a shell's command with the line on stdin and in COSELL_SUMMARY; what it prints goes to stderr.

    COSELL_NOTIFY is empty for it: a night that it starts does not call it again.
    """
    output = subprocess.DEVNULL if sys.stderr is None else sys.stderr
    process: subprocess.Popen[bytes] | None = None
    try:
        with _signals_held_back():
            process = subprocess.Popen(  # noqa: S603 - the user's own command
                ["/bin/sh", "-c", command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=os.environ | environment | {"COSELL_SUMMARY": line, "COSELL_NOTIFY": ""},
                start_new_session=True,
            )
        process.communicate(f"{line}\n".encode(), timeout=COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        return f"the notify command took longer than {COMMAND_SECONDS:.0f} s and was ended"
    except (OSError, ValueError) as error:  # ValueError: a null character
        return f"the notify command cannot be started ({type(error).__name__})"
    finally:
        if process is not None:
            _end(process)
    return f"the notify command failed with exit code {process.returncode}" if process.returncode else None


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Let a signal that comes in the block act at its end: a command that is being started would be lost sight of."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda n, _: came.append(n)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command that is still at work, with all that it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A POST that is sent elsewhere would arrive as a GET, or at a host that nobody chose."""

    def redirect_request(self, *_: object) -> None:
        """Follow none."""


def _post(url: str, line: str) -> str | None:
    """Post `{"text": line}` and wait a while for the answer, which may come byte by byte."""
    failures = [f"no answer within {WEBHOOK_SECONDS:.0f} s"]
    posting = threading.Thread(target=lambda: failures.append(_failure(url, line)), daemon=True)
    posting.start()
    posting.join(WEBHOOK_SECONDS)
    return f"the notify webhook at {_host(url)} failed: {failures[-1]}" if failures[-1] else None


def _failure(url: str, line: str) -> str:
    """Post the line. Returns what went wrong, nothing if nothing did."""
    try:
        if "@" in urlsplit(url).netloc:
            return "its address holds a user or a password, which cannot be sent"
        request = urllib.request.Request(  # noqa: S310 - http and https alone come here
            url, json.dumps({"text": line}).encode(), {"Content-Type": "application/json", "User-Agent": "cosell"}
        )
        urllib.request.build_opener(_NoRedirects).open(request, timeout=WEBHOOK_SECONDS).close()
    except urllib.error.HTTPError as error:
        error.close()
        return f"HTTP status {error.code}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        return reason.strerror or type(reason).__name__ if isinstance(reason, OSError) else type(error).__name__
    return ""


def _host(url: str) -> str:
    """Name a webhook without its path, which is its secret."""
    with suppress(ValueError):
        return urlsplit(url).hostname or "no host"
    return "no host"
