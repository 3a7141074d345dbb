"""The stages of a night, in order: lock, recover, extract, build and check, publish, record."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import duckdb

from pipelines.database import open_database
from pipelines.demo import demo_client, keep_demo_rates
from pipelines.errors import ConfigurationError, CosellError, Interrupted, QualityGateError
from pipelines.fx_rates import reporting_currency
from pipelines.interrupts import heard
from pipelines.landing import check_landing, land
from pipelines.locking import run_lock
from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.partner_central.extraction import Extraction
from pipelines.progress import Progress
from pipelines.publication import publish, remove_leftovers
from pipelines.runs import Counts, Ending, Status, begin, calls_spent, new_run_id, record_calls, record_ending
from pipelines.settings import Settings
from pipelines.warehouse import Built, build
from transforms.currency import ReportingCurrency


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a published run did."""

    settings: Settings
    as_of: date
    counts: Counts
    built: Built

    def summary(self) -> str:
        """Say what is published, and where to look first."""
        return (
            f"Published {self.settings.warehouse_path}: {self.built.rows:,} opportunities as of {self.as_of}, "
            f"{self.built.excluded:,} excluded, {self.built.nulled:,} values set to null; "
            f"{self.counts.calls:,} AWS calls.\n"
            "Next: cosell query "
            '"SELECT stage, count(*) AS deals, sum(aws_mrr_reporting) AS aws_mrr FROM marts.opportunities GROUP BY ALL"'
        )


def run_nightly(settings: Settings, *, as_of: date, demo: bool = False) -> Outcome:
    """Run one night and publish its warehouse.

    Raises a CosellError, or Interrupted, with the last published warehouse as it was. What has landed stays, and
    the next run goes on from there.
    """
    with run_lock(settings.data_dir), _disk_errors(settings.data_dir):
        _clean(settings)
        settings.work_path.mkdir()
        check_landing(settings.landing_path, settings.catalog)
        return _Night(settings, as_of, demo).run()


class _Night:
    """One run under the lock: its identity and its counts, so that its end can be recorded however it comes."""

    def __init__(self, settings: Settings, as_of: date, demo: bool) -> None:
        self.settings, self.as_of, self.demo = settings, as_of, demo
        self.started_at = datetime.now(UTC)
        self.run_id = new_run_id(self.started_at)
        self.extraction: Extraction | None = None
        self.ledger: Counter[str] = Counter()
        self.progress = Progress()

    def run(self) -> Outcome:
        settings = self.settings
        begin(
            settings.landing_path,
            settings.warehouse_path,
            self.run_id,
            self.started_at,
            self.as_of,
            settings.catalog,
        )
        built: Built | None = None
        try:
            with _disk_errors(settings.data_dir):
                reporting = self.read_rates()
                self.extract()
                ending = partial(self.ending, "published")
                built = build(settings, self.run_id, self.as_of, reporting, self.progress, ending)
                publish(built.path, settings.warehouse_path, settings.landing_path)
        except BaseException as error:
            reason = heard(error)
            if built is None or built.path.exists():  # under its new name it is published, whatever came then
                _clean(settings)
                with suppress(duckdb.Error, CosellError, OSError):  # the first error is the one to tell
                    self.record(self.ending(_status_of(reason), error=_line_of(reason)))
                raise
        self.record(built.ending)
        _clean(settings)
        return Outcome(settings, self.as_of, self.counts(), built)

    def read_rates(self) -> ReportingCurrency:
        """Read the exchange rates, so that a bad file ends the run before anything is asked of AWS."""
        if self.demo and self.settings.fx is None:
            keep_demo_rates(self.settings.data_dir, self.settings.work_path, self.started_at)
        return reporting_currency(self.settings, self.as_of)

    def extract(self) -> None:
        settings = self.settings
        with open_database(settings.landing_path) as connection:
            spent = calls_spent(connection, self.started_at)
        quota = Quota(settings.reads_per_second, settings.reads_per_day, 0 if self.demo else spent)
        with self.progress.stage("extract"), self.client(quota) as client:
            self.extraction = Extraction(
                client,
                full=settings.full,
                window_pages=settings.window_pages,
                on_progress=lambda _: self.progress.update(self.detail()),
            )
            land(settings.landing_path, settings.dlt_path, self.extraction, self.save_ledger)
            self.progress.update(self.detail())

    @contextmanager
    def client(self, quota: Quota) -> Iterator[PartnerCentral]:
        settings = self.settings
        if self.demo:
            with demo_client(settings.data_dir, self.started_at) as connected:
                yield PartnerCentral(settings.catalog, quota=quota, threads=settings.threads, client=connected)
        else:
            yield PartnerCentral(settings.catalog, quota=quota, threads=settings.threads)

    def save_ledger(self) -> None:
        """Add the calls since the last window to the ledger: what a killed run spent is spent."""
        if self.extraction is None:
            return
        calls = Counter(self.extraction.client.calls)
        record_calls(self.settings.landing_path, self.run_id, datetime.now(UTC), calls - self.ledger)
        self.ledger = calls

    def counts(self) -> Counts:
        if self.extraction is None:
            return Counts()
        done = self.extraction
        return Counts(
            done.client.calls.total(),
            done.client.retries,
            done.opportunities_listed,
            done.opportunities_fetched,
            done.snapshots_fetched,
        )

    def detail(self) -> str:
        done = self.counts()
        return (
            f"{done.opportunities_listed:,} listed, {done.opportunities_fetched:,} fetched, "
            f"{done.snapshots_fetched:,} snapshots, {done.calls:,} calls, {done.retries:,} retries"
        )

    def ending(self, status: Status, rows: int | None = None, error: str | None = None) -> Ending:
        return Ending(self.run_id, datetime.now(UTC), status, self.counts(), rows, error)

    def record(self, ending: Ending) -> None:
        with open_database(self.settings.landing_path) as connection:
            record_ending(connection, ending)


def _clean(settings: Settings) -> None:
    """Remove the scratch of this run, or of one that was killed, dlt's working directory with it.

    Nothing is lost: a load that did not complete is fetched again.
    """
    shutil.rmtree(settings.work_path, ignore_errors=True)
    remove_leftovers(settings.data_dir)


def _status_of(error: BaseException) -> Status:
    match error:
        case Interrupted():
            return "interrupted"
        case QualityGateError():
            return "held"
        case _:
            return "failed"


def _line_of(error: BaseException) -> str:
    """Say what stopped the run: our own errors hold no data, a bug's message might."""
    return str(error) if isinstance(error, CosellError | Interrupted) else type(error).__name__


@contextmanager
def _disk_errors(data_dir: Path) -> Iterator[None]:
    """Tell of a full disk in one line, whichever library met it."""
    try:
        yield
    except (OSError, duckdb.Error) as error:
        if "No space left" in str(error):
            raise ConfigurationError(f"the disk of {data_dir} is full: free some space and run again") from error
        raise
