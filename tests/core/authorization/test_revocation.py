from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.core.authorization.blocks import (
    CLIENT_ID,
    CONNECTION_MAY_GO_TO,
    SECRETS_MAY_GO_TO,
    carried_by,
    client,
    form_of,
    values,
)

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.revocation import (
    revocable,
    revocation_accepted,
    revocation_request,
)
from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.authorization.values import Values
from connectsmith.core.message import HttpRequest, HttpResponse, Purpose
from connectsmith.core.secret.secret import Secret

REVOCATION_URL = "https://tokens.example.com/revoke?x=1"
HELD = TokenSet(
    access_token=Secret("at"),
    received_at=datetime(2026, 11, 23, tzinfo=UTC),
    refresh_token=Secret("rt"),
)


def revocation_requests(
    signing_in: OAuthClient, tokens: TokenSet, given: Values
) -> tuple[HttpRequest, ...]:
    held = revocable(signing_in, tokens)
    return tuple(revocation_request(signing_in, hint, token, given) for hint, token in held)


def test_refresh_token_is_revoked_first_then_the_access_token() -> None:
    requests = revocation_requests(client(revocationURL=REVOCATION_URL), HELD, values())

    sent = [form_of(each) for each in requests]
    assert [(each["token"], each["token_type_hint"]) for each in sent] == [
        ("rt", "refresh_token"),
        ("at", "access_token"),
    ]
    assert all(each["client_id"] == CLIENT_ID and each["client_secret"] for each in sent)
    assert all(each.method == "POST" and each.url == REVOCATION_URL for each in requests)
    assert all(each.purpose is Purpose.REVOCATION for each in requests)


def test_request_carries_token_and_client_secret_to_their_own_places() -> None:
    first, second = revocation_requests(client(revocationURL=REVOCATION_URL), HELD, values())

    assert carried_by(first) == {
        "the connection's refresh token": CONNECTION_MAY_GO_TO,
        'the secret "clientID"': SECRETS_MAY_GO_TO,
        'the secret "clientSecret"': SECRETS_MAY_GO_TO,
    }
    assert "the connection's access token" in carried_by(second)


def test_revocation_is_a_form_however_token_requests_are_written() -> None:
    signing_in = client(
        revocationURL=REVOCATION_URL,
        clientAuth="basic",
        tokenRequest={"method": "GET", "format": "json", "headers": {"X": "y"}},
        tokenParams={"a": "b"},
        parameterNames={"token": {"client_id": "key"}},
    )

    request = revocation_requests(signing_in, HELD, values())[0]

    assert form_of(request) == {"token": "rt", "token_type_hint": "refresh_token"}
    assert "Authorization" in dict(request.headers)
    assert dict(request.headers)["X"] == "y"


def test_without_refresh_token_one_request_is_enough() -> None:
    held = replace(HELD, refresh_token=None)

    assert len(revocation_requests(client(revocationURL=REVOCATION_URL), held, values())) == 1


def test_without_revocation_url_there_is_nobody_to_ask() -> None:
    assert revocation_requests(client(), HELD, values()) == ()


@pytest.mark.parametrize("status", [200, 204, 400, 404])
def test_server_that_knows_no_such_token_is_not_asked_again(status: int) -> None:
    assert revocation_accepted(HttpResponse(status=status))


@pytest.mark.parametrize("status", [302, 401, 403, 429, 500, 503])
def test_server_that_may_change_its_mind_is_asked_again(status: int) -> None:
    assert not revocation_accepted(HttpResponse(status=status))
