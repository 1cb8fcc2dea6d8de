"""Pictures of connectors: untrusted bytes, shown as pictures and as nothing else."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.responses import Response

from connectsmith.errors import NotFound
from connectsmith.service.readings import read_text
from connectsmith.web.visit import Visit, operator_page

_URI: Final = re.compile(
    r"data:(image/png|image/svg\+xml)(?:;charset=utf-8)?(;base64)?,(.*)", re.DOTALL | re.IGNORECASE
)
_HEADERS: Final = {
    "Cache-Control": "private, max-age=86400",
    # An SVG that is opened by itself may run nothing and fetch nothing either.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox; "
    "frame-ancestors 'none'",
    "Content-Disposition": 'attachment; filename="icon"',
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes of a picture and what they are."""

    media_type: str
    content: bytes = field(repr=False)


def picture_of(uri: str) -> Picture | None:
    """Return the picture in a `data:` URI (RFC 2397), or None if there is none."""
    match = _URI.fullmatch(uri)
    if match is None:
        return None
    written = unquote_to_bytes(match[3])
    if match[2] is None:
        return Picture(match[1].lower(), written)
    try:
        return Picture(match[1].lower(), base64.b64decode(written, validate=True))
    except binascii.Error:
        return None


async def icon(visit: Visit) -> Response:
    """Serve the icon that a connector's draft holds."""
    row = await visit.desks.connectors.get(visit.caller, visit.param("connector"))
    definition = (await read_text(row.draft)).definition
    picture = picture_of(definition.icon) if definition is not None and definition.icon else None
    if picture is None:
        raise NotFound("The connector has no icon.")
    return Response(picture.content, media_type=picture.media_type, headers=_HEADERS)


routes = [operator_page("/connectors/{connector}/icon", icon)]
