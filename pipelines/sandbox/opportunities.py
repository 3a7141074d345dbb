"""The operations on opportunities: from a valid request to the JSON of its response."""

import orjson

from pipelines.sandbox import rules
from pipelines.sandbox.business_rules import broken_rules
from pipelines.sandbox.call import Call, resource_arn
from pipelines.sandbox.instants import MICROSECOND, parse_instant
from pipelines.sandbox.listing import opportunity_page
from pipelines.sandbox.locks import ACTION_REQUIRED, SUBMITTED, changed_members, locked_changes, review_status
from pipelines.sandbox.wire import BUSINESS_INVALID, conflict, not_found, validation_error, violation


def list_opportunities(call: Call) -> bytes:
    """One page of summaries, last modified first unless asked otherwise."""
    ids, token = opportunity_page(call.store, call.request, call.paging)
    summaries = b",".join(call.store.json(opportunity_id)[1] for opportunity_id in ids)
    end = b"" if token is None else b',"NextToken":"%s"' % token.encode()
    return b'{"OpportunitySummaries":[%s]%s}' % (summaries, end)


def get_opportunity(call: Call) -> bytes:
    """The whole record."""
    return call.store.json(call.opportunity())[0]


def get_aws_opportunity_summary(call: Call) -> bytes:
    """AWS's side of an opportunity, which exists from its submission on."""
    opportunity_id = call.opportunity("RelatedOpportunityIdentifier")
    if opportunity_id not in call.store.aws_summaries:
        raise not_found(f"The AWS opportunity of {opportunity_id}")
    return orjson.dumps(call.store.aws_summaries[opportunity_id])


def create_opportunity(call: Call) -> bytes:
    """A new opportunity; the same request with the same ClientToken gets the same answer again."""
    return call.once("CreateOpportunity", lambda: _create(call))


def _create(call: Call) -> bytes:
    store, opportunity_id = call.store, call.store.next_id()
    arn = resource_arn(store.catalog, f"opportunity/{opportunity_id}")
    record = rules.created(call.request, store.catalog, opportunity_id, arn, call.now)
    found = broken_rules(record, call.circumstances(is_new=True))
    if store.catalog == "AWS" and call.request.get("Origin") == "AWS Referral":
        found.append(violation("Origin", "must be Partner Referral in catalog AWS", "INVALID_VALUE"))
    if found:
        raise validation_error(found, BUSINESS_INVALID)
    return orjson.dumps(
        {
            "Id": opportunity_id,
            "PartnerOpportunityIdentifier": record.get("PartnerOpportunityIdentifier"),
            "LastModifiedDate": store.replace(record, call.now),
        }
    )


def update_opportunity(call: Call) -> bytes:
    """The next version, if the caller has seen the present one.

    A change that AWS required sends the opportunity into review again.
    """
    opportunity_id = call.opportunity()
    seen, current = parse_instant(call.request["LastModifiedDate"]), call.store.modified[opportunity_id]
    # SDKs keep microseconds of the nanoseconds that AWS may send.
    if seen // MICROSECOND != current // MICROSECOND:
        raise conflict(f"Opportunity {opportunity_id} was modified since. Get it again, then update it.")
    present = call.store.records[opportunity_id]
    record = rules.updated(call.request, present, call.now)
    if found := [*locked_changes(present, record), *broken_rules(record, call.circumstances())]:
        raise validation_error(found, BUSINESS_INVALID)
    if review_status(present) == ACTION_REQUIRED and changed_members(present, record):
        record["LifeCycle"]["ReviewStatus"] = SUBMITTED
    return orjson.dumps({"Id": opportunity_id, "LastModifiedDate": call.store.replace(record, call.now)})
