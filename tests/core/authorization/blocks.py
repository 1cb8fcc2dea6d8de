"""Small values that the tests of authorization are built from."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectsmith.core.authorization.client import OAuthClient, oauth_client
from connectsmith.core.authorization.values import StoredSecret, Values
from connectsmith.core.definition.model import Definition
from connectsmith.core.message import HttpRequest
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret

REDIRECT_URI = "https://broker.example.org/oauth/callback/con_abc"
AUTHORIZATION_URL = "https://sign-in.example.com/authorize"
TOKEN_URL = "https://tokens.example.com/token"
CLIENT_ID = "an id"
CLIENT_SECRET = "s3cr%t:+& /=~é"
VERIFIER = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
STATE = Secret("state-of-43-characters-state-of-43-characte")
CODE = Secret("code/with+signs=")

SECRETS_MAY_GO_TO = Destinations.of(["https://tokens.example.com"])
CONNECTION_MAY_GO_TO = Destinations.of(["https://tokens.example.com", "https://other.example.com"])


def definition(*, auth_fields: Sequence[str] = (), **auth: Any) -> Definition:
    components = {
        "type": "oauth2",
        "authorizationURL": AUTHORIZATION_URL,
        "tokenURL": TOKEN_URL,
        "clientID": "{{clientID}}",
        "clientSecret": "{{clientSecret}}",
        "scope": "read write",
    }
    components |= auth
    return Definition.model_validate(
        {
            "schema": "1.0",
            "name": "Example",
            "auth_components": {key: each for key, each in components.items() if each is not None},
            "requiredSettings": {"authFields": [{"key": key} for key in auth_fields]},
            "endpoints": {},
            "actions": [],
        }
    )


def client(**auth: Any) -> OAuthClient:
    return oauth_client(definition(**auth))


def values(**given: Any) -> Values:
    stored = {"clientID": CLIENT_ID, "clientSecret": CLIENT_SECRET, "extra": "an extra secret"}
    fields = given.pop("fields", {})
    captured = given.pop("captured", {})
    return Values(
        secrets={
            name: StoredSecret(Secret(text), SECRETS_MAY_GO_TO)
            for name, text in given.pop("secrets", stored).items()
        },
        fields={key: Secret(text) for key, text in fields.items()},
        captured={key: Secret(text) for key, text in captured.items()},
        destinations=CONNECTION_MAY_GO_TO,
        **given,
    )


def query_of(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)


def form_of(request: HttpRequest) -> dict[str, str]:
    pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def carried_by(request: HttpRequest) -> dict[str, Destinations]:
    return {each.name: each.destinations for each in request.carries}
