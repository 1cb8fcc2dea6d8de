"""The last look at a request before it is written: nothing in it may change its framing."""

import re
from functools import lru_cache

from connectsmith.core.message import HttpRequest
from connectsmith.egress.body import ACCEPTED_CODINGS
from connectsmith.egress.url import ParsedUrl
from connectsmith.errors import EgressDenied

_METHOD = re.compile(r"(?!CONNECT$|TRACE$)[A-Z][A-Z-]{0,31}")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}")
_BREAKS = re.compile(r"[\x00\r\n]")
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
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


def written(request: HttpRequest, url: ParsedUrl, user_agent: str, *, keep: bool) -> bytes:
    """Return a request to a judged URL as the bytes of HTTP/1.1 (RFC 9112 section 3).

    Without `keep` the server is told that the connection ends with its answer.

    Raises:
        EgressDenied: a method or header that HTTP does not allow or that belongs to the framing.
    """
    method, body = request.method, request.body
    if _METHOD.fullmatch(method) is None:
        raise _refused("its method cannot be used")
    names = set()
    lines = [f"{method} {url.target} HTTP/1.1", f"Host: {url.origin.authority}"]
    for name, value in request.headers:
        names.add(_allowed(name))
        if _BREAKS.search(value) is not None:
            raise _refused(f"the value of its header {name} holds a line break")
        lines.append(f"{name}: {value}")
    if "user-agent" not in names:
        lines.append(f"User-Agent: {user_agent}")
    if "accept-encoding" not in names:
        lines.append(f"Accept-Encoding: {ACCEPTED_CODINGS}")
    if body or method not in _BODILESS:
        lines.append(f"Content-Length: {len(body)}")
    if not keep:
        lines.append("Connection: close")
    return _encoded("\r\n".join(lines)) + b"\r\n\r\n" + body


def _encoded(head: str) -> bytes:
    try:
        return head.encode()
    except UnicodeEncodeError:
        raise _refused("a header holds half a character, which cannot be written") from None


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
