"""The service model as this project last took note of it, in baseline.json, and what an installed botocore changes.

The pipeline runs by the installed model alone. The baseline shows, in review and to whoever upgrades, what came with a
new one.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

import botocore

from pipelines.partner_central.members import Member, all_members, member_tree
from pipelines.partner_central.service_model import payloads

BASELINE = Path(__file__).with_name("baseline.json")

Described = Mapping[str, Mapping[str, Any]]
"""What is known of each member, by its path."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A version of botocore, and by operation what its model says of each member of what lands."""

    botocore: str
    operations: Mapping[str, Described]


def installed() -> Baseline:
    """Describe the service model that the installed botocore carries."""
    return Baseline(
        botocore.__version__,
        {
            payload.operation: {
                member.path: _description(member)
                for member in sorted(all_members(member_tree(payload.shape)), key=attrgetter("path"))
            }
            for payload in payloads()
        },
    )


def committed() -> Baseline:
    """Read baseline.json."""
    return Baseline(**json.loads(BASELINE.read_text(encoding="utf-8")))


def as_json(baseline: Baseline) -> str:
    """Return a baseline as JSON with one line a member, so that a difference of two reads well."""
    operations = []
    for operation, members in baseline.operations.items():
        lines = (f"{json.dumps(path)}: {json.dumps(said)}" for path, said in members.items())
        operations.append(f"{json.dumps(operation)}: {{\n" + ",\n".join(lines) + "\n}")
    return f'{{"botocore": "{baseline.botocore}", "operations": {{\n' + ",\n".join(operations) + "\n}}\n"


def differences(before: Baseline, now: Baseline) -> list[str]:
    """Say what `now` knows that `before` does not, what it says otherwise, and what is gone; one line each."""
    return [
        f"{operation}: {line}"
        for operation in dict.fromkeys((*before.operations, *now.operations))
        for line in _differences(before.operations.get(operation, {}), now.operations.get(operation, {}))
    ]


def _differences(before: Described, now: Described) -> Iterator[str]:
    for path in sorted({*before, *now}):
        if path not in before:
            yield f"new member {path} ({now[path]['kind']})"
        elif path not in now:
            yield f"member {path} is gone"
        else:
            yield from _changes(path, before[path], now[path])


def _changes(path: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    known, listed = before.get("enum", []), now.get("enum", [])
    yield from (f"new value {path} = {value!r}" for value in listed if value not in known)
    yield from (f"value {path} = {value!r} is gone" for value in known if value not in listed)
    for said in sorted({*before, *now} - {"enum"}):
        if before.get(said) != now.get(said):
            yield f"{path}: {said} is {_shown(now.get(said))}, was {_shown(before.get(said))}"


def _shown(said: object) -> str:
    return "not stated" if said is None else json.dumps(said)


def _description(member: Member) -> dict[str, Any]:
    """Say what the model says of a member; what it leaves open is left out."""
    metadata = member.shape.metadata
    said = {"kind": member.shape.type_name, "required": member.is_required or None}
    said |= {name: metadata.get(name) for name in ("sensitive", "min", "max", "pattern", "enum")}
    return {name: value for name, value in said.items() if value is not None}
