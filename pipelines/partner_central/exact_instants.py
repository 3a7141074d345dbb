"""Timestamps as AWS wrote them, up to nine fractional digits: botocore would cut them to microseconds."""

from typing import Any

import orjson

from pipelines.partner_central.service_model import SERVICE

MEMBER = "LastModifiedDate"  # of UpdateOpportunity: which version of the record its caller has read


def send_instants_as_read(client: Any) -> None:
    """Let a boto3 client send a LastModifiedDate that is given as text as that text, digit for digit."""
    events = client.meta.events
    events.register(f"before-parameter-build.{SERVICE}.UpdateOpportunity", _remember)
    events.register(f"before-call.{SERVICE}.UpdateOpportunity", _put_back)


def _remember(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context[MEMBER] = params.get(MEMBER)


def _put_back(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Change the body before it is signed."""
    if isinstance(context[MEMBER], str):
        params["body"] = orjson.dumps(orjson.loads(params["body"]) | {MEMBER: context[MEMBER]})
