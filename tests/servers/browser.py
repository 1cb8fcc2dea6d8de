"""Play a person at `oidc-provider`'s own development pages: sign in, consent, or abort."""

import re

from connectsmith.sandbox.driver import Arrival, Browser

_ABORT = re.compile(r'href="([^"]*/abort)"')


def answer_dev_pages(
    browser: Browser, page: Arrival, *, login: str = "ada", allow: bool = True
) -> Arrival:
    """Go from the sign-in page to wherever the server sends the browser."""
    if not allow:
        return abort(browser, page)
    consent = browser.submit(page, {"login": login, "password": "any"})
    return browser.submit(consent)


def abort(browser: Browser, page: Arrival) -> Arrival:
    """Follow the page's cancel link."""
    found = _ABORT.search(page.html)
    assert found is not None, "the page offers no way to abort"
    return browser.open(found[1])
