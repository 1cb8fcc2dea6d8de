import json

import pytest

from connectsmith.core.message import HttpResponse
from connectsmith.core.result.unread import veiled
from connectsmith.core.secret.redaction import Redactor

REDACTOR = Redactor((), lambda value: f"{len(value):08x}")
TOKEN = "a-token-under-an-unknown-name"


def shown(body: bytes) -> str:
    return veiled(HttpResponse(200, (), body), REDACTOR).body.decode()


def test_every_longer_text_of_an_answer_is_masked_and_its_shape_is_left() -> None:
    body = {"t": TOKEN, "n": 3600, "kind": "Bearer", "in": {"here": [TOKEN, True, None]}}

    assert json.loads(shown(json.dumps(body).encode())) == {
        "t": REDACTOR.mask(TOKEN.encode()),
        "n": 3600,
        "kind": "Bearer",
        "in": {"here": [REDACTOR.mask(TOKEN.encode()), True, None]},
    }


def test_values_of_a_form_are_masked() -> None:
    text = shown(f"t={TOKEN}&kind=bearer".encode())

    assert TOKEN not in text
    assert text.endswith("&kind=bearer")


@pytest.mark.parametrize("body", [TOKEN.encode(), b'{"t": "' + TOKEN.encode(), b"\xff\xfe" * 20])
def test_what_is_neither_is_masked_whole(body: bytes) -> None:
    text = shown(body)

    assert text.startswith("[")
    assert TOKEN not in text


def test_a_page_is_left_as_it_is() -> None:
    assert shown(b"<html>Sign in</html>") == "<html>Sign in</html>"


def test_nothing_stays_nothing() -> None:
    assert not shown(b"")
