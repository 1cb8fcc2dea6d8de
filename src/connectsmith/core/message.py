"""HTTP requests and responses as frozen values; bodies, headers and credentials never in repr."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.values import value_class

Headers = tuple[tuple[str, str], ...]


class Purpose(StrEnum):
    """Why a request goes out; decides redirects, budgets and deadlines."""

    TOKEN = "token"  # noqa: S105 - a purpose, not a password
    REVOCATION = "revocation"
    METADATA = "metadata"
    ACTION = "action"
    AUTH_TEST = "auth_test"

    __hash__ = str.__hash__  # Enum's own runs in Python, three times in a call


@dataclass(frozen=True, slots=True)
class Carried:
    """A credential that a request holds somewhere, and where it may go.

    `name` is what a denial calls it (`the secret "clientSecret"`, `the connection's access token`).
    """

    name: str
    value: Secret = field(repr=False)
    destinations: Destinations


@value_class(frozen=True, slots=True)
class HttpRequest:
    """One request, complete: nothing is added on the way out but framing and `User-Agent`.

    Header names keep their spelling; `url` is absolute, ASCII, without fragment or user info.
    Egress refuses it unless every member of `carries` may go to the URL's origin.
    """

    method: str
    url: str = field(repr=False)
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    carries: tuple[Carried, ...] = field(default=(), repr=False)
    purpose: Purpose = Purpose.ACTION
    timeout: timedelta | None = None

    @property
    def proves(self) -> bool:
        """Whether it holds a proof of possession, which is good for one sending (RFC 9449 11.1)."""
        return any(name.lower() == "dpop" for name, _ in self.headers)


@value_class(frozen=True, slots=True)
class Timings:
    """How long it took, from the request's start to: first byte of the answer, and its end."""

    first_byte: timedelta = timedelta()
    total: timedelta = timedelta()


@value_class(frozen=True, slots=True)
class HttpResponse:
    """One answer, decompressed; `truncated` when its body was cut at the budget.

    `url` is where it came from after redirects, `bare` whether one of them led to another origin,
    so that the credentials stayed behind. Header names are lower case.
    """

    status: int
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    url: str = field(default="", repr=False)
    truncated: bool = False
    bare: bool = False
    timings: Timings = Timings()

    def header(self, name: str) -> str | None:
        """Return the first header of that lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None
