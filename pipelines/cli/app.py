"""The command that every verb joins, and the options that several verbs share."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

ORDER = "nightly status query report intake backup restore drift sandbox".split()
"""The verbs as `--help` lists them: what is used most comes first."""


class InOrder(typer.core.TyperGroup):
    """The verbs in an order of ours, whatever the order in which their files are imported."""

    def list_commands(self, _ctx: object) -> list[str]:
        """Return the names of the verbs."""
        return sorted(self.commands, key=ORDER.index)


app = typer.Typer(
    name="cosell",
    cls=InOrder,
    help="Revenue analytics for AWS partners: Partner Central to a checked DuckDB warehouse, every night.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

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
