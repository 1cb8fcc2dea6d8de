"""Dynamic client registration: ask for a client, and take no other than was asked for (RFC 7591).

What the server changes in the answer is accepted only if the client still works as the definition
means it: with our redirect URI alone, and authenticated as was asked.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.device import GRANT_TYPE as DEVICE_CODE
from connectsmith.core.authorization.filling import credential
from connectsmith.core.authorization.grant import JWT_BEARER
from connectsmith.core.authorization.token_answer import token_text
from connectsmith.core.authorization.values import Values
from connectsmith.core.authorization.words import one_line
from connectsmith.core.definition.origins import origin_of
from connectsmith.core.message import Carried, HttpRequest, HttpResponse, Purpose
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.redaction import Redactor
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    DefinitionError,
    RegistrationRefused,
    TokenAnswerInvalid,
    UrlInvalid,
)

METHODS: Final = {
    "none": "none",
    "body": "client_secret_post",
    "basic": "client_secret_basic",
    "private_key_jwt": "private_key_jwt",
}
"""Ways to authenticate that can be registered (RFC 7591 section 2)."""
GRANTS: Final = {
    "authorization_code": "authorization_code",
    "client_credentials": "client_credentials",
    "device_code": DEVICE_CODE,
    "password": "password",
    "jwt_bearer": JWT_BEARER,
}
_DECIDING: Final = ("redirect_uris", "token_endpoint_auth_method")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TOO_MANY: Final = 429
_BROKEN: Final = 500
_LATEST: Final = 4102444800
"""Seconds: the year 2100. A secret that ends later does not end."""


@dataclass(frozen=True, slots=True)
class Management:
    """Where a registered client is changed and deleted, and with what (RFC 7592 section 3)."""

    url: str
    token: Secret
    destinations: Destinations


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered client. `access_token` and `management_url` change it later (RFC 7592)."""

    client_id: Secret
    client_secret: Secret | None
    expires_at: datetime | None
    access_token: Secret | None
    management_url: str | None

    def management(self, registered_at: str) -> Management | None:
        """Return how to change it; None where the server gave no way to.

        The access token goes to the origin that registered the client, and to no other.
        """
        if self.access_token is None or self.management_url is None:
            return None
        only = Destinations.of([origin_of(registered_at)])
        return Management(self.management_url, self.access_token, only)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The client that is asked for; `metadata` by its names in RFC 7591."""

    url: str
    metadata: Mapping[str, Any] = field(repr=False)

    @property
    def method(self) -> str:
        """How it is to authenticate, in the standard's word."""
        return str(self.metadata["token_endpoint_auth_method"])

    @property
    def needs_secret(self) -> bool:
        """Whether it is to authenticate with a secret."""
        return self.method in {"client_secret_post", "client_secret_basic"}

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """Where the server may send a browser back."""
        return tuple(self.metadata["redirect_uris"])


def wanted(client: OAuthClient, *, url: str, redirect_uri: str, name: str, jwks_url: str) -> Wanted:
    """Say which client a definition needs.

    Raises:
        DefinitionError: its way to authenticate cannot be registered.
    """
    how = client.exchange.client_auth
    if how not in METHODS:
        raise DefinitionError(
            f'A client that authenticates by "{how}" cannot register itself. Use one of '
            f"{', '.join(METHODS)}, or register it by hand.",
            place="/auth_components/clientAuth",
        )
    metadata: dict[str, Any] = {
        "client_name": one_line(name, 100),
        "redirect_uris": [redirect_uri],
        "grant_types": [GRANTS[client.grant], "refresh_token"],
        "response_types": ["code"] if client.grant == "authorization_code" else [],
        "token_endpoint_auth_method": METHODS[how],
    }
    if client.scope:
        metadata["scope"] = " ".join(client.scopes)
    if client.own_key_needed:
        metadata["jwks_uri"] = jwks_url
        metadata["token_endpoint_auth_signing_alg"] = client.assertion.alg
    if client.dpop:
        metadata["dpop_bound_access_tokens"] = True
    return Wanted(url, metadata)


def registration_request(asked: Wanted, client: OAuthClient, values: Values) -> HttpRequest:
    """Write the request for a client (RFC 7591 section 3.1), with the initial access token if any.

    Raises:
        SecretMissing: the initial access token is not stored.
    """
    written = client.registration.token if client.registration else None
    token, filling = credential(written, values, "initial access token")
    request = _request("POST", asked.url, asked.metadata)
    return request if token is None else _as_holder(request, token, filling.carried)


def update_requests(
    asked: Wanted, held: Registration, management: Management
) -> tuple[HttpRequest, ...]:
    """Write the request that changes a client, in the ways to try (RFC 7592 section 2.2).

    The client secret may be repeated, never chosen: what is left out some servers take for deleted,
    and others (Ory Hydra) refuse every request that names one.
    """
    body = {**asked.metadata, "client_id": held.client_id.reveal()}
    bare = _managed("PUT", management, body)
    if held.client_secret is None:
        return (bare,)
    secret = held.client_secret
    told = _managed("PUT", management, {**body, "client_secret": secret.reveal()})
    carried = Carried("the client secret", secret, management.destinations)
    return replace(told, carries=(*told.carries, carried)), bare


def deletion_request(management: Management) -> HttpRequest:
    """Write the request that gives a client up (RFC 7592 section 2.3)."""
    return _managed("DELETE", management, None)


def ending(response: HttpResponse) -> Literal["done", "refused", "later"]:
    """Read how a client's management ended; what was refused, as by 401 or 405, stays refused."""
    if response.status in range(200, 300):
        return "done"
    is_busy = response.status == _TOO_MANY or response.status >= _BROKEN
    return "later" if is_busy else "refused"


def read_registration(
    asked: Wanted, response: HttpResponse, *, carried: Sequence[Carried] = ()
) -> Registration:
    """Read the answer (RFC 7591 section 3.2.1).

    Of its metadata nothing is taken over: endpoints stay those of the definition or of the
    issuer. What the request `carried` is masked in the server's words.

    Raises:
        RegistrationRefused: refused, or another client than was asked for.
    """
    body = _body(response, carried)
    told = _told(asked, body)
    if set(told.redirect_uris) != set(asked.redirect_uris):
        raise _other("redirect URIs")
    if told.method != asked.method:
        raise _other("a way to authenticate")
    client_id = _credential(body, "client_id")
    if client_id is None:
        raise _other("a client id")
    secret = _credential(body, "client_secret")
    if secret is None and asked.needs_secret:
        raise _other("a client without a secret")
    return Registration(
        client_id=client_id,
        client_secret=secret,
        expires_at=_ends(body.get("client_secret_expires_at")),
        access_token=_credential(body, "registration_access_token"),
        management_url=_management(asked, body.get("registration_client_uri")),
    )


def read_update(
    asked: Wanted, response: HttpResponse, held: Registration, *, carried: Sequence[Carried] = ()
) -> tuple[Registration, Wanted]:
    """Read the answer to a change: the client as it now is, and what it is registered with.

    New credentials are taken even if the rest is not what was asked for: the old ones may be over.
    What the answer leaves out is kept from what is `held`.

    Raises:
        RegistrationRefused: refused, or the answer is about another client.
    """
    body = _body(response, carried)
    if _credential(body, "client_id") != held.client_id:
        raise _other("a client id")
    secret = _credential(body, "client_secret")
    is_dated = secret is not None or "client_secret_expires_at" in body
    url = _management(asked, body.get("registration_client_uri"))
    changed = Registration(
        client_id=held.client_id,
        client_secret=secret or held.client_secret,
        expires_at=_ends(body.get("client_secret_expires_at")) if is_dated else held.expires_at,
        access_token=_credential(body, "registration_access_token") or held.access_token,
        management_url=url or held.management_url,
    )
    told = _told(asked, body)
    if told.needs_secret and changed.client_secret is None:
        told = Wanted(told.url, {**told.metadata, "token_endpoint_auth_method": "none"})
    return changed, told


def _told(asked: Wanted, body: Mapping[str, Any]) -> Wanted:
    """Return what a server says of the members that decide whose client it is and how it signs in.

    All others count as asked for: a server that knows fewer scopes is not asked again and again.
    """
    said = {name: body[name] for name in _DECIDING if name in body}
    redirects = said.get("redirect_uris", asked.redirect_uris)
    if not (
        isinstance(redirects, list | tuple) and all(isinstance(each, str) for each in redirects)
    ):
        redirects = []
    return Wanted(asked.url, {**asked.metadata, **said, "redirect_uris": list(redirects)})


def _body(response: HttpResponse, carried: Sequence[Carried]) -> dict[str, Any]:
    try:
        body = json.loads(response.body)
    except (ValueError, RecursionError):
        body = {}
    if not isinstance(body, dict):
        body = {}
    if response.status not in (200, 201):
        echoes = Redactor((each.value for each in carried), lambda _: "sent")
        code = one_line(echoes.text(str(body.get("error") or response.status)), 64)
        words = one_line(echoes.text(str(body.get("error_description") or "")))
        raise RegistrationRefused(
            f"The authorization server registers no client for us ({code}). {words}".strip(),
            place="/auth_components/registrationURL",
        )
    return body


def _credential(body: Mapping[str, Any], name: str) -> Secret | None:
    try:
        text = token_text(body.get(name))
    except TokenAnswerInvalid as error:
        raise RegistrationRefused(f'The registration\'s "{name}" is no text.') from error
    return Secret(text) if text else None


def _management(asked: Wanted, url: object) -> str | None:
    """Return where the client is changed later; only on the origin that registered it."""
    try:
        good = isinstance(url, str) and origin_of(url) == origin_of(asked.url)
    except UrlInvalid:
        good = False
    return url if good and isinstance(url, str) else None


def _ends(found: object) -> datetime | None:
    if isinstance(found, bool) or not isinstance(found, int) or not 0 < found < _LATEST:
        return None
    return _EPOCH + timedelta(seconds=found)


def _managed(method: str, management: Management, body: Mapping[str, Any] | None) -> HttpRequest:
    token, to = management.token, management.destinations
    carried = Carried("the registration's access token", token, to)
    return _as_holder(_request(method, management.url, body), token, (carried,))


def _request(method: str, url: str, body: Mapping[str, Any] | None) -> HttpRequest:
    headers = [("Accept", "application/json")]
    if body is not None:
        headers.append(("Content-Type", "application/json"))
    return HttpRequest(
        method=method,
        url=url,
        headers=tuple(headers),
        body=b"" if body is None else json.dumps(body).encode(),
        purpose=Purpose.TOKEN,
    )


def _as_holder(request: HttpRequest, token: Secret, carried: tuple[Carried, ...]) -> HttpRequest:
    """Send a token with a request (RFC 6750 section 2.1)."""
    bearer = ("Authorization", f"Bearer {token.reveal()}")
    return replace(request, headers=(*request.headers, bearer), carries=carried)


def _other(what: str) -> RegistrationRefused:
    return RegistrationRefused(
        f"The authorization server registered another client than was asked for: {what}. It is not "
        "used.",
        place="/auth_components/registrationURL",
    )
