"""The members that AWS's service model knows, and what a landed payload has of others, of other types and shapes.

Paths are AWS's names with dots between; `[]` is any item of a list, `{}` any value of a map.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from botocore.model import ListShape, MapShape, Shape, StructureShape

JSON_TYPE_OF_KIND = {
    "string": "string",
    "timestamp": "string",  # ISO 8601, as AWS sends it
    "blob": "string",
    "integer": "whole number",
    "long": "whole number",
    "float": "number",
    "double": "number",
    "boolean": "boolean",
    "structure": "object",
    "map": "object",
    "list": "array",
}
"""What JSON has for each kind of shape. A kind that is not here may hold anything."""

_JSON_TYPES: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "whole number",
    float: "number",
    dict: "object",
    list: "array",
}
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
ODD_NAME = "(odd name)"
"""Stands for a name that no API has: it may be long, unprintable, or somebody's e-mail address."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member that the model knows: `members` are those of a structure, `item` is that of a list or a map."""

    path: str
    shape: Shape
    is_required: bool = False
    members: Mapping[str, "Member"] = field(default_factory=dict)
    item: "Member | None" = None
    json_type: str | None = None


@dataclass(slots=True)
class Unfamiliar:
    """What one payload has that the model does not: paths of `unknown` members, and `malformed` ones with what they
    are, such as `Project.Title: number, not string`. Names and types alone, never values."""

    unknown: set[str] = field(default_factory=set)
    malformed: set[str] = field(default_factory=set)


def member_tree(shape: Shape, path: str = "", *, is_required: bool = False) -> Member:
    """Return what the model knows of a payload, or of a part of it."""
    members: dict[str, Member] = {}
    item = None
    if isinstance(shape, StructureShape):
        members = {
            name: member_tree(member, f"{path}.{name}" if path else name, is_required=name in shape.required_members)
            for name, member in shape.members.items()
        }
    elif isinstance(shape, ListShape):
        item = member_tree(shape.member, f"{path}[]")
    elif isinstance(shape, MapShape):
        item = member_tree(shape.value, f"{path}{{}}")
    return Member(path, shape, is_required, members, item, JSON_TYPE_OF_KIND.get(shape.type_name))


def all_members(tree: Member) -> Iterator[Member]:
    """Yield every member below the payload as a whole, each before those in it."""
    for member in (*tree.members.values(), *([tree.item] if tree.item else [])):
        yield member
        yield from all_members(member)


def examine(tree: Member, payload: str) -> Unfamiliar:
    """Hold a payload against what the model knows. What is null or absent, and what is empty, is well-formed."""
    found = Unfamiliar()
    _examine(tree, _parse(payload), found)
    return found


def _examine(known: Member, value: Any, found: Unfamiliar) -> None:
    if value is None or known.json_type is None:
        return
    json_type = _JSON_TYPES[type(value)]
    if json_type != known.json_type and not _is_such_number(known.json_type, value):
        found.malformed.add(f"{known.path or 'payload'}: {json_type.removeprefix('whole ')}, not {known.json_type}")
    elif known.item is not None:
        for item in value.values() if json_type == "object" else value:
            _examine(known.item, item, found)
    elif json_type == "object":
        for name, item in value.items():
            member = known.members.get(name)
            if member is None:
                found.unknown.add(_unknown_path(known.path, name))
            else:
                _examine(member, item, found)


def _is_such_number(expected: str, value: Any) -> bool:
    """Whether a value is a number as expected, although JSON writes it as the other kind: 5 for 5.0, or 5.0 for 5."""
    if isinstance(value, float):
        return expected == "whole number" and value.is_integer()
    return expected == "number" and type(value) is int


def _unknown_path(path: str, name: str) -> str:
    shown = name if _PLAIN_NAME.fullmatch(name) else ODD_NAME
    return f"{path}.{shown}" if path else shown


def _parse(payload: str) -> Any:
    """Parse JSON. Of members of one name the first counts, since staging takes that one."""
    try:
        return json.loads(payload, object_pairs_hook=_first_of_each, parse_int=_whole_number)
    except RecursionError:  # nested deeper than this parser goes, as no known member is: orjson takes the last of them
        return orjson.loads(payload)


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def _whole_number(_: str) -> int:
    """Stand for any whole number: only its type matters, and Python refuses to read one of 5,000 digits."""
    return 0
