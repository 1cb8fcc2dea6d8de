"""Refuse what another site's page makes a browser send.

It is known by where the browser says that it comes from, and by lacking a value that only our own
pages carry.
"""

from urllib.parse import urlsplit

from starlette.requests import Request

from connectsmith.errors import CrossSiteRequest
from connectsmith.service.desks import Desks
from connectsmith.setting_values import is_loopback
from connectsmith.web.cookies import is_form_value

FIELD = "form"
HEADER = "x-connectsmith-form"


def check_origin(request: Request, desks: Desks) -> None:
    """Refuse a request unless the browser says that a page of ours made it.

    As our pages give no referrer, browsers call the origin of their forms `null`; then only
    `Sec-Fetch-Site` tells. A browser that tells neither is refused.

    Raises:
        CrossSiteRequest
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    own = _own_origins(request, desks)
    if site is None and origin not in own:
        raise _refusal()
    if site is not None and (site != "same-origin" or origin not in {None, "null", *own}):
        raise _refusal()


def _own_origins(request: Request, desks: Desks) -> set[str]:
    """Return our origins, and those of late: whoever is still there can go on.

    On this machine that includes whichever of its names was used.
    """
    rules, host = desks.rules, request.headers.get("host", "")
    own = {rules.public_url, *rules.former_urls}
    if rules.public_url.startswith("http:") or is_loopback(urlsplit(f"//{host}").hostname or ""):
        own.add(f"http://{host}")
    return own


def check_form_value(brought: str | None, cookie: str | None) -> None:
    """Refuse a form without the value that goes with the browser's cookie.

    Raises:
        CrossSiteRequest
    """
    if not brought or not cookie or not is_form_value(brought, cookie):
        raise _refusal()


def _refusal() -> CrossSiteRequest:
    return CrossSiteRequest(
        "This was not sent by a page of this installation, or the page was opened before you last "
        "signed in. Nothing was changed. Load the page again and repeat it."
    )
