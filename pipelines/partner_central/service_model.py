"""AWS's own service model, as botocore ships it: the one source of members, enums, patterns and sensitivity."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import botocore.session
from botocore import xform_name
from botocore.model import ListShape, ServiceModel, Shape, StructureShape

from expectations.fields import Field

SERVICE = "partnercentral-selling"
PERSON_MEMBERS = frozenset({"Contacts", "OpportunityTeam"})


@dataclass(frozen=True, slots=True)
class StagedTable:
    """A relational table flattened out of landed payloads: a record, or the items of one list of a record.

    `list_path` leads from the parent's struct to the list, and is empty for a record. `columns` maps a column to
    the members that lead to its value; an item that is no struct has one column, `value`, with no members.
    """

    name: str
    parent: str | None
    list_path: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A landing table whose payload holds one record: `payload_path` leads to it, `shape` describes it."""

    landing_table: str
    payload_path: tuple[str, ...]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Payload:
    """What lands in one piece in a table: the answer of an operation, or one row of a listing's answer."""

    landing_table: str
    operation: str
    shape: Shape


@cache
def service_model() -> ServiceModel:
    """Load the service model of the Partner Central Selling API."""
    return botocore.session.get_session().get_service_model(SERVICE)


@cache
def payloads() -> tuple[Payload, ...]:
    """List every kind of payload that lands, in the order of the flow.

    A version lands as the listing shows it where the whole record could not be fetched.
    """
    model = service_model()

    def answer(operation: str) -> Shape:
        return model.operation_model(operation).output_shape

    associations = "ListEngagementResourceAssociations"
    return (
        Payload("opportunity_versions", "GetOpportunity", answer("GetOpportunity")),
        Payload("opportunity_versions", "ListOpportunities", model.shape_for("OpportunitySummary")),
        Payload("aws_opportunity_summaries", "GetAwsOpportunitySummary", answer("GetAwsOpportunitySummary")),
        Payload("engagement_associations", associations, model.shape_for("EngagementResourceAssociationSummary")),
        Payload("resource_snapshots", "GetResourceSnapshot", answer("GetResourceSnapshot")),
        Payload("solutions", "ListSolutions", model.shape_for("SolutionBase")),
    )


def records() -> tuple[Record, ...]:
    """List the landing tables with payloads, in the order of the flow."""
    shapes = {payload.operation: payload.shape for payload in payloads()}
    summary_view = service_model().shape_for("OpportunitySummaryView")
    return (
        Record("opportunity_versions", (), shapes["GetOpportunity"]),
        Record("aws_opportunity_summaries", (), shapes["GetAwsOpportunitySummary"]),
        Record("engagement_associations", (), shapes["ListEngagementResourceAssociations"]),
        Record("resource_snapshots", ("Payload", "OpportunitySummary"), summary_view),
        Record("solutions", (), shapes["ListSolutions"]),
    )


def staged_tables() -> list[StagedTable]:
    """List every staged table, parents before their children."""
    return [table for record in records() for table in _tables(record.landing_table, None, (), record.shape, False)]


def staged_fields() -> list[Field]:
    """List what the service model says of every staged column."""
    return [field for table in staged_tables() for field in table.fields]


def member_paths() -> dict[tuple[str, str], str]:
    """Map each staged table and column to its member's path in the payload, in which `[]` is any item of a list."""
    prefixes: dict[str, tuple[str, ...]] = {record.landing_table: record.payload_path for record in records()}
    paths: dict[tuple[str, str], str] = {}
    for table in staged_tables():
        if table.parent is not None:
            *above, last = (*prefixes[table.parent], *table.list_path)
            prefixes[table.name] = (*above, f"{last}[]")
        for column, path in table.columns.items():
            paths[table.name, column] = ".".join((*prefixes[table.name], *path))
    return paths


def json_structure(shape: Shape) -> str:
    """Return the structure of a shape as DuckDB's `from_json` takes it: every scalar as the text that AWS sent."""
    return json.dumps(_structure(shape))


def _structure(shape: Shape) -> object:
    if isinstance(shape, StructureShape):
        return {name: _structure(member) for name, member in shape.members.items()}
    if isinstance(shape, ListShape):
        return [_structure(shape.member)]
    return "VARCHAR"


def _tables(
    name: str, parent: str | None, list_path: tuple[str, ...], shape: Shape, is_person: bool
) -> Iterator[StagedTable]:
    columns: dict[str, tuple[str, ...]] = {}
    fields: list[Field] = []
    children: list[StagedTable] = []
    for path, member, is_required in _members(shape):
        column = "__".join(xform_name(step) for step in path) or "value"
        owner_is_person = is_person or bool(PERSON_MEMBERS.intersection(path))
        if isinstance(member, ListShape):
            child = f"{name}__{column}"
            fields.append(_field(name, child, path, member, is_required, owner_is_person))
            children.extend(_tables(child, name, path, member.member, owner_is_person))
        else:
            columns[column] = path
            fields.append(_field(name, column, path, member, is_required, owner_is_person))
    yield StagedTable(name, parent, list_path, columns, tuple(fields))
    yield from children


def _members(
    shape: Shape, path: tuple[str, ...] = (), is_required: bool = False
) -> Iterator[tuple[tuple[str, ...], Shape, bool]]:
    """Yield scalars and lists below a shape. A member of an optional struct is never required of its row."""
    if not isinstance(shape, StructureShape):
        yield path, shape, is_required
        return
    for name, member in shape.members.items():
        required = name in shape.required_members and (is_required or not path)
        yield from _members(member, (*path, name), required)


def _field(table: str, column: str, path: tuple[str, ...], shape: Shape, is_required: bool, is_person: bool) -> Field:
    has_bounds = shape.type_name in {"string", "integer", "list"}
    return Field(
        table=table,
        column=column,
        path=".".join(path),
        kind=shape.type_name,
        is_required=is_required,
        is_sensitive=bool(shape.metadata.get("sensitive")),
        is_person=is_person,
        enum=tuple(shape.metadata.get("enum", ())),
        pattern=shape.metadata.get("pattern"),
        minimum=shape.metadata.get("min") if has_bounds else None,
        maximum=shape.metadata.get("max") if has_bounds else None,
    )
