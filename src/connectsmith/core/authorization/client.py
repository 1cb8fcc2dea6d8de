"""The OAuth client that a definition describes: compiled once, used for every request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal

from connectsmith.core.authorization import parameters
from connectsmith.core.authorization.parameters import Authored
from connectsmith.core.definition.facts import is_secret_name, sign_in_kind
from connectsmith.core.definition.hosts import UrlTemplate, compile_url
from connectsmith.core.definition.model import (
    AuthComponents,
    ByRequestAuth,
    ByRequestTokenRequest,
    ByRequestTokenResponse,
    Capture,
    ClientAuth,
    Definition,
    ParameterNames,
    TokenRequest,
    TokenResponse,
)
from connectsmith.core.definition.placeholders import Template, compile_template
from connectsmith.errors import DefinitionError

SIGN_IN: Final = "/auth_components"

_CARRIED_OUT = frozenset({"authorization_code", "client_credentials"})
_NEEDS_SECRET = frozenset({"basic", "basic_raw", "basic_secret", "body", "both"})
_NEEDS_ID = frozenset({"basic", "basic_raw", "body", "both"})
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
class OAuthClient:
    """Everything the definition says about signing in.

    `secret_names` are the connector's secrets that requests need. `refresh_lifetime` counts when
    an answer states none, `refresh_margin` wins over ours.
    """

    grant: Literal["authorization_code", "client_credentials"]
    client_id: Template | None
    client_secret: Template | None
    authorization: AuthorizationEndpoint | None
    exchange: TokenEndpoint
    refresh: TokenEndpoint
    revocation: TokenEndpoint | None
    scopes: tuple[str, ...]
    scope_separator: str
    resource: tuple[str, ...]
    audience: tuple[str, ...]
    pkce: bool
    issuer: str | None
    capture: Capture
    callback_names: Mapping[str, str]
    refresh_margin: timedelta | None
    refresh_lifetime: timedelta | None
    refresh_by: Literal["refresh_token", "access_token"]
    refresh_extends: bool
    secret_names: frozenset[str]

    @property
    def needs_browser(self) -> bool:
        """Whether a resource owner has to say yes in a browser."""
        return self.authorization is not None

    @property
    def scope(self) -> str:
        """The requested scopes as one parameter (RFC 6749 section 3.3)."""
        return self.scope_separator.join(self.scopes)


def oauth_client(definition: Definition) -> OAuthClient:
    """Compile the sign-in of a definition that reading found no error in.

    Raises:
        DefinitionError: it describes none that can be carried out; `place` says where.
    """
    auth = definition.auth_components
    _check_kind(definition)
    names = auth.parameter_names or ParameterNames()
    client_id, client_secret = _template(auth.client_id), _template(auth.client_secret)
    exchange = _token_endpoint(definition, names, refreshing=False)
    refresh = _token_endpoint(definition, names, refreshing=True)
    _check_client(auth, exchange, refresh)
    _check_not_shown(client_id, client_secret)
    authorization = _authorization_endpoint(definition, names)
    revocation = _revocation_endpoint(definition, exchange)
    return OAuthClient(
        grant="client_credentials" if auth.grant == "client_credentials" else "authorization_code",
        client_id=client_id,
        client_secret=client_secret,
        authorization=authorization,
        exchange=exchange,
        refresh=refresh,
        revocation=revocation,
        scopes=_listed(auth.scope.split() if isinstance(auth.scope, str) else auth.scope),
        scope_separator=auth.scope_separator,
        resource=_listed(auth.resource),
        audience=_listed(auth.audience),
        pkce=auth.pkce == "S256",
        issuer=auth.issuer,
        capture=auth.capture or Capture(),
        callback_names=names.callback,
        refresh_margin=_seconds(auth.refresh.margin if auth.refresh else None),
        refresh_lifetime=_seconds(auth.refresh.lifetime if auth.refresh else None),
        refresh_by=auth.refresh.by if auth.refresh else "refresh_token",
        refresh_extends=auth.refresh.extends if auth.refresh else False,
        secret_names=_secrets(client_id, client_secret) | exchange.secrets | refresh.secrets,
    )


# -- what can be carried out ----------------------------------------------------------------------


def _check_kind(definition: Definition) -> None:
    auth = definition.auth_components
    if sign_in_kind(definition) != "oauth2":
        raise DefinitionError(
            f'The sign-in type "{auth.type}" has no OAuth client; use "oauth2".',
            place=f"{SIGN_IN}/type",
        )
    if auth.grant not in _CARRIED_OUT:
        raise DefinitionError(
            f'The grant "{auth.grant}" is not carried out yet. '
            'Use "authorization_code" or "client_credentials".',
            place=f"{SIGN_IN}/grant",
        )
    for member, written in (("dpop", auth.dpop), ("signedRequest", auth.signed_request)):
        if written:
            raise DefinitionError(
                f'"{member}" is not carried out yet, and signing in without it would be weaker '
                "than the definition asks for.",
                place=f"{SIGN_IN}/{member}",
            )


def _check_client(auth: AuthComponents, *endpoints: TokenEndpoint) -> None:
    for endpoint in endpoints:
        how = endpoint.client_auth
        if how == "private_key_jwt":
            raise DefinitionError(
                'The client authentication "private_key_jwt" is not carried out yet.',
                place=f"{SIGN_IN}/clientAuth",
            )
        if how in _NEEDS_SECRET and not auth.client_secret:
            raise DefinitionError(
                f'The client authentication "{how}" needs a "clientSecret".',
                place=f"{SIGN_IN}/clientSecret",
            )
        if not auth.client_id and (how in _NEEDS_ID or auth.grant == "authorization_code"):
            raise DefinitionError(
                'The definition has no "clientID". Write it, or the name of a secret in braces.',
                place=f"{SIGN_IN}/clientID",
            )
    if auth.client_secret and not compile_template(auth.client_secret).names:
        raise DefinitionError(
            'A "clientSecret" is never written into a definition. Store it as a secret and write '
            'its name in double braces, as in "{{clientSecret}}".',
            place=f"{SIGN_IN}/clientSecret",
        )


# -- endpoints ------------------------------------------------------------------------------------


def _authorization_endpoint(
    definition: Definition, names: ParameterNames
) -> AuthorizationEndpoint | None:
    auth = definition.auth_components
    if auth.grant != "authorization_code":
        return None
    if not auth.authorization_url:
        raise _url_missing("authorizationURL")
    renames, place = names.authorization, f"{SIGN_IN}/authorizationParams"
    reserved = parameters.CREDENTIALS | parameters.BROWSER_BOUND | {"response_type"}
    authored = _authored(auth.authorization_params)
    parameters.check_renames(
        renames, parameters.AUTHORIZATION, f"{SIGN_IN}/parameterNames/authorization"
    )
    parameters.check_authored(authored, renames, reserved, place)
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
    return AuthorizationEndpoint(url, _template(fragment), authored, renames)


def _token_endpoint(
    definition: Definition, names: ParameterNames, *, refreshing: bool
) -> TokenEndpoint:
    auth = definition.auth_components
    if not auth.token_url:
        raise _url_missing("tokenURL")
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


def _revocation_endpoint(definition: Definition, exchange: TokenEndpoint) -> TokenEndpoint | None:
    """Return where tokens are revoked: always POST and form (RFC 7009 section 2.1)."""
    written = definition.auth_components.revocation_url
    if not written:
        return None
    url = compile_url(written, definition)
    renames = {name: wire for name, wire in exchange.renames.items() if name.startswith("client_")}
    return replace(
        exchange,
        url=url,
        method="POST",
        format="form",
        headers=(),
        authored={},
        renames=renames,
        names=url.names,
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


def _check_not_shown(client_id: Template | None, client_secret: Template | None) -> None:
    """Refuse a client secret that would be shown to the browser as the client's id."""
    shown = sorted(_secrets(client_id) & _secrets(client_secret))
    if shown:
        raise DefinitionError(
            f'The secret "{shown[0]}" stands in "clientSecret" and in "clientID", which every '
            "browser is shown. Store the client id as a secret of its own.",
            place=f"{SIGN_IN}/clientID",
        )


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


def _template(text: str | None) -> Template | None:
    return compile_template(text) if text else None


def _authored(written: Mapping[str, str | None]) -> Authored:
    return {
        name: None if text is None else compile_template(text) for name, text in written.items()
    }


def _listed(written: str | Iterable[str] | None) -> tuple[str, ...]:
    if written is None:
        return ()
    return (written,) if isinstance(written, str) else tuple(written)


def _seconds(written: float | None) -> timedelta | None:
    return None if written is None else timedelta(seconds=written)


def _secrets(*templates: Template | None) -> frozenset[str]:
    names = frozenset[str]().union(*(each.names for each in templates if each))
    return frozenset(name for name in names if is_secret_name(name))


def _url_missing(member: str) -> DefinitionError:
    return DefinitionError(
        f'The definition has no "{member}"; nobody can sign in without it.',
        place=f"{SIGN_IN}/{member}",
    )
