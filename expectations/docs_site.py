"""Great Expectations' Data Docs: one directory a suite, which every run replaces, and an index over them."""

import re
import shutil
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.rules import rule_id

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

LIST_FILE = ".tables.part"  # of the index
TABLE_EXPECTATIONS = frozenset({"expect_table_columns_to_match_ordered_list"})
"""Those about a table as a whole, which show what they found of it."""
_NAMED, _COUNTED = ("target", "column_name", "expectation"), ("evaluated", "unexpected")
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
    directory: Path, rows: pl.DataFrame, results: Mapping[str, "ExpectationSuiteValidationResult"]
) -> None:
    """Write a page for the results of each table under `directory/<suite>`, in place of those that are there.

    `rows` are the rows of `quality.results` of one run and suite, whose totals the pages show. A table whose rules the
    run did not have to evaluate, or not all of them, keeps the page of the last run that did; without rows it has none.
    """
    run_id, suite = rows.row(0, named=True)["run_id"], rows.row(0, named=True)["suite"]
    beside, pages = directory / f".{suite}.new", directory / suite
    shutil.rmtree(beside, ignore_errors=True)  # left by a run that was killed
    beside.mkdir(parents=True)
    rules: dict[str, int] = dict(rows.group_by("target").len().iter_rows())
    complete = {table: result for table, result in results.items() if len(result.results) == rules[table]}
    _write_pages(beside, run_id, rows, complete)
    with_rows = set(rows.filter(pl.col("evaluated") > 0)["target"])
    for kept in (rules.keys() & with_rows) - complete.keys():
        if (pages / f"{kept}.html").exists():
            shutil.copyfile(pages / f"{kept}.html", beside / f"{kept}.html")
    (beside / LIST_FILE).write_text(_list_tables(beside, rows), encoding="utf-8")
    shutil.rmtree(pages, ignore_errors=True)
    beside.rename(pages)
    _write_index(directory)


def _write_pages(
    directory: Path, run_id: str, rows: pl.DataFrame, results: Mapping[str, "ExpectationSuiteValidationResult"]
) -> None:
    if not results:
        return
    from great_expectations import RunIdentifier
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view.view import DefaultJinjaPageView

    renderer: Any = ValidationResultsPageRenderer()
    view: Any = DefaultJinjaPageView()
    # A bare identifier would be parsed as a date, and fail where its end looks like an impossible time zone.
    identifier = RunIdentifier(run_name=f"run {run_id}")
    for table, result in results.items():
        result.meta["run_id"] = identifier
        _show_totals(result, rows.filter(target=table))
        page = FOREIGN.sub("", view.render(renderer.render(result)))
        page = HOME.sub(r"\1../index.html", page).replace("</head>", f"{STYLE}</head>", 1)
        (directory / f"{table}.html").write_text(page, encoding="utf-8")


def _show_totals(result: "ExpectationSuiteValidationResult", rows: pl.DataFrame) -> None:
    """Have the results of a table count all its rows, not those alone that this run looked at."""
    of_rule = {rule_id(*row[:3]): row[3:] for row in rows.select(*_NAMED, *_COUNTED).iter_rows()}
    records = max((evaluated for evaluated, _ in of_rule.values()), default=0)
    for one in result.results:
        config: Any = one.expectation_config  # which only a result that was made by hand is without
        evaluated, failing = of_rule[config.meta["rule_id"]]
        missing = records - evaluated
        totals = {
            "observed_value": failing,
            "element_count": records,
            "missing_count": missing,
            "missing_percent": _percent(missing, records),
            "unexpected_count": failing,
            "unexpected_percent": _percent(failing, evaluated),
            "unexpected_percent_total": _percent(failing, records),
            "unexpected_percent_nonmissing": _percent(failing, evaluated),
        }
        one.success = not failing
        if config.type not in TABLE_EXPECTATIONS:
            one.result = {**one.result, **{name: total for name, total in totals.items() if name in one.result}}
    broken = sum(not one.success for one in result.results)
    result.success = not broken
    result.statistics |= {
        "evaluated_expectations": len(result.results),
        "successful_expectations": len(result.results) - broken,
        "unsuccessful_expectations": broken,
        "success_percent": _percent(len(result.results) - broken, len(result.results)),
    }


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def _list_tables(pages: Path, rows: pl.DataFrame) -> str:
    """List the tables of a suite, those with broken rules first, each with a link to its page."""
    suite, run_id = rows.row(0, named=True)["suite"], rows.row(0, named=True)["run_id"]
    counts = rows.group_by("target").agg(pl.len().alias("rules"), (~pl.col("success")).sum().alias("broken"))
    listed = []
    for table, rules, broken in counts.sort("broken", "target", descending=[True, False]).iter_rows():
        name = escape(table)
        linked = f'<a href="{suite}/{name}.html">{name}</a>' if (pages / f"{table}.html").exists() else name
        listed.append(f"<tr><td>{linked}</td><td>{rules}</td><td>{broken}</td></tr>")
    title = f"<h2>{escape(suite)}, run {escape(run_id)}</h2>"
    heading = "<tr><th>table</th><th>rules checked</th><th>rules broken</th></tr>"
    return "\n".join([title, "<table>", heading, *listed, "</table>", ""])


def _write_index(directory: Path) -> None:
    """Write the index over all suites."""
    lists = "".join(path.read_text(encoding="utf-8") for path in sorted(directory.glob(f"[!.]*/{LIST_FILE}")))
    head = (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Data quality</title>\n{STYLE}</head>\n'
    )
    (directory / "index.html").write_text(f"{head}<h1>Data quality</h1>\n{lists}", encoding="utf-8")
