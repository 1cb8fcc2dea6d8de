from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.servers.sandbox import SandboxServer

from connectsmith.sandbox.driver import Browser

CALLBACK = "http://127.0.0.1:9/cb?kept=1"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def request_url(sandbox: SandboxServer, **changes: str | None) -> str:
    client = sandbox.register(redirect_uris=[CALLBACK])
    asked: dict[str, str | None] = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": CALLBACK,
        "scope": "calendar.read",
        "state": "s t+a/t=e",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    written = {name: value for name, value in asked.items() if value is not None}
    return str(httpx.URL(f"{sandbox.issuer}/authorize", params=written))


def answer_of(location: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(location).query)


def test_the_answer_keeps_the_query_of_the_redirect_uri_and_the_exact_state(
    sandbox: SandboxServer,
) -> None:
    with Browser(stop_at="http://127.0.0.1:9/") as browser:
        arrived = browser.submit(browser.open(request_url(sandbox)), button="allow")

    answer = answer_of(arrived.url)
    assert answer["kept"] == ["1"]
    assert answer["state"] == ["s t+a/t=e"]
    assert answer["iss"] == [sandbox.issuer]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "calendar.delete"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_a_fault_of_the_client_is_reported_at_its_redirect_uri(
    sandbox: SandboxServer, changes: dict[str, str | None], error: str
) -> None:
    answer = httpx.get(request_url(sandbox, **changes))

    assert answer.status_code == 303
    told = answer_of(answer.headers["location"])
    assert (told["error"], told["state"]) == ([error], ["s t+a/t=e"])


def test_a_missing_state_is_reported_too(sandbox: SandboxServer) -> None:
    answer = httpx.get(request_url(sandbox, state=None))

    assert answer_of(answer.headers["location"])["error"] == ["invalid_request"]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": "http://127.0.0.1:9/cb"},
        {"redirect_uri": "http://127.0.0.1:9/cb?kept=1&more=2"},
        {"redirect_uri": "https://evil.example/<script>"},
    ],
)
def test_where_the_redirect_uri_is_not_to_be_trusted_nobody_is_redirected(
    sandbox: SandboxServer, changes: dict[str, str | None]
) -> None:
    answer = httpx.get(request_url(sandbox, **changes))

    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "<script" not in answer.text


def test_a_parameter_there_twice_is_answered_on_a_page(sandbox: SandboxServer) -> None:
    answer = httpx.get(f"{request_url(sandbox)}&client_id=other")

    assert answer.status_code == 400
    assert "client_id is there twice" in answer.text


def test_the_consent_page_names_client_scopes_and_where_it_leads(sandbox: SandboxServer) -> None:
    page = httpx.get(request_url(sandbox, scope="calendar.write calendar.read"))

    assert "A test" in page.text
    assert "calendar.read" in page.text
    assert "calendar.write" in page.text
    assert "http://127.0.0.1:9/cb?kept=1" in page.text
    assert "form-action" not in page.headers["content-security-policy"]


def test_a_login_hint_selects_the_person(sandbox: SandboxServer) -> None:
    with Browser() as browser:
        page = browser.open(request_url(sandbox, login_hint="bram"))

    assert page.forms[0].fields["person"] == "bram"


def test_a_consent_page_is_answered_once(sandbox: SandboxServer) -> None:
    with Browser(stop_at="http://127.0.0.1:9/") as browser:
        page = browser.open(request_url(sandbox))
        browser.submit(page, button="allow")
        again = browser.submit(page, button="allow")

    assert again.status == 400
    assert "has been used" in again.html


def test_a_consent_page_is_answered_by_the_browser_it_was_shown_to(
    sandbox: SandboxServer,
) -> None:
    with Browser() as asked, Browser() as other:
        page = asked.open(request_url(sandbox))
        answer = other.submit(page, button="allow")

    assert answer.status == 400


def test_a_consent_page_waits_ten_minutes(sandbox: SandboxServer) -> None:
    with Browser() as browser:
        page = browser.open(request_url(sandbox))
        sandbox.advance(600)
        answer = browser.submit(page, button="allow")

    assert answer.status == 400


@pytest.mark.parametrize("values", [{"person": "eve"}, {"decision": "maybe"}])
def test_an_incomplete_answer_leaves_the_page_open(
    sandbox: SandboxServer, values: dict[str, str]
) -> None:
    with Browser(stop_at="http://127.0.0.1:9/") as browser:
        page = browser.open(request_url(sandbox))
        incomplete = browser.submit(page, {"decision": "allow", **values})
        complete = browser.submit(page, button="allow")

    assert incomplete.status == 400
    assert "code=" in complete.url
