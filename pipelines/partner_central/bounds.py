"""The bounds of one answer of AWS, its head included: in time and in size."""

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any

from pipelines.partner_central.aws_errors import TooLargeError

MAX_ANSWER_SECONDS = 120.0  # from the end of the request; the read timeout bounds each wait alone
MAX_ANSWER_BYTES = 64_000_000  # as sent; the 100 rows of a page take less than one


def bound_answers(client: Any) -> None:
    """Let a boto3 client give up an answer that goes beyond the bounds.

    It then fails as after a read timeout, or with an HTTPClientError whose `error` is a TooLargeError.
    """
    # No public way leads to where the bytes come in. A session of our own, sent through at `before-send`, could bound
    # the body, but not the head, and would have to copy the client's proxies, certificates and pool.
    session = client._endpoint.http_session
    pools = session._pool_classes_by_scheme  # the dictionary that its managers use, those of proxies too
    pools.update({scheme: _bounded(pool) for scheme, pool in pools.items()})
    session.close()  # the pools of the former classes, if the client has been used


def _bounded(pool: Any) -> Any:
    """Derive a class of connection pools whose connections answer within the bounds."""
    connection = type("BoundedConnection", (pool.ConnectionCls,), {"response_class": _BoundedResponse})
    return type("BoundedPool", (pool,), {"ConnectionCls": connection})


class _BoundedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_BoundedStream(sock, self.fp.detach()))


class _BoundedStream(io.RawIOBase):
    """The bytes of one answer. Raises TimeoutError and TooLargeError while they are read, never after."""

    def __init__(self, sock: socket.socket, stream: io.RawIOBase) -> None:
        self._socket = sock
        self._stream = stream
        self._longest_wait = sock.gettimeout()
        self._deadline = time.monotonic() + MAX_ANSWER_SECONDS
        self._bytes_left = MAX_ANSWER_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        seconds_left = self._deadline - time.monotonic()
        if seconds_left <= 0:
            raise TimeoutError("the answer takes too long")
        self._socket.settimeout(min(seconds_left, self._longest_wait or seconds_left))
        count = self._stream.readinto(buffer) or 0
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise TooLargeError(f"an answer of more than {MAX_ANSWER_BYTES / 1e6:g} MB")
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()
