"""The authorization response: what a browser brings back, and whether it may be believed.

Everything in it is untrusted. It is read strictly, and no message repeats any of it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.words import one_line
from connectsmith.core.definition.model import CaptureFrom
from connectsmith.core.secret.destinations import origin_of
from connectsmith.core.secret.redaction import Redactor
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    AuthorizationRequestRejected,
    CallbackRefused,
    ClientRejected,
    ConnectsmithError,
    ConsentDenied,
    IssuerUnexpected,
    RemoteError,
    UrlInvalid,
)

LONGEST_QUERY: Final = 16 * 1024
LONGEST: Final = {"state": 512, "code": 4096, "error": 512, "iss": 2048}
LONGEST_CAPTURED: Final = 4096
MOST_PARAMETERS: Final = 100
UNNAMED_ERROR: Final = "unnamed_error"
"""Stands for an error whose code is no plain word."""

_STRICT = ("code", "state", "error", "error_description", "error_uri", "iss")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_WORD = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LINK = re.compile(r"https?://[!#-;=?-\[\]_a-z~]{1,500}")


@dataclass(frozen=True, slots=True)
class CallbackCode:
    """The resource owner said yes (RFC 6749 section 4.1.2)."""

    code: Secret
    state: Secret
    iss: str | None = None
    captured: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallbackError:
    """No code came back (RFC 6749 section 4.1.2.1).

    `error` is a plain word, `description` one line, `uri` an http or https address: the words of a
    stranger all the same, to be shown escaped and as such.
    """

    error: str
    description: str | None
    uri: str | None
    state: Secret
    iss: str | None = None


def read_callback(
    query: str, client: OAuthClient, sent: Iterable[Secret] = ()
) -> CallbackCode | CallbackError:
    """Read the query of a callback; parameters that nobody asked for are ignored.

    What an error says is masked where it echoes the state, or another value that was `sent`.

    Raises:
        CallbackRefused: no response that an authorization server may give: a parameter repeated
            or too long, no state, neither or both of code and error.
    """
    given = _parameters(query, client)
    state = given.get("state")
    if not state:
        raise CallbackRefused("The callback names no state, so it belongs to no authorization.")
    if "code" in given and "error" in given:
        raise CallbackRefused("The callback holds both a code and an error.")
    if "error" in given:
        return _error(given, Secret(state), sent)
    if client.grant == "client_credentials":
        # An administrator said yes; the client asks for its tokens itself.
        return CallbackCode(Secret(""), Secret(state), given.get("iss"), _captured(given, client))
    if "code" not in given:
        raise CallbackRefused("The callback holds neither a code nor an error.")
    return CallbackCode(
        code=Secret(given["code"]),
        state=Secret(state),
        iss=given.get("iss"),
        captured=_captured(given, client),
    )


def refusal(response: CallbackError) -> ConnectsmithError:
    """Return the error that a refusing response stands for, in the server's own words."""
    said = (response.description or "").rstrip(".")
    words = f"{response.error}: {said}" if said else response.error
    details = {"error": response.error, "description": response.description, "uri": response.uri}
    match response.error:
        case "access_denied" | "consent_required" | "login_required" | "interaction_required":
            kind: type[ConnectsmithError] = ConsentDenied
            message = f"Access was not granted ({words}). Start again to ask once more."
        case "unauthorized_client" | "invalid_client":
            kind = ClientRejected
            message = f"The authorization server refuses the client ({words}). Check the client id."
        case "server_error" | "temporarily_unavailable":
            kind = RemoteError
            message = f"The authorization server could not answer ({words}). Try again later."
        case _:
            kind = AuthorizationRequestRejected
            message = (
                f"The authorization server refuses the request ({words}). Check scope, callback "
                "URL and parameters of the definition."
            )
    return kind(message, details=details)


def check_issuer(
    client: OAuthClient,
    iss: str | None,
    *,
    authorization_url: str,
    token_url: str | None,
    required: bool = False,
) -> str | None:
    """Return the issuer to record, after comparing it as RFC 9207 section 2.4 asks.

    With `issuer` in the definition the two are equal character by character; without, an `iss` on
    the origin of one of the endpoints passes. `required` says that the server's metadata announces
    the parameter. Call it for success and error alike, before anything else is believed.

    Raises:
        IssuerUnexpected: the response may come from another server; its `details["fix"]` writes
            the issuer, for an author who knows better.
    """
    if iss is None:
        if required:
            raise IssuerUnexpected(
                "The authorization server always names itself in its responses, "
                "and this one names nobody."
            )
        return None
    if client.issuer is not None:
        if iss != client.issuer:
            raise _unexpected(iss, "another issuer than the definition's")
        return iss
    known = {_origin(authorization_url), _origin(token_url or "")} - {None}
    if _origin(iss) not in known:
        raise _unexpected(iss, "an issuer on another origin than the definition's endpoints")
    return iss


def _parameters(query: str, client: OAuthClient) -> dict[str, str]:
    """Return the parameters that count, by their names in the standard."""
    wanted = {client.callback_names.get(name, name): name for name in _STRICT}
    wanted |= {
        wire: wire for wire in map(_source, client.capture.callback.values()) if wire not in wanted
    }
    given: dict[str, str] = {}
    for wire, value in _pairs(query):
        name = wanted.get(wire)
        if name is None:
            continue
        if name in given:
            raise CallbackRefused("The callback repeats a parameter, which no server may do.")
        _check_value(name, value)
        given[name] = value
    return {name: value for name, value in given.items() if value}


def _pairs(query: str) -> list[tuple[str, str]]:
    if len(query) > LONGEST_QUERY:
        raise CallbackRefused("The callback's query is too long.")
    try:
        return parse_qsl(
            query, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except ValueError:
        raise CallbackRefused("The callback's query cannot be read.") from None


def _check_value(name: str, value: str) -> None:
    if name in {"error_description", "error_uri"}:
        return
    if len(value) > LONGEST.get(name, LONGEST_CAPTURED) or _CONTROL.search(value):
        raise CallbackRefused(
            "A parameter of the callback is too long or holds control characters."
        )


def _error(given: Mapping[str, str], state: Secret, sent: Iterable[Secret]) -> CallbackError:
    echoes = Redactor((state, *sent), lambda _: "sent")
    error, uri = echoes.text(given["error"]), echoes.text(given.get("error_uri", ""))
    return CallbackError(
        error=error if _WORD.fullmatch(error) else UNNAMED_ERROR,
        description=one_line(echoes.text(given.get("error_description", ""))) or None,
        uri=uri if _LINK.fullmatch(uri) else None,
        state=state,
        iss=given.get("iss"),
    )


def _captured(given: Mapping[str, str], client: OAuthClient) -> dict[str, Secret]:
    captured: dict[str, Secret] = {}
    standard = {client.callback_names.get(name, name): name for name in _STRICT}
    for name, source in client.capture.callback.items():
        wire = _source(source)
        default = source.default if isinstance(source, CaptureFrom) else None
        value = given.get(standard.get(wire, wire)) or default
        if value:
            captured[name] = Secret(value)
    return captured


def _source(source: str | CaptureFrom) -> str:
    return source.from_ if isinstance(source, CaptureFrom) else source


def _origin(url: str) -> str | None:
    try:
        return origin_of(url)
    except UrlInvalid:
        return None


def _unexpected(iss: str, what: str) -> IssuerUnexpected:
    details: dict[str, object] = {"issuer": one_line(iss)}
    if _LINK.fullmatch(iss) and _origin(iss):
        operation = {"op": "add", "path": "/auth_components/issuer", "value": iss}
        details["fix"] = {"title": "Write this issuer into the definition", "patch": [operation]}
    return IssuerUnexpected(
        f"The response names {what}. It was discarded: it may come from a server that wants to "
        "be mistaken for yours. If that issuer is right, write it as auth_components.issuer.",
        place="/auth_components/issuer",
        details=details,
    )
