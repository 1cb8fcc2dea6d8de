"""What some servers want beyond the standard: rules keyed by host, as data that is handed in.

A rule names hosts, what must hold of `auth_components` for it to be worth a warning, one sentence,
and where the service says so. The kinds of conditions are closed; no service is named in code.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectsmith.core.definition.sign_in import ClientAuth, Grant

About = Literal[
    "refresh_token",
    "authorization_request",
    "scope",
    "pkce",
    "client_authentication",
    "token_request",
    "token_answer",
    "callback",
]
Pointer = Annotated[str, Field(pattern=r"^(/[^/]+)+$")]
How = Literal["document", "library literal", "unconfirmed"]

PARAMETERS: Final = {
    "authorization": "authorizationParams",
    "token": "tokenParams",
    "refresh": "refreshParams",
}
"""The member that holds the parameters of each request."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ParameterIsNot(_Part):
    """A parameter is left out, or none of its words is among the values; the first one is right."""

    kind: Literal["parameter_is_not"]
    request: Literal["authorization", "token", "refresh"]
    name: str
    values: list[str] = Field(min_length=1)


class ParameterIsSet(_Part):
    """A parameter is sent; with values, only when one of them is among its words."""

    kind: Literal["parameter_is_set"]
    request: Literal["authorization", "token", "refresh"]
    name: str
    values: list[str] = []


class ScopeLacks(_Part):
    """None of these scopes is asked for; the first is the one to add."""

    kind: Literal["scope_lacks"]
    any_of: list[str] = Field(min_length=1)


class ScopeHas(_Part):
    """One of these scopes is asked for."""

    kind: Literal["scope_has"]
    any_of: list[str] = Field(min_length=1)


class SeparatorIsNot(_Part):
    """Several scopes are asked for, joined by something else than this."""

    kind: Literal["separator_is_not"]
    separator: str = Field(min_length=1)


class PkceIs(_Part):
    """PKCE is used (`S256`) or not (`off`)."""

    kind: Literal["pkce_is"]
    value: Literal["S256", "off"]


class ClientAuthIsNot(_Part):
    """The client authenticates with a secret, in another way than these; the first is right."""

    kind: Literal["client_auth_is_not"]
    any_of: list[ClientAuth] = Field(min_length=1)


class MemberIsNot(_Part):
    """A member of `auth_components` is absent or has another value; the first one is right."""

    kind: Literal["member_is_not"]
    pointer: Pointer
    values: list[Any] = Field(min_length=1)


class MemberIs(_Part):
    """A member of `auth_components` has one of these values."""

    kind: Literal["member_is"]
    pointer: Pointer
    values: list[Any] = Field(min_length=1)


class MemberPresent(_Part):
    """One of these members of `auth_components` is written."""

    kind: Literal["member_present"]
    any_of: list[Pointer] = Field(min_length=1)


class UrlHas(_Part):
    """An address holds a text; `instead` is what should stand there."""

    kind: Literal["url_has"]
    member: Literal["authorizationURL", "tokenURL", "refreshURL", "revocationURL"]
    text: str = Field(min_length=1)
    instead: str | None = None


class CallbackIsHttp(_Part):
    """The installation's callback URL is plain http; with `loopback` also when it is local."""

    kind: Literal["callback_is_http"]
    loopback: bool


class CallbackHostIs(_Part):
    """The installation's callback URL has one of these hosts."""

    kind: Literal["callback_host_is"]
    hosts: list[str] = Field(min_length=1)


Condition = Annotated[
    ParameterIsNot
    | ParameterIsSet
    | ScopeLacks
    | ScopeHas
    | SeparatorIsNot
    | PkceIs
    | ClientAuthIsNot
    | MemberIsNot
    | MemberIs
    | MemberPresent
    | UrlHas
    | CallbackIsHttp
    | CallbackHostIs,
    Field(discriminator="kind"),
]


class QuirkRule(_Part):
    """One thing to know about some hosts. Without conditions it is a note and never a warning."""

    id: str = Field(pattern=r"^[a-z0-9]+(?:_[a-z0-9]+)*$")
    hosts: list[str] = Field(min_length=1)
    about: About
    when: list[Condition] = []
    grants: list[Grant] = ["authorization_code"]
    message: str = Field(min_length=20, max_length=240)
    link: str = Field(pattern=r"^https://[^\s]+$")
    source: str = Field(min_length=8)
    read_on: date
    how: How

    @property
    def code(self) -> str:
        """The code of its diagnostics."""
        return f"quirk_{self.id}"


class QuirkRules:
    """Rules, looked up by host: an exact one, or `*.` before a suffix for every host below it."""

    def __init__(self, rules: Iterable[QuirkRule] = ()) -> None:
        self.all = tuple(rules)
        self._by_host: dict[str, list[QuirkRule]] = {}
        for rule in self.all:
            for host in rule.hosts:
                self._by_host.setdefault(host, []).append(rule)

    def of(self, hosts: Iterable[str]) -> tuple[QuirkRule, ...]:
        """Return the rules of these hosts, each once, in the order in which they were given."""
        if not self._by_host:
            return ()
        found = {
            rule.id
            for host in hosts
            for name in _names(host)
            for rule in self._by_host.get(name, ())
        }
        return tuple(rule for rule in self.all if rule.id in found) if found else ()


def _names(host: str) -> Iterator[str]:
    yield host
    _, dot, rest = host.partition(".")
    while dot:
        yield f"*.{rest}"
        _, dot, rest = rest.partition(".")


NO_RULES: Final = QuirkRules()
