"""The frame of an intake command: the data directory's lock, the day's quota, and how far it is."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from pipelines.backup import pause_for_backup
from pipelines.database import full_disk_told, open_database
from pipelines.errors import ConfigurationError, CosellError, LockedError
from pipelines.intake.applying import Outcome, apply_plan, outcome, rows_left
from pipelines.intake.journal import Entry, open_journal
from pipelines.intake.plan import journal_path, read_plan
from pipelines.interrupts import heard
from pipelines.landing_file import check_landing
from pipelines.locking import run_lock
from pipelines.migrations import migrate_landing
from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.progress import Progress
from pipelines.runs import calls_spent, new_run_id, record_calls
from pipelines.settings import Settings

Now = Callable[[], datetime]
CALLS_BETWEEN_RECORDS = 100  # of a plan: a killed one forgets no more


class Connection:
    """A client whose calls the landing remembers, so that the day's quota holds over all commands."""

    def __init__(self, settings: Settings, now: Now) -> None:
        self._landing, self._now = settings.landing_path, now
        self._run_id = new_run_id(now())
        self._recorded: Counter[str] = Counter()
        with open_database(self._landing) as landing:
            reads, writes = (calls_spent(landing, now(), writes=is_write) for is_write in (False, True))
        quota = Quota(
            settings.reads_per_second,
            settings.reads_per_day,
            reads,
            settings.writes_per_second,
            settings.writes_per_day,
            writes,
        )
        self.client = PartnerCentral(settings.catalog, quota=quota, threads=settings.threads)

    def record_at_times(self) -> None:
        """Record the calls once they are many, if nobody else has the landing open."""
        if self.client.calls.total() - self._recorded.total() >= CALLS_BETWEEN_RECORDS:
            with suppress(LockedError):
                self.record()

    def record(self) -> None:
        """Record the calls since the last time: what a killed command spent is spent."""
        calls = Counter(self.client.calls)
        if calls != self._recorded:
            with open_database(self._landing) as landing:
                record_calls(landing, self._run_id, self._now(), calls - self._recorded)
            self._recorded = calls


@contextmanager
def connected(settings: Settings, now: Now) -> Iterator[Connection]:
    """Hold the lock of the data directory for the block, and record its calls however it ends.

    Raises LockedError while another run is at work, ConfigurationError for a landing that is not there or not usable.
    """
    if not settings.landing_path.exists():
        raise ConfigurationError(
            f"{settings.landing_path} is not there, which tells what is left of the day's quota: "
            "run `cosell nightly` first, or give its --data-dir"
        )
    with run_lock(settings.data_dir), full_disk_told(settings.data_dir):
        check_landing(settings.landing_path, settings.catalog)
        migrate_landing(settings.landing_path, settings.landing_path)  # which is there: nothing is made beside it
        connection = Connection(settings, now)
        try:
            yield connection
        except BaseException as error:
            heard(error)
            with suppress(duckdb.Error, CosellError, OSError):  # the first error is the one to tell
                connection.record()
            raise
        connection.record()


def perform_plan(
    settings: Settings, path: Path, *, force: bool, now: Now, tell: Callable[[Outcome], None] = lambda _: None
) -> Outcome:
    """Perform a plan file, or go on with it, and return how its rows stand; `tell` gets it however this ends.

    Raises ConfigurationError for a plan that must not be performed, LockedError, or AwsError for what concerns all
    rows. Whatever ends it, the next one goes on from there.
    """
    journal_at = journal_path(path)
    plan = read_plan(path, catalog=settings.catalog, now=now(), force=force, is_begun=journal_at.exists())
    with connected(settings, now) as connection, open_journal(journal_at, plan.digest) as journal:
        try:
            with row_progress("apply", len(rows_left(plan, journal)), settings) as advance:

                def on_row(entry: Entry) -> None:
                    with suppress(LockedError):  # somebody looks into the landing: the next row records for this one
                        connection.record()
                    advance(entry.state)

                return apply_plan(plan, journal, connection.client, now=now, on_row=on_row)
        finally:
            tell(outcome(plan, journal))


@contextmanager
def row_progress(name: str, total: int, settings: Settings) -> Iterator[Callable[[str], None]]:
    """Show on stderr how many of the rows have come to what: a bar on a terminal, a line at times in a log.

    The function to call after each row takes what it came to, and lets a waiting `cosell backup` copy the landing.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    at_rest = partial(pause_for_backup, settings.data_dir)
    counts: Counter[str] = Counter()

    def detail(state: str) -> str:
        counts[state] += 1
        return f"{counts.total():,} of {total:,} rows: " + ", ".join(f"{n:,} {kind}" for kind, n in counts.items())

    if not console.is_terminal:
        progress = Progress(console, at_rest=at_rest)
        with progress.stage(name):
            progress.update(f"{total:,} rows")
            yield lambda state: progress.update(detail(state))
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, TextColumn("{task.fields[detail]}"), console=console) as bar:
        task = bar.add_task(name, total=total, detail="")

        def advance(state: str) -> None:
            bar.update(task, advance=1, detail=detail(state).partition(": ")[2])
            at_rest()

        yield advance
