"""The operations that hand an opportunity to AWS: from a finished record to its review, alone or in an engagement."""

import hashlib

import orjson

from pipelines.sandbox.business_rules import AWS_TARGET, NO_SOLUTION, broken_rules, has_offering, spend_entries
from pipelines.sandbox.call import NOTHING, Call, resource_arn
from pipelines.sandbox.events import OPPORTUNITY_VIEW, Engaged, Engagement, Snapshotted
from pipelines.sandbox.instants import format_instant
from pipelines.sandbox.locks import PENDING, SUBMITTED, review_status
from pipelines.sandbox.store import PARTNER_ACCOUNT, member
from pipelines.sandbox.wire import BUSINESS_INVALID, Record, Violation, validation_error, violation

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
SNAPSHOT_DIGITS = 6
# The kinds of identifiers that a task hands out, by their length after the prefix.
TASK, JOB, INVITATION, ENGAGEMENT = ("task-", 13), ("job-", 13), ("engi-", 13), ("eng-", 14)


def submit_opportunity(call: Call) -> bytes:
    """Submit an opportunity for review, after which nothing in it can be changed until AWS has decided."""
    opportunity_id = call.opportunity()
    record = call.store.records[opportunity_id]
    if found := [*_not_pending(record), *_unfinished(call, record)]:
        raise validation_error(found, BUSINESS_INVALID)
    _submit(call, opportunity_id, call.request)
    return NOTHING


def start_engagement_from_opportunity_task(call: Call) -> bytes:
    """Share an opportunity with AWS in an engagement, its first snapshot taken, and submit it.

    The task is done, or has failed and changed nothing, by the time of the answer.
    """
    opportunity_id = call.opportunity()
    return call.once("StartEngagementFromOpportunityTask", lambda: _run_task(call, opportunity_id))


def _run_task(call: Call, opportunity_id: str) -> bytes:
    record = call.store.records[opportunity_id]
    seed = f"{call.store.catalog}/{opportunity_id}/{call.request['ClientToken']}"
    task_id = _identifier(seed, TASK)
    task: Record = {
        "TaskId": task_id,
        "TaskArn": resource_arn(call.store.catalog, f"engagement-from-opportunity-task/{task_id}"),
        "StartTime": format_instant(call.now),
        "OpportunityId": opportunity_id,
    }
    submitted, unfinished = _not_pending(record), _unfinished(call, record)
    if submitted or unfinished:
        task["TaskStatus"] = "FAILED"
        task["ReasonCode"] = "OpportunitySubmissionFailed" if submitted else "OpportunityValidationFailed"
        task["Message"] = "; ".join(found.message for found in submitted + unfinished)
        return orjson.dumps(task)
    task |= {
        "TaskStatus": "COMPLETE",
        "EngagementId": _engage(call, opportunity_id, _identifier(seed, ENGAGEMENT)),
        "EngagementInvitationId": _identifier(seed, INVITATION),
        "ResourceSnapshotJobId": _identifier(seed, JOB),
    }
    _submit(call, opportunity_id, call.request["AwsSubmission"])
    return orjson.dumps(task)


def _not_pending(record: Record) -> list[Violation]:
    status = review_status(record)
    if status == PENDING:
        return []
    return [violation("LifeCycle.ReviewStatus", f"is {status}: it was submitted before", "ACTION_NOT_PERMITTED")]


def _unfinished(call: Call, record: Record) -> list[Violation]:
    """What a record lacks before AWS will look at it."""
    found = broken_rules(record, call.circumstances())
    if member(record, "LifeCycle", "Stage") == "Closed Lost":
        found.append(violation("LifeCycle.Stage", "is Closed Lost: there is nothing to review", "ACTION_NOT_PERMITTED"))
    if not has_offering(record, real=False):
        problem = "must have a solution, or one or a product of AWS Marketplace"
        found.append(violation("RelatedEntityIdentifiers.Solutions", problem, "REQUIRED_FIELD_MISSING"))
    related = member(record, "RelatedEntityIdentifiers", "Solutions") or []
    if NO_SOLUTION in related and not member(record, "Project", "OtherSolutionDescription"):
        problem = "is required for the solution Other"
        found.append(violation("Project.OtherSolutionDescription", problem, "REQUIRED_FIELD_MISSING"))
    if not member(record, "Customer", "Account", "Industry"):
        found.append(violation("Customer.Account.Industry", "is required", "REQUIRED_FIELD_MISSING"))
    if not member(record, "Customer", "Account"):  # one that is there has a website, or breaks a rule
        found.append(violation("Customer.Account.WebsiteUrl", "is required", "REQUIRED_FIELD_MISSING"))
    return found


def _submit(call: Call, opportunity_id: str, submission: Record) -> None:
    """The review begins, and AWS's side of the opportunity exists from now on."""
    record = call.store.records[opportunity_id]
    life_cycle = {**(record.get("LifeCycle") or {}), "ReviewStatus": SUBMITTED}
    call.store.replace({**record, "LifeCycle": life_cycle}, call.now)
    aws_spend = [entry for entry in spend_entries(record) if entry.get("TargetCompany") == AWS_TARGET]
    summary: Record = {
        "Catalog": call.store.catalog,
        "RelatedOpportunityId": opportunity_id,
        "Origin": "Partner Referral",
        "InvolvementType": submission["InvolvementType"],
        "Visibility": submission.get("Visibility") or "Full",
        "LifeCycle": {"Stage": "Not Started", "TargetCloseDate": life_cycle.get("TargetCloseDate")},
        "OpportunityTeam": [],
        "RelatedEntityIds": {"AwsProducts": [], "Solutions": []},
        "Customer": {"Contacts": []},
        "Project": {"ExpectedCustomerSpend": aws_spend},
    }
    call.store.put_aws_summary(opportunity_id, summary)


def _engage(call: Call, opportunity_id: str, engagement_id: str) -> str:
    """The engagement about an opportunity, begun if there is none, with a snapshot of how it stands."""
    store = call.store
    existing = (one.engagement_id for one in store.engagements.values() if one.opportunity_id == opportunity_id)
    found = next(existing, None)
    if found is None:
        title = f"Co-sell {opportunity_id}"
        engagement = Engagement(engagement_id, opportunity_id, title, call.now, PARTNER_ACCOUNT)
        store.apply(Engaged(call.now, engagement))
        found = engagement_id
    store.apply(Snapshotted(call.now, found, opportunity_id, OPPORTUNITY_VIEW, SNAPSHOT_DIGITS))
    return found


def _identifier(seed: str, kind: tuple[str, int]) -> str:
    """An identifier of a kind; the same task gets the same ones."""
    prefix, length = kind
    number = int.from_bytes(hashlib.blake2s(f"{prefix}{seed}".encode()).digest())
    digits = ""
    while len(digits) < length:
        number, digit = divmod(number, len(ALPHABET))
        digits += ALPHABET[digit]
    return prefix + digits
