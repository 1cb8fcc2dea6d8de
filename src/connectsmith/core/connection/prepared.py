"""A request as it stands before credentials are applied: complete but for the connection's part.

It lies in this stage, before `call` that makes it, so that `apply` can read it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from connectsmith.core.definition.hosts import UrlTemplate
from connectsmith.core.definition.placeholders import Template
from connectsmith.core.message import Headers, Purpose
from connectsmith.values import value_class

Pairs = tuple[tuple[str, str], ...]


class Source(StrEnum):
    """What a placeholder's value is taken from when credentials are applied."""

    FIELD = "authFields"
    CAPTURED = "connection"
    ACCESS_TOKEN = "oauth.access_token"  # noqa: S105 - a placeholder's name, not a password
    CLIENT_ID = "oauth.client_id"
    RANDOM = "oauth.random"


@dataclass(frozen=True, slots=True)
class Need:
    """One placeholder: its whole `name`, where its value comes from, and the key there."""

    name: str
    source: Source
    key: str
    shown: str
    """What messages call it."""


@value_class(frozen=True, slots=True)
class Prepared:
    """One request without its credentials.

    `query` holds percent-encoded pairs. `headers` are those that the caller's fields set;
    `templates` those that the endpoint sets. `url_fields` maps names of path placeholders to the
    keys of the fields that fill them, for messages.
    """

    method: str
    url: UrlTemplate
    path: Mapping[str, str] = field(default_factory=dict, repr=False)
    url_fields: Mapping[str, str] = field(default_factory=dict)
    fixed_url: str | None = None
    """The URL itself, when nothing of it is open."""
    query: Pairs = field(default=(), repr=False)
    headers: Headers = field(default=(), repr=False)
    templates: tuple[tuple[str, Template], ...] = ()
    needs: tuple[Need, ...] = ()
    """What the URL and `templates` need of the connection."""
    content_type: str | None = None
    body: bytes = field(default=b"", repr=False)
    idempotency_header: str | None = None
    purpose: Purpose = Purpose.ACTION
    timeout: timedelta | None = None


def needs_of(names: Iterable[str]) -> tuple[Need, ...]:
    """Read placeholder names; those of no namespace known here are left to the checks."""
    found = (_need(name) for name in sorted(set(names)))
    return tuple(each for each in found if each is not None)


def _need(name: str) -> Need | None:
    namespace, _, key = name.partition(".")
    match namespace:
        case "authFields":
            return Need(name, Source.FIELD, key, f'the field "{key}"')
        case "connection":
            return Need(name, Source.CAPTURED, key, f'the captured value "{key}"')
        case "oauth":
            return _oauth_need(name)
        case _:
            return None


def _oauth_need(name: str) -> Need | None:
    match name:
        case "oauth.access_token":
            return Need(name, Source.ACCESS_TOKEN, "", "the connection's access token")
        case "oauth.client_id":
            return Need(name, Source.CLIENT_ID, "", "the client id")
        case "oauth.random":
            return Need(name, Source.RANDOM, "", "a random value")
        case _:
            return None
