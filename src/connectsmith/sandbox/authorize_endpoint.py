"""The authorization endpoint and its consent page, answered by a person, the demo or a test."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from connectsmith.sandbox import pages
from connectsmith.sandbox.authorization_request import (
    AuthorizationRequest,
    RefusedRequestError,
    UntrustedRequestError,
    read_authorization_request,
    response_location,
)
from connectsmith.sandbox.grants import Family
from connectsmith.sandbox.people import PEOPLE
from connectsmith.sandbox.protocol import ProtocolError, read_form
from connectsmith.sandbox.state import Sandbox

COOKIE = "sandbox_consent"
WAITS = timedelta(minutes=10)
WAITING_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A consent page that was shown, and the browser it was shown to."""

    request: AuthorizationRequest
    browser: str
    until: datetime


class AuthorizeEndpoint:
    """`GET /authorize` shows the consent page, `POST /authorize/decision` answers it once."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._waiting: dict[str, Waiting] = {}

    def routes(self) -> list[Route]:
        """Return where it is mounted."""
        return [
            Route("/authorize", self.ask),
            Route("/authorize/decision", self.decide, methods=["POST"]),
        ]

    async def ask(self, request: Request) -> Response:
        """Show the consent page, or report what is wrong to whom it concerns."""
        try:
            asked = read_authorization_request(request.url.query, self._sandbox.clients)
        except UntrustedRequestError as error:
            return pages.refusal(title="This request cannot be answered", text=str(error))
        except RefusedRequestError as refused:
            return self._refuse(refused)
        browser = request.cookies.get(COOKIE) or self._sandbox.random_text(32)
        ticket = self._wait(asked, browser)
        person = request.query_params.get("login_hint", "")
        page = pages.consent(asked, ticket=ticket, person=person if person in PEOPLE else "ada")
        page.set_cookie(
            COOKIE,
            browser,
            max_age=int(WAITS.total_seconds()),
            path="/authorize",
            httponly=True,
            samesite="lax",
        )
        return page

    async def decide(self, request: Request) -> Response:
        """Take the answer and send the browser back to the client."""
        try:
            form = await read_form(request)
        except ProtocolError as error:
            return pages.refusal(title="The answer is unreadable", text=error.description)
        person = form.get("person", "")
        if person not in PEOPLE or form.get("decision") not in {"allow", "deny"}:
            return pages.refusal(
                title="The answer is incomplete", text="Choose a person, and Allow or Deny."
            )
        asked = self._take(form.get("ticket", ""), request.cookies.get(COOKIE, ""))
        if asked is None:
            return pages.refusal(
                title="This page has been used or is too old",
                text="Go back to where you came from and start the sign-in again.",
            )
        if form["decision"] == "deny":
            denied = ProtocolError("access_denied", f"{PEOPLE[person].name} said no.")
            return self._refuse(RefusedRequestError(asked.redirect_uri, asked.state, denied))
        return self._allow(asked, person)

    def _allow(self, asked: AuthorizationRequest, person: str) -> Response:
        family = Family(asked.client.id, person, asked.scopes)
        code = self._sandbox.grants.issue_code(
            family, redirect_uri=asked.redirect_uri, challenge=asked.challenge
        )
        return self._send(asked.redirect_uri, asked.state, code=code)

    def _refuse(self, refused: RefusedRequestError) -> Response:
        return self._send(
            refused.redirect_uri,
            refused.state,
            error=refused.error.code,
            error_description=refused.error.description,
        )

    def _send(self, redirect_uri: str, state: str, **members: str) -> Response:
        location = response_location(
            redirect_uri, issuer=self._sandbox.issuer, state=state, **members
        )
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return RedirectResponse(location, status_code=303, headers=headers)

    def _wait(self, asked: AuthorizationRequest, browser: str) -> str:
        now = self._sandbox.clock()
        waiting = [(key, page) for key, page in self._waiting.items() if page.until > now]
        self._waiting = dict(waiting[-WAITING_LIMIT:])
        ticket = self._sandbox.random_text(24)
        self._waiting[ticket] = Waiting(asked, browser, now + WAITS)
        return ticket

    def _take(self, ticket: str, browser: str) -> AuthorizationRequest | None:
        """Return what was asked, once, to the browser that was asked."""
        page = self._waiting.get(ticket)
        if page is None or page.browser != browser or page.until <= self._sandbox.clock():
            return None
        del self._waiting[ticket]
        return page.request
