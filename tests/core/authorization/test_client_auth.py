import base64
from typing import get_args
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.authorization.blocks import (
    CLIENT_ID,
    CLIENT_SECRET,
    CODE,
    REDIRECT_URI,
    VERIFIER,
    carried_by,
    client,
    form_of,
    values,
)

from connectsmith.core.authorization.client_auth import client_proof
from connectsmith.core.authorization.grant import exchange_request
from connectsmith.core.definition.model import ClientAuth
from connectsmith.core.message import HttpRequest
from connectsmith.core.secret.secret import Secret

FORMED = "an+id:s3cr%25t%3A%2B%26+%2F%3D~%C3%A9"
RAW = f"{CLIENT_ID}:{CLIENT_SECRET}"

AS_TEXT = {
    # method: (credentials in the header, client_id and client_secret in the body)
    "basic": (FORMED, False, False),
    "basic_raw": (RAW, False, False),
    "basic_secret": (f"{CLIENT_SECRET}:", False, False),
    "body": (None, True, True),
    "both": (RAW, True, True),
    "none": (None, True, False),
}


def request_with(how: str | None, **auth: object) -> HttpRequest:
    return exchange_request(
        client(clientAuth=how, **auth),
        code=CODE,
        redirect_uri=Secret(REDIRECT_URI),
        verifier=VERIFIER,
        values=values(),
    )


def basic_of(request: HttpRequest) -> str | None:
    header = dict(request.headers).get("Authorization")
    if header is None:
        return None
    scheme, _, encoded = header.partition(" ")
    assert scheme == "Basic"
    return base64.b64decode(encoded, validate=True).decode()


@pytest.mark.parametrize("how", sorted(AS_TEXT))
@pytest.mark.row("C-04")
def test_client_proves_itself_in_the_one_way_that_is_written(how: str) -> None:
    credentials, has_id, has_secret = AS_TEXT[how]

    request = request_with(how)

    sent = form_of(request)
    assert basic_of(request) == credentials
    assert sent.get("client_id") == (CLIENT_ID if has_id else None)
    assert sent.get("client_secret") == (CLIENT_SECRET if has_secret else None)
    assert "?" not in request.url


def test_every_method_that_is_carried_out_is_in_the_table() -> None:
    assert {*AS_TEXT, "private_key_jwt"} == set(get_args(ClientAuth))


def test_secret_goes_into_the_body_unless_said() -> None:
    assert form_of(request_with(None))["client_secret"] == CLIENT_SECRET


def test_client_without_secret_only_names_itself() -> None:
    sent = form_of(request_with(None, clientSecret=None))

    assert sent["client_id"] == CLIENT_ID
    assert "client_secret" not in sent


@pytest.mark.parametrize("how", sorted(AS_TEXT))
def test_request_carries_what_it_shows_and_nothing_else(how: str) -> None:
    request = request_with(how)

    carried = carried_by(request).keys()
    assert ('the secret "clientSecret"' in carried) is (how != "none")
    assert ('the secret "clientID"' in carried) is (how != "basic_secret")


@given(st.text(min_size=1), st.text(min_size=1))
def test_form_encoded_credentials_read_back_whatever_they_hold(user: str, password: str) -> None:
    proof = client_proof("basic", client_id=Secret(user), client_secret=Secret(password))

    encoded = proof.headers[0][1].reveal().removeprefix("Basic ")
    first, _, second = base64.b64decode(encoded).decode("ascii").partition(":")
    assert (unquote_plus(first), unquote_plus(second)) == (user, password)
