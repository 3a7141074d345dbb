"""Turbulence: everything that a bad night at AWS may do to a client that does not give up."""

from collections import Counter
from dataclasses import dataclass, field
from functools import partial

import orjson

from pipelines.sandbox.demo.dice import Dice
from pipelines.sandbox.wire import Drop, Fault, Record, Violation, validation_error

AGAIN = "again."  # before a token: the page that it stands for was shown empty, or once already
PROXY_PAGE = b"<html><body>502 Bad Gateway</body></html>"
DROPS: dict[Drop, str] = {"before": "dropped before", "after": "dropped after", "midway": "cut off"}


@dataclass(slots=True)
class Turbulence:
    """Deals out faults for `Service.fault`: so many of all requests, of pages, of page tokens.

    Each depends only on the seed, the request and how often that request has come, so that the order in which the
    threads of a client come changes nothing. `dealt` counts the faults by kind.
    """

    seed: int = 7
    throttled: float = 0.30
    failed: float = 0.05  # half of them by AWS, half by a proxy that speaks HTML
    dropped: float = 0.02  # half of them before the request is served, half after
    cut_off: float = 0.01  # half-way through the body
    slow: float = 0.05
    slowest_seconds: float = 0.02
    empty: float = 0.10  # of the pages
    repeated: float = 0.10  # of the pages, under a new token
    expired: float = 0.10  # of the page tokens
    dealt: Counter[str] = field(default_factory=Counter)
    _requests: Counter[bytes] = field(default_factory=Counter, repr=False)

    def __call__(self, operation: str, request: Record) -> Fault | None:
        """What goes wrong with a request, if anything does."""
        key = orjson.dumps([operation, request], option=orjson.OPT_SORT_KEYS)
        dice = Dice(f"{self.seed}/{self._requests[key]}/{key.decode()}")
        self._requests[key] += 1
        fault = self._failure(dice) or (self._page_fault(dice, request) if operation.startswith("List") else None)
        if fault is None and self._falls(dice, self.slow, "slow"):
            fault = Fault(delay=dice.random() * self.slowest_seconds)
        return fault

    def _failure(self, dice: Dice) -> Fault | None:
        if self._falls(dice, self.throttled, "throttled"):
            return Fault("ThrottlingException")
        if self._falls(dice, self.failed / 2, "failed at AWS"):
            return Fault("InternalServerException", status=500)
        if self._falls(dice, self.failed / 2, "failed at a proxy"):
            return Fault(body=PROXY_PAGE, status=502)
        shares: dict[Drop, float] = {"before": self.dropped / 2, "after": self.dropped / 2, "midway": self.cut_off}
        for drop, share in shares.items():
            if self._falls(dice, share, DROPS[drop]):
                return Fault(drop=drop)
        return None

    def _page_fault(self, dice: Dice, request: Record) -> Fault | None:
        """An expired token, a page shown empty or twice; or the page that a token of ours stands for."""
        token = str(request.get("NextToken") or "")
        if token and self._falls(dice, self.expired, "expired token"):
            return _expired_token()
        if token.startswith(AGAIN):
            return Fault(request=request | {"NextToken": token.removeprefix(AGAIN)})
        if self._falls(dice, self.empty, "empty page"):
            return Fault(change=partial(_with_token, AGAIN + token, is_empty=True))
        if self._falls(dice, self.repeated, "repeated page"):
            return Fault(change=partial(_with_token, AGAIN + token, is_empty=False))
        return None

    def _falls(self, dice: Dice, share: float, kind: str) -> bool:
        falls = dice.random() < share
        self.dealt[kind] += falls
        return falls


def _expired_token() -> Fault:
    error = validation_error([Violation("nextToken", "nextToken has expired", "INVALID_VALUE")])
    return Fault(body=error.body(), status=error.status)


def _with_token(token: str, body: bytes, *, is_empty: bool) -> bytes:
    """A page whose next one is another; without its rows, if it is to be empty."""
    page = {name: [] if is_empty and isinstance(value, list) else value for name, value in orjson.loads(body).items()}
    return orjson.dumps(page | {"NextToken": token})
