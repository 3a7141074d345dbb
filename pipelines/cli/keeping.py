"""The verbs that look after the landing."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import DataDir, app, utc_now


@app.command(epilog="Example: cosell backup · cosell backup /mnt/backups/landing.duckdb")
def backup(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="File to make (default: backups/landing-<UTC time>.duckdb in the data directory).", show_default=False
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Copy the landing, which cannot be had again from AWS, to a file of its own, also while a run is at work."""
    from pipelines.backup import back_up
    from pipelines.settings import load_settings

    typer.echo(back_up(load_settings(data_dir=data_dir), file, utc_now(), partial(typer.echo, err=True)))


@app.command(epilog="Example: cosell restore data/backups/landing-20261101T043000Z.duckdb")
def restore(
    file: Annotated[Path, typer.Argument(help="A backup of the landing.", show_default=False)],
    data_dir: DataDir = None,
) -> None:
    """Put a backup in the place of the landing, which is kept beside it."""
    from pipelines.backup import restore_backup
    from pipelines.settings import load_settings

    typer.echo(restore_backup(load_settings(data_dir=data_dir), file, utc_now()))


@app.command(epilog="Example: cosell drift")
def drift(data_dir: DataDir = None) -> None:
    """Show what the installed botocore knows that this version does not, and what AWS sends that neither knows."""
    from pipelines.drift import print_drift
    from pipelines.settings import load_settings

    print_drift(load_settings(data_dir=data_dir))
