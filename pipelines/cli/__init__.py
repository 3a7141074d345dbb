"""The `cosell` command: each verb parses, calls one function and prints. Heavy imports wait for the verb."""

import io
import os
import sys

import typer

from pipelines.cli import intake, keeping, nightly, reading, sandbox
from pipelines.cli.app import app
from pipelines.errors import CosellError, Interrupted
from pipelines.interrupts import catch_signals, heard
from pipelines.notify import Hook
from pipelines.tracebacks import hide_messages

__all__ = ["app", "intake", "keeping", "main", "nightly", "reading", "sandbox"]

COMPLETING = "_COSELL_COMPLETE"  # set by a shell that asks what may follow


def main() -> None:
    """Run the command. A failure that the user can mend is one line on stderr and its exit code; a bug a traceback.

    Whom the verb gave to the hook hears of either.
    """
    hide_messages()
    catch_signals()
    if COMPLETING in os.environ:
        os.environ["COLUMNS"] = "10000"  # a description broken into lines would pass for several answers
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks the lines of a table shows all the rest
    hook = Hook()
    try:
        typer.main.get_command(app)(obj=hook)  # calling `app` itself would put a hook for tracebacks in place of ours
    except (Exception, Interrupted) as error:
        reason = heard(error)
        if not isinstance(reason, CosellError | Interrupted):
            _tell(hook, reason, 1)
            raise
        typer.echo(f"cosell: {reason}", err=True)
        _tell(hook, reason, reason.exit_code)
        sys.exit(reason.exit_code)


def _tell(hook: Hook, reason: BaseException, exit_code: int) -> None:
    if (complaint := hook.tell(reason, exit_code)) is not None:
        typer.echo(f"cosell: {complaint}", err=True)
