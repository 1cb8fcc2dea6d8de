"""The cookies of the workbench, and the value in every form that only our own pages know.

Over https no other host can set them (`__Host-`). Plain http is for loopback only, where some
browsers keep no `Secure` cookie, and where installations on other ports share them: their names
hold the port.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from connectsmith.service.desks import Desks
from connectsmith.service.sign_in import ABSOLUTE, DEVICE_LIFETIME
from connectsmith.values import replace

NOTE_SECONDS: Final = 60
_DEFAULT_PORT: Final = 80


def urls_of(request: Request) -> tuple[str, ...]:
    """Return the public URL, and the former one that a browser is still at, if it is.

    Cookies are given as the first says. What was given under the other one is taken back there, so
    that nobody is signed out, or loses a sign-in under way, by a change.
    """
    desks: Desks = request.app.state.desks
    host = request.headers.get("host")
    former = [each for each in desks.rules.former_urls if urlsplit(each).netloc == host]
    return (desks.rules.public_url, *former)


@dataclass(frozen=True, slots=True)
class PageCookies:
    """How an installation names and sends its pages' cookies."""

    secure: bool
    port: int
    before: "PageCookies | None" = None
    """How it did at the former URL that the browser is still at."""

    @classmethod
    def of(cls, request: Request) -> "PageCookies":
        """Return the cookies for a browser."""
        here, *former = map(cls.at, urls_of(request))
        return replace(here, before=next(iter(former), None))

    @classmethod
    def at(cls, url: str) -> "PageCookies":
        """Return the cookies under a public URL."""
        parts = urlsplit(url)
        return cls(parts.scheme == "https", parts.port or _DEFAULT_PORT)

    def name(self, what: str) -> str:
        """Return the name of a cookie: `session`, `device`, `visit` or `note`."""
        if self.secure:
            return f"__Host-connectsmith-{what}"
        return f"connectsmith-{what}-{self.port}"

    def read(self, request: Request, what: str) -> str | None:
        """Return what the browser brought."""
        brought = request.cookies.get(self.name(what))
        if not brought and self.before is not None:
            return self.before.read(request, what)
        return brought or None

    def put(self, response: Response, what: str, value: str, lifetime: timedelta) -> None:
        """Let the browser keep a value."""
        response.set_cookie(
            self.name(what),
            value,
            max_age=int(lifetime.total_seconds()),
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def drop(self, response: Response, what: str) -> None:
        """Let the browser forget a value."""
        response.delete_cookie(
            self.name(what), path="/", secure=self.secure, httponly=True, samesite="lax"
        )
        if self.before is not None:
            self.before.drop(response, what)

    def put_session(self, response: Response, *, session: str, device: str) -> None:
        """Let the browser keep what a session that has just begun handed out."""
        self.put(response, "session", session, ABSOLUTE)
        self.put(response, "device", device, DEVICE_LIFETIME)

    def put_note(self, response: Response, text: str) -> None:
        """Let the next page say a sentence."""
        self.put(response, "note", quote(text), timedelta(seconds=NOTE_SECONDS))

    def note(self, request: Request) -> str | None:
        """Return the sentence that the page before left for this one."""
        note = self.read(request, "note")
        return None if note is None else unquote(note)


def form_value(cookie: str) -> str:
    """Return what our own forms carry along: made from a cookie that no script can read."""
    digest = hashlib.sha256(b"connectsmith form\0" + cookie.encode("utf-8", "surrogatepass"))
    return base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")


def is_form_value(brought: str, cookie: str) -> bool:
    """Tell whether a form carries the value that goes with a cookie."""
    return hmac.compare_digest(
        brought.encode("utf-8", "surrogatepass"), form_value(cookie).encode()
    )
