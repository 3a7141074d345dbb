"""Answers of AWS with something wrong in them: random changes of real records, written as JSON."""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Node = tuple[Any, Any]  # an object or a list, and the name or the place of one of its members


@dataclass(frozen=True)
class Number:
    """A number as it stands in the text, since Python would write it another way or not at all."""

    text: str


@dataclass(frozen=True)
class Repeated:
    """A member that its object has twice."""

    first: Any
    second: Any


def as_json(value: Any) -> str:
    match value:
        case Number():
            return value.text
        case dict():
            return "{" + ", ".join(_member(name, member) for name, member in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(as_json, value)) + "]"
        case Repeated():
            return as_json(value.second)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _member(name: str, member: Any) -> str:
    values = (member.first, member.second) if isinstance(member, Repeated) else (member,)
    return ", ".join(f"{json.dumps(name)}: {as_json(value)}" for value in values)


AMOUNTS = [
    "",
    "1.",
    "0",
    "0.005",
    "-5",
    "-0",
    "+1",
    "1e3",
    "1e400",
    "1,000.00",
    "NaN",
    "Infinity",
    "\u0661\u0662",
    "\uff11",
]
AMOUNTS += ["9" * digits + ending for digits in (24, 25, 31, 32, 400) for ending in ("", ".99")]
MONTHS = ["1", "12", "144", "145", "0", "-1", "012", " 12", "+12", "12.0", "1e1", "\uff11\uff12", "9" * 30]
DATES = ["2026-02-28", "2026-02-31", "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01", "2026-1-1", "1970-01-01"]
TIMES = ["00:00:00Z", "23:59:60Z", "24:00:00Z", "12:00:00.123456789Z", "12:00:00+99:99", "12:00:00-12:00", "12:00"]
INSTANTS = [*(f"2026-03-01T{time}" for time in TIMES), *(f"{day}T00:00:00Z" for day in DATES)]
CODES = ["usd", "EUR", "GBP", "XBT", "US", "AWS", "aws ", "Self", "Months", "Years", "None", "Monthly", "Yes", "No"]
STAGES = ["Prospect", "Committed", "Launched", "Closed Lost", "launched", "Launched ", "Dreaming"]
IDENTIFIERS = [
    "O1",
    "o1",
    " O10000022",
    "O10000022",
    "O" + "9" * 19,
    "O1/../O2",
    "O1\n",
    "S-0000001",
    "x'); DROP TABLE t; --",
]
STRANGE = [
    "\u0000",
    "a\u0000b",
    "\u202eabc",
    "\ufeff",
    "\u200b",
    "\U0001f4a9" * 3,
    "{0} :x %s",
    "null",
    "\\u0041",
    "x" * 70_000,
]
figures = st.sampled_from(AMOUNTS + MONTHS)
days = st.sampled_from(DATES + INSTANTS)
words = st.sampled_from(CODES + STAGES + IDENTIFIERS + STRANGE)
texts = figures | days | words | st.text(max_size=8)
numbers = st.sampled_from(["0", "-1", "1.5", "12", "-0.0", "1e308", "5e-324", "9" * 40, "18446744073709551616"]).map(
    Number
)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70).map(lambda number: Number(str(number))) | numbers | texts
)
nested = st.recursive(
    scalars,
    lambda values: (
        st.lists(values, max_size=3) | st.dictionaries(st.sampled_from(["Value", "Id", "a.b"]), values, max_size=3)
    ),
    max_leaves=5,
)
deep = st.integers(1, 900).map(lambda levels: Number("[" * levels + "]" * levels))
values = nested | deep


def texts_instead_of(text: str) -> st.SearchStrategy[str]:
    """Texts of its own kind, which get further than others before they are found out."""
    if re.fullmatch("[0-9.]+", text):
        return figures
    return days if re.match("[0-9]{4}-[0-9]{2}-", text) else words


FEEDS_MARTS = frozenset(
    "Amount CampaignName Channels ClosedLostReason CreatedAt CreatedDate CurrencyCode EffectiveDate ExpirationDate "
    "ExpectedContractDuration ExpectedCustomerSpend Id LastModifiedDate LifeCycle Lifecycle NextSteps Payload "
    "OpportunitySummary PrimaryNeedsFromAws Project RelatedEntityIdentifiers ReviewStatus SoftwareRevenue Solutions "
    "Stage TargetCloseDate TargetCompany Term Value".split()
)


def nodes(tree: Any) -> Iterator[Node]:
    """Every member of every object and every item of every list, from the top."""
    places = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else []
    for place in places:
        yield tree, place
        yield from nodes(tree[place])


def _delete(owner: Any, place: Any, _: Any) -> None:
    del owner[place]


def _replace(owner: Any, place: Any, value: Any) -> None:
    owner[place] = value


def _repeat(owner: Any, place: Any, value: Any) -> None:
    if isinstance(owner, dict):
        owner[place] = Repeated(owner[place], value)
    else:
        owner.extend(deepcopy(owner[place]) for _ in range(12))


def _retype(owner: Any, place: Any, _: Any) -> None:
    """Another JSON type with the same content."""
    match owner[place]:
        case dict() as members:
            owner[place] = list(members.values())
        case list() as items:
            owner[place] = {str(index): item for index, item in enumerate(items)}
        case str() as text if text.isdecimal() and text.isascii() and text == text.lstrip("0"):
            owner[place] = Number(text)
        case scalar:
            owner[place] = [scalar]


def _rename(owner: Any, place: Any, value: Any) -> None:
    if isinstance(owner, dict):
        owner[place.swapcase()] = owner.pop(place)
    else:
        owner.insert(place, value)


def _add(owner: Any, place: Any, value: Any) -> None:
    if isinstance(owner[place], dict):
        owner[place]["Not In The Model"] = value
    elif isinstance(owner[place], list):
        owner[place].append(value)
    else:
        owner[place] = value


Change = Callable[[Any, Any, Any], None]
CHANGES: list[Change] = [_replace, _replace, _delete, _repeat, _retype, _rename, _add]


@st.composite
def altered(draw: st.DrawFn, record: dict[str, Any], most: int = 4) -> dict[str, Any]:
    """The record with one to `most` changes: half of them where the marts look, half of them texts for texts."""
    changed = deepcopy(record)
    for _ in range(draw(st.integers(1, most))):
        found = [node for node in nodes(changed) if not isinstance(node[0][node[1]], Number | Repeated)]
        feeding = [(owner, place) for owner, place in found if place in FEEDS_MARTS]
        choices = feeding if feeding and draw(st.booleans()) else found
        if not choices:
            break
        owner, place = choices[draw(st.integers(0, len(choices) - 1))]
        if isinstance(owner[place], str) and draw(st.booleans()):
            owner[place] = draw(texts | texts_instead_of(owner[place]))
        elif draw(st.integers(0, 9)) == 0:
            other_owner, other_place = choices[draw(st.integers(0, len(choices) - 1))]
            owner[place] = deepcopy(other_owner[other_place])
        else:
            draw(st.sampled_from(CHANGES))(owner, place, draw(values))
    return changed
