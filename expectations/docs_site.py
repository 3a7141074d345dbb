"""Great Expectations' Data Docs: one directory a suite, which every run replaces, and an index over them."""

import shutil
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext

RUN_FILE = "run.txt"


def replace_site(context: "AbstractDataContext", directory: Path, suite: str, run_id: str) -> None:
    """Write the pages of a context under `directory/suite`, in place of those that are there."""
    beside = directory / f".{suite}.new"
    shutil.rmtree(beside, ignore_errors=True)  # left by a run that was killed
    context.add_data_docs_site(
        site_name=suite,
        site_config={
            "class_name": "SiteBuilder",
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(beside)},
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        },
    )
    context.build_data_docs(site_names=[suite])
    (beside / RUN_FILE).write_text(run_id, encoding="utf-8")
    shutil.rmtree(directory / suite, ignore_errors=True)
    beside.rename(directory / suite)
    _write_index(directory)


def _write_index(directory: Path) -> None:
    sites = sorted(path.parent for path in directory.glob(f"[!.]*/{RUN_FILE}"))
    items = (
        f'<li><a href="{escape(site.name)}/index.html">{escape(site.name)}</a>, '
        f"run {escape((site / RUN_FILE).read_text(encoding='utf-8'))}</li>"
        for site in sites
    )
    lines = (
        "<!doctype html>",
        '<html lang="en"><meta charset="utf-8"><title>Data quality</title>',
        "<h1>Data quality</h1>",
        "<ul>",
        *items,
        "</ul>",
    )
    (directory / "index.html").write_text("\n".join(lines) + "\n", encoding="utf-8")
