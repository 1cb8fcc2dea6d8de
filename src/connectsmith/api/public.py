"""Routes that need no API token (health and the two schema documents), and the samples."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from connectsmith import __version__
from connectsmith.api.permissions import ConnectorReader
from connectsmith.api.routes import CallerRoute
from connectsmith.api.shapes import SampleList, SampleShape
from connectsmith.core.definition.json_schema import format_schema
from connectsmith.samples import samples

router = APIRouter(tags=["installation"], route_class=CallerRoute)


@router.get("/health")
async def health() -> dict[str, Any]:
    """Tell that the server answers."""
    return {"ok": True, "version": __version__}


@router.get("/v1/schema")
async def schema() -> JSONResponse:
    """Serve the connector format as JSON Schema 2020-12."""
    return JSONResponse(format_schema(), media_type="application/schema+json")


@router.get("/v1/samples")
async def list_samples(_: ConnectorReader) -> SampleList:
    """List the sample connectors that ship."""
    return SampleList(
        items=[
            SampleShape(
                name=each.name,
                title=each.title,
                description=each.description,
                definition=each.text,
            )
            for each in samples()
        ]
    )
