"""The last look at a request before it is written: nothing in it may change its framing."""

import io
import re
from functools import lru_cache

from connectsmith.core.message import HttpRequest
from connectsmith.egress.body import ACCEPTED_CODINGS
from connectsmith.egress.limits import MIB
from connectsmith.errors import EgressDenied

_METHOD = re.compile(r"(?!CONNECT$|TRACE$)[A-Z][A-Z-]{0,31}")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}")
_BREAKS = re.compile(r"[\x00\r\n]")
_FRAMING = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def outgoing_headers(request: HttpRequest, user_agent: str) -> list[tuple[str, str]]:
    """Return the request's headers with ours.

    Raises:
        EgressDenied: a method or header that HTTP does not allow or that belongs to the framing.
    """
    if _METHOD.fullmatch(request.method) is None:
        raise _refused("its method cannot be used")
    names = set()
    for name, value in request.headers:
        names.add(_allowed(name))
        if _BREAKS.search(value) is not None:
            raise _refused(f"the value of its header {name} holds a line break")
    headers = [*request.headers]
    if "user-agent" not in names:
        headers.append(("User-Agent", user_agent))
    if "accept-encoding" not in names:
        headers.append(("Accept-Encoding", ACCEPTED_CODINGS))
    return headers


def payload(body: bytes) -> bytes | io.BytesIO | None:
    """Return a body in the form that aiohttp writes without holding up the event loop."""
    if len(body) > MIB:
        return io.BytesIO(body)
    return body or None


@lru_cache(maxsize=1024)
def _allowed(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise _refused("it has a header whose name cannot be used")
    lowered = name.lower()
    if lowered in _FRAMING:
        raise _refused(f"it sets the header {lowered}, which belongs to the connection")
    return lowered


def _refused(why: str) -> EgressDenied:
    return EgressDenied(f"The request cannot be sent: {why}. Nothing was sent.")
