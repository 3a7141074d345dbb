"""The stages of a night, in order: lock, recover, extract, build and check, publish, record, report."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import duckdb

from expectations.library import load_in_background
from pipelines.backup import pause_for_backup
from pipelines.database import full_disk_told, open_database, transaction
from pipelines.demo import demo_client, keep_demo_rates
from pipelines.errors import AwsError, ConfigurationError, CosellError, Interrupted, QualityGateError
from pipelines.estimates import time_for
from pipelines.fx_rates import reporting_currency
from pipelines.interrupts import heard
from pipelines.landing import land
from pipelines.landing_file import check_landing
from pipelines.listings import record_listing
from pipelines.locking import run_lock
from pipelines.migrations import migrate_landing
from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.partner_central.extraction import Extraction
from pipelines.private_files import make_private
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
    report: Path | None

    def summary(self) -> str:
        """Say what is published, and where to look first."""
        report = f"Report: {self.report}\n" if self.report else ""
        return (
            f"Published {self.settings.warehouse_path}: {self.built.rows:,} opportunities as of {self.as_of}, "
            f"{self.built.excluded:,} excluded, {self.built.nulled:,} values set to null; "
            f"{self.counts.calls:,} AWS calls.\n{report}"
            "Next: cosell query "
            '"SELECT stage, count(*) AS deals, sum(aws_mrr_reporting) AS aws_mrr FROM marts.opportunities GROUP BY ALL"'
        )


def run_nightly(settings: Settings, *, as_of: date, demo: bool = False) -> Outcome:
    """Run one night and publish its warehouse.

    Raises a CosellError, or Interrupted, with the last published warehouse as it was, or with this night's in its
    place where the report alone is not made. What has landed stays, and the next run goes on from there.
    """
    with run_lock(settings.data_dir), full_disk_told(settings.data_dir):
        _check_engine(settings, demo)
        _check_places(settings)
        check_landing(settings.landing_path, settings.catalog)
        _clean(settings)
        settings.work_path.mkdir()
        migrate_landing(settings.landing_path, settings.work_path / settings.landing_path.name)
        return _Night(settings, as_of, demo).run()


class _Night:
    """One run under the lock: its identity and its counts, so that its end can be recorded however it comes."""

    def __init__(self, settings: Settings, as_of: date, demo: bool) -> None:
        self.settings, self.as_of, self.demo = settings, as_of, demo
        self.started_at = datetime.now(UTC)
        self.run_id = new_run_id(self.started_at)
        self.extraction: Extraction | None = None
        self.ledger: Counter[str] = Counter()
        self.has_listing = False
        self.spent_before = 0  # of the day's reads
        self.progress = Progress(at_rest=partial(pause_for_backup, settings.data_dir))

    def run(self) -> Outcome:
        settings = self.settings
        for path in make_private(settings.data_dir):
            self.progress.warn(f"{path} can be read by others than its owner, who alone can change that")
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
            with full_disk_told(settings.data_dir):
                reporting = self.read_rates()
                if not settings.landing:
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
        return Outcome(settings, self.as_of, self.counts(), built, self.report())

    def report(self) -> Path | None:
        """Make the report of what is published by now, and stays so if this fails."""
        if not self.settings.report:
            return None
        from pipelines.report.page import write_report

        with self.progress.stage("report"):
            try:
                path = write_report(self.settings)
            except CosellError as error:
                raise type(error)(f"the night is published, but its report is not: {error}") from error
            self.progress.update(f"{path.name}, {path.stat().st_size / 1000:,.0f} kB")
        return path

    def read_rates(self) -> ReportingCurrency:
        """Read the exchange rates, so that a bad file ends the run before anything is asked of AWS."""
        if self.demo and self.settings.fx is None:
            keep_demo_rates(self.settings.data_dir, self.settings.work_path, self.started_at)
        return reporting_currency(self.settings, self.as_of)

    def extract(self) -> None:
        settings = self.settings
        with open_database(settings.landing_path) as connection:
            self.spent_before = 0 if self.demo else calls_spent(connection, self.started_at)
        quota = Quota(settings.reads_per_second, settings.reads_per_day, self.spent_before)
        with self.progress.stage("extract"), self.client(quota) as client:
            self.extraction = Extraction(
                client,
                full=settings.full,
                list_all=True,
                max_vanished_share=settings.max_vanished_share,
                window_pages=settings.window_pages,
                on_progress=lambda _: self.on_page(),
            )
            try:
                land(settings.landing_path, settings.dlt_path, self.extraction, self.save_ledger)
            except AwsError:
                self.check_listing()  # the graver of the two
                raise
            self.progress.update(self.detail())
        self.check_listing()

    def check_listing(self) -> None:
        """Hold the night when so much vanished at once that the listing is not believed; what changed has landed."""
        full = self.extraction and self.extraction.full_listing
        if full and not full.is_believed:
            raise QualityGateError(
                f"publication held: {full.vanished:,} of {full.in_sight:,} opportunities vanished from the listing at "
                f"once, more than max_vanished_share = {self.settings.max_vanished_share:.0%}; none is marked as gone. "
                "Check the AWS account and its permissions; if they are gone, run with COSELL_MAX_VANISHED_SHARE=1"
            )

    @contextmanager
    def client(self, quota: Quota) -> Iterator[PartnerCentral]:
        settings = self.settings
        if self.demo:
            with demo_client(settings.data_dir, self.started_at) as connected:
                yield PartnerCentral(settings.catalog, quota=quota, threads=settings.threads, client=connected)
        else:
            yield PartnerCentral(settings.catalog, quota=quota, threads=settings.threads)

    def on_page(self) -> None:
        if self.counts().opportunities_fetched:  # so rules will run; most of such a night is waiting for AWS
            load_in_background()
        detail = self.detail()
        self.progress.update(detail)
        spent = f"{self.spent_before + self.counts().calls:,} of the day's {self.settings.reads_per_day:,} reads spent"
        self.settings.progress_path.write_text(f"extract: {detail}; {spent}.")
        self.save_ledger()

    def save_ledger(self) -> None:
        """Record the calls since the last page, and the full listing: what a killed run spent is spent."""
        if self.extraction is None:
            return
        calls, full = Counter(self.extraction.client.calls), self.extraction.full_listing
        with open_database(self.settings.landing_path) as connection, transaction(connection):
            record_calls(connection, self.run_id, datetime.now(UTC), calls - self.ledger)
            if full and not self.has_listing:
                record_listing(connection, self.run_id, full)
        self.ledger, self.has_listing = calls, full is not None

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
        done, left = self.counts(), self.left()
        fetched = f"{done.opportunities_fetched:,}" + (f" of {done.opportunities_fetched + left:,}" if left else "")
        estimate = time_for(left, self.settings.reads_per_second)
        return (
            f"{done.opportunities_listed:,} listed, {fetched} fetched, "
            f"{done.snapshots_fetched:,} snapshots, {done.calls:,} calls, {done.retries:,} retries"
            + (f", {estimate} left and the snapshots" if estimate else "")
        )

    def left(self) -> int:
        """Count the opportunities that are still to be fetched, as the full listing said."""
        if self.extraction is None or self.extraction.opportunities_due is None:
            return 0
        return max(0, self.extraction.opportunities_due - self.extraction.opportunities_fetched)

    def ending(self, status: Status, rows: int | None = None, error: str | None = None) -> Ending:
        return Ending(self.run_id, datetime.now(UTC), status, self.counts(), rows, error)

    def record(self, ending: Ending) -> None:
        with open_database(self.settings.landing_path) as connection:
            record_ending(connection, ending)


def _check_engine(settings: Settings, demo: bool) -> None:
    """Refuse what only Spark can do, or what it lacks to do it. Raises ConfigurationError."""
    if settings.engine == "spark":
        from pipelines.spark.session import check_spark

        check_spark(settings)
    elif settings.landing:
        raise ConfigurationError("--landing is read by Spark alone: add --engine spark, or leave it out")
    if demo and settings.landing:
        raise ConfigurationError("--demo fills a landing of its own: leave --landing out, or leave --demo out")


def _check_places(settings: Settings) -> None:
    """Refuse what is in the way of a run's files. Raises ConfigurationError.

    A landing that is a symlink to nowhere is one on a disk that is not mounted: to begin a new one in its place would
    read everything again.
    """
    landing, warehouse, work = settings.landing_path, settings.warehouse_path, settings.work_path
    if os.path.lexists(landing) and not landing.is_file():
        raise _in_the_way(landing)
    if warehouse.is_dir():
        raise _in_the_way(warehouse)
    if os.path.lexists(work) and not work.is_dir():
        raise _in_the_way(work)


def _in_the_way(path: Path) -> ConfigurationError:
    return ConfigurationError(f"{path} is not what a run puts there: move it away, or mount its disk")


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
