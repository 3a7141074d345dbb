"""One cell of a sheet, read into its column's value by the rules of AWS's service model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from html import unescape

from botocore.model import ListShape, Shape

from expectations.patterns import translate
from pipelines.intake.deals import LISTS, MEMBERS, MONEY, Reason, Value
from pipelines.partner_central.service_model import service_model
from transforms.limits import LONGEST_CONTRACT_MONTHS

Cell = str | tuple[str, ...]
"""A text, or the texts of a column that the file itself keeps as lists."""

IDENTIFYING = ("opportunity_id", "partner_opportunity_id")
SHEET_COLUMNS = (*IDENTIFYING, *MONEY, *MEMBERS, "solution_ids")
"""Every column that a sheet may have."""
SEPARATOR = ";"
FEW = 10  # values that a reason lists in full
SHAPES = {
    "opportunity_id": "OpportunityIdentifier",
    "solution_ids": "SolutionIdentifier",
    "currency": "CurrencyCode",
    "tcv": "Amount",
    "aws_mrr": "Amount",
}
"""The shapes of the service model for the columns that fill no one member of CreateOpportunity."""
PLACES = {**MEMBERS, "partner_opportunity_id": ("PartnerOpportunityIdentifier",)}
RIGHT = {
    "opportunity_id": "is not an identifier of Partner Central: write O and its digits, such as O1234567",
    "solution_ids": "has one that is not an identifier of a solution: write S- and its digits, with ; between them",
    "target_close_date": "is not a day of the calendar: write YYYY-MM-DD, such as 2027-03-31",
}
"""What is said of a value that does not match its pattern."""
NOT_AN_AMOUNT = (
    "is not an amount: write digits, and a point before decimals, such as 120000.50; no leading zeros, signs, spaces, "
    "exponents or separators of thousands"
)
NOT_A_CURRENCY = "is not a currency that AWS takes: write three capital letters, such as USD"
HIDDEN = "has a line break, a control character or another that is not seen in it: type the text anew"
EMPTY = "is empty: every row needs it"

_NUMBER = re.compile(r"(?P<sign>-?)(0|[1-9][0-9]*)(\.(?P<decimals>[0-9]*))?")
_MONTHS = re.compile(r"(?P<months>[1-9][0-9]{0,2})(\.0*)?")
# What is never seen, or turns what is seen around. Line breaks and tabs belong to a text of several lines, and joiners
# (U+200C, U+200D) to the words of some scripts; variation selectors to emoji.
_HIDDEN = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff"
)
_HIDDEN_IN_LINES = re.compile(f"[{_HIDDEN}]")
_HIDDEN_IN_LINE = re.compile(rf"[\t\r\n{_HIDDEN}]")
# Letters and marks of no width: in an identifier they, too, would make another of what looks the same.
_UNSEEN_LETTER = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_LINES = frozenset({"business_problem"})
_DOCUMENTED = frozenset({"use_case"})  # AWS's prose lists values for `state` too, of one country alone
_DOCUMENTED_VALUES = re.compile(r"Valid values: <code>(.*?)</code>")


@dataclass(frozen=True, slots=True)
class _Rule:
    """What the service model says of a column's texts."""

    values: tuple[str, ...]
    minimum: int
    maximum: int | None
    pattern: re.Pattern[str] | None


def read_cell(column: str, cell: Cell) -> Value | Reason:
    """Read a cell that is not empty; a Reason says what is wrong and what would be right, without the cell's text."""
    if column in LISTS:
        return _read_list(column, cell)
    if isinstance(cell, tuple):
        return Reason(column, "is a list: one value alone is wanted")
    match column:
        case "tcv" | "aws_mrr":
            return _read_amount(column, cell)
        case "contract_months":
            return _read_months(column, cell)
    wrong = _wrong_text(column, cell)
    return Reason(column, wrong) if wrong else cell


def _read_list(column: str, cell: Cell) -> Value | Reason:
    entries = cell if isinstance(cell, tuple) else tuple(entry.strip() for entry in cell.split(SEPARATOR))
    texts = tuple(dict.fromkeys(entry for entry in entries if entry))
    for text in texts:
        if wrong := _wrong_text(column, text):
            return Reason(column, wrong)
    return texts or Reason(column, f"has only {SEPARATOR} in it: write values, or leave it empty")


def _read_amount(column: str, text: str) -> Decimal | Reason:
    found = _NUMBER.fullmatch(text)
    if found is None:
        return Reason(column, NOT_AN_AMOUNT)
    if found["sign"]:
        return Reason(column, "is negative: write an amount of 0 or more")
    if len(found["decimals"] or "") > 2:
        return Reason(column, "has more than 2 decimals: round it to the cent")
    pattern = _rule(column).pattern
    if pattern and not pattern.fullmatch(text):
        return Reason(column, "is too large: AWS takes up to 31 digits before the point")
    return Decimal(text)


def _read_months(column: str, text: str) -> int | Reason:
    """Read whole months; 36.0 is what some programs make of 36."""
    found = _MONTHS.fullmatch(text)
    if found is None or int(found["months"]) > LONGEST_CONTRACT_MONTHS:
        return Reason(column, f"is not a whole number of months from 1 to {LONGEST_CONTRACT_MONTHS}")
    return int(found["months"])


def _wrong_text(column: str, text: str) -> str | None:
    """Say what is wrong with a text, None if nothing is."""
    if _has_hidden(column, text):
        return HIDDEN
    rule = _rule(column)
    if rule.values and text not in rule.values:
        return NOT_A_CURRENCY if column == "currency" else _not_among(rule.values, text)
    if rule.pattern and not rule.pattern.fullmatch(text):
        return RIGHT[column]
    if len(text) < rule.minimum or (rule.maximum is not None and len(text) > rule.maximum):
        bounds = f"from {rule.minimum:,} to {rule.maximum:,}" if rule.minimum else f"up to {rule.maximum:,}"
        return f"has {len(text):,} characters: AWS takes {bounds}"
    if column == "target_close_date" and not _is_day(text):
        return RIGHT[column]
    return None


def _has_hidden(column: str, text: str) -> bool:
    if column == "partner_opportunity_id":
        return not text.isprintable() or _UNSEEN_LETTER.search(text) is not None
    return (_HIDDEN_IN_LINES if column in _LINES else _HIDDEN_IN_LINE).search(text) is not None


def _not_among(values: Sequence[str], text: str) -> str:
    folded = text.casefold()
    for value in values:
        if value.casefold() == folded:
            return f"has other capitals than AWS's: write {value}"
    if len(values) <= FEW:
        return f"is not one of AWS's values: {', '.join(values)}"
    return f"is not one of AWS's {len(values)} values, which are such as {', '.join(values[:3])}"


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@cache
def _rule(column: str) -> _Rule:
    shape = _shape(column)
    java_pattern = shape.metadata.get("pattern")
    pattern = translate(java_pattern) if java_pattern else None
    return _Rule(
        values=_documented_values(shape) if column in _DOCUMENTED else tuple(shape.metadata.get("enum", ())),
        minimum=(pattern and pattern.minimum) or shape.metadata.get("min", 0),
        maximum=(pattern and pattern.maximum) or shape.metadata.get("max"),
        pattern=re.compile(pattern.regex) if pattern and pattern.regex else None,
    )


def _shape(column: str) -> Shape:
    """Return the shape of a column's texts: of a list, that of its entries."""
    if column in SHAPES:
        return service_model().shape_for(SHAPES[column])
    shape = service_model().operation_model("CreateOpportunity").input_shape
    for name in PLACES[column]:
        shape = shape.members[name]
    return shape.member if isinstance(shape, ListShape) else shape


def _documented_values(shape: Shape) -> tuple[str, ...]:
    """The values that the documentation alone lists."""
    found = _DOCUMENTED_VALUES.search(shape.documentation)
    return tuple(unescape(value).strip() for value in found[1].split("|")) if found else ()
