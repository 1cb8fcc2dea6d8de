"""Routes of authorizations and connections."""

from fastapi import APIRouter, Response

from connectsmith.api.authorization_shapes import (
    AuthorizationList,
    AuthorizationShape,
    DeviceShape,
    StartedShape,
)
from connectsmith.api.completion_shapes import ChoiceShape, CompletedShape, Completion, Keeping
from connectsmith.api.connectors import Limit
from connectsmith.api.permissions import ConnectionReader, ConnectionWriter, TheDesks
from connectsmith.api.preconditions import VersionAsked, etag
from connectsmith.api.routes import CallerRoute
from connectsmith.api.shapes import (
    AccountShape,
    ConfirmedConnection,
    ConnectionList,
    ConnectionShape,
    NewAuthorization,
    NewConnection,
    ProofShape,
)
from connectsmith.api.views import authorization_shape, connection_shape
from connectsmith.errors import VersionConflict
from connectsmith.service.attempts import Start
from connectsmith.service.rows import (
    AuthorizationRow,
    ConnectionRow,
    Page,
)

router = APIRouter(prefix="/v1", tags=["connections"], route_class=CallerRoute)


async def _shown(desks: TheDesks, row: ConnectionRow) -> ConnectionShape:
    name = await desks.connections.connector_name(row)
    return connection_shape(row, name, desks.connections.health(row))


async def _listed(desks: TheDesks, page: Page[ConnectionRow]) -> ConnectionList:
    return ConnectionList(items=[await _shown(desks, each) for each in page.items], next=page.next)


def _device(desks: TheDesks, row: AuthorizationRow) -> DeviceShape | None:
    code = desks.devices.code_of(row)
    if code is None:
        return None
    return DeviceShape(
        user_code=code.user_code, verification_uri=code.verification_uri, complete=code.complete
    )


@router.post("/connectors/{connector}/authorizations", status_code=201)
async def start(
    connector: str, body: NewAuthorization, caller: ConnectionWriter, desks: TheDesks
) -> StartedShape:
    """Start an authorization; open its `start_url` in a browser."""
    begun = await desks.authorizations.start(
        caller,
        Start(
            connector=connector,
            fields=body.fields,
            return_to=body.return_to,
            test=body.test,
            reconnects=body.connection,
        ),
    )
    return StartedShape(
        id=begun.row.id,
        status=begun.row.status,
        start_url=begun.start_url or None,
        device=_device(desks, begun.row),
        expires_at=begun.row.expires_at,
    )


@router.get("/connectors/{connector}/authorizations")
async def list_authorizations(
    connector: str,
    caller: ConnectionReader,
    desks: TheDesks,
    limit: Limit = 50,
    after: str | None = None,
) -> AuthorizationList:
    """List a connector's authorizations, newest first."""
    await desks.connectors.get(caller, connector)
    page = await desks.authorizations.page(caller, connector, limit=limit, after=after)
    return AuthorizationList(
        items=[authorization_shape(each) for each in page.items], next=page.next
    )


@router.get("/authorizations/{authorization}")
async def authorization(
    authorization: str, caller: ConnectionReader, desks: TheDesks
) -> AuthorizationShape:
    """Show how far an authorization is; to whoever started it, also what is to be typed where."""
    row = await desks.authorizations.get(caller, authorization)
    shape = authorization_shape(row)
    shape.device = _device(desks, row) if row.created_by == caller.token else None
    return shape


@router.post("/authorizations/{authorization}/complete")
async def complete(
    authorization: str, body: Completion, caller: ConnectionWriter, desks: TheDesks
) -> CompletedShape:
    """Redeem the code with the value the returning browser was given."""
    brought = await desks.authorizations.complete(caller, authorization, body.completion)
    return CompletedShape(
        id=brought.row.id,
        status=brought.row.status,
        connection=await _shown(desks, brought.connection),
        choices=[ChoiceShape(id=each.id, label=each.label) for each in brought.offered],
    )


@router.post("/authorizations/{authorization}/keep")
async def keep(
    authorization: str, caller: ConnectionWriter, desks: TheDesks, body: Keeping | None = None
) -> ConnectionShape:
    """Keep the connection, now that it is known whose account it is."""
    choice = body.choice if body else None
    return await _shown(desks, await desks.authorizations.keep(caller, authorization, choice))


@router.post("/connectors/{connector}/connections", status_code=201)
async def create(
    connector: str, body: NewConnection, caller: ConnectionWriter, desks: TheDesks
) -> ConnectionShape:
    """Make a connection where nobody has to consent in a browser."""
    row = await desks.connections.create(caller, connector, body.fields, test=body.test)
    return await _shown(desks, row)


@router.get("/connectors/{connector}/connections")
async def of_connector(
    connector: str,
    caller: ConnectionReader,
    desks: TheDesks,
    limit: Limit = 50,
    after: str | None = None,
) -> ConnectionList:
    """List a connector's connections, newest first."""
    await desks.connectors.get(caller, connector)
    page = await desks.connections.page(caller, connector, limit=limit, after=after)
    return await _listed(desks, page)


@router.get("/connections")
async def list_connections(
    caller: ConnectionReader, desks: TheDesks, limit: Limit = 50, after: str | None = None
) -> ConnectionList:
    """List all connections, newest first."""
    return await _listed(
        desks, await desks.connections.page(caller, None, limit=limit, after=after)
    )


@router.get("/connections/{connection}")
async def get(
    connection: str, caller: ConnectionReader, desks: TheDesks, response: Response
) -> ConnectionShape:
    """Show a connection and its health."""
    row = await desks.connections.row(caller.workspace, connection)
    response.headers["ETag"] = etag(row.version)
    return await _shown(desks, row)


@router.delete("/connections/{connection}", status_code=204)
async def delete(
    connection: str, caller: ConnectionWriter, desks: TheDesks, version: VersionAsked
) -> None:
    """Revoke a connection, here at once and at the authorization server, and remove it."""
    row = await desks.connections.row(caller.workspace, connection)
    if version is not None and version != row.version:
        raise VersionConflict("This connection changed since you read it.")
    await desks.connections.delete(caller, connection)


@router.post("/connections/{connection}/refresh")
async def refresh(connection: str, caller: ConnectionWriter, desks: TheDesks) -> ConnectionShape:
    """Renew the access token now."""
    return await _shown(desks, await desks.connections.refresh(caller, connection))


@router.post("/connections/{connection}/test")
async def test(connection: str, caller: ConnectionWriter, desks: TheDesks) -> ProofShape:
    """Prove a connection with `auth_test`, or say what was done instead."""
    proof = await desks.connections.test(caller, connection)
    account = None
    if proof.account_id is not None or proof.account_label is not None:
        account = AccountShape(id=proof.account_id, label=proof.account_label)
    return ProofShape(
        ok=proof.ok,
        status=proof.status,
        did=proof.did,
        account=account,
        message=proof.message,
        call=proof.call,
    )


@router.post("/connections/{connection}/revoke")
async def revoke(connection: str, caller: ConnectionWriter, desks: TheDesks) -> ConnectionShape:
    """End a connection here at once, and at the authorization server."""
    return await _shown(desks, await desks.connections.revoke(caller, connection))


@router.post("/connections/{connection}/confirm")
async def confirm(
    connection: str, body: ConfirmedConnection, caller: ConnectionWriter, desks: TheDesks
) -> ConnectionShape:
    """Approve the origins a connection's credentials may be sent to."""
    row = await desks.connections.confirm(caller, connection, api=body.api, auth=body.auth)
    return await _shown(desks, row)
