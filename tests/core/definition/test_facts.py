import pytest
from tests.core.definition.samples import definition_of

from connectsmith.core.definition.facts import (
    client_id_names_of,
    origins_of_api,
    origins_of_auth,
    secret_names_of,
    sign_in_kind,
)

ANYWHERE = {
    "/allowedHosts": ["*"],
    "/endpoints/GET/~1me/url": "https://{{authFields.shop}}/api",
}


def test_secrets_are_found_wherever_they_may_stand() -> None:
    definition = definition_of({})

    assert secret_names_of(definition) == {"clientID", "Client Secret", "Extra Key"}
    assert client_id_names_of(definition) == {"clientID"}


def test_secrets_inside_structures_are_found() -> None:
    changes = {
        "/auth_components/assertion": {"claims": {"a": ["x{{One}}"]}},
        "/auth_components/followUp": [
            {"url": "https://x.example", "query": {"a": "{{Two}}"}, "body": {"b": ["{{Three}}"]}}
        ],
    }

    assert secret_names_of(definition_of(changes)) >= {"One", "Two", "Three"}


def test_fields_and_captured_values_are_no_secrets() -> None:
    changes = {"/auth_components/tokenParams": {"a": "{{authFields.shop}} {{connection.realm}}"}}

    assert secret_names_of(definition_of(changes)) == {"clientID", "Client Secret", "Extra Key"}


def test_origins_are_those_of_every_url_a_credential_goes_to() -> None:
    definition = definition_of({})

    assert origins_of_auth(definition) == (
        "https://login.example.com",
        "https://login.example.com.au",
    )
    assert origins_of_api(definition) == (
        "https://*.example.org",
        "https://a.example.net:8443",
        "https://api.example.com",
        "https://{}.example.com",
    )


def test_any_host_becomes_the_host_that_the_fields_name() -> None:
    definition = definition_of(ANYWHERE)

    assert "*" not in origins_of_api(definition)
    assert "https://api.acme.example" not in origins_of_api(definition)
    assert "https://api.acme.example" in origins_of_api(
        definition, {"authFields.shop": "api.acme.example"}
    )


def test_any_host_without_its_field_adds_nothing() -> None:
    definition = definition_of(ANYWHERE)

    assert origins_of_api(definition, {}) == origins_of_api(definition)


@pytest.mark.parametrize(("written", "kind"), [("OAuth2", "oauth2"), ("oauth1", "oauth1")])
def test_the_kind_of_sign_in_is_named_in_one_way(written: str, kind: str) -> None:
    changes = {"/auth_components/type": written}

    assert sign_in_kind(definition_of(changes, "claris_calendar")) == kind
    assert sign_in_kind(definition_of({}, "claris_openai")) == "none"
