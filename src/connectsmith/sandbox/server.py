"""Put the sandbox together and serve it, only when somebody asks."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from connectsmith.errors import Unavailable
from connectsmith.sandbox import pages
from connectsmith.sandbox.authorize_endpoint import AuthorizeEndpoint
from connectsmith.sandbox.calendar_api import CalendarApi
from connectsmith.sandbox.control import Control
from connectsmith.sandbox.metadata import metadata_route
from connectsmith.sandbox.state import Sandbox
from connectsmith.sandbox.token_endpoint import TokenEndpoint

HOST, PORT = "localhost", 8401


def create_app(sandbox: Sandbox) -> ASGIApp:
    """Return the ASGI application of one sandbox."""
    routes = [
        *Control(sandbox).routes(),
        *AuthorizeEndpoint(sandbox).routes(),
        *TokenEndpoint(sandbox).routes(),
        *CalendarApi(sandbox).routes(),
        metadata_route(sandbox),
    ]
    return OwnOriginOnly(Starlette(routes=routes), sandbox.issuer)


class OwnOriginOnly:
    """Answer requests to our own host name that no page of another origin sent as a form.

    The host name keeps DNS rebinding out, and our cookies off 127.0.0.1, where they would mix
    with those of the product (cookies do not know ports).
    """

    def __init__(self, app: ASGIApp, issuer: str) -> None:
        self._app = app
        self._issuer = issuer
        self._host = issuer.partition("://")[2]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        answer: ASGIApp = self._app
        if headers.get(b"host") != self._host:
            answer = pages.refusal(
                title="Wrong address", text=f"This sandbox answers at {self._issuer}.", status=421
            )
        elif scope["method"] == "POST" and headers.get(b"origin", self._issuer) != self._issuer:
            answer = pages.refusal(
                title="Sent by another page",
                text="The sandbox takes forms from its own pages alone.",
                status=403,
            )
        await answer(scope, receive, send)


def run_sandbox(host: str = HOST, port: int = PORT) -> None:
    """Serve a fresh sandbox until the process is told to stop."""
    sockets = bind(host, port)
    try:
        _server(Sandbox(_issuer(host, sockets))).run(sockets)
    finally:
        _close(sockets)


@contextmanager
def running_sandbox(
    host: str = HOST, port: int = PORT, *, sandbox: Sandbox | None = None
) -> Iterator[Sandbox]:
    """Serve a sandbox from a thread of its own; port 0 takes a free one.

    The issuer of a sandbox that is handed in becomes the address it is served at.
    """
    sockets = bind(host, port)
    sandbox = sandbox or Sandbox("")
    sandbox.issuer = _issuer(host, sockets)
    server = _server(sandbox)
    thread = Thread(target=server.run, args=(sockets,), name="sandbox", daemon=True)
    thread.start()
    try:
        yield sandbox
    finally:
        server.should_exit = True
        thread.join()
        _close(sockets)


def bind(host: str, port: int) -> list[socket.socket]:
    """Listen on every address of a host that this machine has, all on one port.

    Raises:
        Unavailable: The port is taken.
    """
    sockets: list[socket.socket] = []
    try:
        for family, *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            listening = _listen(family, (address[0], port, *address[2:]))
            if listening is not None:
                sockets.append(listening)
                port = listening.getsockname()[1]
    except OSError as error:
        _close(sockets)
        raise Unavailable(
            f"The sandbox cannot listen on {host}:{port}: {error.strerror}. "
            "Stop what uses that port, or choose another."
        ) from error
    if not sockets:
        raise Unavailable(f"This machine has no address for {host}, where the sandbox listens.")
    return sockets


def _listen(family: int, address: tuple[object, ...]) -> socket.socket | None:
    """Return a listening socket, or None for an address that the hosts file alone knows."""
    try:
        listening = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        return None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRNOTAVAIL:
            return None
        raise
    return listening


def _issuer(host: str, sockets: list[socket.socket]) -> str:
    return f"http://{host}:{sockets[0].getsockname()[1]}"


def _server(sandbox: Sandbox) -> uvicorn.Server:
    """Nothing below a warning is logged: addresses hold codes and state."""
    return uvicorn.Server(
        uvicorn.Config(
            create_app(sandbox),
            access_log=False,
            log_config=None,
            log_level="warning",
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )


def _close(sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.close()
