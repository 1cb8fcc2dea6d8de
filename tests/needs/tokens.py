"""Scenarios of token requests and token answers, and of refreshes."""

from datetime import timedelta
from typing import Any

from tests.needs.authorizing import AUTH, FIELDS, fresh_nonce, text_field
from tests.needs.scenario import ABSENT, Scenario
from tests.needs.service import Ask, Manners, bearer, needs, needs_header, refuses
from tests.needs.world import UnservedError, World
from tests.servers.replies import Reply, json_reply

TOKEN_URL = "http://auth.service.example:PORT/token"
REFRESH_URL = "http://auth.service.example:PORT/refresh"
FORBIDDEN = 403
"""What an API says that does not tell an expired token from a forbidden action."""


async def once_renewed(one: World) -> None:
    """Connect, call, let the access token expire, and call again."""
    connection = await one.connect()
    await one.works(connection)
    one.wait(hours=2)
    await one.works(connection)


# -- who the client is, and how a request is written ----------------------------------------------


def redirect_in_query(ask: Ask) -> str | None:
    found = dict(ask.request.query).get("redirect_uri")
    return None if found == ask["redirect_uri"] else "exchange needs redirect_uri in its query too"


def same_state(ask: Ask) -> str | None:
    return None if ask["state"] == ask.grant["ask"]["state"] else "exchange needs the state again"


_SEEN: set[str] = set()

CLIENTS = (
    Scenario(
        "token.basic_any", Manners(client="any_basic"), member={f"{AUTH}/clientAuth": "basic"}
    ),
    Scenario("token.basic_and_body", Manners(client="both"), member={f"{AUTH}/clientAuth": "both"}),
    Scenario(
        "token.basic_header_only",
        Manners(client="basic_raw"),
        member={f"{AUTH}/clientAuth": "basic_raw"},
    ),
    Scenario(
        "token.basic_secret_as_username",
        Manners(client="basic_secret"),
        member={f"{AUTH}/clientAuth": "basic_secret"},
    ),
    Scenario("token.public_client", Manners(client="none"), member={f"{AUTH}/clientAuth": "none"}),
    Scenario(
        "token.public_on_refresh",
        Manners(client="body", client_on_refresh="none"),
        member={f"{AUTH}/clientAuth": {"exchange": "body", "refresh": "none"}},
    ),
)

SIGNED = {f"{AUTH}/clientAuth": "private_key_jwt", f"{AUTH}/privateKey": "{{privateKey}}"}
"""Members of a client that proves itself by an assertion that it signs."""

SIGNING = (
    Scenario("token.private_key_jwt", Manners(client="private_key_jwt"), member=SIGNED),
    Scenario(
        "cc.private_key_jwt",
        Manners(client="private_key_jwt"),
        member=SIGNED,
        also={f"{AUTH}/grant": "client_credentials", f"{AUTH}/authorizationURL": ABSENT},
    ),
)

REQUESTS = (
    Scenario(
        "token.json_body", Manners(reads="json"), member={f"{AUTH}/tokenRequest/format": "json"}
    ),
    Scenario(
        "token.all_in_query",
        Manners(reads="query"),
        member={f"{AUTH}/tokenRequest/format": "query"},
    ),
    Scenario(
        "token.redirect_uri_in_query",
        Manners(exchange=[redirect_in_query]),
        member={f"{AUTH}/tokenURL": f"{TOKEN_URL}?redirect_uri={{{{oauth.redirect_uri}}}}"},
        also={f"{AUTH}/refreshURL": TOKEN_URL},
        instead={f"{AUTH}/tokenURL": TOKEN_URL},
    ),
    Scenario(
        "token.extra_params",
        Manners(exchange=[needs("type", "web_server")]),
        member={f"{AUTH}/tokenParams/type": "web_server"},
    ),
    Scenario(
        "token.renamed_params",
        Manners(
            token_names={"client_id": "app_id", "client_secret": "secret", "code": "auth_code"}
        ),
        member={
            f"{AUTH}/parameterNames": {
                "token": {"client_id": "app_id", "client_secret": "secret", "code": "auth_code"},
                "refresh": {"client_id": "app_id", "client_secret": "secret"},
            }
        },
    ),
    Scenario(
        "token.state_in_body",
        Manners(exchange=[same_state]),
        member={f"{AUTH}/tokenParams/state": "{{oauth.state}}"},
    ),
    Scenario(
        "token.extra_headers",
        Manners(
            exchange=[needs_header("X-Partner", "p-1")], refresh=[needs_header("X-Partner", "p-1")]
        ),
        member={f"{AUTH}/tokenRequest/headers": {"X-Partner": "{{authFields.partner}}"}},
        also={FIELDS: text_field("partner")},
        fields={"partner": "p-1"},
    ),
    Scenario(
        "token.random_param",
        Manners(exchange=[fresh_nonce(_SEEN)], refresh=[fresh_nonce(_SEEN)]),
        member={
            f"{AUTH}/tokenParams/nonce": "{{oauth.random}}",
            f"{AUTH}/refreshParams/nonce": "{{oauth.random}}",
        },
    ),
)


# -- answers --------------------------------------------------------------------------------------


def nested(answer: dict[str, Any], ask: Ask) -> Reply:
    return json_reply({"data": {"token": answer}})


def renamed(answer: dict[str, Any], ask: Ask) -> Reply:
    """Answer under other names, with the time of expiry in milliseconds."""
    until = ask.service.until(answer["access_token"]).timestamp() * 1000
    named = {"token": answer["access_token"], "expiresAt": int(until)}
    if "refresh_token" in answer:
        named["refreshToken"] = answer["refresh_token"]
    return json_reply(named)


def without_lifetime(answer: dict[str, Any], ask: Ask) -> Reply:
    return json_reply({key: value for key, value in answer.items() if key != "expires_in"})


def lifetime_when_asked(answer: dict[str, Any], ask: Ask) -> Reply:
    return json_reply(answer) if ask["expires_in"] == "3600" else without_lifetime(answer, ask)


def bot_and_user(answer: dict[str, Any], ask: Ask) -> Reply:
    user = {"access_token": f"user-{answer['access_token']}"}
    return json_reply({**answer, "authed_user": user})


def both_tokens(ask: Ask) -> str | None:
    user = ask.request.header("x-user-token")
    return None if user == f"user-{bearer(ask)}" else "api needs the user's token beside the bot's"


def error_with_200(answer: dict[str, Any], ask: Ask) -> Reply:
    if ask.kind == "refresh":
        return json_reply({"code": "invalid_grant", "message": "access was withdrawn"})
    return json_reply(answer)


async def told_of_a_withdrawal(one: World) -> None:
    """A grant is withdrawn, and the service says so with status 200."""
    connection = await one.connect()
    await one.works(connection)
    problem = await one.refresh(connection)
    if problem.get("code") != "grant_rejected":
        raise UnservedError(f"a withdrawn grant was read as {problem.get('code')}")


ANSWERS = (
    Scenario(
        "token.nested_response",
        Manners(shape=nested),
        member={
            f"{AUTH}/tokenResponse": {
                "access_token": "/data/token/access_token",
                "refresh_token": "/data/token/refresh_token",
                "expires_in": "/data/token/expires_in",
            }
        },
    ),
    Scenario(
        "token.renamed_fields",
        Manners(shape=renamed, stale_status=FORBIDDEN),
        member={
            f"{AUTH}/tokenResponse": {
                "access_token": "/token",
                "refresh_token": "/refreshToken",
                "expires_at": "/expiresAt",
            }
        },
    ),
    Scenario(
        "token.error_in_200",
        Manners(shape=error_with_200),
        member={f"{AUTH}/tokenResponse/error": "/code"},
        also={f"{AUTH}/tokenResponse/error_description": "/message"},
        story=told_of_a_withdrawal,
    ),
    Scenario(
        "token.two_tokens",
        Manners(shape=bot_and_user, api=[both_tokens]),
        member={
            f"{AUTH}/capture/token/user_token": {
                "from": "/authed_user/access_token",
                "masked": True,
            },
            "/auth_request": {
                "type": "oauth2",
                "headers": {"X-User-Token": "{{connection.user_token}}"},
            },
        },
    ),
    Scenario(
        "token.missing_expires_in",
        Manners(shape=without_lifetime, stale_status=FORBIDDEN),
        member={f"{AUTH}/refresh/lifetime": 3600},
    ),
    Scenario(
        "token.ask_for_expires_in",
        Manners(shape=lifetime_when_asked, stale_status=FORBIDDEN),
        member={
            f"{AUTH}/tokenParams/expires_in": "3600",
            f"{AUTH}/refreshParams/expires_in": "3600",
        },
    ),
)


# -- refreshes ------------------------------------------------------------------------------------

SHORT = timedelta(minutes=10)


def for_ten_minutes(answer: dict[str, Any], ask: Ask) -> Reply:
    ask.service.issue_as(answer["access_token"], SHORT)
    ask.grant["until"] = ask.service.now() + SHORT
    return json_reply({**answer, "expires_in": int(SHORT.total_seconds())})


def not_early(ask: Ask) -> str | None:
    """Refuse a refresh more than half a minute before the end, and end the grant with it."""
    if ask.grant["until"] - ask.service.now() <= timedelta(seconds=30):
        return None
    ask.service.withdraw()
    return "refresh came too early"


async def shortly_before_the_end(one: World) -> None:
    """Call while a plain client's margin has begun and the service's has not, and once it has."""
    connection = await one.connect()
    one.wait(seconds=555)
    await one.works(connection)
    one.wait(seconds=25)
    await one.works(connection)
    one.wait(seconds=300)
    await one.works(connection)


def scope_and_type(ask: Ask) -> str | None:
    return needs("scope", "read write")(ask) or needs("type", "refresh")(ask)


REFRESHES = (
    Scenario(
        "refresh.separate_url",
        Manners(refresh_at="/refresh"),
        member={f"{AUTH}/refreshURL": REFRESH_URL},
    ),
    Scenario(
        "refresh.extra_params",
        Manners(refresh=[scope_and_type], exchange=[refuses("type")]),
        member={f"{AUTH}/refreshParams": {"scope": "{{oauth.scope}}", "type": "refresh"}},
    ),
    Scenario(
        "refresh.by_access_token",
        Manners(
            renews_by="access_token",
            refresh_grant="exchange_token",
            offline=lambda ask: False,
        ),
        member={f"{AUTH}/refresh/by": "access_token"},
        also={
            f"{AUTH}/parameterNames/refresh": {"refresh_token": "access_token"},
            f"{AUTH}/refreshParams/grant_type": "exchange_token",
        },
    ),
    Scenario(
        "refresh.get",
        Manners(refresh_at="/refresh", refresh_method="GET", refresh_reads="query"),
        member={f"{AUTH}/tokenRequest": {"exchange": {}, "refresh": {"method": "GET"}}},
        also={f"{AUTH}/refreshURL": REFRESH_URL},
    ),
    Scenario(
        "refresh.extends_same_token",
        Manners(
            extends=True,
            shape=lambda answer, ask: json_reply(answer or {"message": "OK"}),
        ),
        member={f"{AUTH}/refresh/extends": True},
        story=once_renewed,
    ),
    Scenario(
        "refresh.margin",
        Manners(shape=for_ten_minutes, refresh=[not_early]),
        member={f"{AUTH}/refresh/margin": 30},
        story=shortly_before_the_end,
    ),
)

TOKENS = (*CLIENTS, *SIGNING, *REQUESTS, *ANSWERS, *REFRESHES)
