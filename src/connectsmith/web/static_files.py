"""Scripts and styles from the package, at addresses that change with their content."""

import hashlib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_HASH_LENGTH: Final = 16
_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file with its type, and the name under which browsers ask for it."""

    address: str
    media_type: str
    content: bytes = field(repr=False)


@cache
def static_files() -> dict[str, StaticFile]:
    """Return every file of the package by its own name."""
    folder = files("connectsmith.web") / "static"
    return {each.name: _read(each.name, each.read_bytes()) for each in folder.iterdir()}


def _read(name: str, content: bytes) -> StaticFile:
    stem, dot, ending = name.rpartition(".")
    digest = hashlib.sha256(content).hexdigest()[:_HASH_LENGTH]
    return StaticFile(f"/static/{stem}.{digest}.{ending}", _TYPES[dot + ending], content)


def static_address(name: str) -> str:
    """Return where browsers get a file."""
    return static_files()[name].address


@cache
def _by_address() -> dict[str, StaticFile]:
    return {each.address: each for each in static_files().values()}


async def static(request: Request) -> Response:
    """Serve a file; an address whose content has changed since is unknown."""
    found = _by_address().get(request.url.path)
    if found is None:
        return Response(status_code=404, headers={"Cache-Control": "no-store"})
    return Response(found.content, media_type=found.media_type, headers=_HEADERS)


routes = [Route("/static/{name}", static, methods=["GET"])]
