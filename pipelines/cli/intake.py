"""The verbs that bring deals to Partner Central."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import Catalog, DataDir, app, utc_now
from pipelines.errors import ConfigurationError

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
