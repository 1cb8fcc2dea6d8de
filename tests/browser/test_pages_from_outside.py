"""What other sites see of our pages: no referrer, no frame, no code in an address (T-18, T-25)."""

import pytest
from playwright.sync_api import Browser, Page, Request, expect
from tests.browser.conftest import Workbench
from tests.browser.screens import look_at
from tests.journeys.calendar import definition

EVIL = "http://evil.example"


def started(workbench: Workbench) -> str:
    """Publish a connector at the sandbox and start an authorization; return the start page."""
    api = workbench.installation.api
    text = definition(workbench.sandbox.issuer)
    made = api.post("/v1/connectors", {"definition": text, "publish": True})
    client = workbench.sandbox.register(redirect_uris=[made["callback_url"]])
    pairs = [
        {"name": "clientID", "value": client.client_id},
        {"name": "clientSecret", "value": client.client_secret},
    ]
    api.post(f"/v1/connectors/{made['id']}/secrets", {"secrets": pairs})
    begun = api.post(f"/v1/connectors/{made['id']}/authorizations", {})
    url: str = begun["start_url"]
    return url


@pytest.mark.row("T-18", "C-16")
def test_code_and_state_reach_no_address_that_stays_and_no_other_site(
    workbench: Workbench,
) -> None:
    page = workbench.visitor("evil.example")
    callbacks: list[Request] = []
    page.on("request", lambda each: callbacks.append(each) if "code=" in each.url else None)
    page.goto(started(workbench))
    page.get_by_role("button", name="Go to").click()
    page.get_by_role("button", name="Allow").first.click()
    page.wait_for_url("**/oauth/callback/con_*/aut_*")

    (callback,) = callbacks
    answer = callback.response()
    assert answer is not None
    assert answer.status == 303
    assert "no-store" in answer.headers["cache-control"]
    assert "code=" not in page.url
    assert "state=" not in page.url
    page.context.route(f"{EVIL}/**", lambda route: route.fulfill(body="<p>canary</p>"))
    with page.expect_request(f"{EVIL}/**") as led:
        page.evaluate(
            "url => { const link = document.createElement('a'); link.href = url;"
            " document.body.append(link); link.click(); }",
            f"{EVIL}/",
        )
    assert "referer" not in led.value.all_headers()


@pytest.mark.row("T-25")
def test_no_page_can_be_put_into_another_sites_frame(
    workbench: Workbench, browser: Browser
) -> None:
    operator = workbench.operator()
    cookies = operator.context.cookies()
    context = browser.new_context()
    context.add_cookies(cookies)  # type: ignore[arg-type]  # what is read can be put back
    page = context.new_page()
    start = started(workbench).removeprefix(workbench.address)
    frames = "".join(
        f'<iframe src="{workbench.address}{path}"></iframe>'
        for path in ("/connectors", "/sign-in", "/settings", start)
    )
    page.route(f"{EVIL}/**", lambda route: route.fulfill(body=frames, content_type="text/html"))
    page.goto(f"{EVIL}/")

    shown = [each.url for each in page.frames if each.parent_frame is not None]

    assert len(shown) == 4
    assert [url for url in shown if url.startswith(workbench.address)] == []
    context.close()


def go(page: Page, start: str, answer: str) -> None:
    """Press the start page's button, and answer the authorization server's question."""
    page.goto(start)
    page.get_by_role("button", name="Go to").click()
    page.get_by_role("button", name=answer).first.click()


def test_every_state_of_the_pages_from_outside_can_be_read(workbench: Workbench) -> None:
    page, start = workbench.visitor(), started(workbench)

    page.goto(start)
    expect(page.get_by_text("Only go on if you started this yourself.")).to_be_visible()
    look_at(page, "outside-start")
    go(page, start, "Allow")
    typed = page.locator("output").inner_text()
    look_at(page, "outside-typed")
    answered = page.url

    api, authorization = workbench.installation.api, answered.rpartition("/")[2]
    api.post(f"/v1/authorizations/{authorization}/complete", {"completion": typed})
    page.goto(answered)
    expect(page.get_by_role("heading", name="Your sign-in was received")).to_be_visible()
    look_at(page, "outside-received")

    page.goto(start)
    expect(page.get_by_role("alert")).to_contain_text("used")
    look_at(page, "outside-used")
    go(page, started(workbench), "Deny")
    expect(page.get_by_role("heading", name="was not connected")).to_be_visible()
    look_at(page, "outside-denied")
    page.goto(answered.replace(authorization, "refused"))
    expect(page.get_by_role("alert")).to_contain_text("thrown away")
    look_at(page, "outside-refused")
