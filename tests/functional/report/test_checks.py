"""What the pages of the report are checked with finds each fault in a page that has it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest
from opened import PHONE, Opened, open_page
from playwright.sync_api import Browser
from shown import reads_as

SOUND = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Deals</title>
<meta name="viewport" content="width=device-width"><main><h1>Deals</h1><figure class="chart" id="chart-deals">
<svg role="img" aria-label="2 open deals" width="200" height="100"><g class="mark-rect role-mark marks">
<path d="M0 0h100v50h-100z"></path></g><text y="90" font-size="12">Open deals</text></svg>
<figcaption>Deals</figcaption><details><summary>The numbers</summary>
<table><caption>Deals</caption><tbody><tr><th scope="row">Open</th><td>2</td></tr></tbody></table></details>
</figure></main></html>"""
FONT = "<style>@font-face {font-family: f; src: url(http://127.0.0.1:9/f)} main {font-family: f}</style>"
FAULTS = [  # a check, and changes to the page with what it tells of each
    (
        Opened.disturbances,
        ("<main>", "<main><script>console.warn('old')</script>", "warning: old"),
        ("<main>", "<main><script>nothing.at.all()</script>", "error: nothing is not defined"),
        ("<main>", f"<main>{FONT}", "requested http://127.0.0.1:9/f"),
        ("<main>", '<main><img src="logo.png" alt="Logo">', "/logo.png"),
    ),
    (
        Opened.faults_of_charts,
        ("M0 0h100v50h-100z", "", "chart-deals: 0 square pixels of marks"),
        ("2 open deals", "Deals", "chart-deals: no number in the text alternative"),
        ('role="img"', "", "chart-deals: no image for a screen reader"),
        ("<figcaption>Deals", "<figcaption>", "chart-deals: no caption"),
        ("<td>2</td>", "", "chart-deals: no table of its numbers"),
        ('font-size="12"', 'font-size="6"', "chart-deals: Open deals is 6 pixels high"),
        ('<text y="90"', '<text x="-4" y="90"', "chart-deals: Open deals is cut off"),
    ),
    (Opened.faults_of_charts, ("<svg ", '<svg style="display: none" ', "chart-deals: 0 drawings are visible")),
    (Opened.too_wide, ("<h1>", '<h1 style="width: 500px">', "too wide: H1")),
    (
        Opened.violations,
        ("<h1>", '<h1 style="color: #bbb">', "color-contrast"),
        (' lang="en"', "", "html-has-lang"),
    ),
]


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[[str], Opened]]:
    """Show a page on a phone until the test ends."""
    with ExitStack() as stack:

        def shown(html: str) -> Opened:
            path = tmp_path / "page.html"
            path.write_text(html)
            opened = open_page(browser, path, PHONE)
            stack.callback(opened.page.close)
            return opened

        yield shown


def test_nothing_is_told_of_a_sound_page(show: Callable[[str], Opened]) -> None:
    opened = show(SOUND)
    assert [told for check, *_ in FAULTS for told in check(opened)] == []


@pytest.mark.parametrize(("check", "changes"), [(check, changes) for check, *changes in FAULTS])
def test_each_fault_is_told(
    show: Callable[[str], Opened], check: Callable[[Opened], list[str]], changes: list[tuple[str, str, str]]
) -> None:
    page = SOUND
    for old, new, _ in changes:
        page = page.replace(old, new, 1)
    found = check(show(page))
    assert [told for *_, told in changes if not any(told in line for line in found)] == []


READ = {
    "USD 5.22 M": ("5215000", "5225000"),
    "USD 1,234.50": ("1234.495", "1234.505"),
    "\u22123.4 %": ("-0.0345", "-0.0335"),
    "USD 12.3 \u00d7 10\u00b9\u2078": ("12250000000000000000", "12350000000000000000"),
}


@pytest.mark.parametrize("text", READ)
def test_a_text_reads_as_the_values_that_round_to_it_and_no_other(text: str) -> None:
    lowest, highest = (Decimal(value) for value in READ[text])
    assert reads_as(text, lowest)
    assert reads_as(text, highest)
    assert not reads_as(text, lowest - Decimal("1e-6"))
    assert not reads_as(text, highest + Decimal("1e-6"))


def test_a_dash_alone_reads_as_unknown() -> None:
    assert reads_as("\u2013unknown", None)
    assert not reads_as("0", None)
    assert not reads_as("\u2013unknown", Decimal(0))
