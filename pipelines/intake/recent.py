"""What Partner Central has that the last night did not see."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

import orjson

from pipelines.partner_central.client import PartnerCentral
from pipelines.partner_central.listing import walk_opportunities


def changed_since(client: PartnerCentral, instant: datetime | None) -> Mapping[str, Collection[str]]:
    """List what was created or changed on or after an instant: opportunities by their identifier in the CRM."""
    found: dict[str, set[str]] = defaultdict(set)
    for page in walk_opportunities(client, instant):
        for listed in page:
            partner_id = orjson.loads(listed.payload).get("PartnerOpportunityIdentifier")
            if isinstance(partner_id, str) and listed.is_fetchable:
                found[partner_id].add(listed.opportunity_id)
    return found
