"""The report of the demo read with a keyboard, with another model chosen, and on paper."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opened import DESK, PHONE, Opened, open_page
from playwright.sync_api import Browser, Page

A4 = 718  # CSS pixels between margins of 1 cm
MODELS = ["linear", "first_touch", "last_touch", "position_based", "time_decay"]
FOCUSED = """() => {
    const element = document.activeElement, seen = element.matches("input") ? element.labels[0] : element;
    const {outlineStyle, outlineWidth} = getComputedStyle(seen);
    return [element.localName, element.getAttribute("href") ?? element.id, `${outlineStyle} ${outlineWidth}`];
}"""
CUT = """() => Array.from(document.querySelectorAll("body *")).filter(element =>
    element.getClientRects().length && getComputedStyle(element).overflowX !== "visible"
    && !element.matches(".unseen, svg, svg *") && element.scrollWidth > element.clientWidth + 1
).map(element => element.textContent.trim().slice(0, 60))"""
"""What paper shows the beginning of."""


@pytest.fixture
def report(browser: Browser, report_of: Callable[[str], Path]) -> Iterator[Opened]:
    """The report, just opened."""
    opened = open_page(browser, report_of("demo"))
    yield opened
    opened.page.close()


@pytest.fixture
def page(report: Opened) -> Page:
    return report.page


def visible_models(page: Page) -> list[str]:
    return [panel.get_attribute("data-model") for panel in page.locator(".model").all() if panel.is_visible()]


def test_tab_goes_from_the_link_past_the_navigation_to_everything_that_does_something(page: Page) -> None:
    reached = []
    while "body" not in dict(reached) and len(reached) < 500:
        page.keyboard.press("Tab")
        *name, outline = page.evaluate(FOCUSED)
        reached.append(tuple(name))
        assert name[0] == "body" or not outline.startswith("none"), name
    links = page.locator("nav a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert reached[: 1 + len(links)] == [("a", "#main"), *(("a", link) for link in links)]
    assert ("input", "model-linear") in reached
    assert [element for element, _ in reached].count("summary") == page.locator("summary:visible").count()


def test_the_link_past_the_navigation_leads_to_the_figures(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.locator("a[href='#main']").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.querySelector('main').contains(document.activeElement)")


def test_every_link_of_the_navigation_leads_to_its_section(page: Page) -> None:
    for link in page.locator("nav a").all():
        link.click()
        target = page.locator(link.get_attribute("href"))
        assert 0 <= target.bounding_box()["y"] < 900, link.inner_text()


def test_arrows_choose_the_model_and_show_its_panel(page: Page) -> None:
    page.locator("#model-linear").focus()
    seen = []
    for _ in MODELS:
        seen.append(visible_models(page))
        page.keyboard.press("ArrowRight")
    assert seen == [[model] for model in MODELS]


def test_enter_opens_the_numbers_behind_a_chart(page: Page) -> None:
    details = page.locator("#chart-funnel details")
    assert not details.locator("table").is_visible()
    details.locator("summary").focus()
    page.keyboard.press("Enter")
    assert details.locator("table").is_visible()


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
def test_every_model_is_as_sound_as_the_first(opened: Callable[..., Opened], width: int) -> None:
    report = opened("demo", width)
    report.page.evaluate("() => document.querySelectorAll('details').forEach(details => details.open = true)")
    for model in MODELS:
        report.page.locator(f"label[for=model-{model}]").click()
        assert visible_models(report.page) == [model]
        assert report.page.locator(f"[data-model={model}] figure.chart:visible").count() == 3
        assert report.faults_of_charts() == []
        assert report.too_wide() == []
        assert width == DESK or report.violations(f"[data-model={model}]") == []


def test_on_paper_nothing_is_cut_off_and_the_pages_are_few(report: Opened) -> None:
    page = report.page
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4, "height": 1000})
    assert page.evaluate(CUT) + report.too_wide() + report.faults_of_charts() == []
    inside = page.locator("figure.chart").evaluate_all("all => all.map(figure => getComputedStyle(figure).breakInside)")
    assert set(inside) == {"avoid"}
    printed = page.pdf(format="A4", margin=dict.fromkeys(("top", "right", "bottom", "left"), "1cm"))
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 15
