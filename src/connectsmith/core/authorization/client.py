"""The OAuth client that a definition describes: compiled once, used for every request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from connectsmith.core.authorization.assertion_plan import AssertionPlan, assertion_plan
from connectsmith.core.authorization.endpoints import (
    SIGN_IN,
    AuthorizationEndpoint,
    RegistrationEndpoint,
    TokenEndpoint,
    authorization_endpoint,
    optional_template,
    registration_endpoint,
    revocation_endpoint,
    side_endpoint,
    token_endpoint,
    url_missing,
)
from connectsmith.core.authorization.metadata import Metadata
from connectsmith.core.authorization.steps import Step, compile_follow_ups, secrets_of
from connectsmith.core.definition.facts import is_secret_name, sign_in_kind
from connectsmith.core.definition.model import (
    Assertion,
    AuthComponents,
    Capture,
    Definition,
    Grant,
    ParameterNames,
    Refresh,
)
from connectsmith.core.definition.placeholders import Template, compile_template
from connectsmith.core.definition.sign_in import ALGORITHMS, LONGEST_GRANT, LONGEST_PROOF
from connectsmith.errors import DefinitionError

_WITH_PERSON = frozenset({"authorization_code", "device_code"})
_NEEDS_SECRET = frozenset({"basic", "basic_raw", "basic_secret", "body", "both"})
_NEEDS_ID = frozenset({"basic", "basic_raw", "body", "both", "private_key_jwt"})


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """Everything the definition says about signing in.

    `secret_names` are the connector's secrets that requests need. `refresh_lifetime` counts when
    an answer states none, `refresh_margin` wins over ours.
    """

    grant: Grant
    client_id: Template | None
    client_secret: Template | None
    private_key: Template | None
    key_id: Template | None
    assertion: AssertionPlan
    signs: bool
    authorization: AuthorizationEndpoint | None
    exchange: TokenEndpoint
    refresh: TokenEndpoint
    revocation: TokenEndpoint | None
    device: TokenEndpoint | None
    pushed: TokenEndpoint | None
    signed_request: bool
    dpop: bool
    scopes: tuple[str, ...]
    scope_separator: str
    resource: tuple[str, ...]
    audience: tuple[str, ...]
    pkce: bool
    issuer: str | None
    iss_required: bool
    capture: Capture
    callback_names: Mapping[str, str]
    refresh_margin: timedelta | None
    refresh_lifetime: timedelta | None
    refresh_by: Literal["refresh_token", "access_token"]
    refresh_extends: bool
    secret_names: frozenset[str]
    registration: RegistrationEndpoint | None = None
    follow_ups: tuple[Step, ...] = ()

    @property
    def own_key_needed(self) -> bool:
        """Whether it signs with the connector's own key, as the definition names none."""
        return self.signs and self.private_key is None

    @property
    def unattended(self) -> bool:
        """Whether it is granted tokens again and again without a person."""
        return self.grant not in _WITH_PERSON

    @property
    def needs_person(self) -> bool:
        """Whether a resource owner has to say yes, here or at another screen."""
        return self.needs_browser or self.device is not None

    @property
    def needs_browser(self) -> bool:
        """Whether a resource owner has to say yes in a browser."""
        return self.authorization is not None

    @property
    def scope(self) -> str:
        """The requested scopes as one parameter (RFC 6749 section 3.3)."""
        return self.scope_separator.join(self.scopes)


def oauth_client(definition: Definition, metadata: Metadata | None = None) -> OAuthClient:
    """Compile the sign-in of a definition that reading found no error in.

    `metadata` is what its issuer says of itself; it has filled the definition already.

    Raises:
        DefinitionError: it describes none that can be carried out; `place` says where.
    """
    auth = definition.auth_components
    _check_kind(definition)
    names = auth.parameter_names or ParameterNames()
    exchange, refresh = (token_endpoint(definition, names, refreshing=r) for r in (False, True))
    signs = _checked(auth, exchange, refresh)
    renewal = auth.refresh or Refresh()
    follow_ups = compile_follow_ups(definition, exchange.url)
    return OAuthClient(
        grant=auth.grant,
        client_id=optional_template(auth.client_id),
        client_secret=optional_template(auth.client_secret),
        private_key=optional_template(auth.private_key),
        key_id=optional_template(auth.key_id),
        assertion=assertion_plan(auth.assertion),
        signs=signs,
        authorization=authorization_endpoint(definition, names),
        exchange=exchange,
        refresh=refresh,
        revocation=revocation_endpoint(definition, exchange),
        pushed=_pushing(definition, exchange, metadata),
        signed_request=auth.signed_request,
        dpop=auth.dpop,
        device=_device_endpoint(definition, exchange),
        scopes=_listed(auth.scope.split() if isinstance(auth.scope, str) else auth.scope),
        scope_separator=auth.scope_separator,
        resource=_listed(auth.resource),
        audience=_listed(auth.audience),
        pkce=auth.pkce == "S256" and auth.grant != "client_credentials",
        issuer=auth.issuer,
        iss_required=metadata is not None and metadata.iss_required,
        capture=auth.capture or Capture(),
        callback_names=names.callback,
        refresh_margin=_seconds(renewal.margin),
        refresh_lifetime=_seconds(renewal.lifetime),
        refresh_by=renewal.by,
        refresh_extends=renewal.extends,
        secret_names=_own_secrets(auth, signs=signs).union(
            exchange.secrets, refresh.secrets, secrets_of(follow_ups)
        ),
        registration=registration_endpoint(definition),
        follow_ups=follow_ups,
    )


# -- what can be carried out ----------------------------------------------------------------------


def _check_kind(definition: Definition) -> None:
    auth = definition.auth_components
    if sign_in_kind(definition) != "oauth2":
        raise DefinitionError(
            f'The sign-in type "{auth.type}" has no OAuth client; use "oauth2".',
            place=f"{SIGN_IN}/type",
        )


def _checked(auth: AuthComponents, *endpoints: TokenEndpoint) -> bool:
    """Check who the client is; tell whether it signs anything."""
    _check_client(auth, *endpoints)
    _check_not_shown(
        *map(
            optional_template,
            (auth.client_id, auth.client_secret, auth.private_key, auth.registration_token),
        )
    )
    return _signs(auth, *endpoints)


def _own_secrets(auth: AuthComponents, *, signs: bool) -> frozenset[str]:
    """Return the names of the connector's secrets that the client itself is made of."""
    found = _secrets(*map(optional_template, (auth.client_id, auth.client_secret)))
    if not auth.client_id:
        found |= _secrets(optional_template(auth.registration_token))
    if not signs:
        return found
    signing = _secrets(*map(optional_template, (auth.private_key, auth.key_id)))
    named = assertion_plan(auth.assertion).names
    return found | signing | frozenset(filter(is_secret_name, named))


def _check_client(auth: AuthComponents, *endpoints: TokenEndpoint) -> None:
    for endpoint in endpoints:
        how = endpoint.client_auth
        if not auth.client_id and auth.registration_url:
            continue
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
    for member, written in (
        ("clientSecret", auth.client_secret),
        ("privateKey", auth.private_key),
        ("registrationToken", auth.registration_token),
    ):
        if written and not compile_template(written).names:
            raise DefinitionError(
                f'A "{member}" is never written into a definition. Store it as a secret and write '
                f'its name in double braces, as in "{{{{{member}}}}}".',
                place=f"{SIGN_IN}/{member}",
            )


def _device_endpoint(definition: Definition, exchange: TokenEndpoint) -> TokenEndpoint | None:
    auth = definition.auth_components
    if auth.grant != "device_code":
        return None
    if not auth.device_authorization_url:
        raise url_missing("deviceAuthorizationURL")
    return side_endpoint(auth.device_authorization_url, definition, exchange)


def _pushing(
    definition: Definition, exchange: TokenEndpoint, metadata: Metadata | None
) -> TokenEndpoint | None:
    """Return where authorization requests are pushed (RFC 9126), if they are."""
    written = definition.auth_components.par_url
    if written:
        return side_endpoint(written, definition, exchange)
    if metadata is not None and metadata.par_required:
        raise DefinitionError(
            "The issuer takes pushed authorization requests only, and names no endpoint for them. "
            'Write its "parURL".',
            place=f"{SIGN_IN}/parURL",
        )
    return None


def _signs(auth: AuthComponents, *endpoints: TokenEndpoint) -> bool:
    """Tell whether anything is signed; check what it is signed with."""
    by_key = any(each.client_auth == "private_key_jwt" for each in endpoints)
    if not (by_key or auth.grant == "jwt_bearer" or auth.signed_request):
        return False
    assertion = auth.assertion or Assertion()
    if assertion.alg not in ALGORITHMS:
        raise DefinitionError(
            f'"{assertion.alg}" signs nothing here. Use one of {", ".join(ALGORITHMS)}.',
            place=f"{SIGN_IN}/assertion/alg",
        )
    longest = LONGEST_PROOF if by_key or auth.signed_request else LONGEST_GRANT
    if not 0 < assertion.lifetime <= longest:
        raise DefinitionError(
            f"The assertion lives for {assertion.lifetime} seconds; {longest} is the most here.",
            place=f"{SIGN_IN}/assertion/lifetime",
        )
    return True


def _check_not_shown(client_id: Template | None, *hidden: Template | None) -> None:
    """Refuse a client secret that would be shown to the browser as the client's id."""
    shown = sorted(_secrets(client_id) & _secrets(*hidden))
    if shown:
        raise DefinitionError(
            f'The secret "{shown[0]}" stands where it is a secret and in "clientID", which every '
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
