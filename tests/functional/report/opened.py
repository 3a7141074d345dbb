"""A page as a reader's browser shows it, and what is wrong with it."""

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page

DESK, PHONE = 1280, 375  # CSS pixels
AXE = Path(__file__).parents[2] / "tools" / "node_modules" / "axe-core" / "axe.min.js"
CHARTS = r"""() => Array.from(document.querySelectorAll("figure.chart")).filter(
    figure => figure.getClientRects().length
).flatMap(figure => {
    const drawings = Array.from(figure.querySelectorAll("svg")).filter(svg => svg.getClientRects().length);
    if (drawings.length !== 1) return [`${figure.id}: ${drawings.length} drawings are visible`];
    const [svg] = drawings, frame = svg.getBoundingClientRect(), faults = [];
    const drawn = Array.from(svg.querySelectorAll("g.role-mark:not(.mark-text)"))
        .map(marks => marks.getBoundingClientRect()).reduce((sum, box) => sum + box.width * box.height, 0);
    if (drawn < 100) faults.push(`${drawn} square pixels of marks`);
    if (!/\d/.test(svg.getAttribute("aria-label"))) faults.push("no number in the text alternative");
    if (svg.getAttribute("role") !== "img") faults.push("no image for a screen reader");
    if (!figure.querySelector("figcaption")?.textContent.trim()) faults.push("no caption");
    if (!figure.querySelector("details table td")) faults.push("no table of its numbers");
    for (const text of svg.querySelectorAll("text")) {
        const pixels = parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a;
        const said = text.textContent.trim(), box = text.getBoundingClientRect();
        if (said && pixels < 9) faults.push(`${said} is ${pixels} pixels high`);
        if (box.left < frame.left - 1 || box.right > frame.right + 1) faults.push(`${said} is cut off`);
    }
    return faults.map(fault => `${figure.id}: ${fault}`);
})"""
"""What is wrong with each chart that is seen, as it is drawn for a window of this width."""
TOO_WIDE = r"""() => Array.from(document.querySelectorAll("body :not(svg *)")).filter(element => {
    const box = element.getBoundingClientRect();
    const scrolls = box => box && (getComputedStyle(box).overflowX === "auto" || scrolls(box.parentElement));
    return box.width && box.right > document.documentElement.clientWidth + 1 && !scrolls(element.parentElement);
}).map(element => `too wide: ${element.tagName} ${element.textContent.trim().slice(0, 60)}`)"""
"""What a reader has to scroll the whole page sideways for. A table may scroll inside a box of its own."""
FIGURES = r"""() => Array.from(document.querySelectorAll("data.figure")).map(
    ({dataset, value, textContent}) => [dataset.figure, dataset.key ?? "", value, textContent.trim()])"""


@dataclass
class Opened:
    """An open page, with all that its browser said and asked for since."""

    page: Page
    path: Path
    said: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)

    def disturbances(self) -> list[str]:
        """What the browser said, and what it asked for beyond the page itself."""
        return self.said + [f"requested {url}" for url in self.requested if url != self.path.as_uri()]

    def faults_of_charts(self) -> list[str]:
        return self.page.evaluate(CHARTS)

    def too_wide(self) -> list[str]:
        return self.page.evaluate(TOO_WIDE)

    def violations(self, part: str = "html") -> list[str]:
        """What axe-core finds to be serious or critical in a part of the page, with the first element of each."""
        if self.page.evaluate("() => typeof axe") == "undefined":
            self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("part => axe.run(part, {resultTypes: ['violations']})", part)
        return [
            f"{violation['id']}: {violation['nodes'][0]['html'][:200]} ({len(violation['nodes'])} in all)"
            for violation in found["violations"]
            if violation["impact"] in ("serious", "critical")
        ]

    def figures(self) -> list[tuple[str, str, str, str]]:
        """Each figure of the page: its name, its key, its exact value, and what is shown of it."""
        return [tuple(figure) for figure in self.page.evaluate(FIGURES)]


def open_page(browser: Browser, path: Path, width: int = DESK) -> Opened:
    """Open a file from disk. Nothing keeps the page from asking the network for more."""
    opened = Opened(browser.new_page(viewport={"width": width, "height": 900}), path)
    opened.page.on("console", lambda message: opened.said.append(f"{message.type}: {message.text}"))
    opened.page.on("pageerror", lambda error: opened.said.append(f"error: {error}"))
    opened.page.on("request", lambda request: opened.requested.append(request.url))
    opened.page.goto(path.as_uri())
    opened.page.evaluate("() => document.fonts.ready.then(() => null)")  # a font is asked for when a text is laid out
    return opened
