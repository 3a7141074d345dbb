"""The `cosell` command: each verb parses, calls one function and prints. Heavy imports wait for the verb."""

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipelines.errors import ConfigurationError, CosellError, Interrupted
from pipelines.interrupts import catch_signals, end_at_once, heard
from pipelines.tracebacks import hide_messages

app = typer.Typer(
    name="cosell",
    help="Revenue analytics for AWS partners: Partner Central to a checked DuckDB warehouse, every night.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

DataDir = Annotated[
    Path | None,
    typer.Option(help="Where landing, warehouse and quality pages lie (default: data).", show_default=False),
]
Catalog = Annotated[
    Literal["AWS", "Sandbox"] | None, typer.Option(help="Partner Central catalog (default: AWS).", show_default=False)
]


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
    day = parse_as_of(settings.as_of, datetime.now(UTC).date())
    typer.echo(run_nightly(settings, as_of=day, demo=demo).summary())


intake = typer.Typer(no_args_is_help=True, help="Deals with their TCV to Partner Central: a plan, then the writes.")
app.add_typer(intake, name="intake")


@intake.command(epilog="Example: cosell intake plan deals.csv · cosell intake plan --from-hygiene --out monday.json")
def plan(
    deals: Annotated[
        Path | None,
        typer.Argument(
            metavar="DEALS.csv",
            help="Sheet of deals, CSV or Parquet: partner_opportunity_id or opportunity_id, tcv, currency, "
            "contract_months, and more.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="PLAN.json", help="Where the plan goes (default: beside the sheet).")
    ] = None,
    from_hygiene: Annotated[
        bool, typer.Option("--from-hygiene", help="Plan what marts.hygiene suggests, in place of a sheet.")
    ] = False,
    convert: Annotated[
        bool, typer.Option("--convert", help="Plan the monthly AWS amount, for catalogs that take no TCV.")
    ] = False,
    catalog: Catalog = None,
    data_dir: DataDir = None,
) -> None:
    """Say what intake would write, field by field. Reads AWS and writes nothing there."""
    from pipelines.intake.planning import make_plan
    from pipelines.intake.screen import print_plan
    from pipelines.settings import load_settings

    if (deals is None) != from_hygiene:
        raise ConfigurationError("give a sheet of deals, or --from-hygiene: one of the two")
    settings = load_settings(catalog=catalog, data_dir=data_dir)
    warn = partial(typer.echo, err=True)
    print_plan(*make_plan(settings, deals, out, convert=convert, now=utc_now, warn=warn))


@intake.command(epilog="Example: cosell intake apply deals.plan.json")
def apply(
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN.json", help="A plan that `cosell intake plan` made.")],
    force: Annotated[bool, typer.Option("--force", help="Go on with a plan that was edited or is a day old.")] = False,
    catalog: Catalog = None,
    data_dir: DataDir = None,
) -> None:
    """Write to AWS what a plan says, or go on where it was stopped."""
    from pipelines.intake.performance import perform_plan
    from pipelines.intake.screen import print_outcome
    from pipelines.settings import load_settings

    settings = load_settings(catalog=catalog, data_dir=data_dir)
    outcome = perform_plan(settings, plan_file, force=force, now=utc_now, tell=print_outcome)
    if error := outcome.error(plan_file):
        raise error


@app.command(epilog="Example: cosell sandbox --port 8700 --opportunities 500")
def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on: of loopback, or with --allow-remote.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8700,
    opportunities: Annotated[int, typer.Option(min=0, help="Opportunities in the world at its start.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same world.")] = 7,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let other machines in too; it checks no credentials.")
    ] = False,
) -> None:
    """Serve a local Partner Central for any AWS client. It is a sandbox: nothing in it is real."""
    from pipelines.demo import new_world, serve_sandbox

    serve_sandbox(host, port, new_world(opportunities, seed, datetime.now(UTC)), allow_remote=allow_remote)


@app.command(epilog="Example: cosell status")
def status(data_dir: DataDir = None) -> None:
    """Show the last runs, freshness, row counts, calls spent against the quota, and quality."""
    from pipelines.settings import load_settings
    from pipelines.status import print_status

    print_status(load_settings(data_dir=data_dir), datetime.now(UTC))


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

    typer.echo(back_up(load_settings(data_dir=data_dir), file, datetime.now(UTC), partial(typer.echo, err=True)))


@app.command(epilog="Example: cosell restore data/backups/landing-20261101T043000Z.duckdb")
def restore(
    file: Annotated[Path, typer.Argument(help="A backup of the landing.", show_default=False)],
    data_dir: DataDir = None,
) -> None:
    """Put a backup in the place of the landing, which is kept beside it."""
    from pipelines.backup import restore_backup
    from pipelines.settings import load_settings

    typer.echo(restore_backup(load_settings(data_dir=data_dir), file, datetime.now(UTC)))


@app.command(epilog="Example: cosell drift")
def drift(data_dir: DataDir = None) -> None:
    """Show what the installed botocore knows that this version does not, and what AWS sends that neither knows."""
    from pipelines.drift import print_drift
    from pipelines.settings import load_settings

    print_drift(load_settings(data_dir=data_dir))


@app.command(
    epilog='Example: cosell query "SELECT stage, count(*), sum(aws_mrr) FROM marts.opportunities GROUP BY ALL"'
)
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT on the published warehouse.")],
    output_format: Annotated[
        Literal["table", "csv", "json", "parquet"],
        typer.Option(
            "--format",
            help="How to print the rows. In CSV an apostrophe keeps texts such as =1+1 from being formulas, and "
            "lists and structs are JSON; JSON and Parquet are exact.",
        ),
    ] = "table",
    data_dir: DataDir = None,
) -> None:
    """Run read-only SQL on the published warehouse."""
    from pipelines.query import print_query
    from pipelines.settings import load_settings

    end_at_once()
    print_query(load_settings(data_dir=data_dir).warehouse_path, sql, output_format)


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


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


if __name__ == "__main__":
    main()
