r"""The patterns of AWS's service model in the regular-expression dialect of DuckDB (RE2).

RE2 knows no look-ahead, no repetition over 1,000 and no `\u` escape. The model uses look-aheads only to bound
the length of a text in front of its pattern, and long repetitions only for texts of any characters: both are
rules of length.
"""

import re
from dataclasses import dataclass

_ANY_TEXT = re.compile(r"\(\?s\)\.\{(\d+),(\d+)\}")
_LENGTH_AHEAD = re.compile(r"\(\?=\.\{(\d+),(\d+)\}\$\)")
_UNICODE_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")


@dataclass(frozen=True, slots=True)
class Translation:
    """What a pattern demands of a text: bounds of its length in code points, and a regex for all of it."""

    minimum: int | None = None
    maximum: int | None = None
    regex: str | None = None


def translate(pattern: str) -> Translation:
    """Translate a pattern of the service model. What RE2 lacks is left for DuckDB to refuse."""
    if any_text := _ANY_TEXT.fullmatch(pattern):
        return Translation(int(any_text[1]) or None, int(any_text[2]))
    if ahead := _LENGTH_AHEAD.match(pattern):
        return Translation(int(ahead[1]) or None, int(ahead[2]), _translate_escapes(pattern[ahead.end() :]))
    return Translation(regex=_translate_escapes(pattern))


def _translate_escapes(regex: str) -> str:
    return _UNICODE_ESCAPE.sub(r"\\x{\1}", regex)
