"""The operations on engagements, resource snapshots and solutions: a valid request in, JSON out."""

from collections.abc import Iterable

import orjson

from pipelines.sandbox.call import Call, resource_arn
from pipelines.sandbox.events import Engagement
from pipelines.sandbox.instants import format_instant
from pipelines.sandbox.listing import DEFAULT_PAGE, page_json, page_of
from pipelines.sandbox.store import AWS_ACCOUNT, PARTNER_ACCOUNT, SnapshotKey, Store
from pipelines.sandbox.wire import Record, not_found

ENGAGEMENT_PAGE = 100
LARGE_PAGE = 1000
RESOURCE_TYPE = "Opportunity"
CONTEXT_TYPE = "CustomerProject"


def list_engagements(call: Call) -> bytes:
    """One page of engagements in the order of their creation."""
    request = call.request
    descending = (request.get("Sort") or {}).get("SortOrder") == "DESCENDING"
    found = [_engagement_summary(call.store, engagement) for engagement in call.store.engagements.values()]
    kept = [summary for summary in found if _keeps_engagement(request, summary)]
    kept.sort(key=lambda summary: (summary["CreatedAt"], summary["Id"]), reverse=descending)
    return page_json("EngagementSummaryList", *page_of(kept, request, ENGAGEMENT_PAGE))


def _engagement_summary(store: Store, engagement: Engagement) -> Record:
    created_at = format_instant(engagement.created_at, 9)
    return {
        "Arn": resource_arn(store.catalog, f"engagement/{engagement.engagement_id}"),
        "Id": engagement.engagement_id,
        "Title": engagement.title,
        "CreatedAt": created_at,
        "CreatedBy": engagement.created_by,
        "MemberCount": 2,
        "ModifiedAt": created_at,
        "ModifiedBy": engagement.created_by,
        "ContextTypes": [CONTEXT_TYPE],
    }


def _keeps_engagement(request: Record, summary: Record) -> bool:
    identifiers = request.get("EngagementIdentifier")
    return (
        (not request.get("CreatedBy") or summary["CreatedBy"] in request["CreatedBy"])
        and summary["CreatedBy"] not in (request.get("ExcludeCreatedBy") or ())
        and (not request.get("ContextTypes") or CONTEXT_TYPE in request["ContextTypes"])
        and CONTEXT_TYPE not in (request.get("ExcludeContextTypes") or ())
        and (not identifiers or summary["Id"] in identifiers or summary["Arn"] in identifiers)
    )


def list_engagement_resource_associations(call: Call) -> bytes:
    """One page of the pairs of engagement and opportunity that have a snapshot, oldest first."""
    associations = (
        {
            "Catalog": call.store.catalog,
            "EngagementId": engagement.engagement_id,
            "ResourceType": RESOURCE_TYPE,
            "ResourceId": engagement.opportunity_id,
            "CreatedBy": PARTNER_ACCOUNT,
        }
        for engagement in call.store.engagements.values()
        if call.store.snapshots_of(engagement.engagement_id)
    )
    same = {
        "EngagementIdentifier": "EngagementId",
        "ResourceIdentifier": "ResourceId",
        "CreatedBy": "CreatedBy",
    }
    kept = _matching(associations, call.request, same)
    return page_json("EngagementResourceAssociationSummaries", *page_of(kept, call.request, LARGE_PAGE))


def list_resource_snapshots(call: Call) -> bytes:
    """One page of an engagement's snapshots: the latest revision of each resource and template."""
    engagement_id = call.request["EngagementIdentifier"]
    if engagement_id not in call.store.engagements:
        raise not_found(f"Engagement {engagement_id}")
    summaries = (
        {
            "Arn": snapshot_arn(call.store.catalog, key, len(revisions)),
            "Revision": len(revisions),
            "ResourceType": RESOURCE_TYPE,
            "ResourceId": key[1],
            "ResourceSnapshotTemplateName": key[2],
            "CreatedBy": revisions[-1].created_by,
        }
        for key, revisions in call.store.snapshots_of(engagement_id)
    )
    same = {
        "ResourceIdentifier": "ResourceId",
        "ResourceSnapshotTemplateIdentifier": "ResourceSnapshotTemplateName",
        "CreatedBy": "CreatedBy",
    }
    kept = _matching(summaries, call.request, same)
    return page_json("ResourceSnapshotSummaries", *page_of(kept, call.request, LARGE_PAGE))


def get_resource_snapshot(call: Call) -> bytes:
    """One revision of a snapshot, the latest unless asked otherwise."""
    request = call.request
    key = (
        request["EngagementIdentifier"],
        request["ResourceIdentifier"],
        request["ResourceSnapshotTemplateIdentifier"],
    )
    revisions = call.store.snapshots.get(key, [])
    revision = request.get("Revision") or len(revisions)
    if not 1 <= revision <= len(revisions):
        raise not_found("The resource snapshot")
    snapshot = revisions[revision - 1]
    return orjson.dumps(
        {
            "Catalog": call.store.catalog,
            "Arn": snapshot_arn(call.store.catalog, key, revision),
            "CreatedBy": snapshot.created_by,
            "CreatedAt": snapshot.created_at,
            "EngagementId": key[0],
            "ResourceType": RESOURCE_TYPE,
            "ResourceId": key[1],
            "ResourceSnapshotTemplateName": key[2],
            "Revision": revision,
            "Payload": orjson.Fragment(snapshot.payload),
            "TargetMemberAccounts": [AWS_ACCOUNT] if snapshot.created_by == PARTNER_ACCOUNT else [PARTNER_ACCOUNT],
        }
    )


def list_solutions(call: Call) -> bytes:
    """One page of the partner's solutions, by identifier unless asked otherwise."""
    request = call.request
    sort = request.get("Sort") or {"SortBy": "Identifier", "SortOrder": "ASCENDING"}
    member = "Id" if sort["SortBy"] == "Identifier" else sort["SortBy"]
    kept = [
        solution
        for solution in call.store.solutions
        if all(
            not request.get(name) or solution.get(shown) in request[name]
            for name, shown in (
                ("Status", "Status"),
                ("Identifier", "Id"),
                ("Category", "Category"),
                ("AwsMarketplaceSolutionArn", "AwsMarketplaceSolutionArn"),
            )
        )
    ]
    kept.sort(key=lambda solution: (solution[member], solution["Id"]), reverse=sort["SortOrder"] == "DESCENDING")
    return page_json("SolutionSummaries", *page_of(kept, request, DEFAULT_PAGE))


def snapshot_arn(catalog: str, key: SnapshotKey, revision: int) -> str:
    """The ARN of one revision."""
    engagement_id, resource_id, template = key
    path = f"engagement/{engagement_id}/resource/{RESOURCE_TYPE}/{resource_id}/template/{template}"
    return resource_arn(catalog, f"{path}/resource-snapshot/{revision}")


def _matching(items: Iterable[Record], request: Record, same: dict[str, str]) -> Iterable[Record]:
    """The items whose members equal those of the request that are given."""
    wanted = {member: request[name] for name, member in same.items() if request.get(name) is not None}
    return (item for item in items if all(item[member] == value for member, value in wanted.items()))
