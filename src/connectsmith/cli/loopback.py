"""Wait on this machine for the browser that comes back (RFC 8252 section 7.3).

The port is the system's choice and the path cannot be guessed, so neither another program nor a
page can come first; the listener is gone after the one arrival it waits for.
"""

import hmac
import secrets
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

from connectsmith.errors import AuthorizationEnded, CompletionRefused

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Connectsmith</title></head>
<body><h1>{title}</h1><p>You can close this page and go back to the terminal.</p></body></html>
"""
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Connection": "close",
}
LONGEST_WAIT: Final = 600.0
"""Seconds that a port is held, whatever the server says: as long as authorizations live.

Two minutes would do for most, and end the sign-in of whoever has to find a second factor first,
behind their back: the browser would come back to nothing. What the port tells a stranger is 404.
"""
_LONGEST_READ = 5.0
"""Seconds that one visitor may be silent."""
_POLL = 0.05
"""Seconds until the listener sees that it is to stop."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the returning browser brought."""

    authorization: str
    completion: str | None = field(repr=False)
    error: str | None


class _Listening(ThreadingHTTPServer):
    """Serves each visitor in a thread, so that a slow one cannot keep the browser out."""

    block_on_close = False
    path: str
    authorization: str
    arrival: Arrival | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self.arrived = Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: a visitor that hangs up is no news, and its address may hold a value."""


class _Visit(BaseHTTPRequestHandler):
    server: _Listening
    timeout = _LONGEST_READ

    def do_GET(self) -> None:
        """Take the one arrival; anything else is told that there is nothing here."""
        parts = urlsplit(self.path)
        arrival = _arrival(parts.query)
        ours = hmac.compare_digest(parts.path.encode(), self.server.path.encode())
        if not ours or arrival.authorization != self.server.authorization:
            self._answer(404, "There is nothing here")
            return
        self.server.arrival = self.server.arrival or arrival
        try:
            self._answer(200, "Not connected" if arrival.error else "Welcome back")
        finally:
            self.server.arrived.set()

    def _answer(self, status: int, title: str) -> None:
        page = _PAGE.format(title=title).encode()
        self.send_response_only(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing: the address holds the completion value."""


class Listener:
    """Listens from construction until `close`, or the arrival."""

    def __init__(self) -> None:
        self._server = _Listening()
        self._server.path = f"/{secrets.token_urlsafe(24)}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def return_to(self) -> str:
        """Where the browser is to be sent."""
        return f"http://127.0.0.1:{self._server.server_port}{self._server.path}"

    def wait(self, authorization: str, *, seconds: float) -> str:
        """Return the completion value of the authorization that is waited for, and stop listening.

        Raises:
            AuthorizationEnded: nobody came in time, or the answer was no.
        """
        self._server.authorization = authorization
        serving = Thread(target=self._server.serve_forever, args=(_POLL,), daemon=True)
        serving.start()
        try:
            self._server.arrived.wait(patience(seconds))
        finally:
            self._server.shutdown()
            self.close()
        return _completion(self._server.arrival)

    def close(self) -> None:
        """Stop listening; more than once does no harm."""
        self._server.server_close()


def patience(seconds: float) -> float:
    """Return how long to wait for an authorization that lives for so many seconds."""
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _arrival(query: str) -> Arrival:
    read = parse_qs(query, max_num_fields=20)
    authorization, completion, error = (
        next(iter(read.get(name, ())), None) for name in ("authorization", "completion", "error")
    )
    return Arrival(authorization or "", completion, error)


def _completion(arrival: Arrival | None) -> str:
    if arrival is None:
        raise AuthorizationEnded("Nobody came back from the browser in time. Start again.")
    if arrival.error is not None:
        raise AuthorizationEnded(f"The authorization failed: {arrival.error}.")
    if not arrival.completion:
        raise CompletionRefused("The browser came back without a completion value.")
    return arrival.completion
