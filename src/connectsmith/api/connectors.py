"""Routes of connectors, drafts, revisions and secrets."""

import json
from typing import Annotated

from fastapi import APIRouter, Query, Response

from connectsmith.api.permissions import (
    ConnectorReader,
    ConnectorWriter,
    SecretWriter,
    TheDesks,
    check_scope,
)
from connectsmith.api.preconditions import (
    IfMatch,
    VersionAsked,
    VersionIfAsked,
    etag,
    version_asked,
    version_if_asked,
)
from connectsmith.api.routes import CallerRoute
from connectsmith.api.shapes import (
    ConfirmedSecret,
    ConnectorList,
    ConnectorShape,
    DraftShape,
    DraftText,
    NewConnector,
    NewSecrets,
    Nothing,
    RevisionList,
    RevisionShape,
    SecretList,
    SecretShape,
)
from connectsmith.api.views import connector_shape, revision_shape, secret_shape
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import CallerError
from connectsmith.service.connectors import diagnostic_json
from connectsmith.service.rows import (
    ConnectorRow,
)
from connectsmith.service.secret_entry import NewSecret

router = APIRouter(prefix="/v1/connectors", tags=["connectors"], route_class=CallerRoute)
Limit = Annotated[int, Query(ge=1, le=200)]


async def _shown(desks: TheDesks, row: ConnectorRow) -> ConnectorShape:
    return connector_shape(await desks.connectors.overview(row), desks.rules)


@router.post("", status_code=201)
async def create(
    body: NewConnector, caller: ConnectorWriter, desks: TheDesks, response: Response
) -> ConnectorShape:
    """Create a connector from a definition, a sample or a preset; with `publish`, publish it."""
    if sum(each is not None for each in (body.definition, body.sample, body.preset)) != 1:
        raise CallerError("Give one of `definition`, `sample` and `preset`.")
    if body.sample is not None:
        row = await desks.connectors.create_from_sample(caller, body.sample)
    elif body.preset is not None:
        row = await desks.connectors.create_from_preset(caller, body.preset)
    else:
        text = body.definition
        if not isinstance(text, str):
            text = json.dumps(text, indent=2, ensure_ascii=False)
        row = await desks.connectors.create(caller, text)
    if body.publish:
        await desks.connectors.publish(caller, row.id, version=row.draft_version)
        row = await desks.connectors.get(caller, row.id)
    response.headers["ETag"] = etag(row.draft_version)
    return await _shown(desks, row)


@router.get("")
async def list_connectors(
    caller: ConnectorReader,
    desks: TheDesks,
    limit: Limit = 50,
    after: str | None = None,
    search: str | None = None,
) -> ConnectorList:
    """List connectors, newest first; `search` looks in their names."""
    page = await desks.connectors.page(caller, limit=limit, after=after, search=search)
    return ConnectorList(items=[await _shown(desks, each) for each in page.items], next=page.next)


@router.get("/{connector}")
async def get(
    connector: str, caller: ConnectorReader, desks: TheDesks, response: Response
) -> ConnectorShape:
    """Show a connector: its callback URL, what it needs, its actions."""
    row = await desks.connectors.get(caller, connector)
    response.headers["ETag"] = etag(row.draft_version)
    return await _shown(desks, row)


@router.delete("/{connector}", status_code=204)
async def delete(
    connector: str,
    caller: ConnectorWriter,
    desks: TheDesks,
    version: VersionAsked,
    force: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> None:
    """Delete a connector; refused while it has connections, unless forced.

    Forcing it revokes them, which needs the scope `connections:write` as well.
    """
    if force:
        check_scope(caller, "connections:write")
    await desks.connectors.delete(caller, connector, version=version, force=force)


@router.get("/{connector}/draft")
async def draft(
    connector: str, caller: ConnectorReader, desks: TheDesks, response: Response
) -> DraftShape:
    """Show the draft as typed, with its diagnostics."""
    row = await desks.connectors.get(caller, connector)
    response.headers["ETag"] = etag(row.draft_version)
    return await _draft(desks, row)


@router.put("/{connector}/draft")
async def save_draft(
    connector: str,
    body: DraftText,
    caller: ConnectorWriter,
    desks: TheDesks,
    version: VersionAsked,
    response: Response,
) -> DraftShape:
    """Store the draft as typed, faulty or not."""
    row = await desks.connectors.save_draft(caller, connector, body.text, version=version)
    response.headers["ETag"] = etag(row.draft_version)
    return await _draft(desks, row)


async def _draft(desks: TheDesks, row: ConnectorRow) -> DraftShape:
    reading = await desks.connectors.reading(row)
    return DraftShape(
        text=row.draft,
        version=row.draft_version,
        saved_at=row.draft_saved_at,
        saved_by=row.draft_saved_by,
        diagnostics=[diagnostic_json(each) for each in reading.diagnostics],
    )


@router.post("/{connector}/publish")
async def publish(
    connector: str,
    caller: ConnectorWriter,
    desks: TheDesks,
    version: VersionIfAsked,
    body: Nothing | None = None,  # noqa: ARG001 - documents that a body is empty
) -> RevisionShape:
    """Publish the draft as the next revision; answers what changed."""
    row, changes = await desks.connectors.publish(caller, connector, version=version)
    return revision_shape(row, text=False).model_copy(update={"changed": changes.as_json()})


@router.get("/{connector}/revisions")
async def revisions(connector: str, caller: ConnectorReader, desks: TheDesks) -> RevisionList:
    """List published revisions, newest first."""
    rows = await desks.connectors.revisions(caller, connector)
    return RevisionList(items=[revision_shape(each, text=False) for each in rows])


@router.get("/{connector}/revisions/{number}")
async def revision(
    connector: str, number: int, caller: ConnectorReader, desks: TheDesks
) -> RevisionShape:
    """Show a published revision with its text."""
    return revision_shape(await desks.connectors.revision(caller, connector, number), text=True)


@router.get("/{connector}/secrets")
async def secrets(connector: str, caller: ConnectorReader, desks: TheDesks) -> SecretList:
    """List secrets: names, times and origins; never values."""
    rows = await desks.secrets.list(caller, connector)
    return SecretList(items=[secret_shape(each) for each in rows])


@router.post("/{connector}/secrets", status_code=201)
async def add_secrets(
    connector: str,
    body: NewSecrets,
    caller: SecretWriter,
    desks: TheDesks,
    if_match: IfMatch = None,
) -> SecretList:
    """Store secrets, all or none; a value is never shown or changed afterwards.

    A secret without `origins` may go where the draft leads: send the draft's ETag as `If-Match`, so
    that it is the draft whose `secrets.origins` you saw.
    """
    entered = [
        NewSecret(
            name=each.name,
            value=Secret(each.value.get_secret_value()),
            origins=None if each.origins is None else tuple(each.origins),
            browser=each.browser,
        )
        for each in body.secrets
    ]
    from_draft = any(each.origins is None for each in entered)
    version = await (version_asked if from_draft else version_if_asked)(if_match)
    rows = await desks.secrets.add(caller, connector, entered, version=version)
    return SecretList(items=[secret_shape(each) for each in rows])


@router.post("/{connector}/secrets/{secret}/confirm")
async def confirm_secret(
    connector: str, secret: str, body: ConfirmedSecret, caller: SecretWriter, desks: TheDesks
) -> SecretShape:
    """Set the origins a secret may be sent to, and whether a browser may see it."""
    row = await desks.secrets.confirm(
        caller, connector, secret, origins=body.origins, browser=body.browser
    )
    return secret_shape(row)


@router.delete("/{connector}/secrets/{secret}", status_code=204)
async def delete_secret(connector: str, secret: str, caller: SecretWriter, desks: TheDesks) -> None:
    """Shred a secret at once."""
    await desks.secrets.delete(caller, connector, secret)
