"""What is unknown is drawn as nothing and said in words, and a month in which nothing happened keeps its place."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock
from report_warehouses import RUN, credit, opportunity, publish_rows

from pipelines.errors import ConfigurationError, LockedError
from pipelines.report import page
from pipelines.report.format import DASH
from pipelines.report.page import write_report
from pipelines.report.sections.attribution import MODELS


def figure(html: str, name: str) -> str:
    """The part of a page that is one chart."""
    (found,) = re.findall(rf'<figure class="chart" id="chart-{name}".*?</figure>', html, re.DOTALL)
    return str(found)


def test_credit_of_unknown_amount_is_a_dash(tmp_path: Path) -> None:
    unknown = [
        {**credit("S1", "0.00", model, dimension), "aws_mrr": None}
        for model in MODELS
        for dimension in ("campaign", "channel", "solution")
    ]
    html = write_report(publish_rows(tmp_path / "data", {"attribution": unknown})).read_text()
    chart = figure(html, "attribution-solution-linear")
    assert f">{DASH}</text>" in chart
    assert "unknown won, unknown open" in chart


def test_a_month_without_a_decision_is_on_the_axis(tmp_path: Path) -> None:
    decided = [
        {"month": month, "won": 1, "lost": 0, "win_rate": 1.0, "median_cycle_days": 30.0}
        for month in (date(2026, 8, 1), date(2026, 10, 1))
    ]
    html = write_report(publish_rows(tmp_path / "data", {"outcomes_monthly": decided})).read_text()
    months = re.findall(r">(Aug|Sep|Oct|Nov)<", figure(html, "win-rate"))
    assert months == ["Aug", "Sep", "Oct", "Nov"]  # the running month has none either


def test_what_was_known_last_month_is_said_when_it_is_unknown_now(tmp_path: Path) -> None:
    before = {"month": date(2026, 10, 1), "stage": "Qualified", "opportunities": 1, "aws_mrr": Decimal("531.00")}
    tables = {"opportunities": [opportunity()], "pipeline_monthly": [{**before, "unobserved": 0}]}
    html = write_report(publish_rows(tmp_path / "data", tables)).read_text()
    assert "USD 531 at the end of Oct 2026; known of 0 of 1" in html


def test_a_report_that_is_being_written_elsewhere_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "LONGEST_WAIT_SECONDS", 0.05)
    settings = publish_rows(tmp_path / "data", {})
    settings.reports_path.mkdir()
    with (
        FileLock(settings.reports_path / ".lock"),
        pytest.raises(LockedError, match="another report is being written"),
    ):
        write_report(settings)
    assert write_report(settings).exists()


@pytest.mark.parametrize("lost", ["ops.runs", "ops.basis"])
def test_a_warehouse_that_no_run_published_is_told_in_one_line(tmp_path: Path, lost: str) -> None:
    settings = publish_rows(tmp_path / "data", {"runs": [RUN]})
    with duckdb.connect(settings.warehouse_path) as connection:
        connection.execute(f"DELETE FROM {lost}")
    with pytest.raises(ConfigurationError, match="does not say which run published it"):
        write_report(settings)
