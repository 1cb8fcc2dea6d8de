from datetime import timedelta

import pytest
from tests.core.authorization.blocks import client

from connectsmith.errors import DefinitionError


@pytest.mark.parametrize(
    ("auth", "place"),
    [
        ({"type": "oauth1"}, "type"),
        ({"type": "none"}, "type"),
        ({"grant": "device_code"}, "deviceAuthorizationURL"),
        ({"clientAuth": "private_key_jwt", "assertion": {"alg": "HS256"}}, "assertion/alg"),
        ({"grant": "jwt_bearer", "assertion": {"lifetime": 3601}}, "assertion/lifetime"),
        ({"privateKey": "written out"}, "privateKey"),
        ({"registrationToken": "written out"}, "registrationToken"),
        ({"clientID": None}, "clientID"),
        ({"clientAuth": "basic", "clientSecret": None}, "clientSecret"),
        ({"clientSecret": "written out"}, "clientSecret"),
        ({"authorizationURL": None}, "authorizationURL"),
        ({"tokenURL": None}, "tokenURL"),
        ({"authorizationParams": {"response_type": "token"}}, "authorizationParams/response_type"),
        (
            {"authorizationParams": {"response_type": "id_token"}},
            "authorizationParams/response_type",
        ),
        ({"tokenRequest": {"headers": {"Host": "x"}}}, "tokenRequest/headers/Host"),
        (
            {"tokenRequest": {"headers": {"X-Forwarded-For": "x"}}},
            "tokenRequest/headers/X-Forwarded-For",
        ),
    ],
)
def test_what_cannot_be_carried_out_is_refused_with_its_place(
    auth: dict[str, object], place: str
) -> None:
    with pytest.raises(DefinitionError) as refused:
        client(**auth)

    assert refused.value.place == f"/auth_components/{place}"


@pytest.mark.parametrize("spelling", ["oauth2", "OAuth2", "oauth2.0", "oauth"])
def test_spellings_of_the_type_mean_the_same(spelling: str) -> None:
    assert client(type=spelling).needs_browser


def test_scope_is_a_list_or_text_split_at_white_space() -> None:
    assert client(scope=" a  b\tc ").scopes == ("a", "b", "c")
    assert client(scope=["a b", "c"]).scopes == ("a b", "c")
    assert client(scope=None).scopes == ()


def test_names_the_secrets_that_requests_need() -> None:
    signing_in = client(
        tokenParams={"a": "{{one}}", "b": "{{authFields.x}} {{oauth.state}}"},
        refreshParams={"a": "{{two}}"},
        tokenRequest={"headers": {"X": "{{ three }}"}},
    )

    assert signing_in.secret_names == {"clientID", "clientSecret", "one", "two", "three"}


def test_refresh_rules_are_durations() -> None:
    signing_in = client(refresh={"margin": 30, "lifetime": 3600.5})

    assert signing_in.refresh_margin == timedelta(seconds=30)
    assert signing_in.refresh_lifetime == timedelta(seconds=3600.5)


def test_client_is_compiled_once_and_cannot_be_changed() -> None:
    signing_in = client()

    with pytest.raises(AttributeError):
        signing_in.pkce = False  # type: ignore[misc]  # the point of the test


def test_client_credentials_need_no_authorization_url() -> None:
    signing_in = client(grant="client_credentials", authorizationURL=None)

    assert not signing_in.needs_browser


@pytest.mark.row("C-34")
def test_a_definition_that_says_nothing_describes_a_client_of_oauth_2_1() -> None:
    plain = client()

    assert (plain.grant, plain.pkce, plain.scope_separator) == ("authorization_code", True, " ")
    assert (plain.exchange.method, plain.exchange.format) == ("POST", "form")
    assert plain.exchange.client_auth == "body"
