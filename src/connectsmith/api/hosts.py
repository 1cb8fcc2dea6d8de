"""The names under which we answer, so that no page can have its own name lead a browser to us.

A page whose name server points its name at a loopback address (DNS rebinding) is of one origin with
whatever answers there. It can choose the name but not what the browser calls us by, so names that
are not ours are refused. An address is nobody's name: a page under it is our own.
"""

import re
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from connectsmith.api.problems import problem
from connectsmith.errors import HostUnknown, Unavailable
from connectsmith.service.desks import Desks

_HOST: Final = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::[0-9]{1,5})?")
_LOOPBACK: Final = "localhost"
_KEPT: Final = 64


class OwnHostOnly:
    """Answer requests to the public URL's host, to loopback and to plain addresses.

    The hosts of public URLs of late are answered too: whoever is there is not locked out.
    """

    def __init__(self, app: ASGIApp, desks: Desks) -> None:
        self._app = app
        self._desks = desks
        self._known: set[bytes] = set()
        self._known_under: tuple[str, ...] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with 421 (RFC 9110 section 15.5.20)."""
        if scope["type"] != "http" or await self._answers(scope):
            await self._app(scope, receive, send)
            return
        refusal = HostUnknown(
            f"This server answers as {self._desks.rules.public_url}. An administrator can change "
            "its name with the setting public_url, or with `connectsmith settings --set`."
        )
        await problem(refusal)(scope, receive, send)

    async def _answers(self, scope: Scope) -> bool:
        """Tell whether a request is for us; a call also under a name that was just chosen."""
        if self._is_ours(scope):
            return True
        with suppress(Unavailable):
            await self._desks.settings.look()
        return self._is_ours(scope)

    def _is_ours(self, scope: Scope) -> bool:
        rules = self._desks.rules
        urls = (rules.public_url, *rules.former_urls)
        if urls != self._known_under:
            self._known, self._known_under = set(), urls
        for name, value in scope["headers"]:
            if name == b"host":
                return value in self._known or self._learns(value)
        return False

    def _learns(self, value: bytes) -> bool:
        match = _HOST.fullmatch(value.decode("latin-1").lower())
        names = {_LOOPBACK, *(urlsplit(each).hostname for each in self._known_under)}
        ours = match is not None and (match[2] in names or _is_address(match))
        if ours and len(self._known) < _KEPT:
            self._known.add(value)
        return ours


def _is_address(match: "re.Match[str]") -> bool:
    try:
        if match[1] is not None:
            IPv6Address(match[1])
        else:
            IPv4Address(match[2])
    except ValueError:
        return False
    return True
