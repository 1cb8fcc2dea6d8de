"""Compile `auth_request` once: which headers, query parameters or cookie carry credentials."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from connectsmith.core.connection.prepared import Need, needs_of
from connectsmith.core.definition.model import AuthRequest, Definition
from connectsmith.core.definition.placeholders import Template, compile_template
from connectsmith.errors import DefinitionError

RESERVED_HEADERS: Final = frozenset(
    {
        "connection", "content-length", "cookie", "expect", "host", "keep-alive", "te", "trailer",
        "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""Header names no field of an action may set, beside `Proxy-*` and `X-Forwarded-*`."""
RESERVED_PREFIXES: Final = ("proxy-", "x-forwarded-")

TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""A header's or cookie's name (RFC 9110 section 5.6.2)."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Slot:
    """A header, query parameter or cookie to fill.

    `required`: a value that is missing is an error; otherwise the whole slot is left out.
    """

    name: str
    template: Template
    required: bool = False


@dataclass(frozen=True, slots=True)
class AuthPlan:
    """A compiled `auth_request`.

    `confidential` are the placeholders whose values are masked in transcripts: whatever stands in
    a credential's place, and fields and captured values that the author marked `masked`.
    """

    headers: tuple[Slot, ...] = ()
    query: tuple[Slot, ...] = ()
    cookie: Slot | None = None
    basic: tuple[Template, Template] | None = None
    needs: tuple[Need, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    confidential: frozenset[str] = frozenset()
    header_names: frozenset[str] = frozenset()
    """Lower-case names of the headers that are set here."""
    query_names: frozenset[str] = frozenset()
    """Percent-encoded names of the query parameters that are set here."""


def auth_plan(definition: Definition) -> AuthPlan:
    """Compile how calls of a definition carry credentials.

    Raises:
        DefinitionError: a type that is not carried out, or a member it needs is missing.
    """
    request = _request_of(definition)
    credential = _credential(request)
    extra_headers = tuple(
        Slot(name, compile_template(text)) for name, text in request.headers.items()
    )
    extra_query = request.query if isinstance(request.query, dict) else {}
    headers = credential.headers + extra_headers
    query = credential.query + tuple(_query_slot(*each) for each in extra_query.items())
    for slot in headers:
        _check_header(slot)
    extras = (slot.template.names for slot in (*headers, *query))
    return AuthPlan(
        headers=headers,
        query=query,
        cookie=credential.cookie,
        basic=credential.basic,
        needs=needs_of(credential.names.union(*extras)),
        defaults=_defaults(definition),
        confidential=_confidential(credential, definition),
        header_names=frozenset(slot.name.lower() for slot in headers) | credential.hidden_headers,
        query_names=frozenset(slot.name for slot in query),
    )


def has_control(text: str) -> bool:
    """Tell whether a text holds what may not stand in headers and URLs (RFC 9110 section 5.5)."""
    return not text.isprintable() and _CONTROL.search(text) is not None


def is_reserved(name: str) -> bool:
    """Tell whether fields may never set that header."""
    lower = name.lower()
    return lower in RESERVED_HEADERS or lower.startswith(RESERVED_PREFIXES)


def _request_of(definition: Definition) -> AuthRequest:
    """Return what is written, or what the sign-in implies."""
    if definition.auth_request is not None:
        return definition.auth_request
    signs_in = definition.auth_components.type.lower().startswith("oauth")
    return AuthRequest(type="oauth2" if signs_in else "none")


@dataclass(frozen=True, slots=True)
class _Credential:
    """The credential itself, without the `headers` and `query` that any type may add."""

    headers: tuple[Slot, ...] = ()
    query: tuple[Slot, ...] = ()
    cookie: Slot | None = None
    basic: tuple[Template, Template] | None = None

    @property
    def names(self) -> frozenset[str]:
        slots = (*self.headers, *self.query, *([self.cookie] if self.cookie else []))
        templates = (*(slot.template for slot in slots), *(self.basic or ()))
        return frozenset(name for template in templates for name in template.names)

    @property
    def hidden_headers(self) -> frozenset[str]:
        """Headers that are set but are no slots."""
        names = {"cookie": self.cookie, "authorization": self.basic}
        return frozenset(name for name, held in names.items() if held is not None)


def _credential(request: AuthRequest) -> _Credential:
    kind = request.type.lower()
    if kind.startswith("oauth") and kind not in {"oauth1", "oauth1.0"}:
        return _oauth2(request)
    match kind:
        case "none":
            return _Credential()
        case "bearer":
            return _Credential((_header("Authorization", "Bearer", _text(request.token, "token")),))
        case "basic":
            pair = (request.username or "", request.password or "")
            return _Credential(basic=(compile_template(pair[0]), compile_template(pair[1])))
        case "header" | "query" | "cookie":
            return _named(request, kind)
        case _:
            raise DefinitionError(
                f'auth_request has the type "{request.type}", which is not carried out.',
                place="/auth_request/type",
            )


def _named(request: AuthRequest, kind: str) -> _Credential:
    """Read the types that have a name and a value."""
    name, value = _text(request.name, "name"), _text(request.value, "value")
    if kind == "header":
        return _Credential((_header(name, request.prefix or "", value),))
    if kind == "query":
        return _Credential(query=(_query_slot(name, value, required=True),))
    return _Credential(cookie=Slot(name, compile_template(value), required=True))


def _oauth2(request: AuthRequest) -> _Credential:
    """Read where the access token goes: a header, or a query parameter."""
    token = "{{oauth.access_token}}"  # noqa: S105 - a placeholder, not a password
    if isinstance(request.query, str):
        return _Credential(query=(_query_slot(request.query, token, required=True),))
    prefix = "Bearer" if request.prefix is None else request.prefix
    return _Credential((_header(request.header or "Authorization", prefix, token),))


def _confidential(credential: _Credential, definition: Definition) -> frozenset[str]:
    """Return what transcripts mask. A user name is shown, unless it is all there is."""
    shown = {"oauth.random", "oauth.client_id"}
    if credential.basic is not None and credential.basic[1].source:
        shown |= credential.basic[0].names
    return credential.names - shown | _masked(definition) | {"oauth.access_token"}


def _header(name: str, prefix: str, value: str) -> Slot:
    """Join prefix and value by a space, unless there is one already or no prefix."""
    gap = "" if not prefix or prefix.endswith(" ") else " "
    return Slot(name, compile_template(prefix + gap + value), required=True)


def _query_slot(name: str, text: str, *, required: bool = False) -> Slot:
    return Slot(quote(name, safe=""), compile_template(text), required=required)


def _text(value: str | None, member: str) -> str:
    if not value:
        raise DefinitionError(
            f'auth_request needs the member "{member}".', place=f"/auth_request/{member}"
        )
    return value


def _check_header(slot: Slot) -> None:
    if not TOKEN.fullmatch(slot.name) or has_control(slot.template.source):
        raise DefinitionError(
            "auth_request sets a header with characters that no header may hold.",
            place="/auth_request/headers",
        )


def _masked(definition: Definition) -> frozenset[str]:
    fields = {
        f"authFields.{each.key}"
        for each in definition.required_settings.auth_fields
        if each.masked and each.key
    }
    auth = definition.auth_components
    maps = [each.capture for each in auth.follow_up]
    if auth.capture is not None:
        maps += [auth.capture.callback, auth.capture.token]
    named = ((name, how) for each in maps for name, how in each.items())
    return frozenset(fields) | {
        f"connection.{name}" for name, how in named if not isinstance(how, str) and how.masked
    }


def _defaults(definition: Definition) -> dict[str, str]:
    return {
        f"authFields.{each.key}": each.default
        for each in definition.required_settings.auth_fields
        if each.key and each.default
    }
