import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.authorization.blocks import (
    AUTHORIZATION_URL,
    CHALLENGE,
    CLIENT_ID,
    CLIENT_SECRET,
    REDIRECT_URI,
    STATE,
    VERIFIER,
    client,
    query_of,
    values,
)

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.request import (
    Asked,
    authorization_endpoint,
    authorization_request,
    new_challenge,
    requested_scopes,
    token_endpoint,
)
from connectsmith.core.authorization.values import Values
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import DefinitionError, SecretMissing, ValueMissing

UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


def url_of(signing_in: OAuthClient, given_values: Values | None = None) -> str:
    asked = Asked(REDIRECT_URI, STATE, VERIFIER)
    return authorization_request(signing_in, asked, values=given_values or values())


@pytest.mark.row("C-02")
def test_request_holds_exactly_what_the_standard_asks_for() -> None:
    assert query_of(url_of(client())) == [
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "read write"),
        ("state", STATE.reveal()),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]


@pytest.mark.row("C-01")
def test_query_of_the_endpoint_is_kept_and_no_parameter_comes_twice() -> None:
    signing_in = client(
        authorizationURL=f"{AUTHORIZATION_URL}?prompt=consent&a=1%2B1&response_type=code&b",
        authorizationParams={"prompt": "login"},
    )

    url = url_of(signing_in)

    assert url.startswith(f"{AUTHORIZATION_URL}?a=1%2B1&b&response_type=code&")
    names = [pair.partition("=")[0] for pair in urlsplit(url).query.split("&")]
    assert sorted(set(names)) == sorted(names)
    assert ("prompt", "login") in query_of(url.replace("&b&", "&"))


@pytest.mark.row("C-01")
def test_parameters_are_form_encoded_without_fragment() -> None:
    url = url_of(client(scope=["a&b", "c=#d"]))

    assert "scope=a%26b+c%3D%23d&" in url
    assert "#" not in url


@pytest.mark.parametrize(
    "name",
    [
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "code",
        "code_verifier",
        "refresh_token",
        "state",
        "redirect_uri",
        "code_challenge",
        "code_challenge_method",
        "Client_ID",
    ],
)
@pytest.mark.parametrize("value", ["mine", None])
@pytest.mark.row("C-01")
def test_reserved_parameters_are_neither_set_nor_removed(name: str, value: str | None) -> None:
    with pytest.raises(DefinitionError) as refused:
        client(authorizationParams={name: value})

    assert refused.value.place == f"/auth_components/authorizationParams/{name}"


@pytest.mark.parametrize("asked", ["token", "code token", "Token", "id_token", "{{oauth.scope}}"])
@pytest.mark.row("C-25")
def test_no_response_type_asks_for_an_access_token_through_the_browser(asked: str) -> None:
    renames = {"authorization": {"response_type": "kind"}}

    for written in (
        {"authorizationParams": {"response_type": asked}},
        {"authorizationParams": {"kind": asked}, "parameterNames": renames},
    ):
        with pytest.raises(DefinitionError):
            client(**written)


def test_scopes_that_a_parameter_puts_in_place_are_those_shown() -> None:
    replaced = client(
        scope="a b", scopeSeparator=",", authorizationParams={"scope": "{{oauth.scope}},c"}
    )

    assert requested_scopes(replaced, values()) == ("a", "b", "c")
    assert requested_scopes(client(authorizationParams={"scope": None}), values()) == ()
    assert requested_scopes(client(scope="a b"), values()) == ("a", "b")


def test_a_response_type_of_the_services_own_is_sent_and_none_where_it_knows_none() -> None:
    own = url_of(client(authorizationParams={"response_type": "auth_code"}))
    none = url_of(client(authorizationParams={"response_type": None}))

    assert "response_type=auth_code&" in own
    assert "response_type" not in none


@pytest.mark.parametrize("query", ["?state=1", "?a=1&client%5Fid=x", "#/in?redirect_uri=x"])
@pytest.mark.row("C-01")
def test_reserved_parameters_in_the_endpoints_query_are_refused(query: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        client(authorizationURL=AUTHORIZATION_URL + query)

    assert str(refused.value.place).startswith("/auth_components/authorizationURL")


def test_parameters_that_mean_nothing_to_the_sign_in_stay_in_the_query() -> None:
    assert url_of(client(authorizationURL=f"{AUTHORIZATION_URL}?code=true")).startswith(
        f"{AUTHORIZATION_URL}?code=true&response_type=code&"
    )


def test_reserved_parameters_are_refused_under_their_new_name_too() -> None:
    renamed = {"authorization": {"client_id": "client_key"}}

    with pytest.raises(DefinitionError):
        client(parameterNames=renamed, authorizationParams={"client_key": "mine"})


def test_renamed_parameters_are_sent_under_their_new_name_only() -> None:
    signing_in = client(
        parameterNames={"authorization": {"client_id": "client_key", "scope": "permissions"}},
        authorizationParams={"permissions": "other"},
    )

    sent = dict(query_of(url_of(signing_in)))

    assert sent["client_key"] == CLIENT_ID
    assert sent["permissions"] == "other"
    assert not sent.keys() & {"client_id", "scope"}


@pytest.mark.parametrize(
    "renames", [{"scope": "state"}, {"scope": "x", "audience": "x"}, {"scope": ""}]
)
def test_renames_that_would_repeat_a_name_are_refused(renames: dict[str, str]) -> None:
    with pytest.raises(DefinitionError):
        client(parameterNames={"authorization": renames})


@pytest.mark.parametrize(
    ("separator", "sent"), [(" ", "read+write"), (",", "read%2Cwrite"), ("+", "read%2Bwrite")]
)
@pytest.mark.row("C-02")
def test_scopes_are_joined_by_the_separator_of_the_definition(separator: str, sent: str) -> None:
    assert f"&scope={sent}&" in url_of(client(scopeSeparator=separator))


def test_without_scopes_no_scope_is_sent() -> None:
    assert "scope" not in dict(query_of(url_of(client(scope=None))))


def test_parameters_follow_the_fragment_where_the_endpoint_has_one() -> None:
    signing_in = client(authorizationURL="https://app.example.com/sign?x=1#/oauth/authorize")

    url = url_of(signing_in)

    assert url.startswith(
        "https://app.example.com/sign?x=1#/oauth/authorize?response_type=code&client_id=an+id&"
    )


def test_author_adds_replaces_and_removes_parameters() -> None:
    signing_in = client(
        auth_fields=["team", "blank"],
        authorizationParams={
            "access_type": "offline",
            "scope": None,
            "team": "{{authFields.team}}",
            "gone": "{{authFields.blank}}",
            "app": "app {{oauth.client_id}}",
            "nonce": "{{oauth.random}}",
        },
    )

    sent = dict(query_of(url_of(signing_in, values(fields={"team": "a&b"}, random="uuid"))))

    assert sent["access_type"] == "offline"
    assert sent["team"] == "a&b"
    assert sent["app"] == f"app {CLIENT_ID}"
    assert sent["nonce"] == "uuid"
    assert not sent.keys() & {"scope", "gone"}


def test_resource_and_audience_are_repeated_as_often_as_written() -> None:
    url = url_of(client(resource=["https://a.example", "https://b.example"], audience="api"))

    sent = query_of(url)
    assert [value for name, value in sent if name == "resource"] == [
        "https://a.example",
        "https://b.example",
    ]
    assert ("audience", "api") in sent


@pytest.mark.row("C-17")
def test_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    assert new_challenge(VERIFIER) == CHALLENGE
    assert dict(query_of(url_of(client())))["code_challenge"] == CHALLENGE


@given(st.text(UNRESERVED, min_size=43, max_size=128))
def test_challenge_is_43_unreserved_characters_without_padding(verifier: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", new_challenge(Secret(verifier)))


@given(st.lists(st.text(UNRESERVED, min_size=43, max_size=43), min_size=2, unique=True))
def test_challenges_of_different_verifiers_differ(verifiers: list[str]) -> None:
    assert len({new_challenge(Secret(each)) for each in verifiers}) == len(verifiers)


@pytest.mark.row("C-18")
def test_pkce_is_s256_unless_the_definition_switches_it_off() -> None:
    with_it = dict(query_of(url_of(client())))
    without = dict(query_of(url_of(client(pkce="off"))))

    assert with_it["code_challenge_method"] == "S256"
    assert VERIFIER.reveal() not in with_it.values()
    assert not any(name.startswith("code_challenge") for name in without)


@pytest.mark.parametrize("template", ["{{clientSecret}}", "x{{extra}}"])
def test_no_other_secret_than_the_client_id_reaches_the_browser(template: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        client(authorizationParams={"x": template})

    assert refused.value.place == "/auth_components/authorizationParams/x"


def test_client_id_may_not_be_a_secret_that_is_kept_elsewhere() -> None:
    with pytest.raises(DefinitionError) as refused:
        client(clientID="{{clientSecret}}")

    assert refused.value.place == "/auth_components/clientID"


@given(st.text(max_size=30), st.text(max_size=30))
def test_values_never_change_the_structure_of_the_address(field: str, client_id: str) -> None:
    signing_in = client(auth_fields=["x"], authorizationParams={"x": "{{authFields.x}}"})
    given_values = values(
        fields={"x": field}, secrets={"clientID": client_id or "id", "clientSecret": "y"}
    )

    sent = query_of(url_of(signing_in, given_values))

    assert sent.count(("client_id", client_id or "id")) == 1
    assert [each for name, each in sent if name == "x"] == ([field] if field else [])


def test_client_secret_is_in_no_part_of_the_address() -> None:
    assert CLIENT_SECRET not in [value for _, value in query_of(url_of(client()))]


def test_missing_secret_is_named() -> None:
    with pytest.raises(SecretMissing) as missing:
        url_of(client(), values(secrets={}))

    assert missing.value.details == {"secret": "clientID"}


def test_blank_client_id_of_the_owner_is_an_error() -> None:
    signing_in = client(clientID="{{authFields.id}}", auth_fields=["id"])

    with pytest.raises(ValueMissing) as missing:
        url_of(signing_in)

    assert missing.value.place == "authFields.id"


def test_host_of_the_endpoint_is_filled_from_the_owners_field() -> None:
    signing_in = client(
        auth_fields=["shop"],
        authorizationURL="https://{{authFields.shop}}.shops.example.com/authorize",
    )

    url = url_of(signing_in, values(fields={"shop": "mine"}))

    assert url.startswith("https://mine.shops.example.com/authorize?response_type=code&")
    endpoint = authorization_endpoint(signing_in, values(fields={"shop": "mine"}))
    assert endpoint == "https://mine.shops.example.com/authorize"
    assert token_endpoint(signing_in, values()) == "https://tokens.example.com/token"


def test_token_endpoint_that_the_callback_names_vouches_for_nobody() -> None:
    signing_in = client(tokenURL="https://{{connection.site}}.example.com/token")

    assert token_endpoint(signing_in, values(captured={"site": "evil"})) is None


def test_grant_without_a_person_has_no_authorization_request() -> None:
    with pytest.raises(DefinitionError):
        url_of(client(grant="client_credentials", authorizationURL=None))
