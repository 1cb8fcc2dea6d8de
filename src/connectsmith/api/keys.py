"""Routes of connectors' own signing keys."""

from fastapi import APIRouter

from connectsmith.api.client_shapes import KeyList, KeyShape, NextKey
from connectsmith.api.permissions import ConnectorReader, SecretWriter, TheDesks
from connectsmith.api.routes import CallerRoute
from connectsmith.service.signing_keys import OwnKey

router = APIRouter(prefix="/v1", tags=["connectors"], route_class=CallerRoute)


@router.get("/connectors/{connector}/keys")
async def list_keys(connector: str, caller: ConnectorReader, desks: TheDesks) -> KeyList:
    """List a connector's own signing keys, and say where their key set is published."""
    found = await desks.keys.of(caller, connector)
    return KeyList(
        jwks_url=desks.rules.jwks_url(connector), items=[key_shape(each) for each in found]
    )


@router.post("/connectors/{connector}/keys", status_code=201)
async def rotate(connector: str, body: NextKey, caller: SecretWriter, desks: TheDesks) -> KeyShape:
    """Make the next signing key: published now, used once servers had time to fetch it."""
    return key_shape(await desks.keys.rotate(caller, connector, at_once=body.at_once))


def key_shape(key: OwnKey) -> KeyShape:
    """Show the public half of a signing key."""
    return KeyShape(
        id=key.id,
        algorithm=key.algorithm,
        jwk=key.public,
        origins=list(key.origins),
        created_at=key.created_at,
        signs_from=key.signs_from,
        published_until=key.published_until,
    )
