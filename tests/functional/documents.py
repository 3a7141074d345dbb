"""What stands in fences in the documents: commands with what they print, and examples in other languages."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").glob("*.md")), ROOT / "notebooks" / "README.md"]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
NUMBER = re.compile(r"\d[\d,.:-]*")
BLANKS = re.compile(r"[\s─]+")


@dataclass(frozen=True, slots=True)
class Example:
    """One command with the output that the page shows, or one whole block of another language."""

    language: str
    text: str
    output: str = ""


def examples(page: Path) -> Iterator[Example]:
    """Yield what a page shows in fences, in its order."""
    for indent, language, block in FENCE.findall(page.read_text(encoding="utf-8")):
        text = re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)
        yield from _commands(text) if language == "console" else [Example(language, text)]


def _commands(block: str) -> Iterator[Example]:
    """Yield each `$ ` line, with the lines that it goes on in while a quotation is open, and then what it prints."""
    assert block.startswith("$ ")
    for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = command.splitlines()
        end = next(end for end in range(1, len(lines) + 1) if _is_whole("\n".join(lines[:end])))
        yield Example("console", "\n".join(lines[:end]), "\n".join(lines[end:]))


def _is_whole(command: str) -> bool:
    try:
        shlex.split(command, comments=True)
    except ValueError:  # no closing quotation
        return False
    return True


def is_as_shown(shown: str, printed: str) -> bool:
    """Tell whether a command printed what the page shows, whatever the numbers; `…` there stands for anything."""
    wanted = ".*".join(re.escape(_plain(part)) for part in shown.split("…"))
    return re.fullmatch(rf"\s*{wanted}\s*", _plain(printed), re.DOTALL) is not None


def _plain(text: str) -> str:
    return BLANKS.sub(" ", NUMBER.sub("#", text))
