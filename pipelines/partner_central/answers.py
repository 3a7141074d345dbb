"""What AWS answered: the body as it came, and an error without the words that may quote a record."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson

from pipelines.errors import AwsError
from pipelines.partner_central.aws_errors import NoJsonError

NAME = re.compile(r"[\w.#:/\[\]-]{1,200}", re.ASCII)  # of an error or a field; anything else might be data


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """One answer of AWS: the body as it came, and what it says. Never shown: it holds names of people."""

    text: str
    body: dict[str, Any]


def keep_raw_body(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Keep an answer's bytes, and spare botocore parsing them: a third of a call's CPU.

    Of an error it gets what we tell of it and no more. What else a body might hold makes its parser fail.
    """
    status, body = response_dict["status_code"], response_dict["body"]
    if status <= HTTPStatus.MULTIPLE_CHOICES:  # what botocore does not take for an error
        customized_response_dict["RawBody"] = body if status == HTTPStatus.OK else b""
        response_dict["body"] = b"{}"
    else:
        response_dict["body"] = orjson.dumps(_error(body))


def read_reply(operation: str, raw: bytes) -> Reply:
    """Read the body of an answer. Raises NoJsonError."""
    body = _json_object(raw)
    if body is None:
        raise NoJsonError(f"{operation} answered with no JSON object: check the endpoint and the proxy")
    return Reply(raw.decode(), body)


def row_text(operation: str, row: dict[str, Any]) -> str:
    """Write one row of a list as JSON. Raises AwsError for one that is nested too deeply to be written."""
    try:
        return orjson.dumps(row).decode()
    except orjson.JSONEncodeError:
        raise AwsError(f"{operation} lists a record nested too deeply to be kept: report it to AWS") from None


def _error(raw: bytes) -> dict[str, Any]:
    """Return the type of an error and the fields that it names. Without a type botocore says the HTTP status."""
    body = _json_object(raw) or {}
    listed = body.get("ErrorList")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    fields = [{name: _name(entry.get(name)) or "unnamed" for name in ("FieldName", "Code")} for entry in entries]
    error_type = _name(body.get("__type"))
    return {"__type": error_type, "ErrorList": fields} if error_type else {}


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and NAME.fullmatch(value) else None


def _json_object(raw: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None
