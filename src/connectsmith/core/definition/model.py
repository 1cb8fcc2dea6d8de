"""The connector format 1.0 as Pydantic models; the JSON Schema is generated from here.

Models hold what was written under the preferred spelling. They do no checks across members: those
are in `checks`, so that every fault can be reported at once with its place.
"""

# ruff: noqa: RUF012 - Pydantic copies a default for each instance

from typing import Literal

from pydantic import Field

from connectsmith.core.definition.base import Json, Member, ParameterMap, Pointer, StringMap
from connectsmith.core.definition.sign_in import (
    CLIENT_AUTH,
    GRANTS,
    Assertion,
    AuthComponents,
    ByRequestAuth,
    ByRequestTokenRequest,
    ByRequestTokenResponse,
    Capture,
    CaptureFrom,
    CaptureMap,
    Choose,
    ClientAuth,
    ErrorTest,
    FollowUp,
    Grant,
    ParameterNames,
    Refresh,
    RefreshWhen,
    TokenRequest,
    TokenResponse,
)

__all__ = [
    "CLIENT_AUTH",
    "GRANTS",
    "Account",
    "Action",
    "ActionField",
    "ActionResponse",
    "Assertion",
    "AuthComponents",
    "AuthField",
    "AuthRequest",
    "AuthTest",
    "ByRequestAuth",
    "ByRequestTokenRequest",
    "ByRequestTokenResponse",
    "Capture",
    "CaptureFrom",
    "CaptureMap",
    "ChoicesFrom",
    "Choose",
    "ClientAuth",
    "Definition",
    "Endpoint",
    "ErrorTest",
    "Expect",
    "FieldPlace",
    "FieldType",
    "FollowUp",
    "Grant",
    "Json",
    "Member",
    "Outputs",
    "Pagination",
    "ParameterMap",
    "ParameterNames",
    "Pointer",
    "Policies",
    "Refresh",
    "RefreshWhen",
    "RequiredSettings",
    "Retry",
    "StringMap",
    "TokenRequest",
    "TokenResponse",
]


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
