"""Templates to pages: what every page can use, and the headers under which it is sent."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from jinja2.runtime import Macro
from markupsafe import Markup, escape

from connectsmith.web.static_files import static_address

MACROS: Final = ("forms.html", "parts.html", "choices.html")
"""Templates whose macros every template can call without importing them."""
_ICONS: Final = "icons"
_AGES: Final = (
    (timedelta(days=365), "year"),
    (timedelta(days=30), "month"),
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)


@dataclass(frozen=True, slots=True)
class Shell:
    """What stands around every page; templates see it as `shell`."""

    installation: str
    form_value: str
    """What every form carries along, in a hidden field `form`: `proof(shell)` writes it."""
    now: datetime
    alone: bool
    """Whether this installation is for one person on one machine: plain http on loopback."""
    operator: str | None = None
    """E-mail address or name of who is signed in."""
    navigation: Sequence[tuple[str, str]] = ()
    """Paths and names of the entries of the bar."""
    place: str = ""
    """Path of the entry of the navigation that the page belongs to."""
    note: str | None = None
    """A sentence that the page before left."""


def content_security_policy(
    *, style_nonce: str | None = None, leads_away: bool = False, asks: str | None = None
) -> str:
    """Return the policy of a page.

    Args:
        style_nonce: lets one script add styles: the editor.
        asks: an origin that its script may ask besides its own.
        leads_away: for a page whose form ends at an authorization server. Chromium checks the
            redirects of a form against `form-action`, which therefore can't be there.
    """
    style = "'self'" if style_nonce is None else f"'self' 'nonce-{style_nonce}'"
    parts = [
        "default-src 'none'",
        "script-src 'self'",
        f"style-src {style}",
        "img-src 'self' data:",
        "connect-src 'self'" if asks is None else f"connect-src 'self' {asks}",
        "font-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    if not leads_away:
        parts.append("form-action 'self'")
    return "; ".join(parts)


def page_headers(policy: str, *, popups: bool = False) -> dict[str, str]:
    """Return the headers of a page; one that opens popups keeps hold of them."""
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin-allow-popups" if popups else "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


def new_nonce() -> str:
    """Return a nonce for one answer."""
    return secrets.token_urlsafe(16)


@cache
def templates() -> Environment:
    """Return the environment of all templates: escaping, and strict about what is missing."""
    environment = Environment(
        loader=PackageLoader("connectsmith.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"static": static_address, "icon": icon, "ago": ago, "badge": badge}
    environment.filters |= {"count": counted, "coded": coded}
    for name in MACROS:
        environment.globals |= _macros_of(environment.get_template(name))
    return environment


def _macros_of(template: Template) -> dict[str, object]:
    """Return a template's macros: as globals, they are there for a block that is rendered alone."""
    return {
        name: value for name, value in vars(template.module).items() if isinstance(value, Macro)
    }


def render(template: str, shell: Shell, view: object, *, part: str | None = None) -> str:
    """Return a page's HTML, or that of one of its blocks, from a view and the shell around it."""
    found = templates().get_template(template)
    context = {"shell": shell, "view": view}
    if part is None:
        return found.render(context)
    return "".join(found.blocks[part](found.new_context(context)))


@cache
def icon(name: str) -> Markup:
    """Return an icon of ours as inline SVG; it says nothing to screen readers."""
    file = files("connectsmith.web") / "templates" / _ICONS / f"{name}.svg"
    return Markup(file.read_text("utf-8").strip())  # noqa: S704 - a file of this package


def ago(moment: datetime, now: datetime) -> Markup:
    """Return "3 minutes ago", with the exact time on hover; the script says it in local time."""
    written = moment.astimezone(UTC).isoformat(" ", "seconds")
    day, clock = written[:10], written[11:19]
    return Markup(  # noqa: S704 - digits, and words of our own
        f'<time datetime="{day}T{clock}Z" title="{day} {clock} UTC">{age(moment, now)}</time>'
    )


def badge(text: str, kind: str = "") -> Markup:
    """Return a short state in a colour: good, warn, bad, accent or none."""
    return Markup(  # noqa: S704 - both are escaped
        f'<span class="badge {escape(kind)}">{escape(text)}</span>'
    )


def age(moment: datetime, now: datetime) -> str:
    """Return how long ago, or how far ahead, a moment is: "3 minutes ago", "in 2 days"."""
    apart = abs(now - moment)
    for length, unit in _AGES:
        if apart >= length:
            number = counted(int(apart / length), unit)
            return f"{number} ago" if moment <= now else f"in {number}"
    return "just now" if moment <= now else "in a moment"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 call", "1,204 calls"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def coded(text: str) -> Markup:
    """Return a message as HTML, with what stands between backquotes as code."""
    parts = re.split("`([^`]+)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(each) if number % 2 else each
        for number, each in enumerate(parts)
    )


def iso(moment: datetime) -> str:
    """Return a moment for machines."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
