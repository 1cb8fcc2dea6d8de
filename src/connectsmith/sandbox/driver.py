"""Play the browser of a person who answers the sandbox's consent page, over loopback only.

For the demo and for tests. It talks to this machine and to nothing else.
"""

import ipaddress
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx2

from connectsmith.errors import EgressDenied, RemoteError
from connectsmith.sandbox.forms import Form, read_forms

HOPS = 10
_TALKATIVE = ("httpx2", "httpcore2")
"""Loggers that write addresses and headers below WARNING: here they hold codes and state."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where the browser ended up.

    `status` is None, and `html` empty, when `stop_at` kept the browser from asking for `url`.
    """

    url: str = field(repr=False)
    status: int | None = None
    html: str = field(default="", repr=False)

    @property
    def forms(self) -> tuple[Form, ...]:
        """The page's forms, in order."""
        return read_forms(self.html)


class Browser:
    """A browser with a cookie jar that keeps `localhost` and `127.0.0.1` apart.

    `stop_at`: a redirect to an address that starts so is reported, not followed.
    """

    def __init__(self, *, stop_at: str | None = None, timeout: float = 30) -> None:
        self._stop_at = stop_at
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
        self._client = httpx2.Client(follow_redirects=False, trust_env=False, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def open(self, url: str) -> Arrival:
        """Go to an address."""
        return self._go("GET", url)

    def submit(
        self, page: Arrival, values: Mapping[str, str] | None = None, *, button: str | None = None
    ) -> Arrival:
        """Submit the page's first form with `values` typed in and a button pressed."""
        form = next(iter(page.forms), None)
        if form is None:
            raise RemoteError(f"The page at {_place(page.url)} has no form to submit.")
        target = urljoin(page.url, form.action)
        return self._go(form.method.upper(), target, form.filled(values or {}, button))

    def _go(self, method: str, url: str, form: Mapping[str, str] | None = None) -> Arrival:
        for _ in range(HOPS):
            _refuse_elsewhere(url)
            if method == "GET":
                response = self._client.get(url, params=form)
            else:
                response = self._client.request(method, url, data=form)
            if not response.has_redirect_location:
                return Arrival(str(response.url), response.status_code, response.text)
            url = urljoin(str(response.url), response.headers["location"])
            if response.status_code != HTTPStatus.TEMPORARY_REDIRECT:
                method, form = "GET", None
            if self._stop_at is not None and url.startswith(self._stop_at):
                return Arrival(url)
        raise RemoteError(f"More than {HOPS} redirects, the last one to {_place(url)}.")


def answer_consent(
    start_url: str,
    *,
    allow: bool = True,
    person: str = "ada",
    stop_at: str | None = None,
) -> Arrival:
    """Press the start page's button, answer the consent page, and follow the way back.

    Returns:
        The last page; or, with `stop_at`, the address starting so that the browser was sent to
        and did not ask for (a `return_to`, or the callback URL).
    """
    with Browser(stop_at=stop_at) as browser:
        consent = browser.submit(browser.open(start_url))
        if consent.status != HTTPStatus.OK or not _asks_for_consent(consent):
            return consent
        return browser.submit(consent, {"person": person}, button="allow" if allow else "deny")


def _asks_for_consent(page: Arrival) -> bool:
    return any(("decision", "allow") in form.buttons for form in page.forms)


def _refuse_elsewhere(url: str) -> None:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return
    try:
        on_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        on_loopback = False
    if not on_loopback:
        raise EgressDenied(f"The sandbox's driver talks to this machine only, not to {host}.")


def _place(url: str) -> str:
    """Return an address without its query, which may hold a code."""
    return urlsplit(url)._replace(query="", fragment="").geturl()
