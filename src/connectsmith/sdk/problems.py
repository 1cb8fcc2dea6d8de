"""Turn a problem document (RFC 9457) back into the error it was made from."""

from collections.abc import Iterator, Mapping
from typing import Final

from connectsmith.errors import (
    AccessError,
    Bug,
    CallerError,
    ConnectsmithError,
    Fault,
    RemoteError,
    TokenRequired,
    Unavailable,
)

_DOCUMENT = frozenset(("type", "title", "status", "code", "fault", "detail", "place", "instance"))
_IN_A_CLIENT: Final[Mapping[str, str]] = {
    TokenRequired.code: "The server does not take this API token: it is wrong, revoked or expired. "
    "`connectsmith login` remembers another; `connectsmith token create --local` makes one on the "
    "server's machine."
}
"""Messages that would tell a caller how to write a request, in the words of who uses a client."""
_FORBIDDEN = (401, 403)
_SERVER = 500
_NOT_NOW = (429, 503)


class ApiProblem(ConnectsmithError):
    """A problem whose code this client does not know; code and fault are the document's."""

    code: str  # type: ignore[misc]  # each problem has its own, where other classes share one
    fault: Fault  # type: ignore[misc]  # the same

    def __init__(
        self,
        message: str,
        *,
        code: str,
        fault: Fault,
        place: str | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, place=place, details=details)
        self.code = code
        self.fault = fault


def error_of(status: int, document: object, *, retry_after: str | None) -> ConnectsmithError:
    """Return the error that an answer of 400 or above stands for."""
    if not isinstance(document, Mapping) or not isinstance(document.get("code"), str):
        return _foreign(status)
    said = document.get("detail") or document.get("title") or document["code"]
    message = _IN_A_CLIENT.get(document["code"], str(said))
    place = document.get("place")
    extras = {str(name): value for name, value in document.items() if name not in _DOCUMENT}
    found = _rebuild(
        document["code"],
        str(document.get("fault")),
        message,
        place=place if isinstance(place, str) else None,
        details=extras,
    )
    if isinstance(found, Unavailable | RemoteError) and (retry_after or "").isdecimal():
        found.retry_after_seconds = float(retry_after or 0)
    return found


def ending_of(code: str, message: str) -> ConnectsmithError:
    """Return the error with which an authorization ended; it needs the owner again if unknown."""
    return _rebuild(code, Fault.CREDENTIALS, message, place=None, details={})


def _rebuild(
    code: str, fault: str, message: str, *, place: str | None, details: Mapping[str, object]
) -> ConnectsmithError:
    known = {each.code: each for each in _classes(ConnectsmithError)}
    if code in known:
        return known[code](message, place=place, details=details)
    who = Fault(fault) if fault in set(Fault) else Fault.OURS
    return ApiProblem(message, code=code, fault=who, place=place, details=details)


def _classes(base: type[ConnectsmithError]) -> Iterator[type[ConnectsmithError]]:
    """Walk the tree from its leaves, so that a class that shares its parent's code loses to it."""
    for each in base.__subclasses__():
        if each is not ApiProblem:
            yield from _classes(each)
    yield base


def _foreign(status: int) -> ConnectsmithError:
    """Stand in for an answer that is none of ours: a proxy's page, another server's."""
    message = f"The server answered {status} without saying why; it may not be Connectsmith."
    if status in _FORBIDDEN:
        return AccessError(message)
    if status in _NOT_NOW:
        return Unavailable(message)
    return Bug(message) if status >= _SERVER else CallerError(message)
