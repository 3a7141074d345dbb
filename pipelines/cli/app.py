"""The command that every verb joins, and the options that several verbs share."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

PANELS = {
    "Every night": ["nightly"],
    "What is published": ["status", "query", "report"],
    "Deals of yours to Partner Central": ["intake"],
    "Upkeep": ["backup", "restore", "drift"],
    "Trying it out": ["sandbox"],
}
"""The verbs as `--help` lists them: what is used most comes first."""


class InOrder(typer.core.TyperGroup):
    """The verbs in an order of ours, whatever the order in which their files are imported."""

    def list_commands(self, _ctx: object) -> list[str]:
        """Return the names of the verbs, each of which then knows its panel."""
        for panel, verbs in PANELS.items():
            for verb in verbs:
                command = self.commands[verb]
                if isinstance(command, typer.core.TyperCommand | typer.core.TyperGroup):
                    command.rich_help_panel = panel
        return [verb for verbs in PANELS.values() for verb in verbs]


app = typer.Typer(
    name="cosell",
    cls=InOrder,
    help="Revenue analytics for AWS partners: Partner Central to a checked DuckDB warehouse, every night.\n\n"
    "Begin with [bold]cosell nightly --demo[/bold], which needs no AWS account, then see "
    "[bold]cosell status[/bold] and [bold]cosell query pipeline[/bold].",
    epilog="Exit codes: 0 done · 1 bug · 2 usage or configuration · 3 held by the quality gate · 4 AWS · "
    "5 another run is at work · 6 what is published is too old. Each verb's --help shows an example.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import version

        typer.echo(f"cosell-revenue {version('cosell-revenue')}")
        raise typer.Exit


@app.callback()
def begin(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Leave everything to the verbs."""


DataDir = Annotated[
    Path | None,
    typer.Option(help="Where landing, warehouse, report and quality pages lie (default: data).", show_default=False),
]
Catalog = Annotated[
    Literal["AWS", "Sandbox"] | None, typer.Option(help="Partner Central catalog (default: AWS).", show_default=False)
]


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)
