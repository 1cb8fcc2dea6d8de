import json
from urllib.parse import parse_qsl

import pytest
from tests.core.authorization.blocks import (
    CLIENT_ID,
    CLIENT_SECRET,
    CODE,
    CONNECTION_MAY_GO_TO,
    REDIRECT_URI,
    SECRETS_MAY_GO_TO,
    TOKEN_URL,
    VERIFIER,
    carried_by,
    client,
    form_of,
    query_of,
    values,
)

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.grant import (
    client_credentials_request,
    exchange_request,
    refresh_request,
)
from connectsmith.core.authorization.values import Values
from connectsmith.core.message import HttpRequest, Purpose
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import DefinitionError, FieldInvalid, SecretMissing

REFRESH_TOKEN = Secret("a refresh token")


def exchange(
    signing_in: OAuthClient, given: Values | None = None, *, redirect_uri: str = REDIRECT_URI
) -> HttpRequest:
    return exchange_request(
        signing_in,
        code=CODE,
        redirect_uri=Secret(redirect_uri),
        verifier=VERIFIER,
        values=given or values(),
    )


def refresh(signing_in: OAuthClient, given: Values | None = None) -> HttpRequest:
    return refresh_request(signing_in, refresh_token=REFRESH_TOKEN, values=given or values())


@pytest.mark.row("C-05")
def test_token_request_is_a_form_posted_for_json() -> None:
    request = exchange(client(tokenURL=f"{TOKEN_URL}?tenant=a%20b"))

    assert request.method == "POST"
    assert request.url == f"{TOKEN_URL}?tenant=a%20b"
    assert dict(request.headers) == {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    assert request.purpose is Purpose.TOKEN
    assert form_of(request) == {
        "grant_type": "authorization_code",
        "code": CODE.reveal(),
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER.reveal(),
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }


@pytest.mark.row("C-03")
@pytest.mark.parametrize("redirect_uri", [REDIRECT_URI, f"{REDIRECT_URI}?a=%2F&b=+#"])
def test_exchange_repeats_the_redirect_uri_to_the_character(redirect_uri: str) -> None:
    assert form_of(exchange(client(), redirect_uri=redirect_uri))["redirect_uri"] == redirect_uri


def test_exchange_without_pkce_sends_no_verifier() -> None:
    request = exchange(client(pkce="off"))

    assert "code_verifier" not in form_of(request)
    assert "the code verifier" not in carried_by(request)


@pytest.mark.row("C-10")
def test_refresh_names_no_scope() -> None:
    assert form_of(refresh(client())) == {
        "grant_type": "refresh_token",
        "refresh_token": REFRESH_TOKEN.reveal(),
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }


@pytest.mark.row("C-11")
def test_refresh_token_may_go_only_where_the_connection_was_shown() -> None:
    request = refresh(client(refreshURL="https://elsewhere.example.com/renew"))

    carried = carried_by(request)
    assert carried["the connection's refresh token"] == CONNECTION_MAY_GO_TO
    assert not carried["the connection's refresh token"].permits(request.url)


def test_refresh_goes_to_the_token_endpoint_unless_said() -> None:
    other = "https://other.example.com/renew"

    assert refresh(client()).url == TOKEN_URL
    assert refresh(client(refreshURL=other)).url == other
    assert exchange(client(refreshURL=other)).url == TOKEN_URL


def test_everything_secret_is_carried_with_its_own_destinations() -> None:
    signing_in = client(
        auth_fields=["team"],
        tokenParams={"team": "{{authFields.team}}", "x": "{{extra}}", "s": "{{oauth.scope}}"},
        tokenRequest={"headers": {"X-Instance": "{{connection.instance}}"}},
    )

    request = exchange(signing_in, values(fields={"team": "red"}, captured={"instance": "i-1"}))

    assert carried_by(request) == {
        "the authorization code": CONNECTION_MAY_GO_TO,
        "the code verifier": CONNECTION_MAY_GO_TO,
        'the secret "clientID"': SECRETS_MAY_GO_TO,
        'the secret "clientSecret"': SECRETS_MAY_GO_TO,
        'the secret "extra"': SECRETS_MAY_GO_TO,
        'the field "team"': CONNECTION_MAY_GO_TO,
        'the captured value "instance"': CONNECTION_MAY_GO_TO,
    }
    assert dict(request.headers)["X-Instance"] == "i-1"
    assert form_of(request)["s"] == "read write"


def test_client_credentials_ask_for_the_scopes() -> None:
    request = client_credentials_request(
        client(grant="client_credentials", authorizationURL=None), values=values()
    )

    assert form_of(request) == {
        "grant_type": "client_credentials",
        "scope": "read write",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    assert carried_by(request).keys() == {'the secret "clientID"', 'the secret "clientSecret"'}


def test_login_that_is_not_oauth_sends_what_its_author_wrote() -> None:
    signing_in = client(
        grant="client_credentials",
        clientAuth="none",
        clientID=None,
        clientSecret=None,
        scope=None,
        auth_fields=["user", "password"],
        tokenParams={
            "grant_type": None,
            "login": "{{authFields.user}}",
            "password": "{{authFields.password}}",
        },
        tokenRequest={"format": "json"},
    )

    request = client_credentials_request(
        signing_in, values=values(fields={"user": "ann", "password": 'p"w'})
    )

    assert json.loads(request.body) == {"login": "ann", "password": 'p"w'}
    assert dict(request.headers)["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "written", [{"method": "GET"}, {"method": "GET", "format": "form"}, {"format": "query"}]
)
def test_query_form_joins_the_endpoints_own_query(written: dict[str, str]) -> None:
    request = refresh(client(tokenURL=f"{TOKEN_URL}?v=2&grant_type=x", tokenRequest=written))

    assert request.method == written.get("method", "POST")
    assert request.body == b""
    assert "Content-Type" not in dict(request.headers)
    sent = query_of(request.url)
    assert sent[0] == ("v", "2")
    assert dict(sent)["grant_type"] == "refresh_token"
    assert len(dict(sent)) == len(sent)


def test_exchange_and_refresh_may_differ() -> None:
    signing_in = client(
        clientAuth={"exchange": "basic", "refresh": "body"},
        tokenRequest={"exchange": {"format": "json"}, "refresh": {"headers": {"accept": "a/b"}}},
        tokenParams={"first": "1"},
        refreshParams={"redirect_uri": "{{oauth.redirect_uri}}"},
        parameterNames={"refresh": {"refresh_token": "renewal"}},
    )

    first, later = exchange(signing_in), refresh(signing_in, values(redirect_uri=REDIRECT_URI))

    assert "Authorization" in dict(first.headers)
    assert json.loads(first.body)["first"] == "1"
    assert "Authorization" not in dict(later.headers)
    assert [each for each in later.headers if each[0].lower() == "accept"] == [("accept", "a/b")]
    sent = form_of(later)
    assert sent["renewal"] == REFRESH_TOKEN.reveal()
    assert sent["redirect_uri"] == REDIRECT_URI
    assert not sent.keys() & {"refresh_token", "first"}


def test_lists_stay_lists_in_json() -> None:
    request = refresh(client(resource=["a", "b", "c"], tokenRequest={"format": "json"}))

    assert json.loads(request.body)["resource"] == ["a", "b", "c"]


def test_placeholders_in_values_are_not_read_again() -> None:
    signing_in = client(auth_fields=["x"], tokenParams={"x": "{{authFields.x}}"})

    request = exchange(signing_in, values(fields={"x": "{{clientSecret}}"}))

    assert form_of(request)["x"] == "{{clientSecret}}"


def test_control_characters_are_refused_in_headers() -> None:
    signing_in = client(auth_fields=["x"], tokenRequest={"headers": {"X-Team": "{{authFields.x}}"}})

    with pytest.raises(FieldInvalid):
        exchange(signing_in, values(fields={"x": "a\r\nHost: b"}))


def test_header_without_a_value_is_left_out() -> None:
    signing_in = client(auth_fields=["x"], tokenRequest={"headers": {"X-Team": "{{authFields.x}}"}})

    assert "X-Team" not in dict(exchange(signing_in).headers)


@pytest.mark.parametrize("name", ["client_id", "code", "code_verifier", "refresh_token"])
@pytest.mark.parametrize("member", ["tokenParams", "refreshParams"])
def test_credentials_of_a_token_request_are_neither_set_nor_removed(name: str, member: str) -> None:
    with pytest.raises(DefinitionError):
        client(**{member: {name: None}})


def test_missing_secret_is_named_before_anything_is_written() -> None:
    with pytest.raises(SecretMissing) as missing:
        exchange(client(), values(secrets={"clientID": CLIENT_ID}))

    assert missing.value.details == {"secret": "clientSecret"}


def test_nothing_secret_is_in_the_representation_of_a_request() -> None:
    shown = repr(exchange(client(clientAuth="basic")))

    for secret in (CODE.reveal(), CLIENT_SECRET, VERIFIER.reveal(), "Basic"):
        assert secret not in shown


@pytest.mark.row("C-45")
def test_resources_are_repeated_in_exchange_and_refresh_alike() -> None:
    aimed = client(resource=["https://a.example.com/", "urn:b"])
    exchange = exchange_request(
        aimed, code=CODE, redirect_uri=Secret(REDIRECT_URI), verifier=VERIFIER, values=values()
    )
    refresh = refresh_request(aimed, refresh_token=Secret("rt"), values=values())

    for request in (exchange, refresh):
        sent = parse_qsl(request.body.decode())
        assert [value for name, value in sent if name == "resource"] == [
            "https://a.example.com/",
            "urn:b",
        ]
