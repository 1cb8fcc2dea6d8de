import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from connectsmith.core.authorization.client import oauth_client
from connectsmith.core.authorization.grant import exchange_request
from connectsmith.core.authorization.request import Asked, authorization_request
from connectsmith.core.authorization.token_set import read_token_answer
from connectsmith.core.authorization.values import StoredSecret, Values
from connectsmith.core.definition.reading import read
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import ConnectsmithError
from connectsmith.samples import samples

CALLBACK = "http://127.0.0.1:8400/oauth/callback/con_x"
NOW = datetime(2026, 12, 1, tzinfo=UTC)
VERIFIER = "verifier-canary-0123456789-0123456789-0123456789"


@dataclass(frozen=True)
class SignIn:
    """What a service's documentation says of its authorization and token requests."""

    sample: str
    docs: str
    authorize: str
    parameters: dict[str, str]
    token: str
    answer: dict[str, Any]
    scopes: tuple[str, ...]
    pkce: bool = True
    refresh_token: str | None = None
    lifetime: timedelta | None = None
    headers: dict[str, str] = field(default_factory=dict)


_GOOGLE = "https://www.googleapis.com/auth/calendar."
SIGN_INS = [
    SignIn(
        "google-calendar",
        "https://developers.google.com/identity/protocols/oauth2/web-server",
        "https://accounts.google.com/o/oauth2/v2/auth",
        {
            "scope": f"{_GOOGLE}calendarlist.readonly {_GOOGLE}events {_GOOGLE}calendars.readonly",
            "access_type": "offline",
            "prompt": "consent",
        },
        "https://oauth2.googleapis.com/token",
        {
            "access_token": "granted-canary", "expires_in": 3920, "token_type": "Bearer",
            "scope": f"{_GOOGLE}events", "refresh_token": "refresh-canary",
        },
        (f"{_GOOGLE}events",),
        refresh_token="refresh-canary",
        lifetime=timedelta(seconds=3920),
    ),
    SignIn(
        "github",
        "https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps",
        "https://github.com/login/oauth/authorize",
        {"scope": "repo read:user"},
        "https://github.com/login/oauth/access_token",
        {"access_token": "granted-canary", "scope": "repo read:user", "token_type": "bearer"},
        ("repo", "read:user"),
        headers={"accept": "application/json"},
    ),
    SignIn(
        "slack",
        "https://docs.slack.dev/authentication/installing-with-oauth",
        "https://slack.com/oauth/v2/authorize",
        {
            "user_scope": "channels:history,channels:read,chat:write,groups:read,"
            "reactions:write,users:read"
        },
        "https://slack.com/api/oauth.v2.access",
        {
            "ok": True, "app_id": "A1", "team": {"id": "T1", "name": "Team"},
            "authed_user": {
                "id": "U1", "scope": "chat:write,users:read", "access_token": "granted-canary",
                "token_type": "user",
            },
        },
        ("chat:write", "users:read"),
        pkce=False,
    ),
    SignIn(
        "sandbox-calendar",
        "docs/how-to: the sandbox",
        "http://localhost:8401/authorize",
        {"scope": "calendar.read calendar.write"},
        "http://localhost:8401/token",
        {
            "access_token": "granted-canary", "expires_in": 60, "token_type": "Bearer",
            "refresh_token": "refresh-canary", "scope": "calendar.read",
        },
        ("calendar.read",),
        refresh_token="refresh-canary",
        lifetime=timedelta(seconds=60),
    ),
]  # fmt: skip
ALL = pytest.mark.parametrize("sign_in", SIGN_INS, ids=lambda sign_in: sign_in.sample)


def client_of(sign_in: SignIn) -> Any:
    text = next(each.text for each in samples() if each.name == sign_in.sample)
    definition = read(text).definition
    assert definition is not None
    return oauth_client(definition)


def values_of(sign_in: SignIn) -> Values:
    origins = Destinations.of(
        {
            f"{url.scheme}://{url.netloc}"
            for url in map(urlsplit, (sign_in.authorize, sign_in.token))
        }
    )
    held = {"clientID": "client-1", "clientSecret": "secret-canary"}
    return Values(
        secrets={name: StoredSecret(Secret(value), origins) for name, value in held.items()},
        destinations=origins,
    )


def exchange_of(sign_in: SignIn) -> HttpRequest:
    return exchange_request(
        client_of(sign_in),
        code=Secret("code-canary"),
        redirect_uri=Secret(CALLBACK),
        verifier=Secret(VERIFIER),
        values=values_of(sign_in),
    )


@ALL
def test_the_authorization_request_is_the_documented_one(sign_in: SignIn) -> None:
    url = urlsplit(
        authorization_request(
            client_of(sign_in),
            Asked(CALLBACK, Secret("state-1"), Secret(VERIFIER)),
            values=values_of(sign_in),
        )
    )

    sent = dict(parse_qsl(url.query, strict_parsing=True))
    challenge = {"code_challenge", "code_challenge_method"} if sign_in.pkce else set()
    assert f"{url.scheme}://{url.netloc}{url.path}" == sign_in.authorize
    assert {name: sent.pop(name) for name in challenge & sent.keys()}.keys() == challenge
    assert sent == {
        "response_type": "code",
        "client_id": "client-1",
        "redirect_uri": CALLBACK,
        "state": "state-1",
        **sign_in.parameters,
    }


@ALL
def test_the_token_request_is_the_documented_one(sign_in: SignIn) -> None:
    request = exchange_of(sign_in)

    headers = {name.lower(): value for name, value in request.headers}
    expected = {
        "grant_type": "authorization_code",
        "code": "code-canary",
        "redirect_uri": CALLBACK,
        "client_id": "client-1",
        "client_secret": "secret-canary",
    }
    if sign_in.pkce:
        expected["code_verifier"] = VERIFIER
    assert (request.method, request.url) == ("POST", sign_in.token)
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert sign_in.headers.items() <= headers.items()
    assert "authorization" not in headers
    assert dict(parse_qsl(request.body.decode(), strict_parsing=True)) == expected


@ALL
def test_the_token_answer_is_read_where_the_service_puts_it(sign_in: SignIn) -> None:
    response = HttpResponse(
        200, (("content-type", "application/json"),), json.dumps(sign_in.answer).encode()
    )

    tokens = read_token_answer(
        client_of(sign_in), response, received_at=NOW, refreshing=None, sent=exchange_of(sign_in)
    )

    assert tokens.access_token == Secret("granted-canary")
    assert tokens.refresh_token == (
        Secret(sign_in.refresh_token) if sign_in.refresh_token else None
    )
    assert (tokens.lifetime, tokens.scopes) == (sign_in.lifetime, sign_in.scopes)


def test_slack_s_error_with_a_good_status_is_an_error() -> None:
    slack = next(each for each in SIGN_INS if each.sample == "slack")
    answer = HttpResponse(
        200, (("content-type", "application/json"),), b'{"ok": false, "error": "invalid_code"}'
    )

    with pytest.raises(ConnectsmithError, match="invalid_code"):
        read_token_answer(client_of(slack), answer, received_at=NOW, refreshing=None)
