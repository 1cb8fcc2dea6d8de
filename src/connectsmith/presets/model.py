"""What a preset says: the known facts of one service, and where each of them was read.

A preset whose two endpoints have no source cannot be made, nor one with an address of the sign-in
that is hearsay: an address nobody can check is worse than none, because secrets are sent there.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

ENDPOINTS: Final = ("authorizationURL", "tokenURL")
"""The members of `auth_components` without which there is no preset."""
ADDRESSES: Final = (
    *ENDPOINTS, "refreshURL", "revocationURL", "deviceAuthorizationURL", "issuer", "parURL",
    "registrationURL",
)  # fmt: skip
"""The members of `auth_components` that are addresses."""

How = Literal["document", "library literal", "unconfirmed"]
Https = Annotated[str, Field(pattern=r"^https://[^\s]+$")]
Fact = Literal[
    "authorizationURL",
    "tokenURL",
    "refreshURL",
    "revocationURL",
    "deviceAuthorizationURL",
    "issuer",
    "parURL",
    "registrationURL",
    "documentation",
    "registration",
    "account",
    "authentication",
    "scopes",
    "pkce",
    "callback",
    "refresh",
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Reference(_Part):
    """Where facts were read, when, and how surely."""

    of: list[Fact] = Field(min_length=1, description="The facts that were read there.")
    source: str = Field(min_length=8, description="An address, or a library with its version.")
    read_on: date = Field(description="The day it was read.")
    how: How = Field(
        description="In what the service publishes itself, as a literal of a library that signs in "
        "there, or from hearsay."
    )


class ScopeMeaning(_Part):
    """A scope of the service."""

    scope: str = Field(min_length=1, description="As it is asked for.")
    meaning: str | None = Field(default=None, description="What it allows.")


class CallbackRule(_Part):
    """Which callback URLs the service takes; `null` where nobody says."""

    loopback_http: bool | None = Field(
        default=None, description="Whether `http://` is taken for this machine."
    )
    http: bool | None = Field(default=None, description="Whether `http://` is taken for any host.")
    match: Literal["exact", "prefix", "host", "wildcard"] | None = Field(
        default=None, description="How much of the callback URL must equal the registered one."
    )
    note: str | None = Field(default=None, description="What else to know, in one sentence.")


class RefreshRule(_Part):
    """What makes a refresh token come, and how long tokens live; `null` where nobody says."""

    issued: Literal["always", "on_request", "never", "not_needed", "unknown"] = Field(
        description="Whether there is one; `not_needed` where access tokens do not expire."
    )
    switch: str | None = Field(
        default=None, description="What asks for it: a parameter, a scope, a setting of the app."
    )
    rotates: bool | None = Field(
        default=None, description="Whether each refresh issues another refresh token."
    )
    access_token_seconds: int | None = Field(default=None, gt=0, description="Its lifetime.")
    refresh_token_seconds: int | None = Field(default=None, gt=0, description="Its lifetime.")
    note: str | None = Field(default=None, description="What else to know, in one sentence.")


class Account(_Part):
    """A request that names whose account it is; it becomes the connector's first action."""

    url: Https = Field(description="Where it goes, by GET.")
    id: str | None = Field(default=None, pattern=r"^/", description="Pointer to the account's id.")
    label: str | None = Field(default=None, pattern=r"^/", description="Pointer to its name.")
    headers: dict[str, str] = Field(default={}, description="Headers that it needs.")


class Preset(_Part):
    """The known facts of one service."""

    id: str = Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", description="Its name in requests.")
    name: str = Field(min_length=1, description="What people call the service.")
    keywords: list[str] = Field(default=[], description="What else it is searched by.")
    documentation: Https = Field(description="How the service describes its sign-in.")
    registration: Https | None = Field(
        default=None, description="Where an OAuth app is registered; `null` where it varies."
    )
    auth_components: dict[str, Any] = Field(description="As in a connector definition.")
    auth_fields: list[dict[str, Any]] = Field(
        default=[], alias="authFields", description="As in a connector definition."
    )
    allowed_hosts: list[str] = Field(
        default=[], alias="allowedHosts", description="As in a connector definition."
    )
    auth_request: dict[str, Any] | None = Field(
        default=None, description="As in a connector definition; the usual `Bearer` when absent."
    )
    scopes: list[ScopeMeaning] = Field(default=[], description="What scopes mean, where known.")
    pkce: Literal["required", "supported", "ignored", "refused", "unknown"] = Field(
        default="unknown", description="What the service does with PKCE."
    )
    callback: CallbackRule = Field(default=CallbackRule(), description="Which callback URLs go.")
    refresh: RefreshRule = Field(description="What makes a refresh token come.")
    account: Account | None = Field(default=None, description="A request that proves a sign-in.")
    references: list[Reference] = Field(min_length=1, description="Where all this was read.")

    @model_validator(mode="after")
    def _is_sourced(self) -> Self:
        missing = [each for each in ENDPOINTS if not self.auth_components.get(each)]
        if missing:
            raise ValueError(f"without {' and '.join(missing)} this is no preset")
        read = self.read
        unsourced = [each for each in self.stated() if each not in read]
        if unsourced:
            raise ValueError(f"nothing says where these were read: {', '.join(unsourced)}")
        addresses = [each for each in ADDRESSES if each in self.auth_components]
        hearsay = [each for each in addresses if read[each].how == "unconfirmed"]
        if hearsay:
            raise ValueError(f"secrets go to addresses that are hearsay: {', '.join(hearsay)}")
        return self

    @property
    def read(self) -> Mapping[str, Reference]:
        """Return where each fact was read: the first reference that names it."""
        return {fact: each for each in reversed(self.references) for fact in each.of}

    def stated(self) -> Iterator[str]:
        """Yield the facts that need a source: every address, and every rule that says something."""
        yield from (each for each in ADDRESSES if each in self.auth_components)
        yield "documentation"
        if self.registration:
            yield "registration"
        if self.account:
            yield "account"
        if self.auth_request or "clientAuth" in self.auth_components:
            yield "authentication"
        if "scopeSeparator" in self.auth_components:
            yield "scopes"
        if self.callback != CallbackRule():
            yield "callback"
        if self.refresh != RefreshRule(issued="unknown"):
            yield "refresh"
        if self.pkce != "unknown":
            yield "pkce"

    @property
    def how(self) -> How:
        """How surely the two endpoints are known: the less sure of them."""
        ranked: tuple[How, ...] = ("unconfirmed", "library literal", "document")
        return min((self.read[each].how for each in ENDPOINTS), key=ranked.index)
