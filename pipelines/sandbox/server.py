"""A local Partner Central for any AWS client: `Sandbox` in tests and demos, `serve_forever` in a terminal."""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from typing import Self

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pipelines.sandbox.app import BANNER, HANG_UP, Clock, Service, utc_now
from pipelines.sandbox.listing import Paging
from pipelines.sandbox.world import World

LOOPBACK = "127.0.0.1"
START_TIMEOUT_SECONDS = 30
STOP_TIMEOUT_SECONDS = 10
KEEP_ALIVE_SECONDS = 75  # longer than clients let a pooled connection idle


class Sandbox(Service):
    """A service in a background thread, on loopback, for as long as a `with` block lasts.

    `port` 0 takes a free one. `clock` gives the instant that the world has reached.
    """

    def __init__(self, world: World, clock: Clock = utc_now, port: int = 0, paging: Paging = "key") -> None:
        super().__init__(world, clock, paging)
        self._port = port
        self._socket: socket.socket | None = None

    @property
    def endpoint_url(self) -> str:
        """Where it listens. Raises RuntimeError outside the `with` block."""
        if self._socket is None:
            raise RuntimeError("the sandbox is not running: use it in a `with` block")
        return f"http://{LOOPBACK}:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._socket = _listen(LOOPBACK, self._port)
        self._server = uvicorn.Server(_config(self))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="sandbox", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(STOP_TIMEOUT_SECONDS)
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def serve_forever(
    world: World,
    host: str = LOOPBACK,
    port: int = 8700,
    *,
    allow_remote: bool = False,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve a world in the foreground until Ctrl-C or SIGTERM.

    `announce` gets each line to show once it listens. Raises ValueError for a host beyond loopback unless
    `allow_remote`, and OSError when the address is taken.
    """
    if not (allow_remote or is_loopback(host)):
        raise ValueError(
            f"{host} is no loopback address, and the sandbox checks no credentials: use {LOOPBACK}, or --allow-remote"
        )
    with _listen(host, port) as listener:
        service = Service(world, utc_now)
        if announce is not None:
            bound_host, bound_port = listener.getsockname()[:2]
            shown = f"[{bound_host}]" if ":" in bound_host else bound_host
            announce(f"{BANNER} Listening on http://{shown}:{bound_port}, catalog {world.catalog}.")
            if not is_loopback(bound_host):
                announce("Warning: whoever reaches this machine can read and change it: no credentials are checked.")
        try:
            uvicorn.Server(_config(service)).run([listener])
        except KeyboardInterrupt:  # uvicorn raises it again after its orderly end
            return


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host. Only literal addresses and `localhost` are trusted."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's delay off (40 ms a response) only on sockets that name their protocol.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    return listener


class _Protocol(HttpToolsProtocol):
    """HTTP/1.1, with a way for the application to break the connection, what is written already sent first."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {HANG_UP: {"close": self.transport.close}}


def _config(service: Service) -> uvicorn.Config:
    return uvicorn.Config(
        service,
        loop="asyncio",
        http=_Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=1,
    )
