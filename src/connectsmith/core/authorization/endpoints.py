"""The endpoints that a definition describes: how each request is written, where it goes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from connectsmith.core.authorization import parameters
from connectsmith.core.authorization.parameters import Authored
from connectsmith.core.definition.facts import is_secret_name
from connectsmith.core.definition.hosts import UrlTemplate, compile_url
from connectsmith.core.definition.model import (
    AuthComponents,
    ByRequestAuth,
    ByRequestTokenRequest,
    ByRequestTokenResponse,
    ClientAuth,
    Definition,
    ParameterNames,
    TokenRequest,
    TokenResponse,
)
from connectsmith.core.definition.placeholders import Template, compile_template
from connectsmith.errors import DefinitionError

SIGN_IN: Final = "/auth_components"

_FRAMING = frozenset({"host", "content-length", "transfer-encoding", "connection"})


@dataclass(frozen=True, slots=True)
class AuthorizationEndpoint:
    """Where the browser is sent, and with what. `fragment` stands before the parameters."""

    url: UrlTemplate
    fragment: Template | None
    authored: Authored
    renames: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """How one kind of token request is written, and how its answer is read.

    `names` are all placeholders that it uses, those of the client's own id and secret excepted.
    """

    url: UrlTemplate
    client_auth: ClientAuth
    method: Literal["POST", "GET"]
    format: Literal["form", "json", "query"]
    headers: tuple[tuple[str, Template], ...]
    authored: Authored
    renames: Mapping[str, str]
    answer: TokenResponse
    names: frozenset[str]

    @property
    def secrets(self) -> frozenset[str]:
        """The connector's secrets among `names`."""
        return frozenset(name for name in self.names if is_secret_name(name))


@dataclass(frozen=True, slots=True)
class RegistrationEndpoint:
    """Where a client registers itself, and with which initial access token."""

    url: UrlTemplate
    token: Template | None


def registration_endpoint(definition: Definition) -> RegistrationEndpoint | None:
    """Return where the client registers itself; None where the definition names a client id."""
    auth = definition.auth_components
    if auth.client_id or not auth.registration_url:
        return None
    url = compile_url(auth.registration_url, definition)
    return RegistrationEndpoint(url, optional_template(auth.registration_token))


def authorization_endpoint(
    definition: Definition, names: ParameterNames
) -> AuthorizationEndpoint | None:
    """Compile where the browser goes; None for a grant that needs nobody in a browser."""
    auth = definition.auth_components
    consents_first = auth.grant == "client_credentials" and auth.authorization_url
    if auth.grant != "authorization_code" and not consents_first:
        return None
    if not auth.authorization_url:
        raise url_missing("authorizationURL")
    renames, place = names.authorization, f"{SIGN_IN}/authorizationParams"
    reserved = parameters.CREDENTIALS | parameters.BROWSER_BOUND
    authored = _authored(auth.authorization_params)
    parameters.check_renames(
        renames, parameters.AUTHORIZATION, f"{SIGN_IN}/parameterNames/authorization"
    )
    parameters.check_authored(authored, renames, reserved, place)
    parameters.check_not_implicit(authored, renames, place)
    _check_no_secret(authored, place)
    base, _, fragment = auth.authorization_url.partition("#")
    for text in (base, fragment):
        parameters.check_authored(
            parameters.query_names(text.partition("?")[2]),
            renames,
            parameters.BROWSER_BOUND | {"client_id"},
            f"{SIGN_IN}/authorizationURL",
        )
    url = compile_url(base, definition)
    return AuthorizationEndpoint(url, optional_template(fragment), authored, renames)


def token_endpoint(
    definition: Definition, names: ParameterNames, *, refreshing: bool
) -> TokenEndpoint:
    """Compile how a grant is exchanged, or refreshed."""
    auth = definition.auth_components
    if not auth.token_url:
        raise url_missing("tokenURL")
    url = compile_url((refreshing and auth.refresh_url) or auth.token_url, definition)
    written = _token_request(auth, refreshing=refreshing)
    member = "refreshParams" if refreshing else "tokenParams"
    authored = _authored(auth.refresh_params if refreshing else auth.token_params)
    renames = names.refresh if refreshing else names.token
    parameters.check_renames(
        renames,
        parameters.TOKEN,
        f"{SIGN_IN}/parameterNames/{'refresh' if refreshing else 'token'}",
    )
    parameters.check_authored(authored, renames, parameters.CREDENTIALS, f"{SIGN_IN}/{member}")
    headers = _headers(written)
    templates = [each for each in authored.values() if each] + [each for _, each in headers]
    return TokenEndpoint(
        url=url,
        client_auth=_client_auth(auth, refreshing=refreshing),
        method=written.method,
        format="query" if written.method == "GET" else written.format,
        headers=headers,
        authored=authored,
        renames=renames,
        answer=_token_response(auth, refreshing=refreshing),
        names=url.names.union(*(each.names for each in templates)),
    )


def revocation_endpoint(definition: Definition, exchange: TokenEndpoint) -> TokenEndpoint | None:
    """Return where tokens are revoked (RFC 7009 section 2.1)."""
    written = definition.auth_components.revocation_url
    return side_endpoint(written, definition, exchange) if written else None


def side_endpoint(written: str, definition: Definition, exchange: TokenEndpoint) -> TokenEndpoint:
    """Compile an endpoint beside the token endpoint's: always POST and form.

    Headers and names of the client's parameters are those of the exchange: what a gateway wants
    of one endpoint it wants of the other.
    """
    url = compile_url(written, definition)
    renames = {name: wire for name, wire in exchange.renames.items() if name.startswith("client_")}
    return replace(
        exchange,
        url=url,
        method="POST",
        format="form",
        authored={},
        renames=renames,
        names=url.names.union(*(each.names for _, each in exchange.headers)),
    )


def _client_auth(auth: AuthComponents, *, refreshing: bool) -> ClientAuth:
    written = auth.client_auth
    if isinstance(written, ByRequestAuth):
        written = written.refresh if refreshing else written.exchange
    return written or ("body" if auth.client_secret else "none")


def _token_request(auth: AuthComponents, *, refreshing: bool) -> TokenRequest:
    written = auth.token_request
    if isinstance(written, ByRequestTokenRequest):
        return written.refresh if refreshing else written.exchange
    return written


def _token_response(auth: AuthComponents, *, refreshing: bool) -> TokenResponse:
    written = auth.token_response
    if isinstance(written, ByRequestTokenResponse):
        return written.refresh if refreshing else written.exchange
    return written


def _headers(written: TokenRequest) -> tuple[tuple[str, Template], ...]:
    for name in written.headers:
        lowered = name.lower()
        if lowered in _FRAMING or lowered.startswith(("proxy-", "x-forwarded-")):
            raise DefinitionError(
                f'The header "{name}" is set by the connection itself and cannot be written.',
                place=f"{SIGN_IN}/tokenRequest/headers/{name}",
            )
    return tuple((name, compile_template(text)) for name, text in written.headers.items())


def _check_no_secret(authored: Authored, place: str) -> None:
    for name, template in authored.items():
        secrets = (
            sorted(each for each in template.names if is_secret_name(each)) if template else []
        )
        if secrets:
            raise DefinitionError(
                f'The parameter "{name}" would show the secret "{secrets[0]}" to the browser. '
                'Of all secrets only that of "clientID" may go there.',
                place=f"{place}/{name}",
            )


# -- small readings -------------------------------------------------------------------------------


def optional_template(text: str | None) -> Template | None:
    """Compile a template that may be absent."""
    return compile_template(text) if text else None


def _authored(written: Mapping[str, str | None]) -> Authored:
    return {
        name: None if text is None else compile_template(text) for name, text in written.items()
    }


def url_missing(member: str) -> DefinitionError:
    """Return the error for an address without which nobody can sign in."""
    return DefinitionError(
        f'The definition has no "{member}"; nobody can sign in without it.',
        place=f"{SIGN_IN}/{member}",
    )
