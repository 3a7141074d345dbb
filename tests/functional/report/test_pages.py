"""The report of no deal, of one, of hostile names, of a demo and of 100,000 deals, as a browser shows it from disk."""

from collections.abc import Callable
from pathlib import Path

import pytest
from opened import DESK, PHONE, Opened
from warehouses import DEALS, HOSTILE_NAMES

MEGABYTE = 1_000_000
SECTIONS = "headlines funnel waterfall pipeline outcomes attribution hygiene tcv quality definitions".split()
WIDTHS = pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
EVERY = pytest.mark.parametrize("name", [*DEALS, "demo"])
MARKUP = """() => Array.from(document.querySelectorAll("*")).filter(element =>
    ["script", "img", "iframe", "object", "embed", "link", "form", "base", "foreignObject"].includes(element.localName)
    || element.getAttributeNames().some(name => name.startsWith("on"))
    || /^(?!#)/.test(element.getAttribute("href") ?? "#")).map(element => element.outerHTML.slice(0, 200))"""
"""What could run or load something."""


@EVERY
def test_a_page_is_one_file_below_5_megabytes(report_of: Callable[[str], Path], name: str) -> None:
    assert 10_000 < report_of(name).stat().st_size < 5 * MEGABYTE


@EVERY
def test_a_page_asks_for_nothing_and_has_no_error(opened: Callable[..., Opened], name: str) -> None:
    assert opened(name).disturbances() == []
    assert opened(name).page.evaluate(MARKUP) == []


@EVERY
def test_every_section_says_something(opened: Callable[..., Opened], name: str) -> None:
    sections = opened(name).page.locator("main > section")
    assert sections.evaluate_all("sections => sections.map(section => section.id)") == SECTIONS
    for said in sections.all_inner_texts():
        assert len(said.split()) > 8, said


@WIDTHS
@EVERY
def test_every_chart_shows_marks_and_says_what_they_are(opened: Callable[..., Opened], name: str, width: int) -> None:
    page = opened(name, width)
    charts = page.page.locator("figure.chart").count()
    assert charts == 0 if name == "none" else charts > 20
    assert page.faults_of_charts() == []


@pytest.mark.parametrize(
    ("name", "width"), [("demo", DESK), ("demo", PHONE), ("none", DESK), ("hostile", PHONE)], ids=str
)
def test_axe_finds_nothing_serious_with_all_tables_open(opened: Callable[..., Opened], name: str, width: int) -> None:
    page = opened(name, width)
    page.page.evaluate("() => document.querySelectorAll('details').forEach(details => details.open = true)")
    assert page.violations() == []


@EVERY
def test_a_phone_need_not_scroll_sideways(opened: Callable[..., Opened], name: str) -> None:
    assert opened(name, PHONE).too_wide() == []


def test_hostile_names_are_shown_and_nothing_more(opened: Callable[..., Opened]) -> None:
    page = opened("hostile").page
    assert page.title() == "Co-sell revenue as of 2026-11-20"
    assert page.locator("h1").all_inner_texts() == ["Co-sell revenue"]
    in_cells = set(page.locator("#attribution th[scope=row]").all_text_contents())
    assert {" ".join(name.split()) for name in HOSTILE_NAMES} <= {" ".join(cell.split()) for cell in in_cells}
