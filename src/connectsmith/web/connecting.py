"""Connect an account, and **Reconnect**: the owner consents, types a code elsewhere, or fills in.

Both are a dialog over Connections with an address of its own, so that it survives a reload and a
consent in the same tab.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.routing import Route

from connectsmith.errors import ConnectsmithError, FieldInvalid
from connectsmith.service.connecting import Aim
from connectsmith.service.rows import AuthorizationRow
from connectsmith.web.connect_view import (
    ConnectView,
    failed_view,
    form_view,
    path_of_aim,
    view_of,
)
from connectsmith.web.connections import list_page, own_row
from connectsmith.web.field_forms import errors_by_key, owner_values, sign_in_fields
from connectsmith.web.navigation import CONNECTIONS
from connectsmith.web.sign_in_view import UNANSWERED, asks_again, choices_of
from connectsmith.web.visit import Form, Visit, operator_page, operator_post

OFFERED: Final = 20
"""Connectors to choose from at once; others are found by name."""


@dataclass(frozen=True, slots=True)
class PickView:
    """Published connectors, one of which is connected to."""

    find: str
    connectors: Sequence[tuple[str, str]]
    more: bool
    """Whether there are others."""


async def pick(visit: Visit) -> Response:
    """Offer the connectors that an account can be connected to."""
    if not visit.by_htmx:
        return visit.go(CONNECTIONS)
    find = visit.query("find").strip()
    page = await visit.desks.connectors.page(
        visit.caller, limit=OFFERED, after=None, search=find or None
    )
    found = [(each.id, each.name) for each in page.items if each.published is not None]
    block = "found" if "find" in visit.request.query_params else "part"
    return visit.part("connect_pick.html", block, PickView(find, found, page.next is not None))


async def _aim(visit: Visit) -> Aim:
    """Return what the address is about."""
    if "connector" in visit.request.path_params:
        return await visit.desks.connecting.new(visit.caller, visit.param("connector"))
    return await visit.desks.connecting.again(await own_row(visit))


async def ask(visit: Visit) -> Response:
    """Show what is needed, or how far it is."""
    aim = await _aim(visit)
    latest = await visit.desks.connecting.latest(visit.caller, aim)
    view = await view_of(visit, aim, latest, ended=False)
    if visit.by_htmx:
        return visit.part("connect.html", "part", view)
    return await list_page(visit, dialog=view)


async def back(visit: Visit) -> Response:
    """Go on in the tab that has been away at the service."""
    aim = await _aim(visit)
    latest = await visit.desks.connecting.latest(visit.caller, aim)
    if latest is not None and latest.status == "kept":
        return await _done(visit, aim, latest.connection)
    return await list_page(visit, dialog=await view_of(visit, aim, latest, ended=True))


async def connect(visit: Visit) -> Response:
    """Begin a consent, or take what was entered."""
    form = await visit.form()
    aim = await _aim(visit)
    view = form_view(aim)
    try:
        return await _connected(visit, aim, view, form)
    except FieldInvalid as error:
        typed = {each.key: form.text(each.name) for each in view.fields}
        fields = sign_in_fields(aim.blueprint.definition, values=typed, errors=errors_by_key(error))
        return _inside(visit, replace(view, fields=fields))
    except ConnectsmithError as error:
        return _inside(visit, failed_view(view, error.code, error.message))


async def _connected(visit: Visit, aim: Aim, view: ConnectView, form: Form) -> Response:
    values, client = owner_values(form, view.fields), aim.blueprint.client
    if client is None or not client.needs_person:
        made = await visit.desks.connecting.enter(visit.caller, aim, values)
        return await _done(visit, aim, made.id)
    started = await visit.desks.connecting.start(
        visit.caller,
        aim,
        values,
        return_to=None if form.text("window") == "own" else f"{path_of_aim(aim)}/back",
    )
    under_way = await view_of(visit, aim, started.row, ended=False)
    path = urlsplit(started.start_url).path
    return _inside(visit, replace(under_way, authorization=started.row.id, start_path=path))


def _inside(visit: Visit, view: ConnectView) -> Response:
    return visit.part("connect_body.html", "part", view)


async def _done(visit: Visit, aim: Aim, connection: str | None) -> Response:
    row = await visit.desks.connections.row(visit.caller.workspace, connection or "")
    whose = row.account_label or row.account_id or "an unknown account"
    if aim.renews is not None:
        return visit.go(CONNECTIONS, note=f"The connection of {whose} is renewed.")
    return visit.go(CONNECTIONS, note=f"{aim.connector.name} is connected for {whose}.")


async def progress(visit: Visit) -> Response:
    """Say how far the consent is; nothing to say while nobody has answered."""
    aim = await _aim(visit)
    row = await visit.desks.authorizations.own(visit.caller, visit.param("authorization"))
    if row.status in UNANSWERED | {"returned", "redeeming"}:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Cache-Control": "no-store"})
    return await _now(visit, aim, row)


async def _now(visit: Visit, aim: Aim, row: AuthorizationRow) -> Response:
    if row.status == "kept":
        return await _done(visit, aim, row.connection)
    return _inside(visit, await view_of(visit, aim, row, ended=True))


async def finish(visit: Visit) -> Response:
    """Keep what a code made, or what the callback could not."""
    await visit.form()
    aim, authorization = await _aim(visit), visit.param("authorization")
    with suppress(ConnectsmithError):  # what became of it stands in its record, which is shown
        await visit.desks.authorizations.finish(visit.caller, authorization)
    return await _now(visit, aim, await visit.desks.authorizations.own(visit.caller, authorization))


async def cancel(visit: Visit) -> Response:
    """Give an authorization up."""
    await visit.form()
    await visit.desks.authorizations.cancel(visit.caller, visit.param("authorization"))
    return _inside(visit, form_view(await _aim(visit)))


async def choose(visit: Visit) -> Response:
    """Keep the connection with what was picked, if it is that of the account it renews."""
    form = await visit.form()
    aim, authorization = await _aim(visit), visit.param("authorization")
    try:
        kept = await visit.desks.authorizations.keep(
            visit.caller, authorization, form.line("choice")
        )
    except ConnectsmithError as error:
        choices = await choices_of(visit, authorization)
        view = replace(form_view(aim), authorization=authorization, choices=choices)
        if asks_again(error, form):
            return _inside(visit, view)
        return _inside(visit, failed_view(view, error.code, error.message))
    return await _done(visit, aim, kept.id)


def _routes(base: str) -> list[Route]:
    one = base + "/{authorization}"
    return [
        operator_page(base, ask, place=CONNECTIONS),
        operator_post(base, connect, place=CONNECTIONS),
        operator_page(base + "/back", back, place=CONNECTIONS),
        operator_page(one, progress, place=CONNECTIONS),
        operator_post(one + "/cancel", cancel, place=CONNECTIONS),
        operator_post(one + "/finish", finish, place=CONNECTIONS),
        operator_post(one + "/choose", choose, place=CONNECTIONS),
    ]


routes = [
    operator_page(CONNECTIONS + "/connect", pick, place=CONNECTIONS),
    *_routes(CONNECTIONS + "/connect/{connector}"),
    *_routes(CONNECTIONS + "/{connection}/reconnect"),
]
