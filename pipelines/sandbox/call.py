"""A request on its way to the function that serves it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from pipelines.sandbox.business_rules import Circumstances
from pipelines.sandbox.instants import format_instant
from pipelines.sandbox.listing import Paging
from pipelines.sandbox.store import PARTNER_ACCOUNT, Store
from pipelines.sandbox.wire import Record, conflict, not_found

NOTHING = b"{}"  # the answer of an operation whose model has no output


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

    def circumstances(self, *, is_new: bool = False) -> Circumstances:
        """What the rules on a record need to know of this call."""
        today = format_instant(self.now, 0)[:10]
        return Circumstances(today, is_new, self.store.accepts_deal_value)

    def once(self, operation: str, answer: Callable[[], bytes]) -> bytes:
        """The answer to the request's ClientToken: made once, then repeated; a refused request has used no token.

        Raises ConflictException when the token came before with another request.
        """
        token = operation, str(self.request["ClientToken"])
        digest = hashlib.blake2s(orjson.dumps(self.request, option=orjson.OPT_SORT_KEYS)).digest()
        if token not in self.store.answers:
            self.store.answers[token] = digest, answer()
        seen, given = self.store.answers[token]
        if seen != digest:
            raise conflict("This ClientToken was used before with another request.")
        return given


def resource_arn(catalog: str, resource: str) -> str:
    """The ARN of a resource of the partner (`opportunity/O1`) in a catalog."""
    return f"arn:aws:partnercentral:us-east-1:{PARTNER_ACCOUNT}:catalog/{catalog}/{resource}"
