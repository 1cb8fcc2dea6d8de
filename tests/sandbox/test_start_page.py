import httpx
import pytest
from tests.servers.sandbox import SandboxServer

from connectsmith.samples import PRACTICE_CLIENT_ID


def test_every_page_says_what_it_is(sandbox: SandboxServer) -> None:
    start = httpx.get(f"{sandbox.issuer}/")
    refusal = httpx.get(f"{sandbox.issuer}/authorize")

    assert start.status_code == 200
    assert refusal.status_code == 400
    for page in (start.text, refusal.text):
        assert "Connectsmith sandbox." in page
        assert "made up" in page


def test_pages_forbid_scripts_frames_and_anything_from_elsewhere(sandbox: SandboxServer) -> None:
    page = httpx.get(f"{sandbox.issuer}/")

    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in page.text


def test_a_form_adds_a_callback_url_and_the_page_shows_it(sandbox: SandboxServer) -> None:
    callback = "http://127.0.0.1:8400/oauth/callback/con_a"

    page = httpx.post(
        f"{sandbox.issuer}/settings/redirect-uris",
        data={"client_id": PRACTICE_CLIENT_ID, "redirect_uri": callback},
        follow_redirects=True,
    )

    assert page.status_code == 200
    assert callback in page.text


def test_an_unacceptable_callback_url_is_named_and_changes_nothing(sandbox: SandboxServer) -> None:
    page = httpx.post(
        f"{sandbox.issuer}/settings/redirect-uris",
        data={"client_id": PRACTICE_CLIENT_ID, "redirect_uri": "javascript:alert(1)"},
    )

    assert page.status_code == 422
    assert "whole http or https address" in page.text
    assert "None yet." in page.text


def test_an_app_is_registered_by_a_form_and_its_secret_is_shown(sandbox: SandboxServer) -> None:
    form = {"name": "My <b>calendar</b>", "redirect_uri": ""}

    page = httpx.post(f"{sandbox.issuer}/settings/clients", data=form, follow_redirects=True)

    made = list(sandbox.state.clients)[-1]
    assert page.status_code == 200
    assert (made.name, made.redirect_uris) == (form["name"], ())
    for shown in (made.id, made.secret, "My &lt;b&gt;calendar&lt;/b&gt;"):
        assert shown in page.text


def test_an_app_may_be_registered_with_its_callback_url(sandbox: SandboxServer) -> None:
    callback = "http://127.0.0.1:8400/oauth/callback/con_a"

    httpx.post(
        f"{sandbox.issuer}/settings/clients", data={"name": "Mine", "redirect_uri": callback}
    )

    assert list(sandbox.state.clients)[-1].redirect_uris == (callback,)


@pytest.mark.parametrize(
    "form", [{"name": " "}, {}, {"name": "Mine", "redirect_uri": "javascript:alert(1)"}]
)
def test_an_app_without_a_name_or_with_another_kind_of_address_is_not_registered(
    sandbox: SandboxServer, form: dict[str, str]
) -> None:
    page = httpx.post(f"{sandbox.issuer}/settings/clients", data=form)

    assert page.status_code == 422
    assert len(list(sandbox.state.clients)) == 1


def test_a_reload_after_a_form_does_nothing_again_and_says_nothing_again(
    sandbox: SandboxServer,
) -> None:
    with httpx.Client(base_url=sandbox.issuer, follow_redirects=True) as browser:
        page = browser.post("/settings/clients", data={"name": "Mine"})
        again = browser.request(page.request.method, page.url)

    assert (page.request.method, page.url.path) == ("GET", "/")
    assert ("“Mine” is registered." in page.text, "is registered." in again.text) == (True, False)
    assert len(list(sandbox.state.clients)) == 2


def test_a_reloaded_form_address_leads_back_to_the_start_page(sandbox: SandboxServer) -> None:
    answer = httpx.get(f"{sandbox.issuer}/settings/lifetime")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_another_host_name_is_refused(sandbox: SandboxServer) -> None:
    answer = httpx.get(f"http://127.0.0.1:{sandbox.port}/")

    assert answer.status_code == 421
    assert sandbox.issuer in answer.text


def test_a_form_of_another_origin_is_refused(sandbox: SandboxServer) -> None:
    answer = httpx.post(
        f"{sandbox.issuer}/settings/expire", data={}, headers={"Origin": "https://evil.example"}
    )

    assert answer.status_code == 403
