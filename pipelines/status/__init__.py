"""`cosell status`: a verdict, what it rests on, and the one thing to do next; for a person or for a monitor."""

from datetime import datetime, timedelta

from pipelines.errors import OutdatedError
from pipelines.locking import no_run_starts
from pipelines.paging import output_told
from pipelines.settings import Settings
from pipelines.status.disk import read_disk
from pipelines.status.landed import Landed, read_landed
from pipelines.status.monitor import print_object
from pipelines.status.published import read_published
from pipelines.status.screen import print_screen
from pipelines.status.standing import Standing
from pipelines.status.verdict import how_old, why_stale

__all__ = ["how_old", "print_status", "read_standing"]


def print_status(settings: Settings, now: datetime, *, max_age: timedelta | None = None, as_json: bool = False) -> None:
    """Print what a person asks in the morning: did it run, is it fresh, is it sound, what changed, what is next.

    Raises OutdatedError, after printing, when nothing is published or what is published is older than `max_age`;
    ConfigurationError when it cannot be printed.
    """
    standing = read_standing(settings, now, max_age=max_age)
    with output_told():
        (print_object if as_json else print_screen)(standing)
    if max_age is not None and not standing.is_fresh:
        raise OutdatedError(_outdated(standing, max_age))


def read_standing(settings: Settings, now: datetime, *, max_age: timedelta | None = None) -> Standing:
    """Read all that landing, warehouse and disk say, the landing only while no run is at work.

    Raises ConfigurationError when a file is damaged or none of ours.
    """
    landed, is_at_work = _landed(settings, now)
    published = read_published(settings.warehouse_path) if settings.warehouse_path.exists() else None
    return Standing(settings, now, max_age, is_at_work, landed, published, read_disk(settings))


def _outdated(standing: Standing, max_age: timedelta) -> str:
    if standing.published is None:
        return f"nothing is published at {standing.settings.warehouse_path}: run `cosell nightly`"
    return (
        f"what is published is stale ({why_stale(standing, standing.published)}), and --max-age is {how_old(max_age)}: "
        "see why with `cosell status`, then run `cosell nightly`"
    )


def _landed(settings: Settings, now: datetime) -> tuple[Landed | None, bool]:
    """Return what the landing says, and whether a run is at work, which alone may look into it."""
    if not settings.landing_path.exists():
        return None, False
    with no_run_starts(settings.data_dir) as is_free:
        return (read_landed(settings.landing_path, now) if is_free else None), not is_free
