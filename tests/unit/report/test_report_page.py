"""The page says what the warehouse holds, safely, and the same for the same."""

from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_warehouses import credit, opportunity, publish_rows

from pipelines.errors import ConfigurationError
from pipelines.report.page import write_report
from pipelines.report.sections import SECTIONS
from pipelines.report.sections.attribution import MODELS

HOSTILE = [
    "</script><img src=x onerror=alert(1)>",
    "</text></svg></table><h1 onclick='x'>Not ours",
    "{{ 7 * 7 }} {% for %} &lt;b&gt; \"'",
    "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd \U0001f680",
    "long " * 100,
]


class Page(HTMLParser):
    """What a browser makes of a page: its elements, its figures, and the texts that are the keys of rows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.figures: dict[tuple[str | None, str | None], str | None] = {}
        self.keys: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.elements.append((tag, named))
        if tag == "data":
            self.figures[named["data-figure"], named.get("data-key")] = named["value"]
        if tag == "bdi":
            self.keys.append("")

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] == "bdi":
            self.keys[-1] += data


def page_of(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def test_without_an_opportunity_every_section_says_what_would_fill_it(tmp_path: Path) -> None:
    settings = publish_rows(tmp_path / "data", {})
    html = write_report(settings).read_text()
    page = Page(html)
    assert [attributes["id"] for tag, attributes in page.elements if tag == "section"] == [
        make.__name__ for make in SECTIONS
    ]
    assert html.count("<p>Nothing yet: ") == 6
    assert "<p>Nothing to put right: " in html
    assert "svg" not in {tag for tag, _ in page.elements}
    assert (page.figures["open_deals", None], page.figures["open_aws_mrr", None]) == ("0", "0.00")


def test_an_amount_is_exact_in_its_figure_and_unknown_is_empty(tmp_path: Path) -> None:
    deals = [
        opportunity(aws_mrr_reporting=Decimal("1234567890123456789012345.67"), contract_months=12),
        opportunity(opportunity_id="O2", deal_tcv_reporting=None),
    ]
    page = page_of(write_report(publish_rows(tmp_path / "data", {"opportunities": deals}, currency="JPY")))
    assert page.figures["open_deals", None] == "2"
    assert page.figures["open_aws_mrr", None] == "1234567890123456789012345.67"
    assert page.figures["open_deal_tcv", None] == ""
    assert page.figures["tcv.with_duration", "Qualified"] == "1"


def test_hostile_names_are_text_and_whole_in_the_tables(tmp_path: Path) -> None:
    amounts = [f"{number}00.25" for number in range(len(HOSTILE), 0, -1)]
    rows = [credit(value, mrr, model) for value, mrr in zip(HOSTILE, amounts, strict=True) for model in MODELS]
    rows += [credit("(none)", "9999.00", model, dimension) for model in MODELS for dimension in ("solution", "channel")]
    page = page_of(write_report(publish_rows(tmp_path / "data", {"attribution": rows})))
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "img", "iframe", "link", "object", "base"})
    assert sum(tag == "h1" for tag, _ in page.elements) == 1
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert set(HOSTILE) <= set(page.keys)
    shown = {value: page.figures["attribution.open_mrr", f"linear|campaign|{value}"] for value in HOSTILE}
    assert shown == dict(zip(HOSTILE, amounts, strict=True))


def test_values_beyond_the_table_are_one_line_that_keeps_the_sum(tmp_path: Path) -> None:
    rows = [credit(f"C{number:02}", f"{100 - number}.10", model) for number in range(30) for model in MODELS]
    rows += [credit("(none)", "1.00", model, dimension) for model in MODELS for dimension in ("solution", "channel")]
    figures = page_of(write_report(publish_rows(tmp_path / "data", {"attribution": rows}))).figures
    shown = {key: value for (name, key), value in figures.items() if name == "attribution.open_mrr"}
    in_linear = {key: Decimal(value or 0) for key, value in shown.items() if key and key.startswith("linear|campaign|")}
    assert len(in_linear) == 26
    assert in_linear["linear|campaign|(all others)"] == Decimal("365.50")  # 75.10 + 74.10 + … + 71.10
    assert sum(in_linear.values()) == sum((Decimal(f"{100 - number}.10") for number in range(30)), Decimal(0))


def test_the_same_warehouse_gives_the_same_bytes_twice(tmp_path: Path) -> None:
    settings = publish_rows(tmp_path / "data", {"opportunities": [opportunity(aws_mrr_reporting=Decimal("531.00"))]})
    first = write_report(settings).read_bytes()
    assert write_report(settings).read_bytes() == first
    assert (settings.reports_path / "latest.html").read_bytes() == first


def test_what_a_killed_report_left_is_gone_after_the_next(tmp_path: Path) -> None:
    settings = publish_rows(tmp_path / "data", {})
    settings.reports_path.mkdir()
    for name in (".latest.html.tmp", ".2026-11-19.html.tmp"):
        (settings.reports_path / name).write_text("half a rep")
    path = write_report(settings)
    assert path == settings.reports_path / "2026-11-20.html"
    assert sorted(left.name for left in settings.reports_path.iterdir()) == [".lock", "2026-11-20.html", "latest.html"]


def test_a_place_that_cannot_be_written_is_named_in_one_line(tmp_path: Path) -> None:
    settings = publish_rows(tmp_path / "data", {})
    settings.reports_path.write_text("a file of the user's")
    with pytest.raises(ConfigurationError, match=r"^cannot write in .*/reports: File exists; .*`cosell report`$"):
        write_report(settings)
    assert settings.reports_path.read_text() == "a file of the user's"
