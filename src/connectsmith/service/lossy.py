"""Lose an answer of a token endpoint on purpose, and see what the server makes of it."""

from typing import Literal

from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import GrantRejected, NetworkError, RemoteError, Unavailable
from connectsmith.service.asking import Asker
from connectsmith.service.blueprints import Blueprint
from connectsmith.service.rows import ConnectionRow
from connectsmith.service.token_endpoint import Renewed

Ending = Literal["untried", "unchanged", "forgiven", "refused", "ended"]


class LossyAsker:
    """Ask twice with the same refresh token, as after an answer that was lost; the port `Ask`.

    Where the first answer brings another refresh token, that is only done when `destructive`: a
    server may take it for theft and end the grant. An answer that turns out to be the only good one
    is never thrown away.
    """

    def __init__(self, asker: Asker, *, destructive: bool) -> None:
        self._asker = asker
        self._destructive = destructive
        self.ending: Ending = "untried"

    async def ask(
        self, row: ConnectionRow, blueprint: Blueprint, credentials: Credentials
    ) -> Renewed:
        """Ask, forget the answer, and ask again."""
        first = await self._asker.ask(row, blueprint, credentials)
        rotated = _refresh_token(credentials) != _refresh_token(credentials.renewed(first.tokens))
        if first.error is not None or (rotated and not self._destructive):
            return first
        try:
            second = await self._asker.ask(row, blueprint, credentials)
        except GrantRejected:
            return await self._after_refusal(row, blueprint, credentials, first)
        except (NetworkError, RemoteError, Unavailable):
            return first
        self.ending = "forgiven" if rotated else "unchanged"
        return second

    async def _after_refusal(
        self, row: ConnectionRow, blueprint: Blueprint, credentials: Credentials, first: Renewed
    ) -> Renewed:
        """See whether the grant outlived the use of an old refresh token."""
        try:
            third = await self._asker.ask(row, blueprint, credentials.renewed(first.tokens))
        except GrantRejected:
            self.ending = "ended"
            raise
        except (NetworkError, RemoteError, Unavailable):
            self.ending = "refused"
            return first
        self.ending = "refused"
        return third


def _refresh_token(credentials: Credentials) -> Secret | None:
    return credentials.tokens.refresh_token if credentials.tokens else None
