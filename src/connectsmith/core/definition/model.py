"""The connector format 1.0 as Pydantic models; the JSON Schema is generated from here.

Models hold what was written under the preferred spelling. They do no checks across members: those
are in `checks`, so that every fault can be reported at once with its place.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Json = Any
"""A JSON value as Python reads it."""

Pointer = Annotated[str, Field(pattern=r"^(/.*)?$", description="A JSON Pointer (RFC 6901).")]
StringMap = dict[str, str]
ParameterMap = dict[str, str | None]

GRANTS = ("authorization_code", "client_credentials", "device_code", "password", "jwt_bearer")
CLIENT_AUTH = (
    "basic", "basic_raw", "basic_secret", "body", "both", "none", "private_key_jwt",
)  # fmt: skip
Grant = Literal["authorization_code", "client_credentials", "device_code", "password", "jwt_bearer"]
ClientAuth = Literal[
    "basic", "basic_raw", "basic_secret", "body", "both", "none", "private_key_jwt"
]


class Member(BaseModel):
    """One object of the format: unknown members are kept, types are not coerced."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, populate_by_name=True)


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

    access_token: Pointer = "/access_token"
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
    token_request: TokenRequest | ByRequestTokenRequest = Field(
        default=TokenRequest(), alias="tokenRequest"
    )
    token_response: TokenResponse | ByRequestTokenResponse = Field(
        default=TokenResponse(), alias="tokenResponse"
    )
    refresh: Refresh | None = None
    capture: Capture | None = None
    follow_up: list[FollowUp] = Field(default=[], alias="followUp", max_length=2)
    resource: str | list[str] | None = None
    audience: str | list[str] | None = None
    dpop: bool = False
    signed_request: bool = Field(default=False, alias="signedRequest")


class AuthField(Member):
    """One thing the connection owner supplies."""

    key: str | None = None
    label: str | None = None
    description: str | None = None
    error_text: str | None = Field(default=None, alias="errorText")
    masked: bool = False
    choices: StringMap | None = None
    required: bool | None = None
    default: str | None = None
    pattern: str | None = None
    example: str | None = None


class RequiredSettings(Member):
    """What the connection owner supplies."""

    auth_fields: list[AuthField] = Field(default=[], alias="authFields")


class AuthRequest(Member):
    """How calls carry credentials. Which members count depends on `type`."""

    type: str
    token: str | None = None
    username: str | None = None
    password: str | None = None
    name: str | None = None
    value: str | None = None
    header: str | None = None
    prefix: str | None = None
    query: str | StringMap | None = Field(
        default=None,
        description='With type "oauth2" a string names the query parameter that holds the access '
        "token; a map adds query parameters to every call.",
    )
    headers: StringMap = {}


class Expect(Member):
    """What a good answer looks like."""

    status: list[int] = []


class Account(Member):
    """Where an answer names the account."""

    id: Pointer | None = None
    label: Pointer | None = None


class AuthTest(Member):
    """A request that proves a connection and names its account."""

    method: str = "GET"
    endpoint: str
    body: Json = None
    expect: Expect | None = None
    account: Account | None = None


class Endpoint(Member):
    """Where a path lives; `timeout` in seconds."""

    url: str
    headers: StringMap = {}
    timeout: float | None = Field(default=None, gt=0)
    content_type: str = Field(default="application/json", alias="contentType")


FieldType = Literal[
    "string", "number", "integer", "boolean", "object", "array", "date", "datetime", "file"
]
FieldPlace = Literal["body", "query", "path", "header", "form", "file", "wholeBody"]


class ChoicesFrom(Member):
    """Choices out of another action's answer."""

    model_id: str = Field(alias="modelId")
    action_id: str = Field(alias="actionId")
    arguments: dict[str, Json] = {}
    items: Pointer = ""
    value: Pointer = ""
    label: Pointer | None = None


class ActionField(Member):
    """One input of an action. `type` is any string here: an unknown one is only a warning."""

    key: str | None = None
    label: str | None = None
    description: str | None = None
    required: bool = False
    choices: StringMap | None = None
    type: str = "string"
    in_: FieldPlace | None = Field(default=None, alias="in")
    name: str | None = None
    fields: "list[ActionField] | None" = None
    items: "ActionField | None" = None
    choices_from: ChoicesFrom | None = Field(default=None, alias="choicesFrom")
    visibility: Literal["normal", "advanced", "hidden"] = "normal"
    style: Literal["repeat", "comma", "brackets"] = "repeat"
    default: Json = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    example: Json = None


class Pagination(Member):
    """How an action's answer names its next page."""

    type: Literal["link", "cursor", "offset", "page"]
    items: Pointer | None = None
    next: Pointer | None = None
    parameter: str | None = None
    size_parameter: str | None = Field(default=None, alias="sizeParameter")
    size: int | None = None
    start: int | None = None


class Outputs(Member):
    """What an action answers: a JSON Schema, or a sample."""

    schema_: dict[str, Json] | None = Field(default=None, alias="schema")
    sample: Json = None


class ActionResponse(Member):
    """Which part of the answer is useful, and what makes a good status a failure."""

    pointer: Pointer | None = None
    error: ErrorTest | None = None


class Action(Member):
    """One thing that can be done."""

    model_id: str = Field(alias="modelId")
    action_id: str = Field(alias="actionId")
    endpoint: str
    method: str
    label: str | None = None
    help_text: str | None = Field(default=None, alias="helpText")
    action_fields: list[ActionField] = Field(default=[], alias="actionFields")
    url_fields: list[ActionField] = Field(default=[], alias="urlFields")
    visibility: Literal["normal", "hidden"] = "normal"
    scopes: list[str] = []
    outputs: Outputs | None = None
    response: ActionResponse | None = None
    pagination: Pagination | None = None
    effect: Literal["read", "write", "destructive"] | None = None
    idempotency_header: str | None = Field(default=None, alias="idempotencyHeader")

    @property
    def name(self) -> str:
        """The action's identity in calls: `modelId.actionId`."""
        return f"{self.model_id}.{self.action_id}"


class Retry(Member):
    """When a call is repeated."""

    status: list[int] = []
    attempts: int = Field(default=3, ge=1, le=10)
    after: list[str] = []
    at: list[str] = []
    remaining: list[str] = []


class Policies(Member):
    """What holds for all actions."""

    error: ErrorTest | None = None
    pagination: Pagination | None = None
    retry: Retry | None = None


class Definition(Member):
    """A connector definition, format 1.0."""

    schema_: Literal["1.0"] = Field(alias="schema")
    name: str = Field(min_length=1)
    link: str | None = None
    description: str | None = None
    version: str | None = None
    icon: str | None = None
    auth_components: AuthComponents
    required_settings: RequiredSettings = Field(alias="requiredSettings")
    auth_request: AuthRequest | None = None
    auth_test: AuthTest | None = None
    allowed_hosts: list[str] = Field(default=[], alias="allowedHosts")
    endpoints: dict[str, dict[str, Endpoint]]
    actions: list[Action]
    policies: Policies | None = None
