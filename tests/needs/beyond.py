"""Scenarios of captured values, follow-up requests, calls, and behaviours of any service."""

import asyncio
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import urlencode

from tests.needs.authorizing import AUTH, BASE, FIELDS, text_field
from tests.needs.scenario import Scenario
from tests.needs.service import (
    CLIENT_SECRET,
    Ask,
    Manners,
    RefusedError,
    bearer,
    needs_header,
    needs_host,
)
from tests.needs.tokens import FORBIDDEN, without_lifetime
from tests.needs.world import UnservedError, World
from tests.servers.replies import Reply, json_reply, reply

FOLLOW = f"{AUTH}/followUp"
EXTRA = "http://auth.service.example:PORT"
BOTH = ["exchange", "refresh"]


def header_is(name: str, value: str) -> Manners:
    return Manners(api=[needs_header(name, value)])


# -- captured values ------------------------------------------------------------------------------


def instance(answer: dict[str, Any], ask: Ask) -> Reply:
    """Name the host of the account's API."""
    return json_reply({**answer, "instance_url": f"http://localhost:{ask.service.port}/base"})


def numeric(answer: dict[str, Any], ask: Ask) -> Reply:
    return json_reply({**answer, "account": 4711})


CAPTURES = (
    Scenario(
        "capture.callback_query",
        Manners(callback=lambda ask: {"realm": "r-7"}, api=[needs_header("X-Realm", "r-7")]),
        member={
            f"{AUTH}/capture/callback/realm": "realm",
            "/auth_request": {"type": "oauth2", "headers": {"X-Realm": "{{connection.realm}}"}},
        },
    ),
    Scenario(
        "capture.token_response",
        Manners(shape=instance, api=[needs_host("localhost")]),
        member={
            f"{AUTH}/capture/token/instance_url": "/instance_url",
            BASE: "{{connection.instance_url}}",
        },
        also={"/allowedHosts": ["localhost:PORT"]},
    ),
    Scenario(
        "any.numeric_metadata",
        Manners(shape=numeric, api=[needs_header("X-Account", "4711")]),
        member={
            f"{AUTH}/capture/token/account": "/account",
            "/auth_request": {"type": "oauth2", "headers": {"X-Account": "{{connection.account}}"}},
        },
    ),
)


# -- follow-up requests ---------------------------------------------------------------------------


def sites(ask: Ask) -> Reply:
    """List the sites that an access token is good for."""
    if not ask.service.lives(bearer(ask)):
        raise RefusedError("the list of sites needs the access token", status=401)
    found = [{"id": "s-1", "name": "Berlin"}, {"id": "s-2", "name": "Vienna"}]
    return json_reply({"sites": found})


def longer(ask: Ask) -> Reply:
    """Exchange a short access token for a long one, by GET with the client's secret."""
    if ask["client_secret"] != CLIENT_SECRET or not ask.service.lives(ask["access_token"]):
        raise RefusedError("the long token needs the short one and the client's secret")
    token = ask.service.issue(timedelta(days=60), "long")
    return json_reply({"access_token": token, "expires_in": 60 * 86400})


def session(ask: Ask) -> Reply:
    """Sell a session for an access token."""
    if not ask.service.lives(ask["access_token"]):
        raise RefusedError("a session needs an access token")
    return json_reply({"session": ask.service.issue(what="session"), "shard": "s9"})


def session_of(ask: Ask) -> str:
    found = ask.request.header("x-session") or ""
    return found if found.startswith("session") else ""


def second_token(ask: Ask) -> Reply:
    """Issue a token for another audience to a holder of the refresh token."""
    if not ask["refresh_token"].startswith("refresh") or ask["audience"] != "the-other-api":
        raise RefusedError("the second token needs the refresh token and its audience")
    if ask["client_secret"] != CLIENT_SECRET:
        raise RefusedError("the second token needs the client", "invalid_client", 401)
    return json_reply({"access_token": ask.service.issue(what="second")})


def second_lives(ask: Ask) -> str | None:
    found = ask.request.header("x-second-token") or ""
    good = found.startswith("second") and ask.service.lives(found)
    return None if good else "api needs the second token, and a living one"


def introspect(ask: Ask) -> Reply:
    """Tell when a token ends, to the client alone (RFC 7662)."""
    if ask["client_secret"] != CLIENT_SECRET:
        raise RefusedError("introspection needs the client", "invalid_client", 401)
    until = ask.service.until(ask["token"]).astimezone(UTC)
    return json_reply({"active": ask.service.lives(ask["token"]), "exp": int(until.timestamp())})


async def once_and_much_later(one: World) -> None:
    """Call a month after the short access token would have ended."""
    connection = await one.connect()
    one.wait(days=30)
    await one.works(connection)


FOLLOW_UPS = (
    Scenario(
        "capture.post_connect_lookup",
        Manners(extra={"/sites": sites}, api=[needs_header("X-Site", "s-2")]),
        member={
            FOLLOW: [
                {
                    "url": f"{EXTRA}/sites",
                    "on": BOTH,
                    "choose": {"items": "/sites", "label": "/name"},
                    "capture": {"site": "/id"},
                }
            ],
            "/auth_request": {"type": "oauth2", "headers": {"X-Site": "{{connection.site}}"}},
        },
        choice="Vienna",
    ),
    Scenario(
        "token.long_lived_exchange",
        Manners(extra={"/longer": longer}, offline=lambda ask: False),
        member={
            FOLLOW: [
                {
                    "url": f"{EXTRA}/longer",
                    "auth": "none",
                    "query": {
                        "access_token": "{{oauth.access_token}}",
                        "client_secret": "{{clientSecret}}",
                    },
                    "tokenResponse": {},
                }
            ]
        },
        story=once_and_much_later,
    ),
    Scenario(
        "token.second_hop",
        Manners(extra={"/login": session}, token_of=session_of),
        member={
            FOLLOW: [
                {
                    "method": "POST",
                    "url": f"{EXTRA}/login",
                    "auth": "none",
                    "on": BOTH,
                    "format": "form",
                    "body": {"access_token": "{{oauth.access_token}}"},
                    "capture": {"session": {"from": "/session", "masked": True}},
                }
            ],
            "/auth_request": {
                "type": "header",
                "name": "X-Session",
                "value": "{{connection.session}}",
            },
        },
    ),
    Scenario(
        "token.secondary_token",
        Manners(extra={"/second": second_token}, api=[second_lives]),
        member={
            FOLLOW: [
                {
                    "method": "POST",
                    "url": f"{EXTRA}/second",
                    "auth": "client",
                    "on": BOTH,
                    "format": "form",
                    "body": {
                        "grant_type": "refresh_token",
                        "refresh_token": "{{oauth.refresh_token}}",
                        "audience": "the-other-api",
                    },
                    "capture": {"second": {"from": "/access_token", "masked": True}},
                }
            ],
            "/auth_request": {
                "type": "oauth2",
                "headers": {"X-Second-Token": "{{connection.second}}"},
            },
        },
    ),
    Scenario(
        "refresh.introspection",
        Manners(extra={"/introspect": introspect}, shape=without_lifetime, stale_status=FORBIDDEN),
        member={
            FOLLOW: [
                {
                    "method": "POST",
                    "url": f"{EXTRA}/introspect",
                    "auth": "client",
                    "on": BOTH,
                    "format": "form",
                    "body": {"token": "{{oauth.access_token}}"},
                    "tokenResponse": {"expires_at": "/exp"},
                }
            ]
        },
    ),
)


# -- calls ----------------------------------------------------------------------------------------


def token_header(ask: Ask) -> str:
    return ask.request.header("x-access-token") or ""


CALLS = (
    Scenario(
        "call.base_url_variables",
        Manners(api=[needs_host("acme.apis.example")]),
        member={BASE: "http://{{authFields.tenant}}.apis.example:PORT"},
        instead={BASE: "http://www.apis.example:PORT"},
        also={FIELDS: text_field("tenant")},
        fields={"tenant": "acme"},
    ),
    Scenario(
        "call.base_url_alternative",
        Manners(api=[needs_host("eu.apis.example")]),
        member={f"{FIELDS}/0/default": "eu"},
        also={
            BASE: "http://{{authFields.region}}.apis.example:PORT",
            FIELDS: [{"key": "region", "required": False}],
        },
    ),
    Scenario(
        "call.token_header",
        Manners(token_of=token_header),
        member={"/auth_request": {"type": "oauth2", "header": "X-Access-Token", "prefix": ""}},
    ),
    Scenario(
        "call.templated_headers",
        header_is("X-Firm", "f-3"),
        member={"/auth_request": {"type": "oauth2", "headers": {"X-Firm": "{{authFields.firm}}"}}},
        also={FIELDS: text_field("firm")},
        fields={"firm": "f-3"},
    ),
    Scenario(
        "call.static_headers",
        header_is("X-Version", "2026-01"),
        member={"/endpoints/GET/~1api~1thing/headers": {"X-Version": "2026-01"}},
    ),
)


# -- behaviours of any service --------------------------------------------------------------------


def lifetime_as_text(answer: dict[str, Any], ask: Ask) -> Reply:
    return json_reply({**answer, "expires_in": str(answer["expires_in"])})


def moments(answer: dict[str, Any], ask: Ask) -> Reply:
    """State the time of expiry in another form each time."""
    until = ask.service.until(answer["access_token"]).astimezone(UTC)
    forms: list[Any] = [
        int(until.timestamp()),
        int(until.timestamp() * 1000),
        until.isoformat().replace("+00:00", "Z"),
        "0:01:00",
    ]
    rest = {key: value for key, value in answer.items() if key != "expires_in"}
    count = len([each for each in ask.service.received if each.path == "/token"])
    return json_reply({**rest, "expires_at": forms[(count - 1) % 4]})


async def four_times(one: World) -> None:
    """Let the access token expire until each form of its end was stated."""
    connection = await one.connect()
    for _ in range(5):
        one.wait(hours=2)
        await one.works(connection)


async def no_grant_left(one: World) -> None:
    """An access token ends, and nothing can renew it: that must be said, not tried."""
    connection = await one.connect()
    await one.works(connection)
    one.wait(hours=2)
    outcome = await one.call(connection)
    if outcome["ok"] or outcome.get("fault") != "credentials":
        raise UnservedError(f"a dead connection ended in {outcome.get('fault')}")


async def five_callers(one: World) -> None:
    """Five callers find the access token expired at the same moment, twice."""
    connection = await one.connect()
    for _ in range(2):
        one.wait(hours=2)
        outcomes = await asyncio.gather(*(one.call(connection) for _ in range(5)))
        if not all(each["ok"] for each in outcomes):
            raise UnservedError("a caller was refused")


def as_form(answer: dict[str, Any], ask: Ask) -> Reply:
    kind = "application/x-www-form-urlencoded"
    return reply(200, urlencode(answer).encode(), content_type=kind)


def created(answer: dict[str, Any], ask: Ask) -> Reply:
    return json_reply(answer, 201)


def long_token(answer: dict[str, Any], ask: Ask) -> Reply:
    token = answer["access_token"] + "x" * 6000
    ask.service.issue_as(token)
    return json_reply({**answer, "access_token": token})


async def told_of_a_failure(one: World) -> None:
    """An API says with status 200 that it did nothing."""
    connection = await one.connect()
    if (await one.call(connection))["ok"]:
        raise UnservedError("an error with status 200 passed for a success")


def five_minutes(answer: dict[str, Any], ask: Ask) -> Reply:
    """Issue access tokens that live for five minutes."""
    ask.service.issue_as(answer["access_token"], timedelta(minutes=5))
    ask.grant["at"] = ask.service.now()
    return json_reply({**answer, "expires_in": 300})


def not_at_once(ask: Ask) -> str | None:
    """Refuse a refresh within a minute of the last."""
    since = ask.service.now() - ask.grant["at"]
    return "refreshed on every use" if since < timedelta(minutes=1) else None


async def calls_in_a_row(one: World) -> None:
    """Call three times within seconds, then at the end."""
    connection = await one.connect()
    for _ in range(3):
        await one.works(connection)
        one.wait(seconds=1)
    one.wait(minutes=6)
    await one.works(connection)


BEHAVIOURS = (
    Scenario("any.expires_in_string", Manners(shape=lifetime_as_text), naive=True),
    Scenario(
        "any.expires_at_forms",
        Manners(shape=moments, stale_status=FORBIDDEN),
        member={f"{AUTH}/tokenResponse/expires_at": "/expires_at"},
        story=four_times,
    ),
    Scenario("any.refresh_token_not_returned", Manners(), naive=True),
    Scenario("any.refresh_rotation", Manners(rotates=True), naive=True, story=five_callers),
    Scenario(
        "any.no_refresh_token", Manners(offline=lambda ask: False), naive=True, story=no_grant_left
    ),
    Scenario("any.non_json_answer", Manners(shape=as_form), naive=True),
    Scenario("any.status_201", Manners(shape=created), naive=True),
    Scenario("any.long_tokens", Manners(shape=long_token), naive=True),
    Scenario(
        "any.error_in_200",
        Manners(api_body=lambda ask: {"ok": False, "error": "no_such_thing"}),
        member={"/policies/error": {"pointer": "/ok", "equals": False}},
        story=told_of_a_failure,
    ),
    Scenario(
        "any.short_lifetime",
        Manners(shape=five_minutes, refresh=[not_at_once]),
        naive=True,
        story=calls_in_a_row,
    ),
)

BEYOND = (*CAPTURES, *FOLLOW_UPS, *CALLS, *BEHAVIOURS)
