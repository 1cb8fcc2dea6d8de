"""Routes that need no API token (health and the two schema documents), samples and presets."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from connectsmith import __version__
from connectsmith.api.connectors import Limit
from connectsmith.api.permissions import ConnectorReader
from connectsmith.api.routes import CallerRoute
from connectsmith.api.shapes import (
    PresetList,
    PresetShape,
    PresetSummary,
    SampleList,
    SampleShape,
)
from connectsmith.core.definition.json_schema import format_schema
from connectsmith.errors import NotFound
from connectsmith.presets import (
    Preset,
    callback_of,
    definition_text,
    page,
    refresh_of,
)
from connectsmith.presets import preset as preset_of
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


@router.get("/v1/presets")
async def list_presets(
    _: ConnectorReader, search: str = "", limit: Limit = 50, after: str | None = None
) -> PresetList:
    """List the services whose facts are known, the best fit first; `search` narrows them."""
    items, last = page(search, limit=limit, after=after)
    return PresetList(items=[PresetSummary(**_summary(each)) for each in items], next=last)


@router.get("/v1/presets/{preset}")
async def get_preset(preset: str, _: ConnectorReader) -> PresetShape:
    """Show what is known of a service, where it was read, and the definition it makes."""
    known = preset_of(preset)
    if known is None:
        raise NotFound("There is no preset with that id.")
    return PresetShape(
        **_summary(known),
        facts=known.model_dump(mode="json", by_alias=True),
        definition=definition_text(known),
    )


def _summary(each: Preset) -> dict[str, Any]:
    return {
        "id": each.id,
        "name": each.name,
        "documentation": each.documentation,
        "registration": each.registration,
        "callback": callback_of(each),
        "refresh": refresh_of(each),
        "how": each.how,
        "fields": [field["key"] for field in each.auth_fields],
    }
