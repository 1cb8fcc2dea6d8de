"""The authorization request: the address that a resource owner's browser is sent to."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from connectsmith.core.authorization.assertion import request_object
from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.endpoints import AuthorizationEndpoint
from connectsmith.core.authorization.filling import Filling, client_identity, fill, own_values
from connectsmith.core.authorization.grant import (
    authored_headers,
    code_challenge,
    identity,
    with_parameters,
    written_request,
)
from connectsmith.core.authorization.parameters import Parameters, joined
from connectsmith.core.authorization.token_answer import find, scalar_text
from connectsmith.core.authorization.token_error import accepted_body
from connectsmith.core.authorization.values import Values
from connectsmith.core.definition.facts import is_secret_name
from connectsmith.core.definition.placeholders import OMITTED, Place, Template
from connectsmith.core.message import Carried, HttpRequest, HttpResponse
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import Bug, DefinitionError, TokenAnswerInvalid, ValueMissing

_REQUEST_URI: Final = re.compile(r"[!-~]{1,2048}")


def new_challenge(verifier: Secret) -> str:
    """Return the S256 code challenge of a verifier (RFC 7636 section 4.2).

    There is no other method: `plain` would show the verifier to the browser.
    """
    return code_challenge(verifier)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one authorization request asks: made once, written in whichever way it is sent."""

    redirect_uri: str
    state: Secret
    verifier: Secret
    dpop_jkt: str | None = None
    """The thumbprint of the key that the code is bound to (RFC 9449 section 10)."""


def authorization_request(client: OAuthClient, asked: Asked, *, values: Values) -> str:
    """Return the URL of an authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3).

    The endpoint's own query is kept; where the endpoint has a fragment, the parameters follow it.
    Of all secrets only those of `clientID` can get in. Where the definition asks for it, the
    parameters are signed, and stand in the request object alone (RFC 9101 section 5).

    Raises:
        SecretMissing, ValueMissing: something the address needs has no value.
    """
    parameters, filling, _ = _parameters(client, asked, values)
    return _address(client, parameters, filling)


def pushed_request(client: OAuthClient, asked: Asked, *, values: Values) -> HttpRequest:
    """Write the same parameters as a request from us to the server (RFC 9126 section 2.1).

    Parameters of the authorization endpoint's own query are pushed too, or they would not count.
    """
    endpoint = client.pushed
    if endpoint is None:
        raise Bug("A client that pushes no authorization requests was told to.")
    parameters, filling, carried = _parameters(client, asked, values)
    who = identity(client, endpoint, values)
    proof = tuple(
        (endpoint.renames.get(name, name), value) for name, value in who.proof.parameters.items()
    )
    query = _endpoint(client).url.render(filling.texts).partition("?")[2]
    beside = proof if client.signed_request else (*_pairs(query), *proof)
    url = fill(endpoint.names, values, own_values(client, who.client_id, values))
    return written_request(
        endpoint,
        url=endpoint.url.render(url.texts),
        parameters=(*parameters, *_unless(beside, parameters)),
        headers=(*who.proof.headers, *authored_headers(endpoint, url)),
        carried=(*carried, *who.carried, *url.carried),
    )


def pushed_address(client: OAuthClient, request_uri: Secret, *, values: Values) -> str:
    """Return where the browser goes with what was pushed: with it, the client's id, and no more."""
    endpoint = _endpoint(client)
    client_id, _ = client_identity(client, values)
    own = own_values(client, client_id, values)
    filling = _without_secrets(endpoint, values, own)
    named = endpoint.renames.get("client_id", "client_id")
    parameters = ((named, client_id),) if client_id else ()
    return _address(client, (*parameters, ("request_uri", request_uri)), filling)


def read_pushed(
    client: OAuthClient, response: HttpResponse, *, received_at: datetime, sent: HttpRequest
) -> Secret:
    """Read the answer to a pushed request (RFC 9126 section 2.2): an address that is used once.

    Raises:
        ClientRejected, AuthorizationRequestRejected, TokenEndpointBusy: refused.
        TokenAnswerInvalid: no such answer.
    """
    body = accepted_body(client, response, received_at=received_at, sent=sent)
    found = scalar_text(find(body, "/request_uri")) or ""
    if not _REQUEST_URI.fullmatch(found):
        raise TokenAnswerInvalid(
            "The server took the pushed authorization request and gave no request_uri for it.",
            place="/auth_components/parURL",
        )
    return Secret(found)


def _parameters(
    client: OAuthClient, asked: Asked, values: Values
) -> tuple[Parameters, Filling, tuple[Carried, ...]]:
    """Return the request's parameters under their names on the wire, signed where that is asked."""
    endpoint = _endpoint(client)
    client_id, _ = client_identity(client, values)
    own = own_values(client, client_id, values, redirect_uri=Secret(asked.redirect_uri))
    filling = _without_secrets(endpoint, values, own)
    ours = {
        "response_type": (Secret("code"),),
        "client_id": (client_id,) if client_id else (),
        "redirect_uri": (Secret(asked.redirect_uri),),
        "scope": (Secret(client.scope),),
        "state": (asked.state,),
        "code_challenge": (Secret(new_challenge(asked.verifier)),) if client.pkce else (),
        "code_challenge_method": (Secret("S256"),) if client.pkce else (),
        "dpop_jkt": (Secret(asked.dpop_jkt),) if asked.dpop_jkt else (),
        "resource": tuple(map(Secret, client.resource)),
        "audience": tuple(map(Secret, client.audience)),
    }
    parameters = joined(ours, endpoint.authored, filling.texts, endpoint.renames)
    if not client.signed_request:
        return parameters, filling, ()
    query = endpoint.url.render(filling.texts).partition("?")[2]
    written = (*_unless(_pairs(query), parameters), *parameters)
    request, carried = request_object(client, written, values)
    named = endpoint.renames.get("client_id", "client_id")
    shown = tuple(pair for pair in parameters if pair[0] == named)
    return (*shown, ("request", request)), filling, carried


def _address(client: OAuthClient, parameters: Parameters, filling: Filling) -> str:
    endpoint = _endpoint(client)
    url = endpoint.url.render(filling.texts)
    if endpoint.fragment is None:
        return with_parameters(url, parameters)
    return _after_fragment(url, endpoint.fragment, filling, parameters)


def _pairs(query: str) -> Parameters:
    return tuple((name, Secret(value)) for name, value in parse_qsl(query, keep_blank_values=True))


def _unless(pairs: Parameters, parameters: Parameters) -> Parameters:
    """Return those pairs whose names are not taken by parameters."""
    taken = {name for name, _ in parameters}
    return tuple(pair for pair in pairs if pair[0] not in taken)


def requested_scopes(client: OAuthClient, values: Values) -> tuple[str, ...]:
    """Return the scopes that the authorization request asks for, to be shown before it is made.

    An author's parameter `scope` replaces the definition's; one of null asks for none.
    """
    endpoint = _endpoint(client)
    if "scope" not in endpoint.authored:
        return client.scopes
    template = endpoint.authored["scope"]
    if template is None:
        return ()
    own = own_values(client, None, values)
    rendered = template.render(_without_secrets(endpoint, values, own).texts)
    if rendered is OMITTED:
        return ()
    return tuple(str(rendered).replace(client.scope_separator, " ").split())


def authorization_endpoint(client: OAuthClient, values: Values) -> str:
    """Return the authorization endpoint's URL without our parameters, for `check_issuer`."""
    endpoint = _endpoint(client)
    return endpoint.url.render(fill(endpoint.url.names, values).texts)


def token_endpoint(client: OAuthClient, values: Values) -> str | None:
    """Return the token endpoint's URL, for `check_issuer`.

    None where a value of the callback itself makes it: that would vouch for its own sender.
    """
    url = client.exchange.url
    if any(name.startswith("connection.") for name in url.names):
        return None
    own = own_values(client, None, values)
    return url.render(fill(url.names, values, own).texts)


def _endpoint(client: OAuthClient) -> AuthorizationEndpoint:
    if client.authorization is None:
        raise DefinitionError(
            f'The grant "{client.grant}" needs nobody to sign in: connect without authorizing.',
            place="/auth_components/grant",
        )
    return client.authorization


def _without_secrets(
    endpoint: AuthorizationEndpoint, values: Values, own: dict[str, Secret | None]
) -> Filling:
    names = endpoint.url.names.union(*(each.names for each in endpoint.authored.values() if each))
    if endpoint.fragment:
        names |= endpoint.fragment.names
    return fill((name for name in names if not is_secret_name(name)), values, own)


def _after_fragment(url: str, fragment: Template, filling: Filling, parameters: Parameters) -> str:
    """Put the parameters behind the fragment: pages that route by it read them there."""
    rendered = fragment.render(filling.texts, Place.QUERY)
    if rendered is OMITTED:
        raise ValueMissing("A placeholder after the # of the authorizationURL has no value.")
    return f"{url}#{with_parameters(str(rendered), parameters)}"
