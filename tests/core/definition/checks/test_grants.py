from typing import Any

import pytest
from tests.core.definition.samples import found

AUTH = "/auth_components"
FIELDS = [{"key": "user"}, {"key": "word", "masked": True}]


def password(**changes: Any) -> dict[str, Any]:
    return {
        f"{AUTH}/grant": "password",
        f"{AUTH}/tokenParams": {
            "username": "{{authFields.user}}",
            "password": "{{authFields.word}}",
        },
        "/requiredSettings/authFields": FIELDS,
    } | changes


@pytest.mark.row("C-25")
def test_password_grant_is_warned_of_wherever_it_is_written() -> None:
    assert ("grant_password", f"{AUTH}/grant") in found(password())
    assert ("grant_password", f"{AUTH}/grant") not in found({})


@pytest.mark.row("C-25")
def test_password_is_the_owners_and_never_the_definitions() -> None:
    literal = password(**{f"{AUTH}/tokenParams": {"username": "a", "password": "hunter2"}})
    absent = password(**{f"{AUTH}/tokenParams": {}})
    shown = password(**{"/requiredSettings/authFields": [{"key": "user"}, {"key": "word"}]})

    assert ("secret_in_clear", f"{AUTH}/tokenParams/password") in found(literal)
    assert ("member_missing", f"{AUTH}/tokenParams") in found(absent)
    assert ("field_not_masked", f"{AUTH}/tokenParams") in found(shown)
    assert not {"secret_in_clear", "member_missing", "field_not_masked"} & {
        code for code, _ in found(password())
    }


@pytest.mark.row("C-25")
@pytest.mark.parametrize("grant", ["implicit", "token", "id_token", "Password"])
def test_no_other_grant_is_known(grant: str) -> None:
    assert ("value_unknown", f"{AUTH}/grant") in found({f"{AUTH}/grant": grant})


@pytest.mark.parametrize(
    ("assertion", "pointer"),
    [
        ({"alg": "HS256"}, "alg"),
        ({"alg": "none"}, "alg"),
        ({"lifetime": 301}, "lifetime"),
        ({"lifetime": 0}, "lifetime"),
    ],
)
def test_assertion_is_signed_by_a_key_and_short_lived(
    assertion: dict[str, Any], pointer: str
) -> None:
    signing = {f"{AUTH}/clientAuth": "private_key_jwt", f"{AUTH}/assertion": assertion}

    assert ("value_invalid", f"{AUTH}/assertion/{pointer}") in found(signing)


def test_assertion_that_only_asks_for_a_token_may_live_longer() -> None:
    asking = {
        f"{AUTH}/grant": "jwt_bearer",
        f"{AUTH}/clientAuth": "none",
        f"{AUTH}/assertion": {"lifetime": 3600},
    }

    assert ("value_invalid", f"{AUTH}/assertion/lifetime") not in found(asking)


def test_audience_without_an_issuer_is_warned_of() -> None:
    signing = {f"{AUTH}/clientAuth": "private_key_jwt", f"{AUTH}/issuer": ...}
    named = {**signing, f"{AUTH}/issuer": "https://auth.example.com"}

    assert ("audience_unsure", AUTH) in found(signing)
    assert ("audience_unsure", AUTH) not in found(named)


@pytest.mark.row("C-45")
@pytest.mark.parametrize("resource", ["api.example.com", "/api", "https://api.example.com/#a", ""])
def test_resource_is_an_absolute_uri_without_fragment(resource: str) -> None:
    pointer = f"{AUTH}/resource"

    assert ("value_invalid", pointer) in found({pointer: resource})
    assert ("value_invalid", f"{pointer}/1") in found({pointer: ["urn:a", resource]})
    assert ("value_invalid", pointer) not in found({pointer: "https://api.example.com/a?b"})
