"""What the data directory takes of the disk."""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pipelines.settings import Settings


def read_disk(settings: Settings) -> Mapping[str, int]:
    """Measure, in bytes, what landing, warehouse, quality pages, reports and backups take, and what is free beside."""
    sizes = {
        "landing": _size(settings.landing_path),
        "warehouse": _size(settings.warehouse_path),
        "quality": _size(settings.quality_path),
        "reports": _size(settings.reports_path),
        "backups": _size(settings.data_dir / "backups"),
    }
    return {**sizes, "free": shutil.disk_usage(settings.data_dir).free if settings.data_dir.exists() else 0}


def _size(path: Path) -> int:
    """Sum up a file, or the files of a directory; 0 for what is not there."""
    files = [path, *(Path(directory, name) for directory, _, names in os.walk(path) for name in names)]
    size = 0
    for file in files:
        with suppress(FileNotFoundError):  # a run at work replaces its pages
            size += 0 if file.is_dir() else file.stat().st_size
    return size
