"""**Reconnect**: the owner consents again, or enters again what the connection was made with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.responses import Response

from connectsmith.errors import ConnectsmithError, FieldInvalid
from connectsmith.service.blueprints import Blueprint
from connectsmith.service.rows import ConnectionRow
from connectsmith.web.connections import own_row
from connectsmith.web.field_forms import FieldView, errors_by_key, owner_values, sign_in_fields
from connectsmith.web.navigation import CONNECTIONS
from connectsmith.web.sign_in_view import NEXT_STEPS, Choice, asks_again, choices_of
from connectsmith.web.visit import Form, Visit, operator_page, operator_post


@dataclass(frozen=True, slots=True)
class ReconnectView:
    """The dialog: a form, waiting for consent, or what went wrong."""

    path: str
    account: str
    known: bool
    connector_name: str
    by_browser: bool
    fields: Sequence[FieldView] = ()
    failure: str = ""
    next_step: str = ""
    authorization: str = ""
    start_path: str = ""
    choices: Sequence[Choice] = ()


async def ask(visit: Visit) -> Response:
    """Show what is needed."""
    row = await own_row(visit)
    return _shown(visit, await _view(visit, row, await visit.desks.reconnection.blueprint(row)))


async def _view(visit: Visit, row: ConnectionRow, blueprint: Blueprint) -> ReconnectView:
    account = row.account_label or row.account_id
    return ReconnectView(
        path=f"{CONNECTIONS}/{row.id}/reconnect",
        account=account or "an unknown account",
        known=account is not None,
        connector_name=await visit.desks.connections.connector_name(row),
        by_browser=blueprint.client is not None and blueprint.client.needs_browser,
        fields=sign_in_fields(blueprint.definition),
    )


def _shown(visit: Visit, view: ReconnectView) -> Response:
    return visit.part("reconnect.html", "part", view)


async def reconnect(visit: Visit) -> Response:
    """Begin a consent, or take what was entered."""
    form = await visit.form()
    row = await own_row(visit)
    blueprint = await visit.desks.reconnection.blueprint(row)
    view = await _view(visit, row, blueprint)
    try:
        return await _reconnected(visit, row, view, form)
    except FieldInvalid as error:
        typed = {each.name: form.text(each.name) for each in view.fields}
        fields = sign_in_fields(blueprint.definition, values=typed, errors=errors_by_key(error))
        return _inside(visit, replace(view, fields=fields))
    except ConnectsmithError as error:
        return _inside(visit, _failed(view, error.code, error.message))


async def _reconnected(
    visit: Visit, row: ConnectionRow, view: ReconnectView, form: Form
) -> Response:
    values = owner_values(form, view.fields)
    if not view.by_browser:
        await visit.desks.reconnection.enter(visit.caller, row, values)
        return _done(visit, view)
    started = await visit.desks.reconnection.start(
        visit.caller,
        row,
        values,
        return_to=None if form.text("window") == "own" else CONNECTIONS,
    )
    path = urlsplit(started.start_url).path
    return _inside(visit, replace(view, authorization=started.row.id, start_path=path))


def _inside(visit: Visit, view: ReconnectView) -> Response:
    return visit.part("reconnect_body.html", "part", view)


def _failed(view: ReconnectView, code: str, message: str) -> ReconnectView:
    return replace(view, failure=message, next_step=NEXT_STEPS.get(code, "Try again."))


def _done(visit: Visit, view: ReconnectView) -> Response:
    return visit.go(CONNECTIONS, note=f"The connection of {view.account} is renewed.")


async def progress(visit: Visit) -> Response:
    """Say how far the consent is; nothing to say while the browser is away."""
    row = await own_row(visit)
    found = await visit.desks.authorizations.get(visit.caller, visit.param("authorization"))
    if found.status == "kept":
        return _done(visit, await _view(visit, row, await visit.desks.reconnection.blueprint(row)))
    choices = await choices_of(visit, found.id) if found.status == "completed" else ()
    if found.error_code is None and not choices:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Cache-Control": "no-store"})
    view = await _view(visit, row, await visit.desks.reconnection.blueprint(row))
    if choices:
        return _inside(visit, replace(view, authorization=found.id, choices=choices))
    return _inside(visit, _failed(view, found.error_code or "", found.error_message or ""))


async def choose(visit: Visit) -> Response:
    """Renew the connection with what was picked, if that is the same account's."""
    form = await visit.form()
    row = await own_row(visit)
    authorization = visit.param("authorization")
    view = await _view(visit, row, await visit.desks.reconnection.blueprint(row))
    try:
        await visit.desks.authorizations.keep(visit.caller, authorization, form.line("choice"))
    except ConnectsmithError as error:
        choices = await choices_of(visit, authorization)
        view = replace(view, authorization=authorization, choices=choices)
        if asks_again(error, form):
            return _inside(visit, view)
        return _inside(visit, _failed(view, error.code, error.message))
    return _done(visit, view)


_ONE = CONNECTIONS + "/{connection}/reconnect"
routes = [
    operator_page(_ONE, ask, place=CONNECTIONS),
    operator_post(_ONE, reconnect, place=CONNECTIONS),
    operator_page(_ONE + "/{authorization}", progress, place=CONNECTIONS),
    operator_post(_ONE + "/{authorization}/choose", choose, place=CONNECTIONS),
]
