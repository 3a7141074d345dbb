"""Links between the documents lead somewhere, to a heading where they name one; no other address is asked."""

import re
import unicodedata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("*.md")), ROOT / "notebooks" / "README.md"]
FENCED = re.compile(r"^( *)```.*?^\1```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)|<img[^>]* src=\"([^\"]+)\"")
OUTWARD = ("https://", "mailto:")


def prose(page: Path) -> str:
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def links(text: str) -> list[str]:
    return [link or image for link, image in LINK.findall(text)]


def anchors(text: str) -> set[str]:
    """The names that GitHub gives the headings."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        kept = (character for character in shown if character in " -_" or unicodedata.category(character)[0] in "LN")
        name = "".join(kept).replace(" ", "-")
        found.add(next(name + end for end in ("", *(f"-{n}" for n in range(1, 99))) if name + end not in found))
    return found


def broken(page: Path, text: str) -> list[str]:
    """The links of a page that lead nowhere."""
    nowhere = []
    for link in links(text):
        if not link.startswith(OUTWARD):
            place, _, anchor = link.partition("#")
            target = (page.parent / place).resolve() if place else page
            if not target.exists() or (anchor and anchor not in anchors(prose(target))):
                nowhere.append(link)
    return nowhere


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert broken(page, prose(page)) == []


@pytest.mark.parametrize(
    "text",
    ["[a](nowhere.md)", "[a](metrics.md#no-such-heading)", "[a](#neither-here)", '<img width="9" src="gone.svg">'],
)
def test_a_link_to_nowhere_is_found(text: str) -> None:
    assert broken(DOCS / "README.md", text)


def test_headings_have_the_names_that_github_gives_them() -> None:
    text = "## What's `new`, and why\n## marts.stage_funnel\n## Again\n## Again\n"
    assert anchors(text) == {"whats-new-and-why", "martsstage_funnel", "again", "again-1"}


def test_the_index_leads_to_every_page() -> None:
    indexed = {link.partition("#")[0] for link in links(prose(DOCS / "README.md"))}
    assert {page.name for page in DOCS.glob("*.md") if page.name != "README.md"} <= indexed


def test_the_drawing_says_in_words_what_it_shows() -> None:
    drawing = (DOCS / "architecture.svg").read_text(encoding="utf-8")
    (described,) = re.findall(r"<desc[^>]*>(.*?)</desc>", drawing, re.DOTALL)
    (told,) = re.findall(r'<img src="architecture.svg"[^>]* alt="([^"]*)"', prose(DOCS / "architecture.md"))
    assert " ".join(described.split()) == told
