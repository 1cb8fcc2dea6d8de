"""Token requests: authorization code, refresh token, and the grants that need no person.

Here, and where placeholders are filled, secrets of an authorization become text. What a request
holds it also carries, each with the destinations it may go to.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Final, assert_never
from urllib.parse import quote_plus

from connectsmith.core.authorization.assertion import signed_assertion
from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.client_auth import (
    SHOWS_ID,
    SHOWS_SECRET,
    ClientProof,
    client_proof,
)
from connectsmith.core.authorization.endpoints import TokenEndpoint
from connectsmith.core.authorization.filling import (
    Filling,
    client_identity,
    client_secret,
    fill,
    own_values,
)
from connectsmith.core.authorization.parameters import Parameters, joined, kept_query
from connectsmith.core.authorization.values import Values
from connectsmith.core.definition.placeholders import Place
from connectsmith.core.message import Carried, HttpRequest, Purpose
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import Bug
from connectsmith.values import value_class

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
"""RFC 7523 section 2.1."""
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9_.~-]*")
"""Most of what is sent, and never changed by encoding."""


def exchange_request(
    client: OAuthClient, *, code: Secret, redirect_uri: Secret, verifier: Secret, values: Values
) -> HttpRequest:
    """Write the request that redeems a code (RFC 6749 section 4.1.3, RFC 7636 section 4.5).

    `redirect_uri` is the authorization request's, to the character.
    """
    ours = {
        "grant_type": (Secret("authorization_code"),),
        "code": (code,),
        "redirect_uri": (redirect_uri,),
    }
    held = [Carried("the authorization code", code, values.destinations)]
    if client.pkce:
        ours["code_verifier"] = (verifier,)
        held.append(Carried("the code verifier", verifier, values.destinations))
    return token_request(
        client, client.exchange, ours, held, values=values, redirect_uri=redirect_uri
    )


def refresh_request(client: OAuthClient, *, refresh_token: Secret, values: Values) -> HttpRequest:
    """Write the request that renews an access token, for the scopes granted (RFC 6749 section 6).

    `refresh_token` is what `renewing_token` chose: some services renew by the access token.
    """
    ours = {"grant_type": (Secret("refresh_token"),), "refresh_token": (refresh_token,)}
    name = f"the connection's {client.refresh_by.replace('_', ' ')}"
    held = [Carried(name, refresh_token, values.destinations)]
    return token_request(client, client.refresh, ours, held, values=values)


def client_credentials_request(client: OAuthClient, *, values: Values) -> HttpRequest:
    """Write the request for a token on the client's own behalf (RFC 6749 section 4.4.2)."""
    ours = {"grant_type": (Secret("client_credentials"),), "scope": (Secret(client.scope),)}
    return token_request(client, client.exchange, ours, [], values=values)


def password_request(client: OAuthClient, *, values: Values) -> HttpRequest:
    """Write the request for the owner's password (RFC 6749 section 4.3.2).

    User name and password are `tokenParams` of the definition: only it knows the owner's fields.
    """
    ours = {"grant_type": (Secret("password"),), "scope": (Secret(client.scope),)}
    return token_request(client, client.exchange, ours, [], values=values)


def assertion_request(client: OAuthClient, *, values: Values) -> HttpRequest:
    """Write the request for a signed assertion (RFC 7523 section 2.1)."""
    assertion, carried = signed_assertion(client, values)
    ours = {
        "grant_type": (Secret(JWT_BEARER),),
        "assertion": (assertion,),
        "scope": (Secret(client.scope),),
    }
    return token_request(client, client.exchange, ours, carried, values=values)


def unattended_request(client: OAuthClient, *, values: Values) -> HttpRequest:
    """Write the request for a token where no person has to be there."""
    match client.grant:
        case "client_credentials":
            return client_credentials_request(client, values=values)
        case "password":
            return password_request(client, values=values)
        case "jwt_bearer":
            return assertion_request(client, values=values)
        case _:
            raise Bug(f"The grant {client.grant} needs a person.")


def code_challenge(verifier: Secret) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 section 4.2)."""
    digest = hashlib.sha256(verifier.reveal().encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


# -- writing the request --------------------------------------------------------------------------


@value_class(frozen=True, slots=True)
class Identity:
    """Who the client is in one request, how it proves that, and what it gives away by it."""

    client_id: Secret | None
    proof: ClientProof
    carried: tuple[Carried, ...]


def identity(client: OAuthClient, endpoint: TokenEndpoint, values: Values) -> Identity:
    """Prove the client as an endpoint wants it.

    Raises:
        SecretMissing, ValueMissing: id or secret cannot be filled.
    """
    how = endpoint.client_auth
    client_id, of_id = client_identity(client, values)
    shown = how in SHOWS_ID or "oauth.client_id" in endpoint.names
    carried = of_id.carried if shown else ()
    secret, assertion = None, None
    if how in SHOWS_SECRET:
        secret, of_secret = client_secret(client, values)
        carried += of_secret.carried
    if how == "private_key_jwt":
        assertion, of_assertion = signed_assertion(client, values)
        carried += of_assertion
    proof = client_proof(how, client_id=client_id, client_secret=secret, assertion=assertion)
    return Identity(client_id, proof, carried)


def token_request(
    client: OAuthClient,
    endpoint: TokenEndpoint,
    ours: Mapping[str, tuple[Secret, ...]],
    held: Sequence[Carried],
    *,
    values: Values,
    redirect_uri: Secret | None = None,
) -> HttpRequest:
    """Join grant, client authentication and the author's parameters into one request."""
    who = identity(client, endpoint, values)
    own = own_values(client, who.client_id, values, redirect_uri=redirect_uri)
    filling = fill(endpoint.names, values, own)
    standard = {
        **ours,
        **{name: (value,) for name, value in who.proof.parameters.items()},
        "resource": tuple(map(Secret, client.resource)),
        "audience": tuple(map(Secret, client.audience)),
    }
    return written_request(
        endpoint,
        url=endpoint.url.render(filling.texts),
        parameters=joined(standard, endpoint.authored, filling.texts, endpoint.renames),
        headers=(*who.proof.headers, *authored_headers(endpoint, filling)),
        carried=(*held, *who.carried, *filling.carried),
    )


def written_request(
    endpoint: TokenEndpoint,
    *,
    url: str,
    parameters: Parameters,
    headers: Sequence[tuple[str, Secret]],
    carried: Sequence[Carried],
    purpose: Purpose = Purpose.TOKEN,
) -> HttpRequest:
    """Encode a request to the authorization server in the format the definition gives.

    A later header replaces an earlier one of the same name.
    """
    body, content_type = b"", None
    match endpoint.format:
        case "query":
            url = with_parameters(url, parameters)
        case "json":
            body, content_type = _json(parameters), "application/json"
        case "form":
            body = form_encoded(parameters).encode("ascii")
            content_type = "application/x-www-form-urlencoded"
        case _:
            assert_never(endpoint.format)
    written: dict[str, tuple[str, str]] = {"accept": ("Accept", "application/json")}
    if content_type:
        written["content-type"] = ("Content-Type", content_type)
    written |= {name.lower(): (name, value.reveal()) for name, value in headers}
    return HttpRequest(
        method=endpoint.method,
        url=url,
        headers=tuple(written.values()),
        body=body,
        carries=tuple(carried),
        purpose=purpose,
    )


def form_encoded(parameters: Parameters) -> str:
    """Write parameters as `application/x-www-form-urlencoded` (RFC 6749 appendix B)."""
    return "&".join(f"{_encoded(name)}={_encoded(value.reveal())}" for name, value in parameters)


def _encoded(text: str) -> str:
    return text if _UNRESERVED.fullmatch(text) else quote_plus(text, errors="replace")


def with_parameters(url: str, parameters: Parameters) -> str:
    """Add parameters to a URL's query; one of its own that has the same name gives way."""
    base, _, query = url.partition("?")
    kept = kept_query(query, (name for name, _ in parameters))
    joined_query = "&".join(part for part in (kept, form_encoded(parameters)) if part)
    return f"{base}?{joined_query}" if joined_query else base


def authored_headers(endpoint: TokenEndpoint, filling: Filling) -> tuple[tuple[str, Secret], ...]:
    """Return the definition's own headers; one without a value is left out."""
    rendered = ((name, filling.render(each, Place.HEADER)) for name, each in endpoint.headers)
    return tuple((name, value) for name, value in rendered if value is not None)


def _json(parameters: Parameters) -> bytes:
    members: dict[str, str | list[str]] = {}
    for name, value in parameters:
        text, earlier = value.reveal(), members.get(name)
        if earlier is None:
            members[name] = text
        else:
            members[name] = [*([earlier] if isinstance(earlier, str) else earlier), text]
    return json.dumps(members).encode("ascii")
