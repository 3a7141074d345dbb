"""The verb of the scheduled batch."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipelines.cli.app import DataDir, app, utc_now
from pipelines.errors import ConfigurationError


@app.command(epilog="Example: cosell nightly --demo · cosell nightly --catalog AWS --data-dir /srv/cosell")
def nightly(
    catalog: Annotated[
        Literal["AWS", "Sandbox"] | None,
        typer.Option(help="Partner Central catalog (default: AWS; Sandbox with --demo).", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="UTC business date (default: today).", show_default=False),
    ] = None,
    full: Annotated[
        bool | None, typer.Option("--full", help="Read every opportunity again, changed or not.", show_default=False)
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Reporting currency (default: USD).", show_default=False),
    ] = None,
    fx: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,  # our own line says so
            help="Exchange rates (default: fx_rates.csv or eurofxref-hist.zip in the data directory).",
            show_default=False,
        ),
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Run against a local sandbox started for the run; no AWS account.")
    ] = False,
) -> None:
    """Extract from Partner Central, check, transform, check and publish the warehouse."""
    from pipelines.nightly import run_nightly
    from pipelines.settings import load_settings, parse_as_of

    if demo and catalog == "AWS":
        raise ConfigurationError("--demo has no catalog AWS: leave --catalog out, or leave --demo out")
    settings = load_settings(
        catalog="Sandbox" if demo else catalog,
        data_dir=data_dir,
        as_of=as_of,
        full=full,
        currency=currency,
        fx=fx,
        reads_per_second=0 if demo else None,
    )
    day = parse_as_of(settings.as_of, utc_now().date())
    typer.echo(run_nightly(settings, as_of=day, demo=demo).summary())
