"""A browser that reaches for nothing of its own, and the reports of warehouses of every size to open in it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opened import AXE, DESK, Opened, open_page
from playwright.sync_api import Browser, sync_playwright
from warehouses import DEALS, publish_deals

from pipelines.report.page import write_report

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
QUIET = """
--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update
--disable-sync
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, if it and axe-core are there; continuous integration counts their absence as a failure."""
    if not (CHROMIUM.exists() and AXE.exists()):
        unavailable = pytest.fail if os.environ.get("CI") else pytest.skip
        unavailable("no browser or no axe-core: apt-get install chromium npm, then make tools")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def report_of(demo_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The report of the demo, as its night wrote it, or of other deals by their name; each is made once."""
    reports = {"demo": demo_data_dir / "reports" / "latest.html"}

    def report(name: str) -> Path:
        if name not in reports:
            settings = publish_deals(tmp_path_factory.mktemp("published") / "data", DEALS[name])
            reports[name] = write_report(settings)
        return reports[name]

    return report


@pytest.fixture(scope="module")
def opened(browser: Browser, report_of: Callable[[str], Path]) -> Callable[..., Opened]:
    """Open each report once for each width, however many tests look at it."""
    pages: dict[tuple[str, int], Opened] = {}

    def open_once(name: str, width: int = DESK) -> Opened:
        if (name, width) not in pages:
            pages[name, width] = open_page(browser, report_of(name), width)
        return pages[name, width]

    return open_once
