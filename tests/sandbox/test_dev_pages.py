"""The library's own pages, which know nothing of ours, lead the driver to the same places."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.servers.browser import answer_dev_pages
from tests.servers.oidc_provider import OidcServer, start_oidc

from connectsmith.sandbox.driver import Browser

CALLBACK = "http://127.0.0.1:9/cb"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.fixture(scope="module")
def with_dev_pages() -> Iterator[OidcServer]:
    with start_oidc(dev_pages=True) as server:
        yield server


@pytest.mark.parametrize(("allow", "told"), [(True, "code"), (False, "error")])
def test_the_driver_answers_the_development_pages(
    with_dev_pages: OidcServer, *, allow: bool, told: str
) -> None:
    client = with_dev_pages.register(redirect_uris=[CALLBACK])
    url = httpx.URL(
        f"{with_dev_pages.issuer}/authorize",
        params={
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": CALLBACK,
            "scope": "calendar.read",
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        },
    )

    with Browser(stop_at=CALLBACK) as browser:
        arrived = answer_dev_pages(browser, browser.open(str(url)), allow=allow)

    answer = parse_qs(urlsplit(arrived.url).query)
    assert told in answer
    assert answer["iss"] == [with_dev_pages.issuer]
