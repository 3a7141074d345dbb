"""The verbs that show what is published."""

import re
import sys
from datetime import timedelta
from typing import Annotated, Literal

import typer

from pipelines.cli.app import DataDir, app, utc_now
from pipelines.errors import ConfigurationError
from pipelines.interrupts import end_at_once

DURATION = re.compile(r"([1-9][0-9]{0,4})([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@app.command(epilog="Example: cosell status · cosell status --json · cosell status --max-age 26h")
def status(
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="One JSON object for monitors: ages in seconds, sizes in bytes, instants in UTC, amounts as exact "
            "texts in the reporting currency; its keys stay, and what is not known is null.",
        ),
    ] = False,
    max_age: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help="End with exit code 6 when what is published is older (90m, 26h, 2d), or nothing is.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Say whether what is published is fresh and sound, what changed since the night before, and what to do next."""
    from pipelines.settings import load_settings
    from pipelines.status import print_status

    end_at_once()  # after the imports, since Polars takes SIGINT for itself
    oldest = parse_duration(max_age)
    print_status(load_settings(data_dir=data_dir), utc_now(), max_age=oldest, as_json=as_json)


def parse_duration(text: str | None) -> timedelta | None:
    """Parse `90m`, `26h` or `2d`; none given is none. Raises ConfigurationError."""
    if text is None:
        return None
    if not (match := DURATION.fullmatch(text)):
        raise ConfigurationError(f"--max-age {text!r} is no duration: write it as 90m, 26h or 2d")
    number, unit = match.groups()
    return timedelta(**{UNITS[unit]: int(number)})


def query_names() -> list[tuple[str, str]]:
    """Return the named queries with what their rows are, for the shell to complete."""
    from pipelines.queries import descriptions

    return list(descriptions().items())


@app.command(
    epilog='Example: cosell query "SELECT stage, count(*), sum(aws_mrr) FROM marts.opportunities GROUP BY ALL" · '
    "cosell query --list · cosell query funnel · cosell query stuck-deals --format csv --limit 10 · "
    "cosell query --sql waterfall",
)
def query(  # noqa: PLR0913 - one parameter an option
    sql: Annotated[
        str | None,
        typer.Argument(
            metavar="SQL|NAME|-",
            help="One SELECT on the published warehouse, the name of a query, or - for SQL on the standard input.",
            show_default=False,
            autocompletion=query_names,
        ),
    ] = None,
    *,
    output_format: Annotated[
        Literal["table", "csv", "json", "parquet"],
        typer.Option(
            "--format",
            help="How to print the rows. In CSV an apostrophe keeps texts such as =1+1 from being formulas, and "
            "lists and structs are JSON; JSON and Parquet are exact.",
        ),
    ] = "table",
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Print so many rows (default: 100 of a table, else all).", show_default=False),
    ] = None,
    offset: Annotated[int, typer.Option(min=0, help="Begin after so many rows.")] = 0,
    no_pager: Annotated[
        bool, typer.Option("--no-pager", help="Do not page a table that is longer than the screen with $PAGER.")
    ] = False,
    show_list: Annotated[bool, typer.Option("--list", help="List the named queries.")] = False,
    show_sql: Annotated[bool, typer.Option("--sql", help="Print the SQL of a named query, and do not run it.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Run read-only SQL, or a named query, on the published warehouse."""
    from pipelines.paging import output_told
    from pipelines.queries import is_name, listing, named_sql

    if show_list:
        end_at_once()
        with output_told():
            typer.echo(listing())
        return
    if sql is None or (show_sql and not is_name(sql)):
        raise ConfigurationError("give SQL or the name of a query: `cosell query --list` shows the names")
    if show_sql:
        end_at_once()
        with output_told():
            typer.echo(named_sql(sql), nl=False)
        return
    from pipelines.paging import Page
    from pipelines.query import print_query
    from pipelines.settings import load_settings

    end_at_once()  # after the imports, since Polars takes SIGINT for itself
    text = named_sql(sql) if is_name(sql) else _standard_input() if sql == "-" else sql
    path = load_settings(data_dir=data_dir).warehouse_path
    if note := print_query(path, text, output_format, Page(limit, offset), pager=not no_pager):
        typer.echo(note, err=True)


def _standard_input() -> str:
    """Read the SQL on the standard input. Raises ConfigurationError."""
    if sys.stdin is None:
        raise ConfigurationError("there is no SQL to read: the standard input is closed")
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise ConfigurationError("SQL: the standard input is not UTF-8") from error


@app.command(epilog="Example: cosell report --data-dir /srv/cosell")
def report(data_dir: DataDir = None) -> None:
    """Make the HTML report of the published warehouse again, and say where it is."""
    from pipelines.paging import output_told
    from pipelines.report.page import write_report
    from pipelines.settings import load_settings

    path = write_report(load_settings(data_dir=data_dir))
    with output_told():
        typer.echo(path)
