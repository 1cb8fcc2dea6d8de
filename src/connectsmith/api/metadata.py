"""Routes of what connectors' issuers say about themselves."""

from fastapi import APIRouter

from connectsmith.api.client_shapes import Issuer, MetadataList, MetadataShape
from connectsmith.api.permissions import ConnectorReader, SecretWriter, TheDesks
from connectsmith.api.routes import CallerRoute
from connectsmith.service.discovery import Known

router = APIRouter(prefix="/v1", tags=["connectors"], route_class=CallerRoute)


@router.get("/connectors/{connector}/metadata")
async def list_metadata(connector: str, caller: ConnectorReader, desks: TheDesks) -> MetadataList:
    """Show the endpoints that were discovered, and changes of them that wait for approval."""
    await desks.connectors.get(caller, connector)
    found = await desks.discovery.of(caller, connector)
    return MetadataList(items=[_shape(issuer, known) for issuer, known in found])


@router.post("/connectors/{connector}/metadata/approve")
async def approve(
    connector: str, body: Issuer, caller: SecretWriter, desks: TheDesks
) -> MetadataShape:
    """Use from now on what an issuer's document has changed to."""
    await desks.connectors.get(caller, connector)
    return _shape(body.issuer, await desks.discovery.approve(caller, connector, body.issuer))


def _shape(issuer: str, known: Known) -> MetadataShape:
    return MetadataShape(
        issuer=issuer,
        endpoints=dict(known.approved.endpoints),
        pending=None if known.pending is None else dict(known.pending.endpoints),
        looked_at=known.looked_at,
    )
