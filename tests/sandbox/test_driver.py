from urllib.parse import quote

import pytest
from tests.servers.hostile import Hostile
from tests.servers.replies import html_reply, json_reply, redirect, with_headers
from tests.servers.sandbox import SandboxServer
from tests.servers.wire import Received

from connectsmith.errors import EgressDenied, RemoteError
from connectsmith.sandbox.driver import Browser, answer_consent

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
BUTTON = '<form method="post" action="/oauth/start/value"><button>Continue</button></form>'


@pytest.fixture
def start_url(sandbox: SandboxServer, hostile: Hostile) -> str:
    """A start page as ours is: one button, whose POST sets a cookie and sends the browser on."""
    callback = f"{hostile.origin}/oauth/callback/con"
    client = sandbox.register(redirect_uris=[callback])
    authorize = (
        f"{sandbox.issuer}/authorize?response_type=code&client_id={client.client_id}"
        f"&redirect_uri={quote(callback)}&state=s"
        f"&code_challenge={CHALLENGE}&code_challenge_method=S256"
    )
    leave = with_headers(redirect(authorize, 303), (("Set-Cookie", "mine=1; Path=/; HttpOnly"),))
    hostile.on("/oauth/callback/con", html_reply("<p>Back again</p>"))
    hostile.on(
        "/oauth/start/value",
        lambda request: leave if request.method == "POST" else html_reply(BUTTON),
    )
    return f"{hostile.origin}/oauth/start/value"


def callback_of(hostile: Hostile) -> Received:
    (callback,) = hostile.at("/oauth/callback/con")
    return callback


def test_consent_leads_back_to_the_callback_with_the_first_site_s_cookie_alone(
    start_url: str, hostile: Hostile
) -> None:
    arrived = answer_consent(start_url)

    assert (arrived.status, arrived.html) == (200, "<p>Back again</p>")
    assert {"code", "state", "iss"} == {name for name, _ in callback_of(hostile).query}
    assert callback_of(hostile).header("cookie") == "mine=1"


def test_no_code_or_state_is_logged_even_at_the_lowest_level(
    start_url: str, hostile: Hostile, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)

    answer_consent(start_url)

    for _, value in callback_of(hostile).query:
        assert f"={quote(value, safe='')}" not in caplog.text


def test_saying_no_leads_back_with_the_error(start_url: str, hostile: Hostile) -> None:
    answer_consent(start_url, allow=False)

    assert ("error", "access_denied") in callback_of(hostile).query


def test_an_address_to_stop_at_is_reported_and_not_asked_for(
    start_url: str, hostile: Hostile
) -> None:
    arrived = answer_consent(start_url, stop_at=f"{hostile.origin}/oauth/callback/")

    assert arrived.status is None
    assert "code=" in arrived.url
    assert hostile.at("/oauth/callback/con") == []


def test_a_start_page_that_refuses_is_where_it_ends(hostile: Hostile) -> None:
    refused = html_reply("<p>This link was used before.</p>", 410)
    hostile.on("/s", html_reply('<form method="post" action="/gone"><button>Go</button></form>'))
    hostile.on("/gone", refused)

    assert answer_consent(f"{hostile.origin}/s").status == 410


def test_a_page_without_a_form_is_named(hostile: Hostile) -> None:
    with pytest.raises(RemoteError, match="no form"):
        answer_consent(f"{hostile.origin}/missing?secret=1")


def test_no_other_machine_is_ever_asked(hostile: Hostile) -> None:
    hostile.on("/", redirect("http://93.184.215.14/"))

    with Browser() as browser, pytest.raises(EgressDenied):
        browser.open(f"{hostile.origin}/")


def test_a_circle_of_redirects_ends(hostile: Hostile) -> None:
    hostile.on("/", redirect("/?again=secret"))

    with Browser() as browser, pytest.raises(RemoteError) as caught:
        browser.open(f"{hostile.origin}/")

    assert "secret" not in caught.value.message


def test_a_form_is_sent_as_a_browser_would(hostile: Hostile) -> None:
    hostile.on(
        "/page",
        html_reply(
            '<form method="post" action="sent?a=1"><input name="text" value="t&amp;t">'
            '<input type="hidden" name="kept" value="1"><input type="checkbox" name="on" checked>'
            '<input type="checkbox" name="off"><input type="radio" name="r" value="1">'
            '<input type="radio" name="r" value="2" checked>'
            '<input type="submit" name="s" value="x">'
            '<button name="s" value="y">Y</button><button name="s" value="z">Z</button></form>'
        ),
    )
    hostile.on("/sent", json_reply({}))

    with Browser() as browser:
        browser.submit(browser.open(f"{hostile.origin}/page"), {"text": "ü"}, button="y")

    (sent,) = hostile.at("/sent")
    assert sent.query == (("a", "1"),)
    assert dict(sent.form) == {"text": "ü", "kept": "1", "on": "on", "r": "2", "s": "y"}
