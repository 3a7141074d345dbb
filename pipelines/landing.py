"""The dlt pipeline into landing.duckdb, the raw layer: window after window, each landing by itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.common.exceptions import SignalReceivedException
from dlt.pipeline.exceptions import PipelineStepFailed

from pipelines.database import open_database
from pipelines.errors import CosellError, Interrupted
from pipelines.partner_central.extraction import Extraction
from pipelines.partner_central.source import partner_central
from pipelines.staging import LANDING_DATASET

FILE_FORMAT: Any = "parquet"  # between dlt's steps: that of the pages, so that no row is ever taken apart
LARGEST_LOG = "1GB"  # of the write-ahead log of one window


def land(path: Path, pipelines_dir: Path, extraction: Extraction, on_window: Callable[[], None]) -> None:
    """Extract into `path` until all is read or the day's quota is spent; `on_window` runs after each load.

    `pipelines_dir` must be absent or empty: what a killed run left there can wedge every later run for good, and is not
    needed, since state and cursor live in the landing. Raises what the extraction raised, without dlt's wrapping.
    What landed before stays, and the next run goes on.
    """
    pipeline = landing_pipeline(path, pipelines_dir)
    while not (extraction.is_complete or extraction.is_quota_spent):
        try:
            land_window(pipeline, path, partner_central(extraction.client.catalog, extraction=extraction))
        except (PipelineStepFailed, SignalReceivedException) as error:
            raise _cause(error) from error
        finally:
            on_window()
    if extraction.is_quota_spent:
        raise extraction.client.quota_spent()


def landing_pipeline(path: Path, pipelines_dir: Path) -> dlt.Pipeline:
    """Return the dlt pipeline into a landing, with its working files in `pipelines_dir`."""
    dlt.config["load.truncate_staging_dataset"] = True  # the window's rows are in their tables by then
    return dlt.pipeline(
        "cosell",
        destination=dlt.destinations.duckdb(str(path)),
        dataset_name=LANDING_DATASET,
        pipelines_dir=str(pipelines_dir),
    )


def land_window(pipeline: dlt.Pipeline, path: Path, source: Any) -> None:
    """Extract what a source gives now, and load it into the landing at `path`, dlt's own destination of the pipeline.

    While it loads, a connection of ours keeps the database open, so that DuckDB compresses and writes out what is
    there at the end alone: dlt copies every row into a staging table first, which by then is empty again.
    """
    if pipeline.first_run:
        pipeline.sync_destination()
    pipeline.extract(source, loader_file_format=FILE_FORMAT)
    pipeline.normalize()
    with open_database(path) as connection:
        connection.execute(f"SET checkpoint_threshold = '{LARGEST_LOG}'")
        pipeline.load()


def _cause(error: BaseException) -> BaseException:
    """Return what the extraction itself raised, from under dlt's exceptions."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, SignalReceivedException):  # dlt takes signals for itself while it works
            return Interrupted(inner.signal_code)
        if isinstance(inner, CosellError | OSError | duckdb.Error):
            return inner
        inner = inner.__cause__ or inner.__context__
    return error
