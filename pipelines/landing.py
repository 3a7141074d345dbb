"""The dlt pipeline into landing.duckdb, the raw layer: window after window, each landing by itself."""

from collections.abc import Callable
from pathlib import Path

import dlt
import duckdb
from dlt.common.exceptions import SignalReceivedException
from dlt.pipeline.exceptions import PipelineStepFailed

from pipelines.errors import CosellError, Interrupted
from pipelines.partner_central.extraction import Extraction
from pipelines.partner_central.source import partner_central
from pipelines.staging import LANDING_DATASET


def land(path: Path, pipelines_dir: Path, extraction: Extraction, on_window: Callable[[], None]) -> None:
    """Extract into `path` until all is read or the day's quota is spent; `on_window` runs after each load.

    `pipelines_dir` must be absent or empty: what a killed run left there can wedge every later run for good, and is not
    needed, since state and cursor live in the landing. Raises what the extraction raised, without dlt's wrapping.
    What landed before stays, and the next run goes on.
    """
    pipeline = dlt.pipeline(
        "cosell",
        destination=dlt.destinations.duckdb(str(path)),
        dataset_name=LANDING_DATASET,
        pipelines_dir=str(pipelines_dir),
    )
    while not (extraction.is_complete or extraction.is_quota_spent):
        try:
            pipeline.run(
                partner_central(extraction.client.catalog, extraction=extraction),
                loader_file_format="parquet",
            )
        except (PipelineStepFailed, SignalReceivedException) as error:
            raise _cause(error) from error
        finally:
            on_window()
    if extraction.is_quota_spent:
        raise extraction.client.quota_spent()


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
