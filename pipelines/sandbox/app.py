"""The HTTP application: one request of the AWS protocol in, one JSON answer out."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pipelines.sandbox.instants import to_nanoseconds
from pipelines.sandbox.listing import Paging
from pipelines.sandbox.operations import read_request, serve
from pipelines.sandbox.store import Store
from pipelines.sandbox.validation import CATALOGS
from pipelines.sandbox.wire import ApiError, Drop, Fault, Record
from pipelines.sandbox.world import World

TARGET_PREFIX = "AWSPartnerCentralSelling."
CONTENT_TYPE = b"application/x-amz-json-1.0"
HANG_UP = "pipelines.sandbox.hang_up"  # the extension of our server that breaks a connection
BANNER = "This is a sandbox: a local imitation of AWS Partner Central with invented data."

Clock = Callable[[], datetime]
Hook = Callable[[str, Record], None]
Faults = Callable[[str, Record], Fault | None]


def utc_now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


class Service:
    """The ASGI application. `store` is the state of the world's catalog, `stores` that of each catalog.

    `calls` counts the requests by operation, refused ones too. Each of `before_response` is called with the
    operation and the request before it is served; `fault` may answer in its place.
    """

    def __init__(self, world: World, clock: Clock, paging: Paging = "key") -> None:
        self.clock = clock
        self.paging = paging
        self.store = world.store(clock())
        self.stores = {catalog: Store(catalog) for catalog in CATALOGS} | {world.catalog: self.store}
        self.calls: Counter[str] = Counter()
        self.before_response: list[Hook] = []
        self.fault: Faults | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve one HTTP request."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, answer, drop = await self._answer(scope["method"], dict(scope["headers"]), body)
        if drop in ("before", "after"):
            await _hang_up(scope, receive)
            return
        headers = [
            (b"content-type", CONTENT_TYPE),
            (b"content-length", str(len(answer)).encode()),
            (b"x-amzn-requestid", str(uuid.uuid4()).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if drop == "midway":
            await send({"type": "http.response.body", "body": answer[: len(answer) // 2], "more_body": True})
            await _hang_up(scope, receive)
            return
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, method: str, headers: dict[bytes, bytes], body: bytes) -> tuple[int, bytes, Drop | None]:
        """Serve a request: HTTP status, body, and when the connection is to break, if it is."""
        drop: Drop | None = None
        try:
            operation = _operation(method, headers)
            self.calls[operation] += 1
            request = read_request(operation, body)
            for hook in self.before_response:
                hook(operation, request)
            fault = self.fault(operation, request) if self.fault else None
            if fault is None:
                return 200, self._serve(operation, request), None
            drop = fault.drop
            await asyncio.sleep(fault.delay)
            if drop == "before":
                return 200, b"", drop
            if (injected := fault.response()) is not None:
                return *injected, drop
            answer = self._serve(operation, request if fault.request is None else fault.request)
            return 200, fault.change(answer) if fault.change else answer, drop
        except ApiError as error:
            return error.status, error.body(), drop

    def _serve(self, operation: str, request: Record) -> bytes:
        return serve(operation, request, self.stores, to_nanoseconds(self.clock()), self.paging)


def _operation(method: str, headers: dict[bytes, bytes]) -> str:
    """The operation that a request is for. Raises ApiError for a request that no AWS client sends."""
    target = headers.get(b"x-amz-target", b"").decode("latin-1")
    if method != "POST" or not target.startswith(TARGET_PREFIX):
        raise ApiError("UnknownOperationException", f"{BANNER} Point an AWS client at it.", status=404)
    if b"authorization" not in headers:
        raise ApiError("MissingAuthenticationTokenException", "The request has no Authorization header.")
    return target.removeprefix(TARGET_PREFIX)


async def _hang_up(scope: dict[str, Any], receive: Any) -> None:
    """Break the connection, and wait until it is broken: an application that ends before is taken for a bug."""
    scope["extensions"][HANG_UP]["close"]()
    while (await receive())["type"] != "http.disconnect":
        pass
