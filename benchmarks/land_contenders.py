"""Land the same answers of GetOpportunity in two tables, every version and the newest, in one process, in many ways."""

import json
from collections.abc import Callable
from functools import partial
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pandas as pd
import typer

from benchmarks.harness import take
from benchmarks.landing_pages import page_count, read_pages
from pipelines.landing import land_window, landing_pipeline
from pipelines.partner_central import source as our_source
from pipelines.partner_central.client import PartnerCentral
from pipelines.partner_central.extraction import Extraction

TABLES = ("opportunity_versions", "opportunities")
DATABASE = "landing.duckdb"
WINDOW_PAGES = 10  # the nightly's own

Work = Callable[[], None]


def ours(answers: Path, directory: Path, window_pages: int | None = None) -> Work:
    """Land pages with our source and its pipeline, the reading from AWS alone taken out, all at once or in windows."""
    pages = read_pages(answers)
    our_source.opportunity_pages = lambda *_: islice(pages, window_pages)  # type: ignore[assignment]
    windows = ceil(page_count(answers) / window_pages) if window_pages else 1
    path, client = directory / DATABASE, PartnerCentral("Sandbox")
    pipeline = landing_pipeline(path, directory / "dlt")

    def land() -> None:
        for _ in range(windows):
            source = our_source.partner_central("Sandbox", extraction=Extraction(client))
            land_window(pipeline, path, source.with_resources(*TABLES))

    return land


def json_reader(answers: Path, directory: Path) -> Work:
    """Let DuckDB read a file of one answer a line."""
    lines = directory / "answers.ndjson"
    with lines.open("w") as file:
        for page in read_pages(answers):
            file.writelines(f"{payload}\n" for payload in page.versions["payload"].to_pylist())
    new = f"""
        CREATE TEMP TABLE new AS
        SELECT json->>'$.Id' AS opportunity_id, (json->>'$.LastModifiedDate')::TIMESTAMPTZ AS last_modified_date,
               last_modified_date AS listed_last_modified_date, 'GetOpportunity' AS operation, now() AS fetched_at,
               json::VARCHAR AS payload
        FROM read_ndjson_objects('{lines}')
    """

    def land() -> None:
        with duckdb.connect(directory / DATABASE) as connection:
            _merge(connection, new)

    return land


def _merge(connection: duckdb.DuckDBPyConnection, new: str) -> None:
    """Make the rows `new` and merge them into the tables by their keys, in one transaction."""
    connection.execute("BEGIN")
    connection.execute(new)
    for table in TABLES:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {table} AS FROM new LIMIT 0")
    connection.execute("""
        DELETE FROM opportunity_versions USING new
        WHERE (opportunity_versions.opportunity_id, opportunity_versions.last_modified_date)
              = (new.opportunity_id, new.last_modified_date);
        INSERT INTO opportunity_versions
        FROM new QUALIFY row_number() OVER (PARTITION BY opportunity_id, last_modified_date) = 1;
        DELETE FROM opportunities USING new WHERE opportunities.opportunity_id = new.opportunity_id;
        INSERT INTO opportunities
        FROM new QUALIFY row_number() OVER (PARTITION BY opportunity_id ORDER BY last_modified_date DESC) = 1;
        COMMIT
    """)


def dlt_of_dicts(answers: Path, directory: Path) -> Work:
    """Hand dlt one dictionary a row, as its users do, and let it write Parquet files."""
    pages = [page.versions.to_pylist() for page in read_pages(answers)]
    keys: dict[str, Any] = {
        "opportunity_versions": ("opportunity_id", "last_modified_date"),
        "opportunities": "opportunity_id",
    }
    pipeline = dlt.pipeline(
        "dicts",
        destination=dlt.destinations.duckdb(str(directory / DATABASE)),
        dataset_name="partner_central",
        pipelines_dir=str(directory / "dlt"),
    )
    resources = [
        dlt.resource(iter(pages), name=table, primary_key=keys[table], write_disposition="merge") for table in TABLES
    ]

    def land() -> None:
        pipeline.run(resources, loader_file_format="parquet")

    return land


def pandas_frame(answers: Path, directory: Path) -> Work:
    """Make one data frame of the parsed answers, and merge it with DuckDB."""
    bodies = [json.loads(payload) for page in read_pages(answers) for payload in page.versions["payload"].to_pylist()]

    def land() -> None:
        frame = pd.DataFrame(
            {
                "opportunity_id": [body["Id"] for body in bodies],
                "last_modified_date": pd.to_datetime([body["LastModifiedDate"] for body in bodies], format="ISO8601"),
                "operation": "GetOpportunity",
                "fetched_at": pd.Timestamp.now(tz="UTC"),
                "payload": [json.dumps(body) for body in bodies],
            }
        )
        frame.insert(2, "listed_last_modified_date", frame["last_modified_date"])
        with duckdb.connect(directory / DATABASE) as connection:
            connection.register("frame", frame)
            _merge(connection, "CREATE TEMP TABLE new AS FROM frame")

    return land


CONTENDERS: dict[str, Callable[[Path, Path], Work]] = {
    "ours": ours,
    "ours-windows": partial(ours, window_pages=WINDOW_PAGES),
    "json-reader": json_reader,
    "dicts": dlt_of_dicts,
    "pandas": pandas_frame,
}


def main(contender: str, answers: Path, directory: Path) -> None:
    """Let one contender land what `answers` holds in `directory`, and print what that took."""
    take(CONTENDERS[contender](answers, directory))


if __name__ == "__main__":
    typer.run(main)
