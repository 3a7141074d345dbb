"""The verb of the scheduled batch."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipelines.cli.app import DataDir, app, utc_now
from pipelines.errors import ConfigurationError
from pipelines.notify import Hook


@app.command(epilog="Example: cosell nightly --demo · cosell nightly --catalog AWS --data-dir /srv/cosell")
def nightly(  # noqa: PLR0913, PLR0917 - one parameter an option
    context: typer.Context,
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
    notify: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND",
            help="Shell command, or http(s) URL of a webhook, that gets the line of a night that fails.",
            show_default=False,
        ),
    ] = None,
    engine: Annotated[
        Literal["polars", "spark"] | None,
        typer.Option(help="What computes the rows of each opportunity (default: polars).", show_default=False),
    ] = None,
    spark_remote: Annotated[
        str | None,
        typer.Option(
            metavar="sc://HOST:PORT",
            help="For --engine spark: a server of Spark Connect (default: as Spark is configured, or this machine).",
            show_default=False,
        ),
    ] = None,
    landing: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="For --engine spark: a folder or bucket that the dlt source has filled; nothing is extracted.",
            show_default=False,
        ),
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Run against a local sandbox started for the run; no AWS account.")
    ] = False,
) -> None:
    """Extract from Partner Central, check, transform, check and publish the warehouse."""
    from pipelines.progress import go_on_unheard
    from pipelines.settings import load_settings, parse_as_of, read_notify

    go_on_unheard()
    hook = context.ensure_object(Hook)
    hook.notify = read_notify(notify)
    if demo and catalog == "AWS":
        raise ConfigurationError("--demo has no catalog AWS: leave --catalog out, or leave --demo out")
    settings = load_settings(
        catalog="Sandbox" if demo else catalog,
        data_dir=data_dir,
        as_of=as_of,
        full=full,
        currency=currency,
        fx=fx,
        notify=notify,
        engine=engine,
        spark_remote=spark_remote,
        landing=landing,
        reads_per_second=0 if demo else None,
    )
    hook.notify, hook.environment = settings.notify, {"COSELL_DATA_DIR": str(settings.data_dir)}
    day = parse_as_of(settings.as_of, utc_now().date())
    from pipelines.nightly import run_nightly  # the heaviest of all: not for a setting that is wrong

    typer.echo(run_nightly(settings, as_of=day, demo=demo).summary())
