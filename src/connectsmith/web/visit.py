"""What a page is made with.

To add one:

1.  Write a frozen dataclass for what it shows, and a template that extends `workbench.html` and
    reads it as `view` (and what surrounds it as `shell`). The macros of `forms.html`, `parts.html`
    and `choices.html` are there without an import; so are `icon(name)` and `static(name)`.
2.  Write `async def things(visit: Visit) -> Response`: ask `visit.desks` with `visit.caller`, as
    the API does, and return `visit.page("things.html", Things(...))`. A part that htmx asks for is
    a block of the same template: `visit.part("things.html", "rows", Things(...))`.
3.  What changes something is a POST: `form = await visit.form()` (which has been checked to come
    from a page of ours), then `return visit.go("/things", note="The thing was deleted.")`.
4.  Add `operator_page("/things", things)` or `operator_post("/things/{thing}/delete", delete)` to
    the module's `routes`, and the module to `site.py`. Raise errors of `errors.py`: they become a
    page, or with htmx a notice, that says what happened.

Only signed-in operators get there; others sign in first and are led back. No GET changes anything.
"""

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    BodyTooLarge,
    BodyUnreadable,
    ConnectsmithError,
    MediaTypeUnsupported,
    SignInRequired,
)
from connectsmith.service.caller import Caller
from connectsmith.service.desks import Desks
from connectsmith.service.sign_in import SignedIn
from connectsmith.web.addresses import HOME, path_of
from connectsmith.web.cookies import PageCookies, form_value
from connectsmith.web.cross_site import FIELD, HEADER, check_form_value, check_origin
from connectsmith.web.navigation import ENTRIES
from connectsmith.web.problems import failed
from connectsmith.web.rendering import (
    Shell,
    content_security_policy,
    new_nonce,
    page_headers,
    render,
)

MOST_FIELDS: Final = 1000
LONGEST_OF_STRANGERS: Final = 256 * 1024
"""Bytes of a form that somebody sends who is not signed in."""
VISIT_LIFETIME: Final = timedelta(days=1)
FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """What a form of ours was filled in with."""

    pairs: tuple[tuple[str, str], ...] = field(repr=False)

    def text(self, name: str) -> str:
        """Return a field's text with line ends as one newline; empty where it was not sent."""
        found = next((value for key, value in self.pairs if key == name), "")
        return found.replace("\r\n", "\n")

    def line(self, name: str) -> str:
        """Return a field's text without blanks around it."""
        return self.text(name).strip()

    def every(self, name: str) -> list[str]:
        """Return the texts of all fields of that name, in order."""
        return [value.replace("\r\n", "\n") for key, value in self.pairs if key == name]

    def secret(self, name: str) -> Secret:
        """Return a field's text exactly as it was typed."""
        return Secret(next((value for key, value in self.pairs if key == name), ""))


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a browser for a page, and what can be answered to it."""

    request: Request
    signed_in: SignedIn | None = None
    place: str = ""
    stranger: str | None = field(default=None, repr=False)
    """What a browser holds in which nobody is signed in, so that forms can go with it."""

    @property
    def desks(self) -> Desks:
        """The use cases of the installation."""
        desks: Desks = self.request.app.state.desks
        return desks

    @property
    def caller(self) -> Caller:
        """Who is signed in, as the use cases see callers."""
        if self.signed_in is None:
            raise SignInRequired("Sign in to go on.")
        return self.signed_in.caller

    @property
    def cookies(self) -> PageCookies:
        """The installation's cookies."""
        return PageCookies.of(self.request)

    @property
    def by_htmx(self) -> bool:
        """Whether a part of a page is asked for, not a page."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def came_by(self) -> str:
        """The host, with its port, by which the browser came."""
        return self.request.headers.get("host", "")

    @property
    def return_path(self) -> str:
        """Where somebody who has to sign in first is led afterwards."""
        if self.by_htmx:
            return path_of(self.request.headers.get("hx-current-url"))
        if self.request.method != "GET":
            return HOME
        return path_of(str(self.request.url))

    def param(self, name: str) -> str:
        """Return a part of the path."""
        value: str = self.request.path_params[name]
        return value

    def query(self, name: str) -> str:
        """Return a parameter of the query; empty where it is missing."""
        return self.request.query_params.get(name, "")

    async def form(self) -> Form:
        """Return the form that was sent, checked to come from a page of ours.

        Raises:
            CrossSiteRequest: it does not.
            BodyUnreadable, MediaTypeUnsupported
        """
        most = LONGEST_OF_STRANGERS if self.signed_in is None else math.inf
        form = await _read_form(self.request, most)
        brought = form.text(FIELD) or self.request.headers.get(HEADER)
        check_form_value(brought, self._secret_cookie)
        return form

    @property
    def _secret_cookie(self) -> str | None:
        if self.signed_in is None:
            return self.stranger
        return self.cookies.read(self.request, "session")

    # -- answers ----------------------------------------------------------------------------------

    def page(
        self,
        template: str,
        view: object,
        *,
        status: int = HTTPStatus.OK,
        leads_away: bool = False,
        popups: bool = False,
    ) -> Response:
        """Return a page.

        Args:
            template: its name.
            view: what it shows.
            status: of the answer.
            leads_away: whether its form may end at an authorization server.
            popups: whether it opens windows that lead elsewhere.
        """
        policy = content_security_policy(leads_away=leads_away)
        return self._answer(render(template, self.shell, view), policy, status, popups=popups)

    def editor_page(self, template: str, view: object) -> Response:
        """Return a page whose script adds styles; `view.style_nonce` is set to what lets it.

        It may also ask the public URL, which need not be the address it was opened at.
        """
        nonce = new_nonce()
        html = render(template, self.shell, _WithNonce(view, nonce))
        policy = content_security_policy(style_nonce=nonce, asks=self.desks.rules.public_url)
        return self._answer(html, policy, HTTPStatus.OK)

    def part(
        self, template: str, block: str, view: object, *, status: int = HTTPStatus.OK
    ) -> Response:
        """Return one block of a page, for htmx."""
        html = render(template, self.shell, view, part=block)
        return self._answer(html, content_security_policy(), status)

    def go(self, path: str, *, note: str | None = None) -> Response:
        """Lead the browser to a page of ours, which then says `note`."""
        headers = page_headers(content_security_policy())
        if self.by_htmx:
            response = Response(headers=headers | {"HX-Redirect": path})
        else:
            response = RedirectResponse(path, status_code=HTTPStatus.SEE_OTHER, headers=headers)
        if note is not None:
            self.cookies.put_note(response, note)
        return response

    @property
    def shell(self) -> Shell:
        """What stands around the page."""
        who = None if self.signed_in is None else self.signed_in.operator
        return Shell(
            installation=self.desks.rules.installation_name,
            form_value=form_value(self._secret_cookie or ""),
            now=self.desks.clock.now(),
            alone=urlsplit(self.desks.rules.public_url).scheme == "http",
            operator=None if who is None else who.email or who.name,
            place=self.place,
            navigation=ENTRIES,
            note=self.cookies.note(self.request),
        )

    def _answer(self, html: str, policy: str, status: int, *, popups: bool = False) -> Response:
        response = Response(
            html,
            status_code=status,
            media_type="text/html",
            headers=page_headers(policy, popups=popups),
        )
        if self.signed_in is not None and self.cookies.read(self.request, "note"):
            self.cookies.drop(response, "note")
        return response


class _WithNonce:
    """A view that also has the nonce of this answer."""

    def __init__(self, view: object, nonce: str) -> None:
        self._view = view
        self.style_nonce = nonce

    def __getattr__(self, name: str) -> object:
        return getattr(self._view, name)


async def _read_form(request: Request, most: float) -> Form:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != FORM:
        raise MediaTypeUnsupported("A form is sent as application/x-www-form-urlencoded.")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise BodyTooLarge(f"This form has at most {most:,} bytes.")
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            max_num_fields=MOST_FIELDS,
            encoding="utf-8",
            errors="strict",
        )
    except ValueError as error:  # of which a wrong encoding is one
        raise BodyUnreadable("The form could not be read.") from error
    return Form(tuple(pairs))


View = Callable[[Visit], Awaitable[Response]]


def operator_page(path: str, view: View, *, place: str = "") -> Route:
    """Return the route of a page for signed-in operators; `place` is its entry in the bar."""
    return Route(path, _for_operators(view, place), methods=["GET"])


def operator_post(path: str, view: View, *, place: str = "") -> Route:
    """Return the route of what a signed-in operator does on a page."""
    return Route(path, _for_operators(view, place), methods=["POST"])


def open_page(path: str, view: View) -> Route:
    """Return the route of a page for everybody."""
    return Route(path, _for_everybody(view), methods=["GET"])


def open_post(path: str, view: View) -> Route:
    """Return the route of a form that everybody can send."""
    return Route(path, _for_everybody(view), methods=["POST"])


Endpoint = Callable[[Request], Awaitable[Response]]


def _for_operators(view: View, place: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        visit = Visit(request, place=place)
        try:
            _check(visit)
            value = visit.cookies.read(request, "session")
            visit = Visit(request, await visit.desks.sign_in.recognise(value), place)
            return await view(visit)
        except SignInRequired:
            return _to_sign_in(visit)
        except ConnectsmithError as error:
            return refused(visit, error)

    return endpoint


def _for_everybody(view: View) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        cookies = PageCookies.of(request)
        known = cookies.read(request, "visit")
        visit = Visit(request, stranger=known or new_nonce())
        try:
            _check(visit)
            response = await view(visit)
        except ConnectsmithError as error:
            response = refused(visit, error)
        if known is None and visit.stranger is not None:
            cookies.put(response, "visit", visit.stranger, VISIT_LIFETIME)
        return response

    return endpoint


def _check(visit: Visit) -> None:
    if visit.request.method not in ("GET", "HEAD"):
        check_origin(visit.request, visit.desks)


def _to_sign_in(visit: Visit) -> Response:
    path = visit.return_path
    return visit.go("/sign-in" if path == HOME else f"/sign-in?to={quote(path, safe='')}")


def refused(visit: Visit, error: ConnectsmithError) -> Response:
    """Say what happened: on a page, or in a notice where htmx asked."""
    problem = failed(error)
    headers: Mapping[str, str] = problem.headers
    if visit.by_htmx:
        response = visit.part("problem_notice.html", "notice", problem, status=problem.status)
        headers = {**headers, "HX-Retarget": "#toasts", "HX-Reswap": "beforeend"}
    else:
        response = visit.page(_template(visit), problem, status=problem.status)
    response.headers.update(headers)
    return response


def _template(visit: Visit) -> str:
    return "problem_outside.html" if visit.signed_in is None else "problem.html"
