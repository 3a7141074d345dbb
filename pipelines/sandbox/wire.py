"""AWS's JSON 1.0 protocol: what an error looks like on the wire, and the faults that a test can order."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import orjson

Record = dict[str, Any]
ERROR_NAMESPACE = "com.amazonaws.partnercentralselling"
REQUEST_INVALID = "REQUEST_VALIDATION_FAILED"
BUSINESS_INVALID = "BUSINESS_VALIDATION_FAILED"


class ApiError(Exception):
    """An error of the service: its type, HTTP status and message, plus members that only this type has."""

    def __init__(self, error_type: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.error_type, self.message, self.status, self.members = error_type, message, status, members

    def body(self) -> bytes:
        """The JSON body of the response."""
        return orjson.dumps({"__type": f"{ERROR_NAMESPACE}#{self.error_type}", "Message": self.message, **self.members})


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule of a request: the field (`project.title`), what is wrong, and AWS's code for it."""

    field_name: str
    message: str
    code: str


def violation(path: str, problem: str, code: str) -> Violation:
    """AWS names the field in camel case and without the positions of list entries; the message has both."""
    name = ".".join(part[:1].lower() + part[1:] for part in path.lstrip(".").split("."))
    return Violation(re.sub(r"\[\d+\]", "", name), f"{name or 'the request'} {problem}", code)


def validation_error(violations: Iterable[Violation], reason: str = REQUEST_INVALID) -> ApiError:
    """A ValidationException that lists every violation. The messages never repeat the value that was sent."""
    listed = [{"FieldName": v.field_name, "Message": v.message, "Code": v.code} for v in violations]
    message = "; ".join(entry["Message"] for entry in listed)
    return ApiError("ValidationException", message, Reason=reason, ErrorList=listed)


def not_found(what: str) -> ApiError:
    """A ResourceNotFoundException."""
    return ApiError("ResourceNotFoundException", f"{what} was not found.")


def conflict(message: str) -> ApiError:
    """A ConflictException."""
    return ApiError("ConflictException", message)


# When the connection breaks: before the request is served, after it was, or half-way through the answer's body.
Drop = Literal["before", "after", "midway"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with a request, after `delay` seconds.

    In place of an answer: an error by type, status and message; or a raw `body` with its status. With neither, the
    request is served as usual, only later: or another `request` in its place, and its body as `change` makes it.
    `drop` breaks the connection, whatever the answer.
    """

    error_type: str | None = None
    message: str = "injected fault"
    status: int = 400
    body: bytes | None = None
    delay: float = 0.0
    request: Record | None = None
    change: Callable[[bytes], bytes] | None = None
    drop: Drop | None = None

    def response(self) -> tuple[int, bytes] | None:
        """Status and body, or None when the request is to be served."""
        if self.body is not None:
            return self.status, self.body
        if self.error_type is not None:
            return self.status, ApiError(self.error_type, self.message).body()
        return None
