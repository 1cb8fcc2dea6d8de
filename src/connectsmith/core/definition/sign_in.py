"""The models of `auth_components`: how one signs in."""

# ruff: noqa: RUF012 - Pydantic copies a default for each instance

from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Tag

from connectsmith.core.definition.base import Json, Member, ParameterMap, Pointer, StringMap

GRANTS = ("authorization_code", "client_credentials", "device_code", "password", "jwt_bearer")
CLIENT_AUTH = (
    "basic", "basic_raw", "basic_secret", "body", "both", "none", "private_key_jwt",
)  # fmt: skip
ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519",
)  # fmt: skip
"""Signature algorithms that a definition may name (RFC 7518, 9864): asymmetric ones only."""
LONGEST_PROOF: Final = 300
"""Seconds that what proves the client may live (RFC 7523 section 3, tightened)."""
LONGEST_GRANT: Final = 3600
"""Seconds that the assertion of `jwt_bearer` may live, where it proves nothing else."""
Grant = Literal["authorization_code", "client_credentials", "device_code", "password", "jwt_bearer"]
ClientAuth = Literal[
    "basic", "basic_raw", "basic_secret", "body", "both", "none", "private_key_jwt"
]


class TokenRequest(Member):
    """How a token request is written."""

    method: Literal["POST", "GET"] = "POST"
    format: Literal["form", "json", "query"] = "form"
    headers: StringMap = {}


class ErrorTest(Member):
    """A test of a JSON body: equal to a value (or one of a list), or not."""

    pointer: Pointer
    equals: Json = None
    not_: Json = Field(default=None, alias="not")


class TokenResponse(Member):
    """Where a token answer holds its values."""

    access_token: Pointer = "/access_token"  # noqa: S105 - a pointer, not a password
    refresh_token: Pointer = "/refresh_token"  # noqa: S105 - a pointer, not a password
    expires_in: Pointer = "/expires_in"
    expires_at: Pointer | None = None
    scope: Pointer = "/scope"
    token_type: Pointer = "/token_type"  # noqa: S105 - a pointer, not a password
    error: Pointer | ErrorTest = "/error"
    error_description: Pointer = "/error_description"
    expires_unit: Literal["s", "ms"] = Field(default="s", alias="expiresUnit")
    format: Literal["auto", "json", "form", "text"] = "auto"


class ByRequestAuth(Member):
    """Client authentication that differs between the exchange and the refresh."""

    exchange: ClientAuth
    refresh: ClientAuth


class ByRequestTokenRequest(Member):
    """A token request that differs between the exchange and the refresh."""

    exchange: TokenRequest = TokenRequest()
    refresh: TokenRequest = TokenRequest()


class ByRequestTokenResponse(Member):
    """A token answer that differs between the exchange and the refresh."""

    exchange: TokenResponse = TokenResponse()
    refresh: TokenResponse = TokenResponse()


def _by_request(value: Any) -> str:
    """Tell a member written once from one that differs between exchange and refresh."""
    if isinstance(value, dict):
        return "by_request" if value.keys() & {"exchange", "refresh"} else "once"
    return "by_request" if hasattr(value, "exchange") else "once"


OnceOrTokenRequests = Annotated[
    Annotated[TokenRequest, Tag("once")] | Annotated[ByRequestTokenRequest, Tag("by_request")],
    Discriminator(_by_request),
]
OnceOrTokenResponses = Annotated[
    Annotated[TokenResponse, Tag("once")] | Annotated[ByRequestTokenResponse, Tag("by_request")],
    Discriminator(_by_request),
]


class RefreshWhen(Member):
    """What, in an API's answer, means that the access token expired."""

    status: list[int] = []
    headers: dict[str, list[str]] = {}
    body: dict[str, list[Json]] = {}


class Refresh(Member):
    """When and how an access token is renewed; `margin` and `lifetime` in seconds."""

    margin: float | None = Field(default=None, ge=0)
    lifetime: float | None = Field(default=None, gt=0)
    when: RefreshWhen | None = None
    by: Literal["refresh_token", "access_token"] = "refresh_token"
    extends: bool = False


class CaptureFrom(Member):
    """A captured value with a default or a mask."""

    from_: str = Field(alias="from")
    default: str | None = None
    masked: bool = False


CaptureMap = dict[str, str | CaptureFrom]


class Capture(Member):
    """Values of the callback and of token answers, kept as `{{connection.name}}`."""

    callback: CaptureMap = {}
    token: CaptureMap = {}


class Choose(Member):
    """Of several items the owner picks one."""

    items: Pointer
    label: Pointer


class FollowUp(Member):
    """A request after the access token's."""

    method: str = "GET"
    url: str
    query: StringMap = {}
    headers: StringMap = {}
    body: Json = None
    format: Literal["json", "form"] = "json"
    auth: Literal["token", "client", "none"] = "token"
    on: list[Literal["exchange", "refresh"]] = ["exchange"]
    token_response: TokenResponse | None = Field(default=None, alias="tokenResponse")
    capture: CaptureMap = {}
    choose: Choose | None = None


class Assertion(Member):
    """The JWT of `private_key_jwt` and `jwt_bearer` (RFC 7523)."""

    alg: str = "RS256"
    header: dict[str, Json] = {}
    iss: str | None = None
    sub: str | None = None
    aud: str | None = None
    lifetime: int = 300
    claims: dict[str, Json] = {}


class ParameterNames(Member):
    """Renamed parameters, by request."""

    authorization: StringMap = {}
    token: StringMap = {}
    refresh: StringMap = {}
    callback: StringMap = {}


class AuthComponents(Member):
    """The sign-in protocol."""

    type: str
    authorization_url: str | None = Field(default=None, alias="authorizationURL")
    token_url: str | None = Field(default=None, alias="tokenURL")
    scope: str | list[str] | None = None
    client_id: str | None = Field(default=None, alias="clientID")
    client_secret: str | None = Field(default=None, alias="clientSecret")
    grant: Grant = "authorization_code"
    issuer: str | None = None
    refresh_url: str | None = Field(default=None, alias="refreshURL")
    revocation_url: str | None = Field(default=None, alias="revocationURL")
    device_authorization_url: str | None = Field(default=None, alias="deviceAuthorizationURL")
    par_url: str | None = Field(default=None, alias="parURL")
    registration_url: str | None = Field(default=None, alias="registrationURL")
    registration_token: str | None = Field(default=None, alias="registrationToken")
    pkce: Literal["S256", "off"] = "S256"
    client_auth: ClientAuth | ByRequestAuth | None = Field(default=None, alias="clientAuth")
    private_key: str | None = Field(default=None, alias="privateKey")
    key_id: str | None = Field(default=None, alias="keyID")
    assertion: Assertion | None = None
    scope_separator: str = Field(default=" ", alias="scopeSeparator")
    authorization_params: ParameterMap = Field(default={}, alias="authorizationParams")
    token_params: ParameterMap = Field(default={}, alias="tokenParams")
    refresh_params: ParameterMap = Field(default={}, alias="refreshParams")
    parameter_names: ParameterNames | None = Field(default=None, alias="parameterNames")
    token_request: OnceOrTokenRequests = Field(default=TokenRequest(), alias="tokenRequest")
    token_response: OnceOrTokenResponses = Field(default=TokenResponse(), alias="tokenResponse")
    refresh: Refresh | None = None
    capture: Capture | None = None
    follow_up: list[FollowUp] = Field(default=[], alias="followUp", max_length=2)
    resource: str | list[str] | None = None
    audience: str | list[str] | None = None
    dpop: bool = False
    signed_request: bool = Field(default=False, alias="signedRequest")
    silenced: StringMap = Field(default={}, alias="x-silenced")
