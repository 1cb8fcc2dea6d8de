"""An operator's browser without a browser: cookies, forms and the headers that browsers send."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
from tests.service.standing import Standing

from connectsmith.core.secret.secret import Secret
from connectsmith.web.cookies import PageCookies

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery"
SAME_SITE = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
_PROOF = re.compile(r'name="form" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class OperatorBrowser:
    """A browser that may be signed in."""

    client: httpx.AsyncClient = field(repr=False)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Open a page."""
        return await self.client.get(path, headers={"Accept": "text/html"} | headers)

    async def post(
        self,
        path: str,
        fields: Mapping[str, str] | None = None,
        *,
        proof: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a form of our own, as a browser would."""
        given = proof if proof is not None else await self.proof()
        sent = SAME_SITE if headers is None else headers
        body = {"form": given, **(fields or {})}
        return await self.client.post(path, data=body, headers=dict(sent))

    async def proof(self, path: str = "/connectors") -> str:
        """Return the value that our forms carry along in this browser."""
        page = await self.client.get(path, follow_redirects=True)
        found = _PROOF.search(page.text)
        assert found is not None, page.text
        return html.unescape(found[1])


async def enrol(installation: Standing) -> str:
    """Give the first operator a password; return what a signed-in browser holds."""
    desk = installation.application.desks.sign_in
    return (await desk.redeem(await desk.local_link(), EMAIL, Secret(PASSWORD))).value


def cookie_name(installation: Standing, what: str) -> str:
    """Return the name of one of the installation's cookies."""
    return PageCookies.at(installation.application.desks.rules.public_url).name(what)


async def signed_in(installation: Standing) -> OperatorBrowser:
    """Return a browser in which the first operator is signed in."""
    browser = OperatorBrowser(installation.browser().client)
    browser.client.cookies.set(cookie_name(installation, "session"), await enrol(installation))
    return browser


def stranger(installation: Standing) -> OperatorBrowser:
    """Return a browser in which nobody is signed in."""
    return OperatorBrowser(installation.browser().client)
