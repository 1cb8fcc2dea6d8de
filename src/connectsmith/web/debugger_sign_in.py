"""**Sign In** in the Debugger: begin, wait for consent, cancel, finish, end."""

from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.responses import Response

from connectsmith.errors import ConnectsmithError, FieldInvalid
from connectsmith.service.debugger import Bench
from connectsmith.web.addresses import debugger_path
from connectsmith.web.debugger import bench_of
from connectsmith.web.field_forms import errors_by_key, owner_values, sign_in_fields
from connectsmith.web.navigation import CONNECTORS
from connectsmith.web.sign_in_view import (
    UNANSWERED,
    SignInView,
    asks_again,
    failed_view,
    sign_in_view,
    waiting,
)
from connectsmith.web.visit import Form, Visit, operator_page, operator_post


async def sign_in(visit: Visit) -> Response:
    """Make a test connection, or begin an authorization: in a window, in this one, by a code."""
    form = await visit.form()
    bench = await bench_of(visit, form)
    fields = sign_in_fields(bench.blueprint.definition)
    typed = {each.key: form.text(each.name) for each in fields}
    try:
        if bench.by_browser or bench.by_code:
            return await _begun(visit, bench, form)
        await visit.desks.debugger.sign_in(visit.caller, bench, owner_values(form, fields))
    except FieldInvalid as error:
        view = await sign_in_view(visit, bench, values=typed, errors=errors_by_key(error))
        return _part(visit, view)
    except ConnectsmithError as error:
        view = await sign_in_view(visit, bench, values=typed, errors={"": ""})
        return _part(visit, failed_view(view, error.code, error.message))
    return await _now(visit)


async def _begun(visit: Visit, bench: Bench, form: Form) -> Response:
    own_window = form.text("window") == "own"
    started = await visit.desks.debugger.start(
        visit.caller,
        bench,
        owner_values(form, sign_in_fields(bench.blueprint.definition)),
        return_to=None if own_window else debugger_path(bench.connector.id),
    )
    view = waiting(visit, await sign_in_view(visit, bench), started.row)
    return _part(visit, replace(view, start_path=urlsplit(started.start_url).path))


async def _now(visit: Visit) -> Response:
    bench = await visit.desks.debugger.open(visit.caller, visit.param("connector"))
    return _part(visit, await sign_in_view(visit, bench))


def _part(visit: Visit, view: SignInView) -> Response:
    return visit.part("debugger_sign_in.html", "part", view)


async def progress(visit: Visit) -> Response:
    """Say how far an authorization is; nothing to say while the browser is away."""
    row = await visit.desks.authorizations.get(visit.caller, visit.param("authorization"))
    if row.status in UNANSWERED:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Cache-Control": "no-store"})
    bench = await visit.desks.debugger.open(visit.caller, visit.param("connector"))
    view = await sign_in_view(visit, bench)
    if row.error_code is not None:
        view = failed_view(replace(view, state="form"), row.error_code, row.error_message or "")
    return _part(visit, view)


async def cancel(visit: Visit) -> Response:
    """Give an authorization up."""
    await visit.form()
    await visit.desks.authorizations.cancel(visit.caller, visit.param("authorization"))
    return await _now(visit)


async def finish(visit: Visit) -> Response:
    """Redeem what the browser came back with, if the callback could not; keep what a code made."""
    await visit.form()
    with suppress(ConnectsmithError):  # what became of it stands in its record, which is shown
        await visit.desks.authorizations.finish(visit.caller, visit.param("authorization"))
    return await _now(visit)


async def choose(visit: Visit) -> Response:
    """Keep the test connection with what was picked; a request that follows may ask again."""
    form = await visit.form()
    authorization = visit.param("authorization")
    failure: ConnectsmithError | None = None
    try:
        await visit.desks.authorizations.keep(visit.caller, authorization, form.line("choice"))
    except ConnectsmithError as error:
        failure = None if asks_again(error, form) else error
    bench = await visit.desks.debugger.open(visit.caller, visit.param("connector"))
    view = await sign_in_view(visit, bench)
    if failure is not None:
        view = failed_view(view, failure.code, failure.message)
    return _part(visit, view)


async def sign_out(visit: Visit) -> Response:
    """End the test connection."""
    bench = await bench_of(visit, await visit.form())
    await visit.desks.debugger.sign_out(visit.caller, bench)
    return await _now(visit)


_BASE = "/connectors/{connector}/debugger/sign-in"
routes = [
    operator_post(_BASE, sign_in, place=CONNECTORS),
    operator_page(_BASE + "/{authorization}", progress, place=CONNECTORS),
    operator_post(_BASE + "/{authorization}/cancel", cancel, place=CONNECTORS),
    operator_post(_BASE + "/{authorization}/finish", finish, place=CONNECTORS),
    operator_post(_BASE + "/{authorization}/choose", choose, place=CONNECTORS),
    operator_post("/connectors/{connector}/debugger/sign-out", sign_out, place=CONNECTORS),
]
