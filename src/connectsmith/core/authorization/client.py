"""The OAuth client that a definition describes: compiled once, used for every request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from connectsmith.core.authorization.endpoints import (
    SIGN_IN,
    AuthorizationEndpoint,
    TokenEndpoint,
    authorization_endpoint,
    optional_template,
    revocation_endpoint,
    token_endpoint,
)
from connectsmith.core.definition.facts import is_secret_name, sign_in_kind
from connectsmith.core.definition.model import (
    AuthComponents,
    Capture,
    Definition,
    ParameterNames,
)
from connectsmith.core.definition.placeholders import Template, compile_template
from connectsmith.errors import DefinitionError

_CARRIED_OUT = frozenset({"authorization_code", "client_credentials"})
_NEEDS_SECRET = frozenset({"basic", "basic_raw", "basic_secret", "body", "both"})
_NEEDS_ID = frozenset({"basic", "basic_raw", "body", "both"})


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
    client_id, client_secret = (
        optional_template(auth.client_id),
        optional_template(auth.client_secret),
    )
    exchange = token_endpoint(definition, names, refreshing=False)
    refresh = token_endpoint(definition, names, refreshing=True)
    _check_client(auth, exchange, refresh)
    _check_not_shown(client_id, client_secret)
    authorization = authorization_endpoint(definition, names)
    revocation = revocation_endpoint(definition, exchange)
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


def _check_not_shown(client_id: Template | None, client_secret: Template | None) -> None:
    """Refuse a client secret that would be shown to the browser as the client's id."""
    shown = sorted(_secrets(client_id) & _secrets(client_secret))
    if shown:
        raise DefinitionError(
            f'The secret "{shown[0]}" stands in "clientSecret" and in "clientID", which every '
            "browser is shown. Store the client id as a secret of its own.",
            place=f"{SIGN_IN}/clientID",
        )


# -- small readings -------------------------------------------------------------------------------


def _listed(written: str | Iterable[str] | None) -> tuple[str, ...]:
    if written is None:
        return ()
    return (written,) if isinstance(written, str) else tuple(written)


def _seconds(written: float | None) -> timedelta | None:
    return None if written is None else timedelta(seconds=written)


def _secrets(*templates: Template | None) -> frozenset[str]:
    names = frozenset[str]().union(*(each.names for each in templates if each))
    return frozenset(name for name in names if is_secret_name(name))
