"""Answers that AWS never gives, byte by byte or without end, and a server that gives one of them to every request."""

import gzip
import json
import socket
import socketserver
import ssl
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from pipelines.errors import AwsError

LONGEST_LINE = 500
OPERATIONS = {
    "ListOpportunities": {},
    "GetOpportunity": {"Identifier": "O1"},
    "GetAwsOpportunitySummary": {"RelatedOpportunityIdentifier": "O1"},
    "ListEngagementResourceAssociations": {},
    "ListResourceSnapshots": {"EngagementIdentifier": "eng-00000000000001"},
    "GetResourceSnapshot": {
        "EngagementIdentifier": "eng-00000000000001",
        "ResourceType": "Opportunity",
        "ResourceIdentifier": "O1",
        "ResourceSnapshotTemplateIdentifier": "OpportunitySummaryView",
    },
    "ListSolutions": {},
}
CUSTOMER = "Geheime Kundin GmbH"
GOOD = json.dumps({"Customer": CUSTOMER}).encode()
PAGE = f"<html><head><title>Sign in</title></head><body>{CUSTOMER}</body></html>".encode()
DEEP = b'{"a":' + b"[" * 1500 + b"]" * 1500 + b"}"


def answer(body: bytes = GOOD, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def error(**members: object) -> bytes:
    return answer(json.dumps(members).encode(), "400 Bad Request")


NO_JSON = {
    "nothing": b"",
    "cut off": GOOD[:-3],
    "a page of HTML": PAGE,
    "a list": b"[]",
    "a number": b"5",
    "null": b"null",
    "a text": b'"text"',
    "two objects": GOOD * 2,
    "single quotes": b"{'a': 1}",
    "a comma too many": b'{"a": 1,}',
    "not a number": b'{"a": NaN}',
    "infinity": b'{"a": Infinity}',
    "a number beyond any double": b'{"a": 1e400}',
    "a tab in a text": b'{"a": "\t"}',
    "a bad escape": b'{"a": "\\x41"}',
    "half a surrogate pair": b'{"a": "\\ud800"}',
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "an overlong encoding": b'{"a": "\xc0\x80"}',
    "UTF-16": GOOD.decode().encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "null characters": b"\0" * 1000,
    "1,500 levels": DEEP,
    "a compressed text, not announced": gzip.compress(GOOD),
}
STATUSES = {
    "no content": answer(b"", "204 No Content"),
    "not modified": answer(b"", "304 Not Modified"),
    "a proxy's 403": answer(PAGE, "403 Forbidden"),
    "a proxy's 404": answer(PAGE, "404 Not Found"),
    "a proxy's 407": answer(PAGE, "407 Proxy Authentication Required"),
    "a teapot": answer(b"short and stout", "418 I'm a teapot"),
    "a proxy's 502": answer(PAGE, "502 Bad Gateway"),
    "a 500 cut off": answer(b'{"__type": "Internal', "500 Internal Server Error"),
    "a 500 of 1,500 levels": answer(DEEP, "500 Internal Server Error"),
    "a 503 that is no text": answer(b"\xff\xfe\x00", "503 Service Unavailable"),
}
ERRORS = {
    "an error without a type": error(Message=CUSTOMER),
    "a type that is a number": error(__type=5, Message=CUSTOMER),
    "a type that is a list": error(__type=["AccessDeniedException"]),
    "a type of two lines": error(__type=f"Evil\r\nException {CUSTOMER}"),
    "an endless type": error(__type="ns#" + "x" * 1_000_000),
    "a message that is an object": error(__type="ValidationException", Message={"a": CUSTOMER}),
    "a list of errors that is none": error(__type="ValidationException", ErrorList=CUSTOMER),
    "errors that are null": error(__type="ValidationException", ErrorList=[None, 5, {}]),
    "a field of two lines": error(__type="ValidationException", ErrorList=[{"FieldName": "a\nb", "Code": "c\nd"}]),
    "10,000 errors": error(__type="ValidationException", ErrorList=[{"FieldName": "a" * 20, "Code": "c"}] * 10_000),
    "an error of 1,500 levels": answer(DEEP, "400 Bad Request"),
}
BROKEN = {
    "no answer at all": b"",
    "another protocol": b"SSH-2.0-OpenSSH_9.9\r\n",
    "no status": b"HTTP/1.1\r\n\r\n",
    "a status of letters": b"HTTP/1.1 OK OK\r\n\r\n",
    "headers cut off": b"HTTP/1.1 200 OK\r\nContent-Le",
    "an endless header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    "10,000 headers": b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 10_000 + b"\r\n",
    "a body that ends too early": answer(GOOD[:-1], length=len(GOOD)),
    "a body longer than announced": answer(GOOD, length=len(GOOD) - 2),
    "a length of letters": b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\nConnection: close\r\n\r\n{",
    "chunks of letters": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "chunks cut off": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{}",
    "compression that nobody asked for": answer(gzip.compress(GOOD), "200 OK", "Content-Encoding: gzip"),
    "compression cut off": answer(gzip.compress(GOOD)[:-9], "200 OK", "Content-Encoding: gzip"),
    "an unknown compression": answer(b"magic", "200 OK", "Content-Encoding: magic"),
}
UNUSUAL = {
    "plain": answer(),
    "called a page": answer(GOOD, "200 OK", "Content-Type: text/html"),
    "compression announced, not done": answer(GOOD, "200 OK", "Content-Encoding: gzip"),
    "whole, though more was announced": answer(GOOD, length=len(GOOD) + 10),
    "in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(GOOD), GOOD),
    "after another answer": b"HTTP/1.1 100 Continue\r\n\r\n" + answer(),
    "20 MB": answer(json.dumps({"x" * 10_000_000: "y" * 10_000_000}).encode()),
}
REFUSED = {name: answer(body) for name, body in NO_JSON.items()} | STATUSES | ERRORS | BROKEN
REDIRECTS = ("300 Multiple Choices", "301 Moved Permanently", "302 Found", "303 See Other")
REDIRECTS += ("307 Temporary Redirect", "308 Permanent Redirect")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    answer: bytes | Callable[[], Iterable[bytes]] = b""  # at once, or part by part
    requests = 0
    sent = 0  # bytes of the last answer
    tls: ssl.SSLContext | None = None

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        return (self.tls.wrap_socket(connection, server_side=True) if self.tls else connection), address


class _Handler(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        """Read one request, answer, and close."""
        length = 0
        while (line := self.rfile.readline()) not in (b"", b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        self.rfile.read(length)
        self.server.requests += 1
        self.server.sent = 0
        answer = self.server.answer
        try:
            for part in [answer] if isinstance(answer, bytes) else answer():
                self.wfile.write(part)
                self.server.sent += len(part)
            self.connection.shutdown(socket.SHUT_WR)
        except OSError:  # the client has heard enough
            return


def assert_is_one_safe_line(error: AwsError) -> None:
    line = str(error)
    assert error.exit_code == 4
    assert line.isprintable()
    assert len(line) < LONGEST_LINE
    assert CUSTOMER not in "".join(traceback.format_exception(error))


@contextmanager
def serving(body: bytes) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), _Handler) as server:
        server.answer = body
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def url_of(server: Server) -> str:
    return "http://{}:{}".format(*server.server_address)
