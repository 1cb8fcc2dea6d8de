import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx
import pytest
from tests.service.standing import Standing, standing

from connectsmith.web.pages import HEADERS

NAME = "connectsmith_"
SECURE_NAME = "__Host-connectsmith_"


class Loaded(HTMLParser):
    """What a page would fetch, run or lead to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        leads = {"src", "href", "action", "formaction", "data", "poster", "srcset", "ping"}
        self.found += [f"{tag} {name}" for name in leads & held.keys()]
        self.found += [f"{tag} {name}" for name in held if name.startswith("on")]
        if tag in {"script", "iframe", "img", "link", "object", "base", "a"}:
            self.found.append(tag)


async def every_answer(installation: Standing) -> dict[str, httpx.Response]:
    """Go through all pages and redirects that a browser may see."""
    connector = await installation.connector()
    started = await installation.caller.start(connector, return_to=None)
    browser = installation.browser()
    answers = {"start": await browser.client.get(started["start_url"])}
    answers["departure"] = await browser.client.post(started["start_url"])
    answers["used"] = await browser.client.get(started["start_url"])
    location = httpx.URL(answers["departure"].headers["location"])
    callback = urlsplit(location.params["redirect_uri"]).path
    state = location.params["state"]
    stranger = installation.browser()
    answers["refusal"] = await stranger.come_back(callback, code="the-code", state=state)
    answers["refused"] = await stranger.see(answers["refusal"])
    answers["return"] = await browser.come_back(callback, code="the-code", state=state)
    answers["typed"] = await browser.see(answers["return"])
    del browser.client.cookies[f"{_prefix(installation)}typed_{started['id']}"]
    answers["received"] = await browser.see(answers["return"])
    denied = await installation.caller.start(connector, return_to=None)
    request = await browser.depart(denied["start_url"])
    answers["denial"] = await browser.come_back(
        callback, error="access_denied", state=request["state"]
    )
    answers["failed"] = await browser.see(answers["denial"])
    return answers


def _prefix(installation: Standing) -> str:
    public = installation.application.desks.rules.public_url
    return SECURE_NAME if public.startswith("https:") else NAME


@pytest.mark.row("C-16")
async def test_every_page_and_redirect_forbids_referrers_caches_and_frames(
    installation: Standing,
) -> None:
    answers = await every_answer(installation)

    for name, answer in answers.items():
        for header, value in HEADERS.items():
            assert answer.headers.get_list(header) == [value], name
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy, name
        assert "unsafe" not in policy, name
        assert answer.headers["referrer-policy"] == "no-referrer", name
        assert answer.headers["cache-control"] == "no-store", name


@pytest.mark.row("C-16")
async def test_pages_load_nothing_and_lead_nowhere(installation: Standing) -> None:
    answers = await every_answer(installation)

    pages = {name: each for name, each in answers.items() if each.status_code != 303}
    assert pages.keys() == {"start", "used", "refused", "typed", "received", "failed"}
    for name, page in pages.items():
        assert Loaded(page.text).found == [], name
        assert not re.search(r"url\(|@import", page.text), name


@pytest.mark.row("C-26")
async def test_start_page_shows_what_is_asked_for_and_nothing_else_is(
    installation: Standing,
) -> None:
    connector = await installation.connector(scope="calendar.read calendar.write")
    started = await installation.caller.start(connector)
    browser = installation.browser()

    page = await browser.client.get(started["start_url"])
    request = await browser.depart(started["start_url"])

    shown = re.findall(r"<li><code>([^<]*)</code></li>", page.text)
    assert shown == ["calendar.read", "calendar.write"]
    assert request["scope"].split() == shown


@pytest.mark.row("C-16")
async def test_callback_leaves_no_code_or_state_in_the_address(installation: Standing) -> None:
    """An address that holds a code is kept, read off, or copied to whoever asks for it."""
    answers = await every_answer(installation)

    for name in ("refusal", "return", "denial"):
        assert answers[name].status_code == 303, name
        place = urlsplit(answers[name].headers["location"])
        assert (place.scheme, place.netloc, place.query, place.fragment) == ("", "", "", ""), name
        assert answers[name].text == ""


async def test_statuses_say_what_became_of_it(installation: Standing) -> None:
    answers = await every_answer(installation)

    statuses = {name: each.status_code for name, each in answers.items()}
    assert statuses == {
        "start": 200,
        "departure": 303,
        "used": 410,
        "refusal": 303,
        "refused": 400,
        "return": 303,
        "typed": 200,
        "received": 200,
        "denial": 303,
        "failed": 409,
    }


@pytest.mark.parametrize("answer", ["departure", "return"])
async def test_cookies_over_loopback_reach_the_callback_alone(
    installation: Standing, answer: str
) -> None:
    given = (await every_answer(installation))[answer].headers["set-cookie"]

    assert given.startswith(NAME)
    parts = {each.strip().lower() for each in given.split(";")[1:]}
    assert {"httponly", "samesite=lax"} <= parts
    assert any(each.startswith("path=/oauth/callback/con_") for each in parts)
    assert "max-age=600" in parts
    assert "secure" not in parts
    assert not any(each.startswith("domain") for each in parts)


@pytest.mark.parametrize("answer", ["departure", "return"])
async def test_cookies_over_https_cannot_come_from_another_host(answer: str) -> None:
    async with standing(public_url="https://connect.example.com") as installation:
        given = (await every_answer(installation))[answer].headers["set-cookie"]

    assert given.startswith(SECURE_NAME)
    parts = {each.strip().lower() for each in given.split(";")[1:]}
    assert {"httponly", "samesite=lax", "secure", "path=/", "max-age=600"} <= parts
    assert not any(each.startswith("domain") for each in parts)


async def test_cookie_named_as_over_http_is_not_believed_over_https() -> None:
    async with standing(public_url="https://connect.example.com") as installation:
        started = await installation.caller.start(await installation.connector())
        browser, tossed = installation.browser(), installation.browser()
        request = await browser.depart(started["start_url"])
        (value,) = browser.client.cookies.values()
        tossed.client.cookies.set(f"{NAME}{started['id']}", value)

        answer = await tossed.come_back(request.callback, code="c", state=request["state"])

        assert answer.headers["location"].endswith("/refused")


@pytest.mark.row("T-11")
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_button_pressed_by_another_site_is_refused(installation: Standing, site: str) -> None:
    started = await installation.caller.start(await installation.connector())
    browser = installation.browser()

    answer = await browser.client.post(started["start_url"], headers={"Sec-Fetch-Site": site})

    assert answer.status_code == 403
    assert (await installation.row(started["id"])).status == "created"
    assert not browser.client.cookies


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}),
        ("GET", {"Purpose": "prefetch"}),
    ],
)
async def test_browser_that_only_looks_ahead_uses_nothing_up(
    installation: Standing, method: str, headers: dict[str, str]
) -> None:
    started = await installation.caller.start(await installation.connector())
    browser = installation.browser()
    request = await browser.depart(started["start_url"])
    params = {"code": "the-code", "state": request["state"]}

    answer = await browser.client.request(method, request.callback, params=params, headers=headers)

    assert answer.status_code == 503
    assert (await installation.row(started["id"])).status == "started"


async def test_two_sign_ins_in_one_browser_do_not_disturb_each_other(
    installation: Standing,
) -> None:
    connector = await installation.connector()
    browser = installation.browser()
    started = [await installation.caller.start(connector, return_to=None) for _ in range(2)]
    requests = [await browser.depart(each["start_url"]) for each in started]

    backs = [
        await browser.come_back(each.callback, code="the-code", state=each["state"])
        for each in requests
    ]
    pages = [await browser.see(each) for each in backs]

    codes = [re.search(r"<output>(.*?)</output>", page.text) for page in pages]
    assert all(codes)
    assert pages[0].text != pages[1].text


async def test_name_of_a_connector_is_text(installation: Standing) -> None:
    connector = await installation.connector()
    draft = await installation.caller.client.get(f"/v1/connectors/{connector}/draft")
    text = draft.json()["text"].replace('"Calendar"', '"<b onclick=x>&lt;"')
    await installation.caller.client.put(
        f"/v1/connectors/{connector}/draft",
        json={"text": text},
        headers={"If-Match": draft.headers["etag"]},
    )
    started = await installation.caller.start(connector)

    page = await installation.browser().client.get(started["start_url"])

    assert "<b onclick" not in page.text
    assert "&lt;b onclick=x&gt;&amp;lt;" in page.text


@pytest.mark.row("T-17", "C-15")
@pytest.mark.parametrize(
    "path",
    [
        "/oauth/callback//evil.example",
        "/oauth/callback/%2F%2Fevil.example",
        "/oauth/callback/%5Cevil.example?state=x",
        "/oauth/callback/https:%2F%2Fevil.example?state=x",
        "/oauth/callback/con_x?state=x&return_to=https://evil.example",
        "/oauth/callback/con_x?next=//evil.example",
        "/oauth/callback/%0d%0aLocation:%20x?state=x",
        "/oauth/callback/con_x/refused?next=//evil.example",
        "/oauth/start/x?return_to=//evil.example",
    ],
)
async def test_nothing_that_a_request_names_is_redirected_to(
    installation: Standing, path: str
) -> None:
    answer = await installation.browser().client.get(path)

    location = answer.headers.get("location", "/oauth/callback/")
    assert location.startswith("/oauth/callback/")
    assert "evil.example" not in urlsplit(location).query
    assert "\r" not in location
    assert urlsplit(location).netloc == ""
