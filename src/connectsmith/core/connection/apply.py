"""Place a connection's credentials on a prepared request; nothing earlier ever sees them in clear.

This is one of the few places that reveal secrets. A field of the caller never reaches what is set
here, nor the headers that frame a message.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from connectsmith.core.authorization.values import StoredSecret
from connectsmith.core.connection.auth_plan import TOKEN, AuthPlan, Slot, auth_plan, is_reserved
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.prepared import Need, Prepared, Source
from connectsmith.core.definition.placeholders import OMITTED, Place, Template
from connectsmith.core.message import Carried, HttpRequest
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import FieldInvalid, ValueMissing
from connectsmith.values import value_class

__all__ = ["AuthPlan", "apply", "auth_plan", "confidential_secrets"]

ACCEPT: Final = ("Accept", "application/json, */*;q=0.8")

_HEADER = Place.HEADER  # looking a member up in an Enum costs more than using it
_RANDOM = Source.RANDOM
_COOKIE_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")


def apply(
    auth: AuthPlan,
    prepared: Prepared,
    credentials: Credentials,
    origins: Destinations,
    *,
    call_id: str,
    attempt: int = 0,
    client_id: StoredSecret | None = None,
) -> HttpRequest:
    """Return the request with credentials in place, each bound to the origins it may go to.

    `origins` are the connection's confirmed API origins. `oauth.random` is a UUID made of the
    call's id (128 random bits) and the attempt: fresh for every request, the same in a rerun.

    Raises:
        ValueMissing: a credential or a part of the URL has no value.
        FieldInvalid: a value that may not stand in its place, or a field that would set what is
            set here.
    """
    _refuse_overrides(auth, prepared)
    needs = auth.needs + prepared.needs if prepared.needs else auth.needs
    source = _Held(credentials, origins, client_id, f"{call_id}/{attempt}")
    values, carries = _collect(needs, source, auth.defaults)
    return HttpRequest(
        method=prepared.method,
        url=_url(auth, prepared, values),
        headers=tuple(_headers(auth, prepared, values, call_id)),
        body=prepared.body,
        carries=carries,
        purpose=prepared.purpose,
        timeout=prepared.timeout,
    )


def confidential_secrets(auth: AuthPlan, credentials: Credentials) -> tuple[Secret, ...]:
    """Return what a transcript of this connection must mask: give it to the `Redactor`."""
    tokens = credentials.tokens
    held = [] if tokens is None else [tokens.access_token, tokens.refresh_token, tokens.id_token]
    held += [
        value
        for key, value in credentials.fields.items()
        if f"authFields.{key}" in auth.confidential
    ]
    held += [
        value
        for key, value in credentials.captured.items()
        if f"connection.{key}" in auth.confidential
    ]
    return tuple(value for value in held if value is not None)


@value_class(frozen=True, slots=True)
class _Held:
    """Where the values of placeholders come from in one request."""

    credentials: Credentials
    origins: Destinations
    client_id: StoredSecret | None
    nonce: str

    def find(self, need: Need) -> tuple[Secret, Destinations] | None:
        """Return a credential and where it may go."""
        match need.source:
            case Source.ACCESS_TOKEN:
                tokens = self.credentials.tokens
                return None if tokens is None else (tokens.access_token, self.origins)
            case Source.FIELD:
                return self._bound(self.credentials.fields.get(need.key))
            case Source.CAPTURED:
                captured = self.credentials.captured.get(need.key)
                if captured is None and self.credentials.tokens is not None:
                    captured = self.credentials.tokens.captured.get(need.key)
                return self._bound(captured)
            case _:
                stored = self.client_id
                return None if stored is None else (stored.value, stored.destinations)

    def _bound(self, value: Secret | None) -> tuple[Secret, Destinations] | None:
        return None if value is None else (value, self.origins)


def _collect(
    needs: tuple[Need, ...], held: _Held, defaults: Mapping[str, str]
) -> tuple[dict[str, Any], tuple[Carried, ...]]:
    """Reveal what the templates need, and list what the request carries by it."""
    values: dict[str, Any] = {}
    carries: list[Carried] = []
    for need in needs:
        if need.name in values:
            continue
        if need.source is _RANDOM:
            values[need.name] = _uuid(held.nonce)
            continue
        found = held.find(need)
        if found is not None and found[0]:
            values[need.name] = found[0].reveal()
            carries.append(Carried(need.shown, found[0], found[1]))
        elif need.name in defaults:
            values[need.name] = defaults[need.name]
    return values, tuple(carries)


def _uuid(nonce: str) -> str:
    """Return a version 4 UUID in form (RFC 9562 section 5.4), made of a hash of the nonce."""
    raw = bytearray(hashlib.sha256(nonce.encode()).digest()[:16])
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _refuse_overrides(auth: AuthPlan, prepared: Prepared) -> None:
    """Refuse fields that would set what `auth_request` sets, or what frames the message."""
    for name, _ in prepared.headers:
        if is_reserved(name) or name.lower() in auth.header_names:
            raise FieldInvalid(f'No field may set the header "{name}".', place=name)
    if auth.query_names:
        for name, _ in prepared.query:
            if name in auth.query_names:
                raise FieldInvalid(f'No field may set the parameter "{name}".', place=name)


def _url(auth: AuthPlan, prepared: Prepared, values: dict[str, Any]) -> str:
    url = prepared.fixed_url
    if url is None:
        url = _rendered_url(prepared, values)
    if not auth.query and not prepared.query:
        return url
    pairs = [f"{name}={value}" for name, value in prepared.query]
    for slot in auth.query:
        text = _fill(slot, values)
        if text is not None:
            pairs.append(f"{slot.name}={quote(text, safe='')}")
    if not pairs:
        return url
    return url + ("&" if "?" in url else "?") + "&".join(pairs)


def _rendered_url(prepared: Prepared, values: dict[str, Any]) -> str:
    try:
        return prepared.url.render({**prepared.path, **values} if prepared.path else values)
    except FieldInvalid as error:
        key = prepared.url_fields.get(error.place or "")
        if key is None:
            raise
        fault = {"field": key, "code": "field_characters", "message": error.message}
        raise FieldInvalid(error.message, place=key, details={"fields": [fault]}) from error


def _headers(
    auth: AuthPlan, prepared: Prepared, values: dict[str, Any], call_id: str
) -> Iterator[tuple[str, str]]:
    """Yield every header once: credentials first, then fields, then what the endpoint sets."""
    taken = set(auth.header_names)
    for slot in auth.headers:
        text = _fill(slot, values)
        if text is not None:
            yield slot.name, text
    if auth.basic is not None:
        yield "Authorization", _basic(*auth.basic, values)
    if auth.cookie is not None:
        yield "Cookie", _cookie(auth.cookie, values)
    for name, value in _plain_headers(prepared, values, call_id):
        if name.lower() not in taken:
            taken.add(name.lower())
            yield name, value


def _plain_headers(
    prepared: Prepared, values: dict[str, Any], call_id: str
) -> Iterator[tuple[str, str]]:
    """Yield the headers that are no credentials, the more particular first."""
    yield from prepared.headers
    if prepared.idempotency_header is not None:
        yield prepared.idempotency_header, call_id
    for name, template in prepared.templates:
        text = template.render(values, _HEADER)
        if text is not OMITTED:
            yield name, text
    if prepared.content_type is not None:
        yield "Content-Type", prepared.content_type
    yield ACCEPT


def _fill(slot: Slot, values: dict[str, Any]) -> str | None:
    """Return a slot's text, free of control characters; None leaves it out.

    Raises:
        ValueMissing: it is a credential, which is never left out and never empty.
    """
    text = slot.template.render(values, _HEADER)
    if text is OMITTED or not text:
        if slot.required:
            raise _missing(slot.template, values)
        return None
    return str(text)


def _missing(template: Template, values: Mapping[str, Any]) -> ValueMissing:
    absent = next((name for name in sorted(template.names) if not values.get(name)), "")
    return ValueMissing(
        f'The connection holds no value for "{absent}", which the call\'s credentials need. '
        "Connect again, or correct auth_request.",
        place=absent or None,
    )


def _basic(user: Template, password: Template, values: dict[str, Any]) -> str:
    """Return the `Basic` credentials (RFC 7617). One half may be empty, not both."""
    halves = [
        "" if text is OMITTED else str(text)
        for text in (user.render(values, _HEADER), password.render(values, _HEADER))
    ]
    if not any(halves):
        raise _missing(user if user.names else password, values)
    if ":" in halves[0]:
        raise FieldInvalid(
            "A user name for Basic authentication may not hold a colon (RFC 7617 section 2).",
            place="/auth_request/username",
        )
    return "Basic " + base64.b64encode(":".join(halves).encode()).decode()


def _cookie(slot: Slot, values: dict[str, Any]) -> str:
    """Return the cookie pair (RFC 6265 section 4.1.1)."""
    text = _fill(slot, values) or ""
    if not _COOKIE_VALUE.fullmatch(text) or not TOKEN.fullmatch(slot.name):
        raise FieldInvalid(
            "The cookie's name or value holds a character that no cookie may hold.",
            place=f"cookie {slot.name}",
        )
    return f"{slot.name}={text}"
