"""Checks values against the service model that botocore carries: the one source of every rule here."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import botocore.session

from pipelines.sandbox.instants import parse_instant
from pipelines.sandbox.wire import Record, Violation, violation

SERVICE = "partnercentral-selling"
CATALOGS = ("AWS", "Sandbox")
# Values that AWS accepts and returns beyond the enum of its model: a spend entry with the partner's own deal
# value (TargetCompany `Self`) has the frequency `None`.
BEYOND_THE_MODEL = {"PaymentFrequency": ["None"]}
# The patterns are Java's, with Unicode categories that `re` lacks. Letters and numbers only occur together.
_JAVA_CATEGORIES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Z}": r" \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}

Check = Callable[[Any, str], Iterator[Violation]]


@cache
def service_model() -> Any:
    """botocore's model of the Selling API."""
    return botocore.session.get_session().get_service_model(SERVICE)


@cache
def request_check(operation: str) -> Check:
    """Yield every violation of an operation's request. An explicit null counts as absent."""
    return _check(service_model().operation_model(operation).input_shape)


@cache
def shape_check(shape: str) -> Check:
    """Yield every violation of a value that a named shape of the model describes."""
    return _check(service_model().shape_for(shape))


@cache
def response_check(operation: str) -> Check:
    """Yield every violation of an operation's response."""
    return _check(service_model().operation_model(operation).output_shape)


def request_violations(operation: str, request: Record) -> list[Violation]:
    """What a request breaks: the model's rules, then the catalogs, which only the documentation names."""
    found = list(request_check(operation)(request, ""))
    if not found and request.get("Catalog") not in CATALOGS:
        found.append(Violation("catalog", f"catalog must be one of {', '.join(CATALOGS)}", "INVALID_VALUE"))
    return found


def _check(shape: Any) -> Check:
    builders: dict[str, Callable[[Any], Check]] = {
        "structure": _structure,
        "list": _list,
        "map": _map,
        "string": _string,
        "integer": _integer,
        "timestamp": _timestamp,
        "boolean": lambda _: _typed(bool, "a boolean"),
    }
    return builders[shape.type_name](shape)


def _structure(shape: Any) -> Check:
    members = {name: _check(member) for name, member in shape.members.items()}
    required = tuple(shape.required_members)
    is_union = bool(shape.metadata.get("union"))

    def check(value: Any, path: str) -> Iterator[Violation]:
        if not isinstance(value, dict):
            yield violation(path, "must be an object", "INVALID_VALUE")
            return
        for name in required:
            if value.get(name) is None:
                yield violation(f"{path}.{name}", "is required", "REQUIRED_FIELD_MISSING")
        present = {name: item for name, item in value.items() if item is not None}
        if is_union and len(present) != 1:
            yield violation(path, "must have exactly one member", "INVALID_VALUE")
        for name, item in present.items():
            if name in members:
                yield from members[name](item, f"{path}.{name}")
            else:
                yield violation(f"{path}.{name}", "is not a member of this operation", "INVALID_VALUE")

    return check


def _list(shape: Any) -> Check:
    entry = _check(shape.member)
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max")

    def check(value: Any, path: str) -> Iterator[Violation]:
        if not isinstance(value, list):
            yield violation(path, "must be a list", "INVALID_VALUE")
            return
        if len(value) < least:
            yield violation(path, f"must have at least {least} entries", "NOT_ENOUGH_VALUES")
        if most is not None and len(value) > most:
            yield violation(path, f"must have at most {most} entries", "TOO_MANY_VALUES")
        for position, item in enumerate(value):
            yield from entry(item, f"{path}[{position}]")

    return check


def _map(shape: Any) -> Check:
    key, entry = _check(shape.key), _check(shape.value)

    def check(value: Any, path: str) -> Iterator[Violation]:
        if not isinstance(value, dict):
            yield violation(path, "must be an object", "INVALID_VALUE")
            return
        for name, item in value.items():
            yield from key(name, f"{path}.key")
            yield from entry(item, f"{path}.value")

    return check


def _string(shape: Any) -> Check:
    allowed = frozenset([*shape.enum, *BEYOND_THE_MODEL.get(shape.name, [])]) if shape.enum else None
    java_pattern = shape.metadata.get("pattern")
    pattern = _compile(java_pattern) if java_pattern else None
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max")

    def check(value: Any, path: str) -> Iterator[Violation]:
        if not isinstance(value, str):
            yield violation(path, "must be a string", "INVALID_VALUE")
        elif allowed is not None and value not in allowed:
            yield violation(path, "is not one of the values of its enum", "INVALID_ENUM_VALUE")
        elif pattern is not None and not pattern.fullmatch(value):
            yield violation(path, f"must match the pattern {java_pattern}", "INVALID_STRING_FORMAT")
        elif len(value) < least or (most is not None and len(value) > most):
            yield violation(path, f"must have {least} to {most} characters", "VALUE_OUT_OF_RANGE")

    return check


def _integer(shape: Any) -> Check:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")

    def check(value: Any, path: str) -> Iterator[Violation]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield violation(path, "must be an integer", "INVALID_VALUE")
        elif (least is not None and value < least) or (most is not None and value > most):
            bounds = f"at least {least}" if most is None else f"from {least} to {most}"
            yield violation(path, f"must be {bounds}", "VALUE_OUT_OF_RANGE")

    return check


def _timestamp(_shape: Any) -> Check:
    def check(value: Any, path: str) -> Iterator[Violation]:
        try:
            parse_instant(value)
        except ValueError:
            yield violation(path, "must be an ISO 8601 date-time with its offset", "INVALID_STRING_FORMAT")

    return check


def _typed(kind: type, name: str) -> Check:
    def check(value: Any, path: str) -> Iterator[Violation]:
        if not isinstance(value, kind):
            yield violation(path, f"must be {name}", "INVALID_VALUE")

    return check


def _compile(java_pattern: str) -> re.Pattern[str]:
    """Java's `\\d` and `\\w` are ASCII; categories stand for Unicode, and so need Python's Unicode `\\w`."""
    translated = java_pattern
    for category, characters in _JAVA_CATEGORIES.items():
        translated = translated.replace(category, characters)
    return re.compile(translated, 0 if translated != java_pattern else re.ASCII)
