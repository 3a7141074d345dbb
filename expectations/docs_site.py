"""Great Expectations' Data Docs: one directory a suite, which every run replaces, and an index over them."""

import re
import shutil
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations.checkpoint.checkpoint import CheckpointResult
    from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext

LIST_FILE = "tables.html"
# The pages come with scripts and styles from other hosts. A page about a customer's data asks nobody for anything, and
# reads as well without: our few lines of style stand in, also for the marks that an icon font would draw.
FOREIGN = re.compile(r"<script\b.*?</script>|<link\b[^>]*https?:[^>]*>|<img\b[^>]*https?:[^>]*>", re.DOTALL)
STYLE = """<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 1rem auto; padding: 0 1rem }
table { border-collapse: collapse }
td, th { border: 1px solid #bbb; padding: .25rem .5rem; text-align: left; vertical-align: top }
.badge { border: 1px solid #bbb; border-radius: 3px; padding: 0 .25rem }
.fa-check-circle::before { content: "✓"; color: #060 }
.fa-times::before { content: "✗"; color: #b00 }
.fa-exclamation-triangle::before { content: "!"; color: #950 }
footer, .card:has([data-toggle]) { display: none }
</style>
"""


def replace_site(
    context: "AbstractDataContext", directory: Path, suite: str, run_id: str, run: "CheckpointResult"
) -> None:
    """Write the pages of a run under `directory/suite`, in place of those that are there."""
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
    context.build_data_docs(site_names=[suite], build_index=False)
    shutil.rmtree(beside / "static", ignore_errors=True)
    for page in beside.rglob("*.html"):
        own = FOREIGN.sub("", page.read_text(encoding="utf-8"))
        page.write_text(own.replace("</head>", f"{STYLE}</head>", 1), encoding="utf-8")
    tables = {result.suite_name.removeprefix(f"{suite}."): result.statistics for result in run.run_results.values()}
    (beside / LIST_FILE).write_text(_list_tables(beside, suite, run_id, tables), encoding="utf-8")
    shutil.rmtree(directory / suite, ignore_errors=True)
    beside.rename(directory / suite)
    _write_index(directory, directory / suite / "index.html")


def _list_tables(site: Path, suite: str, run_id: str, tables: Mapping[str, Mapping[str, int]]) -> str:
    """List the tables of a run, those with broken rules first, each with a link to its page."""
    rows = []
    for table, counts in sorted(tables.items(), key=lambda item: (-item[1]["unsuccessful_expectations"], item[0])):
        (page,) = site.glob(f"validations/{suite}/{table}/*/*/*.html")
        rows.append(
            f'<tr><td><a href="{suite}/{escape(page.relative_to(site).as_posix())}">{escape(table)}</a></td>'
            f"<td>{counts['evaluated_expectations']}</td><td>{counts['unsuccessful_expectations']}</td></tr>"
        )
    title = f"<h2>{escape(suite)}, run {escape(run_id)}</h2>"
    heading = "<tr><th>table</th><th>rules checked</th><th>rules broken</th></tr>"
    return "\n".join([title, "<table>", heading, *rows, "</table>", ""])


def _write_index(directory: Path, home: Path) -> None:
    """Write the index over all suites, and at `home` the page that the pages of a suite call theirs."""
    lists = "".join(path.read_text(encoding="utf-8") for path in sorted(directory.glob(f"[!.]*/{LIST_FILE}")))
    head = (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Data quality</title>\n{STYLE}</head>\n'
    )
    (directory / "index.html").write_text(f"{head}<h1>Data quality</h1>\n{lists}", encoding="utf-8")
    home.write_text(f'{head}<p><a href="../index.html">Data quality</a></p>\n', encoding="utf-8")
