"""What one exchange did so far, and the socket guard that judges every address it dials.

aiohttp asks a resolver only about names, never about literal addresses; its socket factory sees the
final address of every dial, each happy-eyeballs attempt included. So the guard sits there, and
nothing else creates sockets.
"""

import errno
import socket
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from connectsmith.egress.policy import EgressPolicy
from connectsmith.egress.url import Origin
from connectsmith.errors import EgressDenied

AddressInfo = tuple[Any, Any, int, str, tuple[Any, ...]]


@dataclass(slots=True)
class Attempt:
    """The state of one request, with the redirects it follows.

    `origin` is where it is going now; `sent` turns true before the first byte is written, `denied`
    when the guard refused an address.
    """

    origin: Origin
    sent: bool = False
    denied: bool = False


current: ContextVar[Attempt] = ContextVar("attempt")


def guarded_socket(policy: EgressPolicy) -> Callable[[AddressInfo], socket.socket]:
    """Return a socket factory that makes sockets for permitted addresses only."""

    def make(info: AddressInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        attempt = current.get()
        if not policy.permits(address[0], address[1], plain=attempt.origin.plain):
            attempt.denied = True
            raise PermissionError(errno.EACCES, "denied by the egress policy")
        return socket.socket(family, kind, protocol)

    return make


def denial(attempt: Attempt) -> EgressDenied:
    """Return the one denial there is: the same whatever is or is not listening there."""
    origin = attempt.origin
    error = EgressDenied(
        f"{origin.written} (port {origin.port}) may not be reached over {origin.scheme}: only"
        " public addresses over https on the usual ports are open. An administrator can open an"
        " exact address and port with the setting allow_private.",
        details={"setting": "allow_private"},
    )
    error.sent = attempt.sent
    return error
