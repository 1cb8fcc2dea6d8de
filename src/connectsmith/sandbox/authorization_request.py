"""Decide whether an authorization request may be shown to a person (RFC 6749 section 4.1.1)."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

from connectsmith.sandbox.clients import Client, Clients
from connectsmith.sandbox.people import READ, SCOPES
from connectsmith.sandbox.protocol import ProtocolError, read_parameters

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that a person can answer."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str = field(repr=False)
    challenge: str = field(repr=False)


class UntrustedRequestError(Exception):
    """Nobody knows where an answer would go: shown here, never redirected (section 4.1.2.1)."""


class RefusedRequestError(Exception):
    """A fault to report to the client at its redirect URI."""

    def __init__(self, redirect_uri: str, state: str, error: ProtocolError) -> None:
        super().__init__(error.description)
        self.redirect_uri = redirect_uri
        self.state = state
        self.error = error


def read_authorization_request(query: str, clients: Clients) -> AuthorizationRequest:
    """Check a query string in the order that decides who may learn of a fault."""
    try:
        parameters = read_parameters(query)
    except ProtocolError as error:
        raise UntrustedRequestError(error.description) from error
    client, redirect_uri = _known_client(parameters, clients)
    state = parameters.get("state", "")
    try:
        return AuthorizationRequest(
            client=client,
            redirect_uri=redirect_uri,
            scopes=_scopes_for_code(parameters),
            state=state,
            challenge=_challenge(parameters),
        )
    except ProtocolError as error:
        raise RefusedRequestError(redirect_uri, state, error) from error


def read_scopes(text: str) -> tuple[str, ...]:
    """Return the scopes asked for, in the order of our list; without any, the reading one."""
    asked = set(text.split(" ")) - {""}
    unknown = asked - SCOPES.keys()
    if unknown:
        known = " and ".join(SCOPES)
        raise ProtocolError("invalid_scope", f"The scopes here are {known}.")
    return tuple(scope for scope in SCOPES if scope in (asked or {READ}))


def response_location(redirect_uri: str, *, issuer: str, state: str, **members: str) -> str:
    """Return where to send the browser: the redirect URI, its query kept, with the answer added.

    `iss` is always there (RFC 9207 section 2).
    """
    parts = urlsplit(redirect_uri)
    answer = urlencode({**members, **({"state": state} if state else {}), "iss": issuer})
    query = f"{parts.query}&{answer}" if parts.query else answer
    return urlunsplit(parts._replace(query=query))


def _known_client(parameters: dict[str, str], clients: Clients) -> tuple[Client, str]:
    client = clients.find(parameters.get("client_id", ""))
    if client is None:
        raise UntrustedRequestError("No client with this client_id is registered here.")
    redirect_uri = parameters.get("redirect_uri")
    if redirect_uri is None:
        raise UntrustedRequestError("The request names no redirect_uri.")
    if redirect_uri not in client.redirect_uris:
        raise UntrustedRequestError(
            f"The redirect_uri {redirect_uri} is not registered for {client.name}, character by"
            " character. Add it on the sandbox's start page."
        )
    return client, redirect_uri


def _scopes_for_code(parameters: dict[str, str]) -> tuple[str, ...]:
    response_type = parameters.get("response_type")
    if response_type is None:
        raise ProtocolError("invalid_request", "response_type is missing.")
    if response_type != "code":
        raise ProtocolError("unsupported_response_type", "The only response_type here is code.")
    if "state" not in parameters:
        raise ProtocolError("invalid_request", "state is missing.")
    return read_scopes(parameters.get("scope", ""))


def _challenge(parameters: dict[str, str]) -> str:
    """RFC 7636 section 4.4.1; an absent method means `plain`, which is refused too."""
    challenge = parameters.get("code_challenge")
    if challenge is None:
        raise ProtocolError("invalid_request", "PKCE is required: code_challenge is missing.")
    if parameters.get("code_challenge_method") != "S256":
        raise ProtocolError("invalid_request", "The only code_challenge_method here is S256.")
    if not _CHALLENGE.fullmatch(challenge):
        raise ProtocolError("invalid_request", "code_challenge is not a base64url SHA-256.")
    return challenge
