"""The `cosell` command: each verb parses, calls one function and prints. Heavy imports wait for the verb."""

import sys

import typer

from pipelines.cli import intake, keeping, nightly, reading, sandbox
from pipelines.cli.app import app
from pipelines.errors import CosellError, Interrupted
from pipelines.interrupts import catch_signals, heard
from pipelines.tracebacks import hide_messages

__all__ = ["app", "intake", "keeping", "main", "nightly", "reading", "sandbox"]


def main() -> None:
    """Run the command. A failure that the user can mend is one line on stderr and its exit code; a bug a traceback."""
    hide_messages()
    catch_signals()
    try:
        typer.main.get_command(app)()  # calling `app` itself would put a hook for tracebacks in place of ours
    except (Exception, Interrupted) as error:
        reason = heard(error)
        if isinstance(reason, CosellError | Interrupted):
            typer.echo(f"cosell: {reason}", err=True)
            sys.exit(reason.exit_code)
        raise
