"""Scenarios of the authorization request and its response, of scopes, PKCE and addresses."""

import re
from typing import Any

from tests.needs.scenario import ABSENT, Scenario, usual
from tests.needs.service import (
    Ask,
    Check,
    Manners,
    needs,
    needs_host,
    raw_parameter,
)
from tests.needs.world import API, UnservedError, World

AUTH = "/auth_components"
PARAMS = f"{AUTH}/authorizationParams"
FIELDS = "/requiredSettings/authFields"
BASE = "/endpoints/GET/~1api~1thing/url"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def only_when(name: str, value: str) -> Manners:
    """Issue a refresh token only to an authorization request that says so."""
    return Manners(offline=lambda ask: value in ask[name].split())


def fresh_nonce(seen: set[str]) -> Check:
    """Insist on a nonce that is a UUID and never came before."""

    def check(ask: Ask) -> str | None:
        found = ask["nonce"]
        if not UUID.fullmatch(found) or found in seen:
            return f"{ask.kind} needs a fresh nonce"
        seen.add(found)
        return None

    return check


async def twice(one: World) -> None:
    """Connect two accounts."""
    await one.connect()
    await usual(one)


def no_empty(ask: Ask) -> str | None:
    empty = [name for name, value in ask.parameters.items() if value == ""]
    return f"{ask.kind} was sent {empty[0]} without a value" if empty else None


def raw_scope(ask: Ask) -> str | None:
    found = raw_parameter(ask.request, "scope")
    return None if found == "read+write" else "the scope list is not written as read+write"


def key_in_query(ask: Ask) -> str | None:
    key = dict(ask.request.query).get("subscription")
    return None if key == "k-1" else f"{ask.kind} needs the query of its address"


def at_both_hosts(authorize: str, token: str, api: str = API) -> Manners:
    """Serve each part at its own host alone."""
    return Manners(
        authorize=[needs_host(authorize)],
        exchange=[needs_host(token)],
        refresh=[needs_host(token)],
        api=[needs_host(api)],
    )


def text_field(key: str, **more: Any) -> list[dict[str, Any]]:
    """Return one field of the connection owner."""
    return [{"key": key, "required": True, **more}]


async def forwarded(one: World) -> None:
    """Connect through a callback at a domain of the customer's, which forwards code and state."""
    one.service.callback_url = "https://customer.example/oauth/callback"
    try:
        await one.connect()
    except UnservedError as refused:
        raise UnservedError(
            "the callback must be ours: code and state are taken from the browser that began"
        ) from refused


AUTHORIZING = (
    Scenario(
        "authz.extra_params",
        Manners(authorize=[needs("show_dialog", "true")]),
        member={f"{PARAMS}/show_dialog": "true"},
    ),
    Scenario(
        "authz.prompt_consent",
        only_when("prompt", "consent"),
        member={f"{PARAMS}/prompt": "consent"},
    ),
    Scenario(
        "authz.access_type_offline",
        only_when("access_type", "offline"),
        member={f"{PARAMS}/access_type": "offline"},
    ),
    Scenario(
        "authz.other_offline_switch",
        only_when("duration", "permanent"),
        member={f"{PARAMS}/duration": "permanent"},
    ),
    Scenario(
        "authz.offline_scope",
        Manners(scope="read write offline_access"),
        member={f"{AUTH}/scope": "read write offline_access"},
    ),
    Scenario(
        "authz.response_mode_query",
        Manners(answers_in_fragment=lambda ask: ask["response_mode"] != "query"),
        member={f"{PARAMS}/response_mode": "query"},
    ),
    Scenario(
        "authz.audience_or_resource",
        Manners(
            authorize=[needs("audience", "the-api"), needs("resource", "https://api.example/")],
            exchange=[needs("audience", "the-api"), needs("resource", "https://api.example/")],
            refresh=[needs("audience", "the-api"), needs("resource", "https://api.example/")],
        ),
        member={f"{AUTH}/audience": "the-api", f"{AUTH}/resource": ["https://api.example/"]},
    ),
    Scenario(
        "authz.nonce",
        Manners(authorize=[fresh_nonce(set())]),
        member={f"{PARAMS}/nonce": "{{oauth.random}}"},
        story=twice,
    ),
    Scenario(
        "authz.nonstandard_response_type",
        Manners(response_type="auth_code"),
        member={f"{PARAMS}/response_type": "auth_code"},
    ),
    Scenario(
        "authz.templated_params",
        Manners(authorize=[needs("subdomain", "acme")]),
        member={f"{PARAMS}/subdomain": "{{authFields.account}}"},
        also={FIELDS: text_field("account")},
        fields={"account": "acme"},
    ),
    Scenario(
        "authz.drop_empty_params",
        Manners(authorize=[no_empty]),
        also={
            f"{PARAMS}/organization": "{{authFields.organization}}",
            FIELDS: [{"key": "organization", "required": False}],
        },
        naive=True,
    ),
    Scenario(
        "authz.renamed_params",
        Manners(
            names={"client_id": "client_key", "redirect_uri": "redirect_url"},
            response_type=None,
        ),
        member={
            f"{AUTH}/parameterNames/authorization": {
                "client_id": "client_key",
                "redirect_uri": "redirect_url",
            },
            f"{PARAMS}/response_type": None,
        },
    ),
    Scenario(
        "authz.fragment_route",
        Manners(fragment=True),
        member={
            f"{AUTH}/authorizationURL": "http://auth.service.example:PORT/app#/oauth/authorize"
        },
        instead={f"{AUTH}/authorizationURL": "http://auth.service.example:PORT/app"},
    ),
    Scenario(
        "authz.callback_code_name",
        Manners(code_name="oauth_code"),
        member={f"{AUTH}/parameterNames/callback": {"code": "oauth_code"}},
    ),
    Scenario(
        "scope.comma",
        Manners(scope="read,write"),
        member={f"{AUTH}/scopeSeparator": ","},
    ),
    Scenario(
        "scope.plus",
        Manners(scope="read+write"),
        member={f"{AUTH}/scopeSeparator": "+"},
    ),
    Scenario("scope.unencoded", Manners(authorize=[raw_scope]), naive=True),
    Scenario("pkce.off", Manners(pkce="refused"), member={f"{AUTH}/pkce": "off"}),
    Scenario("pkce.on_default", Manners(pkce="required"), instead={f"{AUTH}/pkce": "off"}),
    Scenario(
        "url.variables",
        at_both_hosts("acme.tenants.example", "acme.tenants.example"),
        member={
            f"{AUTH}/authorizationURL": "http://{{authFields.tenant}}.tenants.example:PORT/authorize",
            f"{AUTH}/tokenURL": "http://{{authFields.tenant}}.tenants.example:PORT/token",
        },
        instead={
            f"{AUTH}/authorizationURL": "http://www.tenants.example:PORT/authorize",
            f"{AUTH}/tokenURL": "http://www.tenants.example:PORT/token",
        },
        also={FIELDS: text_field("tenant")},
        fields={"tenant": "acme"},
    ),
    Scenario(
        "url.whole_host_from_user",
        at_both_hosts("sso.acme.example", "sso.acme.example", "sso.acme.example"),
        member={
            f"{AUTH}/authorizationURL": "http://{{authFields.host}}/authorize",
            f"{AUTH}/tokenURL": "http://{{authFields.host}}/token",
            BASE: "http://{{authFields.host}}/api",
        },
        instead={
            f"{AUTH}/authorizationURL": "http://sso.other.example:PORT/authorize",
            f"{AUTH}/tokenURL": "http://sso.other.example:PORT/token",
        },
        also={FIELDS: text_field("host"), "/allowedHosts": ["*.acme.example:PORT"]},
        fields={"host": "sso.acme.example:PORT"},
    ),
    Scenario(
        "url.fallback_alternative",
        at_both_hosts("login.regions.example", "login.regions.example"),
        member={f"{FIELDS}/0/default": "login"},
        also={
            f"{AUTH}/authorizationURL": "http://{{authFields.region}}.regions.example:PORT/authorize",
            f"{AUTH}/tokenURL": "http://{{authFields.region}}.regions.example:PORT/token",
            FIELDS: [{"key": "region", "required": False}],
        },
    ),
    Scenario(
        "url.token_url_query",
        Manners(
            exchange=[key_in_query],
            refresh=[key_in_query],
        ),
        member={f"{AUTH}/tokenURL": "http://auth.service.example:PORT/token?subscription=k-1"},
        instead={f"{AUTH}/tokenURL": "http://auth.service.example:PORT/token"},
    ),
    Scenario(
        "url.token_host_differs",
        at_both_hosts("auth.service.example", "token.other.example"),
        member={f"{AUTH}/tokenURL": "http://token.other.example:PORT/token"},
        instead={f"{AUTH}/tokenURL": "http://auth.service.example:PORT/token"},
    ),
    Scenario(
        "mcp.dynamic_registration",
        Manners(registers=True, client="none", pkce="required"),
        member={
            f"{AUTH}/registrationURL": "http://auth.service.example:PORT/register",
            f"{AUTH}/clientID": ABSENT,
            f"{AUTH}/clientSecret": ABSENT,
        },
    ),
    Scenario("any.forwarded_callback", Manners(), story=forwarded, naive=True),
)
