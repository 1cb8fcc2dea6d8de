"""API tokens: issue, recognise, list, revoke. Only their SHA-256 is stored."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from connectsmith.errors import CallerError, NotFound, ScopeMissing, TokenRequired
from connectsmith.service.caller import SCOPES, Caller
from connectsmith.service.ports import (
    Accounts,
    Clock,
    Events,
    Randomness,
)
from connectsmith.service.rows import (
    ApiTokenRow,
    EventRow,
    OperatorRow,
)

TOKEN_FORM = re.compile(r"cst_([A-Za-z0-9_-]{43})([0-9a-f]{6})")
"""Prefix, 256 random bits, checksum: secret scanners can recognise it without asking us."""

WORKSPACE = "default"
"""The one workspace there is so far."""


def _checksum(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:6]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


class Access:
    """Recognise callers and look after API tokens."""

    def __init__(
        self, *, accounts: Accounts, events: Events, clock: Clock, randomness: Randomness
    ) -> None:
        self._accounts = accounts
        self._events = events
        self._clock = clock
        self._randomness = randomness
        self._used: dict[str, datetime] = {}

    async def recognise(self, token: str | None) -> Caller:
        """Return the caller an API token belongs to.

        Raises:
            TokenRequired: no token, a malformed, unknown, expired or revoked one: all alike.
        """
        match = TOKEN_FORM.fullmatch(token or "")
        if match is None:
            raise _unrecognised()
        row = await self._accounts.token_by_digest(_digest(match[0]))
        now = self._clock.now()
        if row is None or row.revoked_at is not None:
            raise _unrecognised()
        if row.expires_at is not None and row.expires_at <= now:
            raise _unrecognised()
        self._used[row.id] = now
        return Caller(row.workspace, row.id, row.operator, frozenset(row.scopes))

    async def first_start(self, name: str) -> tuple[OperatorRow, str] | None:
        """Make the first operator and one API token with every scope, once."""
        if await self._accounts.first_operator(WORKSPACE) is not None:
            return None
        row = OperatorRow(WORKSPACE, self._randomness.new_id("ope"), name, self._clock.now())
        await self._accounts.add_operator(row)
        return row, await self.issue_local()

    async def issue_local(self) -> str:
        """Issue an API token with every scope to the first operator; for who holds the database."""
        operator = await self._accounts.first_operator(WORKSPACE)
        if operator is None:
            raise NotFound("There is no operator yet. Start the server once.")
        _, token = await self._issue(operator, "local", tuple(SCOPES), None)
        return token

    async def issue(
        self, caller: Caller, *, name: str, scopes: Sequence[str], days: int | None
    ) -> tuple[ApiTokenRow, str]:
        """Issue an API token; its text is returned this once.

        Raises:
            CallerError: an unknown scope, no scope, a bad lifetime.
            ScopeMissing: a scope the caller does not hold itself.
        """
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown or not scopes:
            raise CallerError(
                f"Unknown scopes: {', '.join(unknown)}." if unknown else "Name at least one scope.",
                place="/scopes",
                details={"known": list(SCOPES)},
            )
        beyond = sorted(set(scopes) - caller.scopes)
        if beyond:
            raise ScopeMissing(f"Your API token cannot pass on: {', '.join(beyond)}.")
        asked = None if days is None else self._clock.now() + timedelta(days=days)
        expires_at = min(filter(None, (asked, await self._end_of(caller))), default=None)
        return await self._issue(caller, name, tuple(scopes), expires_at)

    async def _end_of(self, caller: Caller) -> datetime | None:
        """Return when the caller's own API token ends: what it issues lasts no longer."""
        rows = await self._accounts.tokens(caller.workspace)
        return next((row.expires_at for row in rows if row.id == caller.token), None)

    async def _issue(
        self,
        issuer: OperatorRow | Caller,
        name: str,
        scopes: tuple[str, ...],
        expires_at: datetime | None,
    ) -> tuple[ApiTokenRow, str]:
        operator = issuer.id if isinstance(issuer, OperatorRow) else issuer.operator
        body = self._randomness.text()
        token = f"cst_{body}{_checksum(body)}"
        row = ApiTokenRow(
            workspace=issuer.workspace,
            id=self._randomness.new_id("tok"),
            operator=operator,
            name=name,
            digest=_digest(token),
            scopes=scopes,
            created_at=self._clock.now(),
            expires_at=expires_at,
        )
        await self._accounts.add_token(row)
        await self._record(issuer.workspace, operator, "api_token_issued", row.id)
        return row, token

    async def tokens(self, caller: Caller) -> Sequence[ApiTokenRow]:
        """List the workspace's API tokens, without their text."""
        await self.flush()
        return await self._accounts.tokens(caller.workspace)

    async def revoke(self, caller: Caller, token: str) -> None:
        """Revoke an API token at once."""
        if not await self._accounts.revoke_token(caller.workspace, token, self._clock.now()):
            raise NotFound("There is no API token with that id.")
        await self._record(caller.workspace, caller.operator, "api_token_revoked", token)

    async def flush(self) -> None:
        """Store when API tokens were last used."""
        used, self._used = self._used, {}
        if used:
            await self._accounts.touch_tokens(used)

    async def _record(self, workspace: str, who: str, what: str, subject: str) -> None:
        await self._events.add(EventRow(workspace, self._clock.now(), who, what, subject))


def _unrecognised() -> TokenRequired:
    return TokenRequired(
        "Send a valid API token in the header `Authorization: Bearer …`. "
        "`connectsmith token create --local` makes one on the server's machine."
    )
