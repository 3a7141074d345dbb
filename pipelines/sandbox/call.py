"""A request on its way to the function that serves it."""

from dataclasses import dataclass

from pipelines.sandbox.listing import Paging
from pipelines.sandbox.store import PARTNER_ACCOUNT, Store
from pipelines.sandbox.wire import Record, not_found


@dataclass(frozen=True, slots=True)
class Call:
    """A valid request, the catalog it is about, and the instant (nanoseconds) at which it is served."""

    store: Store
    request: Record
    now: int
    paging: Paging

    def opportunity(self, name: str = "Identifier") -> str:
        """The opportunity that a member names. Raises ResourceNotFoundException."""
        opportunity_id = str(self.request[name])
        if opportunity_id not in self.store.records:
            raise not_found(f"Opportunity {opportunity_id}")
        return opportunity_id


def resource_arn(catalog: str, resource: str) -> str:
    """The ARN of a resource of the partner (`opportunity/O1`) in a catalog."""
    return f"arn:aws:partnercentral:us-east-1:{PARTNER_ACCOUNT}:catalog/{catalog}/{resource}"
