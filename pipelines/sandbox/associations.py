"""The operations on what belongs to an opportunity: solutions, products, offers, and who is responsible."""

from typing import Any

from pipelines.sandbox.business_rules import NO_SOLUTION, SIGNED_STAGES, has_offering
from pipelines.sandbox.call import NOTHING, Call
from pipelines.sandbox.locks import ACTION_REQUIRED, PENDING, not_editable, review_status
from pipelines.sandbox.store import member
from pipelines.sandbox.validation import service_model, shape_check
from pipelines.sandbox.wire import BUSINESS_INVALID, ApiError, Record, not_found, validation_error, violation

MOST_OF_A_TYPE = {"Solutions": 10, "AwsMarketplaceOffers": 1}  # the developer guide; the model's documentation
IDENTIFIER = "RelatedEntityIdentifier"


def associate_opportunity(call: Call) -> bytes:
    """Associate a solution, product or offer with an opportunity. Only of solutions is it known which there are."""
    record, related = _related(call)
    entity_type, identifier = call.request["RelatedEntityType"], call.request[IDENTIFIER]
    if entity_type == "Solutions":
        _find_solution(call, identifier, member(record, "LifeCycle", "Stage"))
    else:
        _check_identifier(entity_type, identifier)
    if identifier in related:
        raise _refusal(IDENTIFIER, "is associated already", "DUPLICATE_KEY_VALUE")
    most = MOST_OF_A_TYPE.get(entity_type)
    if most is not None and len(related) >= most:
        raise _refusal(IDENTIFIER, f"must be one of {most} {entity_type} at most", "TOO_MANY_VALUES")
    call.store.replace(_with_related(call, record, [*related, identifier]), call.now)
    return NOTHING


def disassociate_opportunity(call: Call) -> bytes:
    """Take an association away, unless it is the last of those that the opportunity needs as it stands."""
    record, related = _related(call)
    identifier = call.request[IDENTIFIER]
    if identifier not in related:
        raise not_found("The association")
    following = _with_related(call, record, [other for other in related if other != identifier])
    is_signed = member(record, "LifeCycle", "Stage") in SIGNED_STAGES
    is_needed = is_signed or review_status(record) != PENDING
    if is_needed and has_offering(record, real=is_signed) and not has_offering(following, real=is_signed):
        raise _refusal(IDENTIFIER, "is the last one that the opportunity needs", "ACTION_NOT_PERMITTED")
    call.store.replace(following, call.now)
    return NOTHING


def assign_opportunity(call: Call) -> bytes:
    """Make someone else responsible.

    In the team the assignee takes the place of whoever has the same e-mail address, or else the same business title;
    without either, a place of their own.
    """
    record = call.store.records[call.opportunity()]
    assignee: Record = {name: value for name, value in call.request["Assignee"].items() if value is not None}
    team: list[Record] = list(record.get("OpportunityTeam") or [])
    most = service_model().shape_for("PartnerOpportunityTeamMembersList").metadata["max"]
    if (place := _place(team, assignee)) is not None:
        team[place] = assignee
    elif len(team) < most:
        team.append(assignee)
    else:
        raise _refusal("Assignee", f"has no place in a team of {most}", "TOO_MANY_VALUES")
    call.store.replace({**record, "OpportunityTeam": team}, call.now)
    return NOTHING


def _place(team: list[Record], assignee: Record) -> int | None:
    for name in ("Email", "BusinessTitle"):
        for position, other in enumerate(team):
            if other.get(name) == assignee[name]:
                return position
    return None


def _related(call: Call) -> tuple[Record, list[str]]:
    """The opportunity, and its associations of the requested type. Raises ApiError while they are locked."""
    record = call.store.records[call.opportunity("OpportunityIdentifier")]
    refusal = not_editable(record)
    if refusal is None and review_status(record) == ACTION_REQUIRED:
        problem = f"cannot be changed while the review status is {ACTION_REQUIRED}"
        refusal = violation(IDENTIFIER, problem, "ACTION_NOT_PERMITTED")
    if refusal is not None:
        raise validation_error([refusal], BUSINESS_INVALID)
    return record, member(record, "RelatedEntityIdentifiers", call.request["RelatedEntityType"]) or []


def _with_related(call: Call, record: Record, identifiers: list[str]) -> Record:
    related = {**(record.get("RelatedEntityIdentifiers") or {}), call.request["RelatedEntityType"]: identifiers}
    return {**record, "RelatedEntityIdentifiers": related}


def _find_solution(call: Call, identifier: str, stage: Any) -> None:
    if identifier == NO_SOLUTION:
        if stage in SIGNED_STAGES:
            raise _refusal(IDENTIFIER, f"must be a solution of the partner in stage {stage}", "INVALID_VALUE")
    elif not any(solution["Id"] == identifier for solution in call.store.solutions):
        raise not_found("The solution")


def _check_identifier(entity_type: str, identifier: str) -> None:
    shape = service_model().shape_for("RelatedEntityIdentifiers").members[entity_type].member
    if found := list(shape_check(shape.name)(identifier, IDENTIFIER)):
        raise validation_error(found)


def _refusal(path: str, problem: str, code: str) -> ApiError:
    return validation_error([violation(path, problem, code)], BUSINESS_INVALID)
