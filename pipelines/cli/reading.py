"""The verbs that show what is published."""

from typing import Annotated, Literal

import typer

from pipelines.cli.app import DataDir, app, utc_now
from pipelines.interrupts import end_at_once


@app.command(epilog="Example: cosell status")
def status(data_dir: DataDir = None) -> None:
    """Show the last runs, freshness, row counts, calls spent against the quota, and quality."""
    from pipelines.settings import load_settings
    from pipelines.status import print_status

    print_status(load_settings(data_dir=data_dir), utc_now())


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
