from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.authorization.blocks import AUTHORIZATION_URL, TOKEN_URL, client

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.response import (
    LONGEST,
    LONGEST_QUERY,
    UNNAMED_ERROR,
    CallbackCode,
    CallbackError,
    check_issuer,
    read_callback,
    refusal,
)
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    AuthorizationRequestRejected,
    CallbackRefused,
    ClientRejected,
    ConnectsmithError,
    ConsentDenied,
    IssuerUnexpected,
    RemoteError,
)

PLAIN = client()


def read(query: str, signing_in: OAuthClient = PLAIN) -> CallbackCode | CallbackError:
    return read_callback(query, signing_in)


def issuer(iss: str | None, signing_in: OAuthClient = PLAIN, **more: Any) -> str | None:
    return check_issuer(
        signing_in, iss, authorization_url=AUTHORIZATION_URL, token_url=TOKEN_URL, **more
    )


@pytest.mark.row("C-06")
def test_code_and_state_are_secrets_and_unknown_parameters_are_ignored() -> None:
    answer = read("code=a%2Fb%2Bc&state=s+1&session_state=x&session_state=y&scope=z&code[]=d")

    assert isinstance(answer, CallbackCode)
    assert answer == CallbackCode(code=Secret("a/b+c"), state=Secret("s 1"))
    assert "a/b+c" not in repr(answer)


@pytest.mark.parametrize("name", ["code", "state", "iss", "error", "error_description"])
@pytest.mark.row("C-06")
def test_repeated_parameter_is_refused(name: str) -> None:
    once = {"code": "c", "state": "s", "iss": "i"} if "error" not in name else {
        "error": "e", "state": "s", "error_description": "d",
    }  # fmt: skip
    query = urlencode(once)
    read(query)

    for again in (once[name], "other", ""):
        with pytest.raises(CallbackRefused):
            read(f"{query}&{name}={again}")


REFUSED = {
    "empty": "",
    "no state": "code=c",
    "empty state": "code=c&state=",
    "no code": "state=s",
    "empty code": "state=s&code=",
    "array": "state=s&code[]=c",
    "both": "state=s&code=c&error=access_denied",
    "long code": "state=s&code=" + "c" * (LONGEST["code"] + 1),
    "long state": "code=c&state=" + "s" * (LONGEST["state"] + 1),
    "long issuer": "code=c&state=s&iss=" + "i" * (LONGEST["iss"] + 1),
    "long error": "state=s&error=" + "e" * (LONGEST["error"] + 1),
    "long query": "code=c&state=s&x=" + "x" * LONGEST_QUERY,
    "many parameters": "code=c&state=s" + "&x=" * 200,
    "line break": "code=c%0d%0aX:y&state=s",
    "NUL": "code=c&state=s%00",
    "no UTF-8": "code=%ff&state=s",
    "no UTF-8 elsewhere": "code=c&state=s&x=%c3%28",
}


@pytest.mark.parametrize("query", REFUSED.values(), ids=REFUSED)
@pytest.mark.row("T-16")
def test_malformed_callback_is_refused_without_repeating_it(query: str) -> None:
    with pytest.raises(CallbackRefused) as refused:
        read(query)

    assert refused.value.place is None
    assert not refused.value.details
    assert refused.value.message.replace("'", "").replace(",", "").isprintable()


def test_empty_error_beside_a_code_is_no_error() -> None:
    assert isinstance(read("code=c&state=s&error=&error_description="), CallbackCode)


def test_errors_of_the_server_come_with_its_words() -> None:
    answer = read(
        "error=access_denied&state=s&iss=https%3A%2F%2Fi.example.com"
        "&error_description=The+owner%0a%1b%5b1msaid+no&error_uri=https://docs.example.com/e%231"
    )

    assert answer == CallbackError(
        error="access_denied",
        description="The owner [1msaid no",
        uri="https://docs.example.com/e#1",
        state=Secret("s"),
        iss="https://i.example.com",
    )


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("access_denied", ConsentDenied),
        ("login_required", ConsentDenied),
        ("unauthorized_client", ClientRejected),
        ("invalid_request", AuthorizationRequestRejected),
        ("unsupported_response_type", AuthorizationRequestRejected),
        ("invalid_scope", AuthorizationRequestRejected),
        ("server_error", RemoteError),
        ("temporarily_unavailable", RemoteError),
        ("something_new", AuthorizationRequestRejected),
        ("<script>", AuthorizationRequestRejected),
    ],
)
@pytest.mark.row("C-07")
def test_every_error_has_an_ending_of_its_own(error: str, kind: type[ConnectsmithError]) -> None:
    answer = read(f"state=s&error_description=why&error={quote(error)}")

    assert isinstance(answer, CallbackError)
    ending = refusal(answer)
    assert type(ending) is kind
    assert f"{answer.error}: why" in ending.message


@pytest.mark.row("C-07")
def test_error_without_state_belongs_to_nobody() -> None:
    with pytest.raises(CallbackRefused):
        read("error=access_denied")


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example.com",
        'https://a.example.com/"onload=x',
        "https://a.example.com/<b>",
        "https://a.example.com/\nX",
        "https://a.example.com/" + "x" * 600,
        "",
    ],
)
@pytest.mark.row("C-14")
def test_address_in_an_error_is_a_web_address_or_nothing(uri: str) -> None:
    answer = read(urlencode({"error": "e", "state": "s", "error_uri": uri}))

    assert isinstance(answer, CallbackError)
    assert answer.uri is None


@pytest.mark.parametrize("error", ["<script>alert(1)</script>", "a b", "é", "x" * 65, 'a"b'])
@pytest.mark.row("C-14")
def test_error_that_is_no_plain_word_is_not_repeated(error: str) -> None:
    answer = read(urlencode({"error": error, "state": "s"}))

    assert isinstance(answer, CallbackError)
    assert answer.error == UNNAMED_ERROR


def test_error_that_echoes_what_was_sent_is_masked() -> None:
    state, client_id = "4VcQ-state-canary-0001", "client-id-canary-0002"
    query = urlencode({
        "state": state,
        "error": state,
        "error_description": "n" * 290 + f" {state} {client_id}",
        "error_uri": f"https://a.example.com/?client={client_id}",
    })  # fmt: skip

    answer = read_callback(query, client(), [Secret(client_id)])

    assert isinstance(answer, CallbackError)
    shown = f"{answer.error} {answer.description} {answer.uri} {refusal(answer).message}"
    assert state[:8] not in shown
    assert client_id[:8] not in shown


def test_long_description_is_cut() -> None:
    answer = read(urlencode({"error": "e", "state": "s", "error_description": "é" * 2000}))

    assert isinstance(answer, CallbackError)
    assert len(answer.description or "") == 300


def test_renamed_parameters_are_read_under_their_new_name() -> None:
    signing_in = client(parameterNames={"callback": {"code": "spapi_oauth_code"}})

    answer = read("spapi_oauth_code=c&state=s&code=ignored", signing_in)

    assert answer == CallbackCode(code=Secret("c"), state=Secret("s"))


def test_values_of_the_callback_are_captured() -> None:
    signing_in = client(
        capture={
            "callback": {
                "realm": "realmId",
                "dc": {"from": "dc", "default": "com"},
                "absent": "absent",
                "first": "code",
            }
        }
    )

    answer = read("code=c&state=s&realmId=12%2034&other=x", signing_in)

    assert isinstance(answer, CallbackCode)
    assert answer.captured == {
        "realm": Secret("12 34"), "dc": Secret("com"), "first": Secret("c"),
    }  # fmt: skip
    with pytest.raises(CallbackRefused):
        read("code=c&state=s&realmId=1&realmId=2", signing_in)
    with pytest.raises(CallbackRefused):
        read("code=c&state=s&realmId=" + "1" * 5000, signing_in)


NAMES = ("code", "state", "error", "error_description", "error_uri", "iss", "code[]", "Code", "")
SPECIMENS = (
    "c",
    "s",
    "access_denied",
    "",
    "%ff",
    "%",
    "%zz",
    "%00",
    "%0d%0aSet-Cookie:x",
    "&",
    "=",
    "+",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "<script>",
    "javascript:alert(1)",
    "https://docs.example.com/%22%3E",
    "%ed%a0%80",
    "e" * 600,
    "c" * 5000,
)
PAIRS = st.tuples(st.sampled_from(NAMES), st.sampled_from(SPECIMENS) | st.text(max_size=6))
QUERIES = st.lists(PAIRS, max_size=6).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)


@pytest.mark.row("T-16")
@settings(max_examples=10_000, deadline=None)
@given(QUERIES)
def test_fuzzed_callbacks_are_read_strictly_or_refused(query: str) -> None:
    """Whatever comes through names code or error once, a state once, and nothing to escape."""
    try:
        answer = read(query)
    except CallbackRefused as error:
        assert not error.details  # noqa: PT017 - both endings are fine
        return
    pieces = [pair.partition("=") for pair in query.split("&")]
    names = [name for name, equals, _ in pieces]
    assert names.count("state") == 1
    if isinstance(answer, CallbackCode):
        assert names.count("code") == 1
        assert answer.code.reveal().isprintable() or not answer.code.reveal().isascii()
    else:
        assert names.count("error") == 1
        assert not set(answer.error) & set("<>\"'& ")
        assert (answer.uri or "https://").startswith(("http://", "https://"))
        assert not set(answer.uri or "") & set('<>"`')


# -- the issuer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "iss",
    [
        "https://issuer.example.com/",
        "https://issuer.example.com:443",
        "https://ISSUER.example.com",
        "https://issuer.example.com.evil.example",
        "https://sign-in.example.com",
        "",
    ],
)
@pytest.mark.row("C-19")
def test_written_issuer_must_be_equal_to_the_character(iss: str) -> None:
    signing_in = client(issuer="https://issuer.example.com")

    assert issuer("https://issuer.example.com", signing_in) == "https://issuer.example.com"
    assert issuer(None, signing_in) is None
    with pytest.raises(IssuerUnexpected):
        issuer(iss, signing_in)


@pytest.mark.row("C-19")
def test_announced_issuer_must_be_there() -> None:
    with pytest.raises(IssuerUnexpected):
        issuer(None, client(issuer="https://issuer.example.com"), required=True)


@pytest.mark.parametrize(
    "iss",
    [
        "https://sign-in.example.com",
        "https://sign-in.example.com:443/x",
        "https://tokens.example.com/t",
    ],
)
@pytest.mark.row("C-20")
def test_issuer_on_an_endpoints_origin_passes_and_is_returned(iss: str) -> None:
    assert issuer(iss) == iss


@pytest.mark.parametrize(
    "iss",
    [
        "https://evil.example.com",
        "http://sign-in.example.com",
        "https://sign-in.example.com:8443",
        "https://sign-in.example.com@evil.example.com",
        "https://sign-in.example.com.evil.example",
        "sign-in.example.com",
        "null",
        "javascript:alert(1)",
    ],
)
@pytest.mark.row("C-20")
def test_issuer_on_another_origin_is_refused(iss: str) -> None:
    with pytest.raises(IssuerUnexpected) as refused:
        issuer(iss)

    assert refused.value.code == "issuer_unexpected"
    assert iss not in refused.value.message


@pytest.mark.row("C-20")
def test_refused_issuer_comes_with_the_fix_that_writes_it() -> None:
    with pytest.raises(IssuerUnexpected) as refused:
        issuer("https://accounts.example.org/v2")

    fix: Any = refused.value.details["fix"]
    assert fix["patch"] == [
        {"op": "add", "path": "/auth_components/issuer", "value": "https://accounts.example.org/v2"}
    ]


def test_what_is_no_address_is_offered_to_nobody() -> None:
    with pytest.raises(IssuerUnexpected) as refused:
        issuer("https://x.example.com/<script>")

    assert "fix" not in refused.value.details
