import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.authorization.blocks import (
    CLIENT_SECRET,
    CODE,
    REDIRECT_URI,
    VERIFIER,
    client,
    values,
)

from connectsmith.core.authorization.grant import exchange_request
from connectsmith.core.authorization.token_set import TokenSet, read_token_answer, renewing_token
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    ClientRejected,
    ConnectsmithError,
    Fault,
    GrantRejected,
    TokenAnswerInvalid,
    TokenEndpointBusy,
)

RECEIVED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "token_answers.json").read_text()
)
GOOD = [each for each in VECTORS if "expect" in each]
BAD = [each for each in VECTORS if "error" in each]
HELD = TokenSet(
    access_token=Secret("old-at"),
    received_at=RECEIVED_AT - timedelta(hours=1),
    refresh_token=Secret("old-rt"),
    lifetime=timedelta(minutes=30),
    scopes=("old",),
    captured={"instance": Secret("old-i")},
)


def answer(vector: dict[str, Any]) -> TokenSet:
    return read_token_answer(
        client(**vector.get("auth", {})),
        HttpResponse(
            status=vector.get("status", 200),
            headers=tuple(vector.get("headers", {}).items()),
            body=vector["body"].encode(),
        ),
        received_at=RECEIVED_AT,
        refreshing=HELD if vector.get("refreshing") else None,
    )


def plain(tokens: TokenSet, member: str) -> object:
    value = getattr(tokens, member)
    match value:
        case Secret():
            return value.reveal()
        case timedelta():
            return value.total_seconds()
        case tuple():
            return list(value)
        case dict():
            return {name: each.reveal() for name, each in value.items()}
        case _:
            return value


@pytest.mark.parametrize("vector", GOOD, ids=lambda each: each["name"])
@pytest.mark.row("C-08", "C-10")
def test_grants_are_read_leniently(vector: dict[str, Any]) -> None:
    tokens = answer(vector)

    assert {member: plain(tokens, member) for member in vector["expect"]} == vector["expect"]
    assert tokens.received_at == RECEIVED_AT


@pytest.mark.parametrize("vector", BAD, ids=lambda each: each["name"])
@pytest.mark.row("C-08", "C-09")
def test_everything_else_has_a_named_ending(vector: dict[str, Any]) -> None:
    with pytest.raises(ConnectsmithError) as refused:
        answer(vector)

    assert refused.value.code == vector["error"]
    assert refused.value.message.isprintable()


def test_vectors_are_many_and_named_apart() -> None:
    assert len(VECTORS) >= 60
    assert len({each["name"] for each in VECTORS}) == len(VECTORS)


def refused(body: object, *, sent: HttpRequest | None = None, **response: Any) -> ConnectsmithError:
    with pytest.raises(ConnectsmithError) as error:
        read_token_answer(
            client(),
            HttpResponse(
                status=response.get("status", 400),
                headers=response.get("headers", ()),
                body=json.dumps(body).encode(),
                truncated=response.get("truncated", False),
            ),
            received_at=RECEIVED_AT,
            refreshing=None,
            sent=sent,
        )
    return error.value


@pytest.mark.row("C-09")
def test_only_the_grants_own_refusal_concerns_the_connection() -> None:
    faults = {
        each["error"]: type(refused_by(each)).fault for each in BAD if not each.get("refreshing")
    }

    assert faults == {
        "grant_rejected": Fault.CREDENTIALS,
        "client_rejected": Fault.DEFINITION,
        "authorization_request_rejected": Fault.DEFINITION,
        "token_answer_invalid": Fault.REMOTE,
        "token_endpoint_redirected": Fault.REMOTE,
        "token_endpoint_busy": Fault.REMOTE,
    }


def refused_by(vector: dict[str, Any]) -> ConnectsmithError:
    with pytest.raises(ConnectsmithError) as error:
        answer(vector)
    return error.value


def test_refusal_repeats_the_servers_words_in_one_short_line() -> None:
    error = refused(
        {
            "error": "invalid_grant",
            "error_description": "Token\r\n\x1b[31mrevoked\u202e!" + "x" * 999,
        }
    )

    assert isinstance(error, GrantRejected)
    assert "invalid_grant: Token [31mrevoked !xxx" in error.message
    assert error.message.isprintable()
    assert len(error.message) < 500
    assert error.details["status"] == 400
    assert error.details["error"] == "invalid_grant"


def test_sentence_of_a_server_stands_in_ours() -> None:
    error = refused({"error": "invalid_grant", "error_description": "The token is unknown."})

    assert error is not None
    assert "refused (invalid_grant: The token is unknown). " in error.message


def test_what_was_sent_is_masked_where_the_server_repeats_it() -> None:
    sent = exchange_request(
        client(), code=CODE, redirect_uri=Secret(REDIRECT_URI), verifier=VERIFIER, values=values()
    )
    echo = sent.body.decode() + f" {CODE.reveal()} {CLIENT_SECRET}"

    error = refused({"error": "invalid_client", "error_description": echo[-280:]}, sent=sent)

    assert isinstance(error, ClientRejected)
    shown = f"{error.message} {error.details}"
    for secret in (CODE.reveal(), CLIENT_SECRET, VERIFIER.reveal(), "s3cr%25t", "%2Fwith"):
        assert secret not in shown
    assert "[masked:sent]" in error.message


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("120", 120.0),
        ("999999", 3600.0),
        ("Mon, 23 Nov 2026 12:05:00 GMT", 300.0),
        ("Mon, 23 Nov 2026 11:05:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_busy_endpoint_says_when_to_come_back(written: str, seconds: float | None) -> None:
    error = refused({}, status=429, headers=(("retry-after", written),))

    assert isinstance(error, TokenEndpointBusy)
    assert error.retry_after_seconds == seconds


def test_answer_that_was_cut_is_no_answer() -> None:
    error = refused({"access_token": "at"}, status=200, truncated=True)

    assert isinstance(error, TokenAnswerInvalid)


@given(st.binary(max_size=300), st.sampled_from([200, 400, 401]))
def test_any_bytes_end_in_tokens_or_in_a_named_error(body: bytes, status: int) -> None:
    response = HttpResponse(status=status, body=body)
    try:
        tokens = read_token_answer(client(), response, received_at=RECEIVED_AT, refreshing=None)
    except ConnectsmithError as error:
        assert error.message.isprintable()  # noqa: PT017 - both endings are fine
    else:
        assert tokens.access_token


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(
    st.fixed_dictionaries(
        {"access_token": JSON},
        optional=dict.fromkeys(
            ("refresh_token", "expires_in", "expires_at", "scope", "token_type", "error"), JSON
        ),
    )
)
def test_any_members_end_in_tokens_or_in_a_named_error(body: dict[str, Any]) -> None:
    signing_in = client(tokenResponse={"expires_at": "/expires_at"})
    response = HttpResponse(status=200, body=json.dumps(body).encode())
    try:
        tokens = read_token_answer(signing_in, response, received_at=RECEIVED_AT, refreshing=None)
    except ConnectsmithError as error:
        assert error.message.isprintable()  # noqa: PT017 - both endings are fine
    else:
        assert tokens.lifetime is None or tokens.lifetime > timedelta()
        assert tokens.expires_at is None or tokens.expires_at > RECEIVED_AT


def test_renewing_token_is_the_one_the_definition_names() -> None:
    assert renewing_token(client(), HELD) == HELD.refresh_token
    assert renewing_token(client(refresh={"by": "access_token"}), HELD) == HELD.access_token


def test_representation_shows_no_token() -> None:
    assert "old-at" not in repr(HELD)
    assert "old-rt" not in repr(HELD)
