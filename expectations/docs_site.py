"""Great Expectations' Data Docs: one directory a suite, which every run replaces, and an index over them."""

import re
import shutil
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

LIST_FILE = ".tables.part"  # of the index
# The pages come with scripts and styles from other hosts. A page about a customer's data asks nobody for anything, and
# reads as well without: our few lines of style stand in, also for the marks that an icon font would draw.
FOREIGN = re.compile(r"<script\b.*?</script>|<link\b[^>]*>|<img\b[^>]*https?:[^>]*>", re.DOTALL)
HOME = re.compile(r'(href=")(?:\.\./)+(?:index|expectations/[^"]*)\.html')  # the pages of a site that is not built
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
    directory: Path, suite: str, run_id: str, results: Mapping[str, "ExpectationSuiteValidationResult"]
) -> None:
    """Write a page for the results of each table under `directory/suite`, in place of those that are there."""
    from great_expectations import RunIdentifier
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view.view import DefaultJinjaPageView

    beside = directory / f".{suite}.new"
    shutil.rmtree(beside, ignore_errors=True)  # left by a run that was killed
    beside.mkdir(parents=True)
    renderer: Any = ValidationResultsPageRenderer()
    view: Any = DefaultJinjaPageView()
    # A bare identifier would be parsed as a date, and fail where its end looks like an impossible time zone.
    identifier = RunIdentifier(run_name=f"run {run_id}")
    for table, result in results.items():
        result.meta["run_id"] = identifier
        page = FOREIGN.sub("", view.render(renderer.render(result)))
        page = HOME.sub(r"\1../index.html", page).replace("</head>", f"{STYLE}</head>", 1)
        (beside / f"{table}.html").write_text(page, encoding="utf-8")
    (beside / LIST_FILE).write_text(_list_tables(suite, run_id, results), encoding="utf-8")
    shutil.rmtree(directory / suite, ignore_errors=True)
    beside.rename(directory / suite)
    _write_index(directory)


def _list_tables(suite: str, run_id: str, results: Mapping[str, "ExpectationSuiteValidationResult"]) -> str:
    """List the tables of a run, those with broken rules first, each with a link to its page."""
    rows = []
    tables = {table: result.statistics for table, result in results.items()}
    for table, counts in sorted(tables.items(), key=lambda item: (-item[1]["unsuccessful_expectations"], item[0])):
        rows.append(
            f'<tr><td><a href="{suite}/{escape(table)}.html">{escape(table)}</a></td>'
            f"<td>{counts['evaluated_expectations']}</td><td>{counts['unsuccessful_expectations']}</td></tr>"
        )
    title = f"<h2>{escape(suite)}, run {escape(run_id)}</h2>"
    heading = "<tr><th>table</th><th>rules checked</th><th>rules broken</th></tr>"
    return "\n".join([title, "<table>", heading, *rows, "</table>", ""])


def _write_index(directory: Path) -> None:
    """Write the index over all suites."""
    lists = "".join(path.read_text(encoding="utf-8") for path in sorted(directory.glob(f"[!.]*/{LIST_FILE}")))
    head = (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Data quality</title>\n{STYLE}</head>\n'
    )
    (directory / "index.html").write_text(f"{head}<h1>Data quality</h1>\n{lists}", encoding="utf-8")
