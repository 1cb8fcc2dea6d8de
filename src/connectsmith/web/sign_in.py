"""Sign in, sign out, and the one-time link that gives an operator e-mail address and password."""

from dataclasses import dataclass

from starlette.responses import Response

from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    ConnectsmithError,
    FieldInvalid,
    SignInRefused,
    SignInRequired,
    TooMany,
)
from connectsmith.service.sign_in import SHORTEST_PASSWORD, Attempt, NewSession
from connectsmith.web.addresses import own_path
from connectsmith.web.problems import status_of
from connectsmith.web.visit import Visit, open_page, open_post, operator_post


@dataclass(frozen=True, slots=True)
class Gate:
    """A form that leads in."""

    to: str
    email: str = ""
    error: str = ""
    wrong: str = ""
    """The field that the error is about."""
    elsewhere: str = ""
    """The installation's own address, when the browser came by another."""
    shortest: int = SHORTEST_PASSWORD
    has_password: bool = False


async def ask(visit: Visit) -> Response:
    """Ask who is there; who is signed in already is led on."""
    to = own_path(visit.query("to"))
    try:
        await visit.desks.sign_in.recognise(visit.cookies.read(visit.request, "session"))
    except SignInRequired:
        return visit.page("sign_in.html", Gate(to, elsewhere=_elsewhere(visit)))
    return visit.go(to)


def _elsewhere(visit: Visit) -> str:
    """Return the installation's own address where the browser came by another name.

    Authorization servers lead back to that one, and cookies stay with the name they came by.
    """
    public = visit.desks.rules.public_url
    return "" if str(visit.request.base_url).rstrip("/") == public else public


async def sign_in(visit: Visit) -> Response:
    """Begin a session."""
    form = await visit.form()
    to = own_path(form.text("to"))
    client = visit.request.client
    attempt = Attempt(
        email=form.text("email"),
        password=form.secret("password"),
        address="" if client is None else client.host,
        device=visit.cookies.read(visit.request, "device"),
    )
    try:
        begun = await visit.desks.sign_in.sign_in(attempt)
    except (SignInRefused, TooMany) as error:
        gate = Gate(to, email=form.line("email"), error=error.message)
        return _again(visit, "sign_in.html", gate, error)
    return _enter(visit, begun, to)


def _enter(visit: Visit, begun: NewSession, to: str, *, note: str | None = None) -> Response:
    response = visit.go(to, note=note)
    visit.cookies.put_session(response, session=begun.value, device=begun.device)
    return response


def _again(visit: Visit, template: str, gate: Gate, error: ConnectsmithError) -> Response:
    response = visit.page(template, gate, status=status_of(error))
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(max(1, round(error.retry_after_seconds)))
    return response


async def sign_out(visit: Visit) -> Response:
    """End the session, in every place where a copy of its cookie may be."""
    await visit.form()
    if visit.signed_in is not None:
        await visit.desks.sign_in.sign_out(visit.signed_in)
    response = visit.go("/sign-in")
    visit.cookies.drop(response, "session")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


async def welcome(visit: Visit) -> Response:
    """Ask for e-mail address and password; looking at the page uses nothing up."""
    operator = await visit.desks.sign_in.invited(visit.param("value"))
    gate = Gate("", email=operator.email or "", has_password=operator.password is not None)
    return visit.page("welcome.html", gate)


async def redeem(visit: Visit) -> Response:
    """Take e-mail address and password, and begin the first session."""
    form = await visit.form()
    value = visit.param("value")
    operator = await visit.desks.sign_in.invited(value)
    email, password = form.line("email"), form.secret("password")
    gate = Gate("", email=email, has_password=operator.password is not None)
    try:
        _check_same(password, form.secret("again"))
        begun = await visit.desks.sign_in.redeem(value, email, password)
    except (FieldInvalid, TooMany) as error:
        gate = Gate("", email, error.message, error.place or "", has_password=gate.has_password)
        return _again(visit, "welcome.html", gate, error)
    return _enter(visit, begun, own_path(None), note=f"You are signed in as {email}.")


def _check_same(password: Secret, again: Secret) -> None:
    if password != again:
        raise FieldInvalid("The two passwords are not the same.", place="again")


routes = [
    open_page("/sign-in", ask),
    open_post("/sign-in", sign_in),
    operator_post("/sign-out", sign_out),
    open_page("/welcome/{value}", welcome),
    open_post("/welcome/{value}", redeem),
]
