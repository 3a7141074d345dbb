"""A Partner Central in which every private value carries a marker, built by walking the service model's shapes.

A person's value and any other sensitive one have markers of their own, and amounts, currencies and countries a third.
"""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import pairwise
from typing import Any

import orjson
from botocore.model import ListShape, Shape, StructureShape
from processes import NOW

from expectations.patterns import translate
from pipelines.partner_central.service_model import PERSON_MEMBERS, records, service_model
from pipelines.sandbox.events import Engagement
from pipelines.sandbox.instants import to_nanoseconds
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.store import PARTNER_ACCOUNT, Snapshot
from pipelines.sandbox.wire import Fault, Record

PERSON = ("zqperson", "665280442")  # as a word, and as digits where a pattern wants them
SECRET = ("zqsecret", "774190335")
FIGURE = ("zqfigure", "889912447")
MARKERS = (*PERSON, *SECRET, *FIGURE)
FIGURES = ("Amount", "CurrencyCode", "CountryCode")  # shown in reports: they say nothing of a person

Marker = tuple[str, str]
Spoil = Callable[[Marker, Shape], Any]

BASE = {
    "Catalog": "Sandbox",
    "Arn": "arn:aws:partnercentral:us-east-1::catalog/Sandbox/opportunity/O1",
    "CreatedDate": "2026-01-05T00:00:00Z",
    "LastModifiedDate": "2026-02-01T00:00:00Z",
    "RelatedEntityIdentifiers": {},
    "LifeCycle": {"Stage": "Committed", "TargetCloseDate": "2026-12-31"},
    "Project": {
        "ExpectedCustomerSpend": [{"CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"}],
        "ExpectedContractDuration": {"Term": "Months", "Value": "36"},
    },
}


def fitting(marker: Marker, shape: Shape) -> str:
    """A value that the model allows: the first of these, for one of which every pattern has room."""
    word, digits = marker
    texts = [f"{word} of a sensible length", word, f"{word}@example.com", digits, f"+1{digits}", f"{digits}.00"]
    enum = shape.metadata.get("enum")
    return enum[0] if enum else next(text for text in texts if fits(text, shape.metadata.get("pattern")))


def fits(text: str, pattern: str | None) -> bool:
    rule = translate(pattern or "(?s).{0,255}")
    return (rule.regex is None or re.fullmatch(rule.regex, text) is not None) and (
        (rule.minimum or 0) <= len(text) <= (rule.maximum or 255)
    )


KINDS: dict[str, Spoil] = {
    "fitting": fitting,
    "short": lambda marker, shape: marker[0],
    "odd": lambda marker, shape: f"{marker[0]}'\"<b>\u202e\x00{marker[1]}",
    "long": lambda marker, shape: marker[0] * 2_000,
    "object": lambda marker, shape: {marker[0]: marker[1]},
    "list": lambda marker, shape: [marker[0]],
    "number": lambda marker, shape: int(marker[1]),
}


def private_leaves(shape: Shape, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Shape, Marker]]:
    """Every scalar below a shape that the model marks as sensitive or that belongs to a person, with its marker."""
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from private_leaves(member, (*path, name))
    elif isinstance(shape, ListShape):
        yield from private_leaves(shape.member, (*path, "[]"))
    elif PERSON_MEMBERS.intersection(path):
        yield path, shape, PERSON
    elif shape.metadata.get("sensitive"):
        yield path, shape, FIGURE if path[-1].endswith(FIGURES) else SECRET


def marked(shape: Shape, base: Record, spoil: Spoil) -> Record:
    """A record with every private value of its shape, over the members of `base`."""
    record = deepcopy(base)
    for path, leaf, marker in private_leaves(shape):
        put(record, path, spoil(marker, leaf))
    return record


def put(owner: Any, path: tuple[str, ...], value: Any) -> None:
    """Set a member far below, making the objects and the first items of lists that lead to it."""
    for step, following in pairwise(path):
        if step == "[]":
            owner[:] = owner or [{}]
            owner = owner[0]
        else:
            owner = owner.setdefault(step, [] if following == "[]" else {})
    owner[path[-1]] = value


def shape_of(landing_table: str) -> Shape:
    return next(record.shape for record in records() if record.landing_table == landing_table)


def fill(sandbox: Sandbox) -> None:
    """Put one opportunity of each kind, with AWS's side, an engagement and snapshots of it; and one of flat text."""
    for number, spoil in enumerate(KINDS.values(), start=1):
        opportunity = marked(shape_of("opportunity_versions"), BASE | {"Id": f"O{number}"}, spoil)
        summary = marked(shape_of("aws_opportunity_summaries"), {"Catalog": "Sandbox"}, spoil)
        add(sandbox, number, opportunity, summary, spoil)
    flat = {"Customer": PERSON[0], "OpportunityTeam": {"Email": PERSON[0]}, "SoftwareRevenue": [SECRET[0]]}
    number = len(KINDS) + 1
    add(sandbox, number, BASE | {"Id": f"O{number}"} | flat, {"Catalog": "Sandbox"} | flat, fitting)


def add(sandbox: Sandbox, number: int, opportunity: Record, summary: Record, spoil: Spoil) -> None:
    opportunity_id, engagement_id = f"O{number}", f"eng-{number:014d}"
    created_by = spoil(SECRET, service_model().shape_for("AwsAccount"))
    sandbox.store.put(opportunity, NOW)
    sandbox.store.put_aws_summary(opportunity_id, summary)
    sandbox.store.engage(Engagement(engagement_id, opportunity_id, SECRET[0], to_nanoseconds(NOW), SECRET[0]))
    views = {
        "OpportunitySummaryView": ("OpportunitySummary", {"Lifecycle": {"Stage": "Qualified"}}),
        "AwsOpportunitySummaryFullView": ("AwsOpportunitySummaryFullView", {}),
    }
    for template, (member, base) in views.items():
        payload = {member: marked(service_model().shape_for(template), base, spoil)}
        snapshot = Snapshot("2026-02-01T00:00:00Z", created_by, orjson.dumps(payload))
        sandbox.store.add_snapshot((engagement_id, opportunity_id, template), snapshot)


def mark_accounts(operation: str, request: Record) -> Fault | None:
    """Let the sandbox's own lists of associations name the marker as their author; the first time too long a one."""
    if operation != "ListEngagementResourceAssociations":
        return None
    account, marker = PARTNER_ACCOUNT.encode(), SECRET[0].encode()
    return Fault(change=lambda body: body.replace(account, marker * 2, 1).replace(account, marker))


def refuse_and_quote(operation: str, request: Record) -> Fault | None:
    """Let AWS refuse with a message that quotes what a record holds."""
    quoted = f"Value {' '.join(MARKERS)} at 'project.title' failed to satisfy constraint"
    return Fault("ValidationException", quoted) if operation == "GetOpportunity" else None
