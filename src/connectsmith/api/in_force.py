"""Every answer goes by the settings that were chosen last, whichever process took them."""

from contextlib import suppress

from starlette.types import ASGIApp, Receive, Scope, Send

from connectsmith.errors import Unavailable
from connectsmith.service.desks import Desks


class SettingsInForce:
    """Look at the chosen settings before each request; calls, which need none, go past this."""

    def __init__(self, app: ASGIApp, desks: Desks) -> None:
        self._app = app
        self._desks = desks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; what needs the database says itself when it cannot be asked."""
        if scope["type"] == "http" and not _is_call(scope):
            with suppress(Unavailable):
                await self._desks.settings.look()
        await self._app(scope, receive, send)


def _is_call(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] == "POST" and path.endswith("/calls")
