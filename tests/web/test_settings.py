import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.service.standing import PUBLIC, Standing, standing
from tests.web.operator import OperatorBrowser, signed_in

NEW = "https://connect.example.com"
OLD = "https://old.example.com"


@pytest.fixture
async def moving() -> AsyncIterator[Standing]:
    """An installation that runs at an https address, which can be changed."""
    async with standing(public_url=OLD) as one:
        await one.application.desks.settings.note()
        yield one


def at(browser: OperatorBrowser, url: str) -> OperatorBrowser:
    """Return the browser's cookies in a window at another address of the same server."""
    browser.client.base_url = url
    return browser


async def test_public_url_is_chosen_and_what_it_means_is_said(installation: Standing) -> None:
    await installation.application.desks.settings.note()
    browser = await signed_in(installation)

    saved = await browser.post(
        "/settings/public-url", {"public_url": f"{NEW}/", "seen_public_url": PUBLIC}
    )
    page = await browser.get("/settings")

    assert (saved.status_code, saved.headers["location"]) == (303, "/settings")
    assert installation.application.desks.rules.public_url == NEW
    assert f'value="{NEW}"' in page.text
    assert "You are at another address: 127.0.0.1:8400" in page.text
    assert "connectsmith settings --reset public_url" in page.text


async def test_value_that_cannot_be_is_said_at_its_field_with_what_was_typed(
    installation: Standing,
) -> None:
    browser = await signed_in(installation)

    refused = await browser.post(
        "/settings/public-url",
        {"public_url": "http://connect.example.com", "seen_public_url": PUBLIC},
    )

    assert refused.status_code == 422
    assert 'value="http://connect.example.com"' in refused.text
    said = re.search(r'id="public_url-error">([^<]+)<', refused.text)
    assert said is not None
    assert "must be https" in said[1]


async def test_second_of_two_tabs_sees_what_the_first_saved(installation: Standing) -> None:
    browser = await signed_in(installation)
    fields = {"transcript_days": "3", "transcript_bytes": "512"}
    seen = {"seen_transcript_days": "7", "seen_transcript_bytes": str(2**30)}
    await browser.post("/settings/retention", fields | seen)

    late = await browser.post("/settings/retention", fields | seen | {"transcript_days": "30"})

    assert late.status_code == 409
    assert "Somebody else chose another value" in late.text
    assert "In force now: 3." in late.text
    assert 'value="30"' in late.text
    assert installation.application.desks.rules.transcript_bytes == 512 * 2**20


@pytest.mark.parametrize(("days", "megabytes"), [("0", "1024"), ("7", "0"), ("7", "many")])
async def test_what_cannot_be_kept_is_said_in_the_unit_of_the_field(
    installation: Standing, days: str, megabytes: str
) -> None:
    browser = await signed_in(installation)
    seen = {"seen_transcript_days": "7", "seen_transcript_bytes": str(2**30)}

    refused = await browser.post(
        "/settings/retention", {"transcript_days": days, "transcript_bytes": megabytes} | seen
    )

    said = "1 to 3,650" if days == "0" else "1 to 1,048,576"
    assert f"This must be a whole number, {said}." in refused.text


async def test_choice_is_taken_back_by_a_button(installation: Standing) -> None:
    browser = await signed_in(installation)
    seen = {"seen_transcript_days": "7", "seen_transcript_bytes": str(2**30)}
    await browser.post(
        "/settings/retention", {"transcript_days": "3", "transcript_bytes": "1024"} | seen
    )

    await browser.post("/settings/retention", seen | {"seen_transcript_days": "3", "usual": "1"})

    assert installation.application.desks.settings.values()["transcript_days"] == "7"


async def test_what_the_administrator_gave_is_read_only_and_says_so() -> None:
    given = {"public_url": "CONNECTSMITH_PUBLIC_URL", "transcript_days": "--transcript-days"}
    async with standing(given=given) as installation:
        browser = await signed_in(installation)
        page = await browser.get("/settings")
        refused = await browser.post(
            "/settings/retention",
            {"transcript_days": "3", "transcript_bytes": "10", "seen_transcript_bytes": str(2**30)},
        )
        await browser.post("/settings/public-url", {"public_url": NEW, "seen_public_url": PUBLIC})

        assert "by <code>CONNECTSMITH_PUBLIC_URL</code>" in page.text
        assert 'action="/settings/public-url"' not in page.text
        assert refused.status_code == 303
        assert installation.application.desks.settings.values() == {
            "public_url": PUBLIC,
            "transcript_days": "7",
            "transcript_bytes": str(10 * 2**20),
        }


@pytest.mark.row("T-73")
@pytest.mark.parametrize("path", ["/settings/public-url", "/settings/retention"])
async def test_settings_are_changed_by_our_own_pages_alone(
    installation: Standing, path: str
) -> None:
    browser = await signed_in(installation)
    fields = {"public_url": NEW, "seen_public_url": PUBLIC}

    from_elsewhere = await browser.post(path, fields, headers={"Sec-Fetch-Site": "cross-site"})
    without_value = await browser.post(path, fields, proof="guessed")

    assert (from_elsewhere.status_code, without_value.status_code) == (403, 403)
    assert installation.application.desks.rules.public_url == PUBLIC


# -- nobody is locked out -------------------------------------------------------------------------


@pytest.mark.row("T-78")
async def test_operator_stays_signed_in_at_the_address_they_are_at(installation: Standing) -> None:
    await installation.application.desks.settings.note()
    browser = await signed_in(installation)
    await browser.post("/settings/public-url", {"public_url": NEW, "seen_public_url": PUBLIC})

    page = await browser.get("/settings")
    back = await browser.post(
        "/settings/public-url",
        {"usual": "1", "seen_public_url": NEW},
        headers={"Sec-Fetch-Site": "same-origin", "Origin": PUBLIC},
    )

    assert (page.status_code, back.status_code) == (200, 303)
    assert installation.application.desks.rules.public_url == PUBLIC


@pytest.mark.row("T-78")
async def test_former_host_is_answered_for_a_week_and_no_other(moving: Standing) -> None:
    browser = await signed_in(moving)
    await browser.post("/settings/public-url", {"public_url": NEW, "seen_public_url": OLD})

    same = await at(browser, OLD).get("/settings")
    stranger = await at(browser, "https://attacker.example").get("/settings")
    moving.clock.advance(timedelta(days=7))
    late = await at(browser, OLD).get("/settings")

    assert (same.status_code, stranger.status_code, late.status_code) == (200, 421, 421)


@pytest.mark.row("T-78")
async def test_cookies_of_the_former_address_are_not_believed_at_the_new_one(
    installation: Standing,
) -> None:
    await installation.application.desks.settings.note()
    browser = await signed_in(installation)
    await browser.post("/settings/public-url", {"public_url": NEW, "seen_public_url": PUBLIC})
    (held,) = [each for each in browser.client.cookies.jar if "session" in each.name]

    tossed = at(browser, NEW)
    tossed.client.cookies.set(held.name, held.value or "", domain="connect.example.com")
    page = await tossed.get("/settings")

    assert page.status_code == 303
    assert page.headers["location"].startswith("/sign-in")


@pytest.mark.row("T-78")
async def test_callback_at_the_former_address_is_taken(installation: Standing) -> None:
    await installation.application.desks.settings.note()
    started = await installation.caller.start(await installation.connector())
    visitor = installation.browser()
    request = await visitor.depart(started["start_url"])
    operator = await signed_in(installation)
    await operator.post("/settings/public-url", {"public_url": NEW, "seen_public_url": PUBLIC})

    back = await visitor.come_back(request.callback, code="the-code", state=request["state"])

    assert back.headers["location"].startswith("http://127.0.0.1:9/done")
