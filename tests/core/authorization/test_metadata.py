import json
from typing import Any

import pytest
from tests.core.authorization.blocks import client, definition

from connectsmith.core.authorization.client import oauth_client
from connectsmith.core.authorization.metadata import (
    Metadata,
    filled,
    metadata_requests,
    needs_discovery,
    read_metadata,
)
from connectsmith.core.message import HttpResponse
from connectsmith.errors import MetadataRefused

ISSUER = "https://auth.example.com/tenant/one"
GOOD: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://auth.example.com/authorize",
    "token_endpoint": "https://tokens.example.com/token",
    "revocation_endpoint": "https://auth.example.com/revoke",
    "authorization_response_iss_parameter_supported": True,
}


def document(**changes: Any) -> HttpResponse:
    return HttpResponse(200, body=json.dumps(GOOD | changes).encode())


@pytest.mark.row("C-30")
def test_document_is_looked_for_before_the_issuers_path_and_then_after_it() -> None:
    asked = [each.url for each in metadata_requests(ISSUER)]

    assert asked == [
        "https://auth.example.com/.well-known/oauth-authorization-server/tenant/one",
        "https://auth.example.com/.well-known/openid-configuration/tenant/one",
        "https://auth.example.com/tenant/one/.well-known/openid-configuration",
    ]


@pytest.mark.row("C-30")
@pytest.mark.parametrize(
    "other",
    [
        ISSUER + "/",
        ISSUER.upper(),
        ISSUER.replace("https", "http"),
        "https://auth.example.com:443/tenant/one",
        "https://auth.example.com/tenant/two",
        None,
        ["https://auth.example.com/tenant/one"],
    ],
)
def test_document_of_any_other_issuer_is_thrown_away(other: object) -> None:
    with pytest.raises(MetadataRefused):
        read_metadata(ISSUER, document(issuer=other))


@pytest.mark.row("C-30")
@pytest.mark.parametrize(
    "url",
    [
        "http://tokens.example.com/token",
        "https://tokens.example.com/token#x",
        "https://user@tokens.example.com/token",
        "https://tokens.example.com\\@evil.example/token",
        "javascript:alert(1)",
        "https://{{authFields.x}}.example.com/",
        "https://tökens.example.com/",
        5,
        "https://a.example.com/" + "a" * 3000,
    ],
)
def test_endpoint_that_is_no_plain_https_address_is_refused(url: object) -> None:
    with pytest.raises(MetadataRefused):
        read_metadata(ISSUER, document(token_endpoint=url))


@pytest.mark.parametrize(
    "response",
    [HttpResponse(404), HttpResponse(200, body=b"<html>"), HttpResponse(200, body=b"[]")],
)
def test_what_is_no_document_is_refused(response: HttpResponse) -> None:
    with pytest.raises(MetadataRefused):
        read_metadata(ISSUER, response)


def test_metadata_fills_what_is_not_written_and_nothing_else() -> None:
    written = definition(
        issuer=ISSUER, authorizationURL=None, tokenURL="https://mine.example.com/t"
    )

    auth = filled(written, read_metadata(ISSUER, document())).auth_components

    assert auth.authorization_url == GOOD["authorization_endpoint"]
    assert auth.token_url == "https://mine.example.com/t"
    assert auth.revocation_url == GOOD["revocation_endpoint"]


def test_definition_needs_discovery_only_for_what_it_cannot_do_without() -> None:
    assert needs_discovery(definition(issuer=ISSUER, tokenURL=None))
    assert not needs_discovery(definition(issuer=ISSUER))
    assert not needs_discovery(definition(tokenURL=None))
    no_browser: dict[str, Any] = {"grant": "client_credentials", "authorizationURL": None}
    assert not needs_discovery(definition(issuer=ISSUER, **no_browser))


def test_metadata_comes_back_from_its_stored_form() -> None:
    metadata = read_metadata(ISSUER, document())

    assert Metadata.of(json.loads(json.dumps(metadata.to_json()))) == metadata


@pytest.mark.row("C-19")
def test_issuer_is_demanded_of_responses_where_the_metadata_announces_it() -> None:
    written = definition(issuer=ISSUER)

    announced = oauth_client(written, read_metadata(ISSUER, document()))

    assert announced.iss_required
    assert not client(issuer=ISSUER).iss_required
