"""`cosell drift`: what the installed botocore knows beyond the baseline, and what AWS sends beyond botocore."""

from collections.abc import Iterator, Set
from contextlib import nullcontext
from pathlib import Path

import duckdb
from rich.console import Console

from expectations.schema import DRIFT_SUITE
from pipelines.database import has_table, open_database
from pipelines.examination import printable
from pipelines.locking import no_run_starts
from pipelines.partner_central.baseline import Baseline, committed, differences, installed
from pipelines.partner_central.service_model import payloads
from pipelines.query import open_published
from pipelines.settings import Settings

MEANINGS = {
    "known_member": "unknown member",
    "known_value": "unknown value",
    "known_type": "another type",
}
"""What a broken expectation of the suite drift says."""


def print_drift(settings: Settings) -> None:
    """Print both kinds of drift. Raises ConfigurationError when the published file is none of ours.

    What AWS has sent is read from the landing, where that of runs is too that did not publish; from the warehouse while
    a run is at work.
    """
    console = Console(highlight=False, markup=False, soft_wrap=True)
    now = installed()
    for line in model_drift(committed(), now):
        console.print(line)
    with no_run_starts(settings.data_dir) if settings.data_dir.exists() else nullcontext(False) as is_free:
        if is_free and settings.landing_path.exists():
            with open_database(settings.landing_path, read_only=True) as landing:
                lines = list(_sent(landing, now)) if has_table(landing, "quality", "results") else []
        else:
            lines = _published(settings.warehouse_path, now)
    for line in lines:
        console.print(line)


def model_drift(before: Baseline, now: Baseline) -> list[str]:
    """Say what `now` knows that `before` does not, and what it knows otherwise."""
    lines = differences(before, now)
    if not lines:
        return [f"botocore {now.botocore} knows of nothing that the baseline, botocore {before.botocore}, does not."]
    title = f"botocore {now.botocore}, held against the baseline, botocore {before.botocore}:"
    return [title, *(f"  {line}" for line in lines)]


def _published(warehouse_path: Path, now: Baseline) -> list[str]:
    if not warehouse_path.exists():
        return []
    with open_published(warehouse_path) as warehouse:
        return list(_sent(warehouse, now))


def _sent(connection: duckdb.DuckDBPyConnection, now: Baseline) -> Iterator[str]:
    """Say what AWS has sent, as an open landing or warehouse knows, that `now` does not know."""
    rows = connection.execute(
        "SELECT started_at, expectation, target, column_name, evaluated, unexpected "
        "FROM quality.results JOIN ops.runs USING (run_id) WHERE suite = ? ORDER BY ALL",
        [DRIFT_SUITE],
    ).fetchall()
    known = _known(now)
    unknown = [row for row in rows if row[1:4] not in known]
    yield "AWS has sent, and it does not know:" if unknown else "AWS has sent nothing that it does not know."
    for started_at, expectation, target, member, evaluated, unexpected in unknown:
        of = f"{unexpected:,} of {evaluated:,}"
        yield f"  {started_at:%Y-%m-%d}  {MEANINGS[expectation]}  {target}: {member} ({of})"


def _known(now: Baseline) -> Set[tuple[str, str, str]]:
    """List the findings that are none any more, since a model has learnt of the member or the value."""
    tables = {payload.operation: payload.landing_table for payload in payloads()}
    return {
        finding
        for operation, members in now.operations.items()
        for path, said in members.items()
        for finding in (
            ("known_member", tables[operation], path),
            *(("known_value", tables[operation], f"{path} = {printable(value)}") for value in said.get("enum", ())),
        )
    }
