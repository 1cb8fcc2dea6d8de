"""Scenarios of sign-ins without a person: client credentials, and logins that are not OAuth."""

from datetime import timedelta
from typing import Any

from tests.needs.authorizing import AUTH, FIELDS, text_field
from tests.needs.beyond import EXTRA, FOLLOW
from tests.needs.scenario import ABSENT, Scenario
from tests.needs.service import Ask, Manners, RefusedError, needs_host
from tests.needs.tokens import FORBIDDEN, nested
from tests.servers.replies import Reply, json_reply

ALONE = {f"{AUTH}/grant": "client_credentials", f"{AUTH}/authorizationURL": ABSENT}
LOGIN_FIELDS = [
    {"key": "user", "required": True},
    {"key": "password", "required": True, "masked": True},
]
LOGIN = {
    "grant_type": None,
    "scope": None,
    "user": "{{authFields.user}}",
    "password": "{{authFields.password}}",
}
"""The parameters of a login that is not OAuth."""
NO_CLIENT = {
    f"{AUTH}/clientAuth": "none",
    f"{AUTH}/clientID": ABSENT,
    f"{AUTH}/clientSecret": ABSENT,
}
OWNER = {"user": "ada", "password": "pa ss+w/rd"}


def milliseconds(answer: dict[str, Any], ask: Ask) -> Reply:
    return json_reply({**answer, "expires_in": answer["expires_in"] * 1000})


def logs_in(ask: Ask) -> str | None:
    good = ask["user"] == OWNER["user"] and ask["password"] == OWNER["password"]
    return None if good else "the login needs user and password"


def no_grant_type(ask: Ask) -> str | None:
    return "the login knows no grant_type" if "grant_type" in ask.parameters else None


def step_one(answer: dict[str, Any], ask: Ask) -> Reply:
    """Answer a login with a ticket that no call takes."""
    return json_reply({"access_token": ask.service.new("ticket")})


def step_two(ask: Ask) -> Reply:
    """Sell an access token for a ticket."""
    if not ask["ticket"].startswith("ticket"):
        raise RefusedError("the second step needs the ticket of the first")
    return json_reply({"token": ask.service.issue(timedelta(hours=1)), "expires_in": 3600})


MACHINES = (
    Scenario(
        "cc.basic",
        Manners(client="basic"),
        member={f"{AUTH}/clientAuth": "basic"},
        also=ALONE,
    ),
    Scenario(
        "cc.json",
        Manners(reads="json"),
        member={f"{AUTH}/tokenRequest/format": "json"},
        also=ALONE,
    ),
    Scenario(
        "cc.query",
        Manners(reads="query"),
        member={f"{AUTH}/tokenRequest/format": "query"},
        also=ALONE,
    ),
    Scenario(
        "cc.other_grant",
        Manners(client_grant="account_credentials"),
        member={f"{AUTH}/tokenParams/grant_type": "account_credentials"},
        also=ALONE,
    ),
    Scenario(
        "cc.url_variables",
        Manners(exchange=[needs_host("acme.logins.example")]),
        member={f"{AUTH}/tokenURL": "http://{{authFields.tenant}}.logins.example:PORT/token"},
        instead={f"{AUTH}/tokenURL": "http://www.logins.example:PORT/token"},
        also={**ALONE, FIELDS: text_field("tenant")},
        fields={"tenant": "acme"},
    ),
    Scenario(
        "cc.millisecond_expiry",
        Manners(shape=milliseconds, stale_status=FORBIDDEN),
        member={f"{AUTH}/tokenResponse/expiresUnit": "ms"},
        also=ALONE,
    ),
    Scenario(
        "twostep.get",
        Manners(
            client_grant=None,
            client="nobody",
            reads="query",
            token_method="GET",
            exchange=[logs_in, no_grant_type],
        ),
        member={f"{AUTH}/tokenRequest/method": "GET"},
        also={**ALONE, **NO_CLIENT, f"{AUTH}/tokenParams": LOGIN, FIELDS: LOGIN_FIELDS},
        fields=OWNER,
    ),
    Scenario(
        "twostep.nested",
        Manners(
            client_grant=None,
            client="nobody",
            reads="json",
            exchange=[logs_in, no_grant_type],
            shape=nested,
        ),
        member={
            f"{AUTH}/tokenResponse": {
                "access_token": "/data/token/access_token",
                "expires_in": "/data/token/expires_in",
            }
        },
        also={
            **ALONE,
            **NO_CLIENT,
            f"{AUTH}/tokenParams": LOGIN,
            f"{AUTH}/tokenRequest": {"format": "json"},
            FIELDS: LOGIN_FIELDS,
        },
        fields=OWNER,
    ),
    Scenario(
        "twostep.multi",
        Manners(
            client_grant=None,
            client="nobody",
            exchange=[logs_in],
            shape=step_one,
            extra={"/step-two": step_two},
        ),
        member={
            FOLLOW: [
                {
                    "method": "POST",
                    "url": f"{EXTRA}/step-two",
                    "auth": "none",
                    "on": ["exchange", "refresh"],
                    "body": {"ticket": "{{oauth.access_token}}"},
                    "tokenResponse": {"access_token": "/token"},
                }
            ]
        },
        also={**ALONE, **NO_CLIENT, f"{AUTH}/tokenParams": LOGIN, FIELDS: LOGIN_FIELDS},
        fields=OWNER,
    ),
    Scenario(
        "token.consent_then_cc",
        Manners(
            callback=lambda ask: {"tenant": "t-5", "admin_consent": "True"},
            code_name="ignored",
            exchange=[needs_host("t-5.logins.example")],
            offline=lambda ask: False,
        ),
        member={
            f"{AUTH}/grant": "client_credentials",
            f"{AUTH}/capture/callback/tenant": "tenant",
            f"{AUTH}/tokenURL": "http://{{connection.tenant}}.logins.example:PORT/token",
        },
        also={f"{AUTH}/pkce": "off"},
    ),
)
