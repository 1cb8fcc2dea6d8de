"""The sandbox's HTML: no script, nothing from elsewhere, and each page says what this is."""

from collections.abc import Mapping, Sequence
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from connectsmith.sandbox.authorization_request import AuthorizationRequest
from connectsmith.sandbox.clients import Client
from connectsmith.sandbox.faults import FaultKind, SwitchedOn
from connectsmith.sandbox.people import PEOPLE, SCOPES

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
)

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"{_POLICY}; form-action 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
# Chromium holds redirects against form-action, and answering consent redirects to the client.
CONSENT_HEADERS = {**PAGE_HEADERS, "Content-Security-Policy": _POLICY}

FAULT_WORDS = {
    FaultKind.SERVER_ERROR: "answers 500",
    FaultKind.RATE_LIMITED: "answers 429",
    FaultKind.HTML: "answers with a web page",
    FaultKind.SLOW: "answers late",
    FaultKind.DROP_ANSWER: "does as asked, then hangs up",
}

_templates = Environment(
    loader=PackageLoader("connectsmith.sandbox"), autoescape=True, undefined=StrictUndefined
)


def stylesheet() -> Response:
    """Return the one style sheet."""
    text = files("connectsmith.sandbox").joinpath("templates/sandbox.css").read_bytes()
    return Response(text, media_type="text/css", headers={"Cache-Control": "max-age=300"})


def consent(request: AuthorizationRequest, *, ticket: str, person: str) -> Response:
    """Ask a person; `person` is who is selected at first."""
    return _page(
        "consent.html",
        headers=CONSENT_HEADERS,
        client=request.client,
        redirect_uri=request.redirect_uri,
        scopes=[(scope, SCOPES[scope]) for scope in request.scopes],
        people=list(PEOPLE.values()),
        selected=person,
        ticket=ticket,
    )


def start(
    *,
    issuer: str,
    clients: Sequence[Client],
    faults: Sequence[SwitchedOn],
    requests: Mapping[str, object],
    notice: str = "",
    problem: str = "",
) -> Response:
    """Show what this is, the registered clients, and what can be switched."""
    return _page(
        "start.html",
        status=422 if problem else 200,
        issuer=issuer,
        clients=clients,
        people=list(PEOPLE.values()),
        scopes=list(SCOPES.items()),
        faults=faults,
        fault_words=FAULT_WORDS,
        requests=requests,
        notice=notice,
        problem=problem,
    )


def refusal(*, title: str, text: str, status: int = 400) -> Response:
    """Say what is wrong, here and nowhere else."""
    return _page("refusal.html", status=status, title=title, text=text)


def _page(
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] = PAGE_HEADERS,
    **context: object,
) -> Response:
    text = _templates.get_template(template).render(context)
    return HTMLResponse(text, status_code=status, headers=dict(headers))
