"""Write the report of the published warehouse: `reports/<as-of>.html`, and the same as `reports/latest.html`."""

import os
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout
from jinja2 import Environment, PackageLoader, StrictUndefined

from pipelines.database import full_disk_told
from pipelines.errors import ConfigurationError, LockedError
from pipelines.private_files import for_owner_alone
from pipelines.publication import sync
from pipelines.query import open_published
from pipelines.report import format as write
from pipelines.report.edition import edition
from pipelines.report.sections import SECTIONS
from pipelines.settings import Settings

LATEST = "latest.html"
UNFINISHED = ".html.tmp"
LONGEST_WAIT_SECONDS = 60.0


def write_report(settings: Settings) -> Path:
    """Write the report of the published warehouse and return its path.

    Raises ConfigurationError when nothing is published, or when the directory of the reports cannot be written,
    LockedError when another report is being written for a minute.
    """
    with open_published(settings.warehouse_path) as connection:
        as_of, page = rendered(connection)
    path = settings.reports_path / f"{as_of}.html"
    try:
        with for_owner_alone(), full_disk_told(settings.data_dir):
            settings.reports_path.mkdir(exist_ok=True)
            with FileLock(settings.reports_path / ".lock", timeout=LONGEST_WAIT_SECONDS):
                for left in settings.reports_path.glob(f".*{UNFINISHED}"):  # by one that was killed
                    left.unlink()
                _put(page, path)
                _put(page, settings.reports_path / LATEST)
    except Timeout as error:
        raise LockedError(
            f"another report is being written in {settings.reports_path}: `cosell report` later"
        ) from error
    except OSError as error:
        raise ConfigurationError(
            f"cannot write in {settings.reports_path}: {error.strerror}; mend that, then `cosell report`"
        ) from error
    return path


def rendered(connection: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """Return the business date of an open warehouse and its page."""
    read = edition(connection)
    sections = [make(read) for make in SECTIONS]
    return read.as_of.isoformat(), _environment().get_template("report.html.j2").render(edition=read, sections=sections)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipelines.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": write.calendar_day, "instant": write.instant}
    return environment


def _put(page: str, path: Path) -> None:
    """Put a file in place whole and durably."""
    unfinished = path.with_name(f".{path.stem}{UNFINISHED}")
    unfinished.write_text(page, encoding="utf-8")
    sync(unfinished)
    os.replace(unfinished, path)
    sync(path.parent)
