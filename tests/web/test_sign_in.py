import re
from http.cookies import Morsel, SimpleCookie

import httpx
import pytest
from tests.service.standing import Standing, standing
from tests.web.operator import (
    EMAIL,
    PASSWORD,
    SAME_SITE,
    OperatorBrowser,
    cookie_name,
    enrol,
    signed_in,
    stranger,
)

from connectsmith.web.addresses import own_path
from connectsmith.web.visit import LONGEST_OF_STRANGERS

RIGHT = {"email": EMAIL, "password": PASSWORD}
HTTPS = "https://connect.example.com"


def set_cookies(answer: httpx.Response) -> dict[str, Morsel[str]]:
    jar: SimpleCookie = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        jar.load(line)
    return dict(jar)


async def test_pages_lead_to_the_sign_in_and_back(installation: Standing) -> None:
    await enrol(installation)
    browser = stranger(installation)

    sent = await browser.get("/connectors?search=calendar")
    assert sent.headers["location"] == "/sign-in?to=%2Fconnectors%3Fsearch%3Dcalendar"
    asked = await browser.get(sent.headers["location"])
    to = re.search(r'name="to" value="([^"]+)"', asked.text)
    assert to is not None
    entered = await browser.post("/sign-in", RIGHT | {"to": to[1]})

    assert entered.headers["location"] == "/connectors?search=calendar"
    assert (await browser.get("/connectors")).status_code == 200
    assert (await browser.get("/sign-in")).headers["location"] == "/connectors"


@pytest.mark.row("T-64")
async def test_stranger_sends_a_form_of_a_limited_length(installation: Standing) -> None:
    await enrol(installation)
    long = {"to": "x" * LONGEST_OF_STRANGERS}

    by_stranger = await stranger(installation).post("/sign-in", RIGHT | long)
    by_operator = await (await signed_in(installation)).post("/sign-out", long)

    assert by_stranger.status_code == 413
    assert by_operator.status_code == 303


@pytest.mark.row("T-17")
@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example",
        "/%2f/evil.example", "/%5cevil.example", "/connectors//evil.example", "/connectors/../../x",
        "/\tconnectors", "/connectors\n", "connectors", "", "/connectors@evil.example",
        "javascript:alert(1)", "/sign-out", "/connectors#x", "/connectors/%2e%2e/x", "/v1/tokens",
        "///evil.example", "/connectors?to=https://evil.example", " /connectors", "http:/settings",
    ],
)  # fmt: skip
async def test_sign_in_leads_to_pages_of_ours_alone(installation: Standing, to: str) -> None:
    await enrol(installation)

    entered = await stranger(installation).post("/sign-in", RIGHT | {"to": to})

    assert own_path(to) == "/connectors"
    assert entered.headers["location"] == "/connectors"


@pytest.mark.row("T-72")
async def test_over_https_cookies_are_bound_to_the_host_and_the_channel() -> None:
    async with standing(public_url=HTTPS) as installation:
        await enrol(installation)
        browser = stranger(installation)
        entered = await browser.post(
            "/sign-in", RIGHT, headers={"Sec-Fetch-Site": "same-origin", "Origin": HTTPS}
        )

    cookies = set_cookies(entered)
    assert set(cookies) == {"__Host-connectsmith-session", "__Host-connectsmith-device"}
    for each in cookies.values():
        assert each["secure"]
        assert each["httponly"]
        assert each["samesite"] == "lax"
        assert each["path"] == "/"
        assert not each["domain"]


@pytest.mark.row("T-72")
async def test_over_plain_http_cookies_have_another_name_and_are_not_secure(
    installation: Standing,
) -> None:
    await enrol(installation)
    entered = await stranger(installation).post("/sign-in", RIGHT)

    cookies = set_cookies(entered)
    assert set(cookies) == {"connectsmith-session-8400", "connectsmith-device-8400"}
    for each in cookies.values():
        assert not each["secure"]
        assert each["httponly"]
        assert each["samesite"] == "lax"


@pytest.mark.row("T-72")
async def test_cookie_that_was_planted_before_is_worth_nothing_afterwards(
    installation: Standing,
) -> None:
    await enrol(installation)
    name = cookie_name(installation, "session")
    victim, thief = stranger(installation), stranger(installation)
    victim.client.cookies.set(name, "planted-by-somebody-else")
    thief.client.cookies.set(name, "planted-by-somebody-else")

    entered = await victim.post("/sign-in", RIGHT)

    assert set_cookies(entered)[name].value != "planted-by-somebody-else"
    assert (await thief.get("/connectors")).headers["location"].startswith("/sign-in")


@pytest.mark.row("T-72")
async def test_signing_out_ends_every_copy(installation: Standing) -> None:
    browser = await signed_in(installation)
    copy = stranger(installation)
    copy.client.cookies.update(browser.client.cookies)
    assert (await copy.get("/connectors")).status_code == 200

    out = await browser.post("/sign-out")

    assert out.headers["location"] == "/sign-in"
    assert (await copy.get("/connectors")).headers["location"].startswith("/sign-in")


@pytest.mark.row("T-73")
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:8401"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:8400"},
        {},
    ],
    ids=str,
)
async def test_form_of_another_site_changes_nothing(
    installation: Standing, headers: dict[str, str]
) -> None:
    browser = await signed_in(installation)
    proof = await browser.proof()

    refused = await browser.post("/sign-out", proof=proof, headers=headers)

    assert refused.status_code == 403
    assert "cross_site_request" in refused.text
    assert (await browser.get("/connectors")).status_code == 200


@pytest.mark.row("T-73")
async def test_form_without_this_sessions_own_value_changes_nothing(
    installation: Standing,
) -> None:
    browser = await signed_in(installation)
    elsewhere = await stranger(installation).proof("/sign-in")

    for proof in ("", elsewhere, "x" * 43, "ü"):
        assert (await browser.post("/sign-out", proof=proof)).status_code == 403

    assert (await browser.get("/connectors")).status_code == 200


@pytest.mark.row("T-73")
async def test_body_that_is_no_form_is_not_read(installation: Standing) -> None:
    browser = await signed_in(installation)
    proof = await browser.proof()

    for kind in ("text/plain", "application/json", "multipart/form-data; boundary=x", ""):
        answer = await browser.client.post(
            "/sign-out",
            content=f"form={proof}",
            headers=SAME_SITE | ({"Content-Type": kind} if kind else {}),
        )
        assert answer.status_code == 415

    assert (await browser.get("/connectors")).status_code == 200


@pytest.mark.row("T-73")
async def test_sign_in_itself_cannot_be_sent_from_elsewhere(installation: Standing) -> None:
    await enrol(installation)
    browser = stranger(installation)
    proof = await browser.proof("/sign-in")

    from_elsewhere = await browser.post(
        "/sign-in", RIGHT, proof=proof, headers={"Sec-Fetch-Site": "cross-site"}
    )
    without_cookie = await stranger(installation).post("/sign-in", RIGHT, proof=proof)

    assert from_elsewhere.status_code == 403
    assert without_cookie.status_code == 403


async def test_wrong_password_is_422_and_says_neither_which(installation: Standing) -> None:
    await enrol(installation)
    browser = stranger(installation)

    known = await browser.post("/sign-in", {"email": EMAIL, "password": "wrong"})
    unknown = await browser.post("/sign-in", {"email": "eve@example.com", "password": "wrong"})

    assert (known.status_code, unknown.status_code) == (422, 422)
    assert known.text.replace(EMAIL, "") == unknown.text.replace("eve@example.com", "")
    assert "wrong" not in known.text.replace("password is wrong", "")


@pytest.mark.row("T-70")
async def test_too_many_attempts_are_429_and_say_when(installation: Standing) -> None:
    await enrol(installation)
    browser = stranger(installation)
    for _ in range(3):
        await browser.post("/sign-in", {"email": EMAIL, "password": "wrong"})

    refused = await browser.post("/sign-in", RIGHT)

    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "4"
    assert "looked at in 4 seconds" in refused.text


async def test_looking_at_a_link_does_not_use_it_up(installation: Standing) -> None:
    link = await installation.application.desks.sign_in.local_link()
    browser = stranger(installation)
    for _ in range(3):
        assert (await browser.get(f"/welcome/{link}")).status_code == 200
    proof = await browser.proof(f"/welcome/{link}")
    filled = {"email": EMAIL, "password": PASSWORD, "again": PASSWORD}

    entered = await browser.post(f"/welcome/{link}", filled, proof=proof)
    again = await browser.get(f"/welcome/{link}")

    assert entered.headers["location"] == "/connectors"
    assert again.status_code == 410
    assert f"You are signed in as {EMAIL}." in (await browser.get("/connectors")).text
    assert "You are signed in as" not in (await browser.get("/connectors")).text


async def test_expired_session_sends_htmx_to_the_sign_in(installation: Standing) -> None:
    answer = await stranger(installation).get(
        "/connectors", **{"HX-Request": "true", "HX-Current-URL": "http://x/connectors?search=a"}
    )

    assert answer.headers["hx-redirect"] == "/sign-in?to=%2Fconnectors%3Fsearch%3Da"


async def test_another_name_of_this_machine_is_pointed_to_the_installations_own(
    installation: Standing,
) -> None:
    browser = OperatorBrowser(installation.browser().client)

    elsewhere = await browser.get("/sign-in", Host="localhost:8400")
    here = await browser.get("/sign-in")

    assert "address is" in elsewhere.text
    assert "address is" not in here.text
