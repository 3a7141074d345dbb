"""The operations on opportunities: from a valid request to the JSON of its response."""

import hashlib

import orjson

from pipelines.sandbox import rules
from pipelines.sandbox.call import Call, resource_arn
from pipelines.sandbox.instants import MICROSECOND, parse_instant
from pipelines.sandbox.listing import opportunity_page
from pipelines.sandbox.wire import conflict, not_found


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
    store, token = call.store, call.request["ClientToken"]
    digest = hashlib.blake2s(orjson.dumps(call.request, option=orjson.OPT_SORT_KEYS)).digest()
    if token in store.answers:
        seen, answer = store.answers[token]
        if seen != digest:
            raise conflict("This ClientToken was used before with another request.")
        return answer
    opportunity_id = store.next_id()
    arn = resource_arn(store.catalog, f"opportunity/{opportunity_id}")
    record = rules.created(call.request, store.catalog, opportunity_id, arn, call.now)
    answer = orjson.dumps(
        {
            "Id": opportunity_id,
            "PartnerOpportunityIdentifier": record.get("PartnerOpportunityIdentifier"),
            "LastModifiedDate": store.replace(record, call.now),
        }
    )
    store.answers[token] = (digest, answer)
    return answer


def update_opportunity(call: Call) -> bytes:
    """The next version, if the caller has seen the present one."""
    opportunity_id = call.opportunity()
    seen, current = parse_instant(call.request["LastModifiedDate"]), call.store.modified[opportunity_id]
    # SDKs keep microseconds of the nanoseconds that AWS may send.
    if seen // MICROSECOND != current // MICROSECOND:
        raise conflict(f"Opportunity {opportunity_id} was modified since. Get it again, then update it.")
    record = rules.updated(call.request, call.store.records[opportunity_id], call.now)
    return orjson.dumps({"Id": opportunity_id, "LastModifiedDate": call.store.replace(record, call.now)})
