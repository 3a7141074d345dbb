"""Which function serves which operation, and the road of a request through checks to its answer."""

from collections.abc import Callable

import orjson

from pipelines.sandbox import associations, engagements, opportunities, submissions
from pipelines.sandbox.call import Call
from pipelines.sandbox.listing import Paging
from pipelines.sandbox.store import Store
from pipelines.sandbox.validation import request_violations, service_model
from pipelines.sandbox.wire import ApiError, Record, validation_error

OPERATIONS: dict[str, Callable[[Call], bytes]] = {
    "AssignOpportunity": associations.assign_opportunity,
    "AssociateOpportunity": associations.associate_opportunity,
    "CreateOpportunity": opportunities.create_opportunity,
    "DisassociateOpportunity": associations.disassociate_opportunity,
    "GetAwsOpportunitySummary": opportunities.get_aws_opportunity_summary,
    "GetOpportunity": opportunities.get_opportunity,
    "GetResourceSnapshot": engagements.get_resource_snapshot,
    "ListEngagementResourceAssociations": engagements.list_engagement_resource_associations,
    "ListEngagements": engagements.list_engagements,
    "ListOpportunities": opportunities.list_opportunities,
    "ListResourceSnapshots": engagements.list_resource_snapshots,
    "ListSolutions": engagements.list_solutions,
    "StartEngagementFromOpportunityTask": submissions.start_engagement_from_opportunity_task,
    "SubmitOpportunity": submissions.submit_opportunity,
    "UpdateOpportunity": opportunities.update_opportunity,
}


def read_request(operation: str, body: bytes) -> Record:
    """The request of an operation. Raises ApiError when it is not served, or its body is no JSON object."""
    if operation not in OPERATIONS:
        known = operation in service_model().operation_names
        message = f"This sandbox does not serve {operation} yet." if known else "There is no such operation."
        raise ApiError("UnknownOperationException", message)
    try:
        request = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise ApiError("SerializationException", "The body is not JSON.") from error
    if not isinstance(request, dict):
        raise ApiError("SerializationException", "The body is not a JSON object.")
    return request


def serve(operation: str, request: Record, stores: dict[str, Store], now: int, paging: Paging) -> bytes:
    """Check a request and serve it at this instant (nanoseconds). Raises ApiError."""
    violations = request_violations(operation, request)
    if violations:
        raise validation_error(violations)
    store = stores[request["Catalog"]]
    with store.lock:
        store.advance(now)
        return OPERATIONS[operation](Call(store, request, now, paging))
