"""The headers of every page that there is (T-25), found in the routes themselves."""

import re

import pytest
from starlette.routing import Route
from tests.service.standing import Standing
from tests.web.operator import signed_in, stranger

from connectsmith.web.site import routes

NO_PAGES = (
    "/static/",
    "/oauth/jwks/",
    "/oauth/callback/{connector}/arrival",
    "/connectors/{connector}/icon",
)
PAGES = sorted(
    {
        each.path
        for each in routes
        if isinstance(each, Route)
        and "GET" in (each.methods or ())
        and not each.path.startswith(NO_PAGES)
    }
)


@pytest.mark.row("T-25")
@pytest.mark.parametrize("path", PAGES)
async def test_every_page_can_be_framed_by_nobody_and_fetches_nothing_from_outside(
    installation: Standing, path: str
) -> None:
    address = re.sub(r"\{[^}]+\}", "con_a", path)
    for browser in (await signed_in(installation), stranger(installation)):
        answer = await browser.get(address)

        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "no-store" in answer.headers["cache-control"]
        if answer.headers.get("content-type", "text/html").startswith("text/html"):
            assert "base-uri 'none'" in policy
            assert answer.headers["cross-origin-opener-policy"].startswith("same-origin")
            assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.row("T-25")
async def test_only_the_pages_that_open_windows_keep_hold_of_them(installation: Standing) -> None:
    browser = await signed_in(installation)

    for path in ("/connectors", "/settings", "/connections"):
        answer = await browser.get(path)
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
