"""A connector's secrets: enter, list, confirm, delete, use. Nothing reads one back."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectsmith.core.authorization.values import StoredSecret
from connectsmith.core.secret.destinations import Destinations
from connectsmith.errors import (
    CallerError,
    Conflict,
    NameTaken,
    NotFound,
    SecretDestinationDenied,
    SecretMissing,
    VersionConflict,
)
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.caller import Caller
from connectsmith.service.ports import (
    Clock,
    Events,
    Randomness,
    Sealer,
    SealPlace,
)
from connectsmith.service.readings import outline_text
from connectsmith.service.rows import (
    ConfirmedRow,
    ConnectorRow,
    EventRow,
    SecretRow,
    SecretsChange,
)
from connectsmith.service.secret_entry import (
    EnteredChanges,
    NewSecret,
    check_entered,
    readable_origins,
)
from connectsmith.service.secret_ports import Secrets
from connectsmith.values import replace


@dataclass(frozen=True, slots=True)
class _Drafted:
    """What a draft says about where secrets go, as far as it can be read."""

    origins: tuple[str, ...]
    browser_names: frozenset[str]

    @classmethod
    async def of(cls, row: ConnectorRow, blueprints: Blueprints) -> "_Drafted":
        outline = await outline_text(row.draft)
        named = frozenset(each.name for each in outline.secrets if each.browser)
        found = await blueprints.origins_of_draft(row)
        return cls(tuple(sorted({*outline.origins, *found})), named)


def secret_place(row: SecretRow) -> SealPlace:
    """Say what a secret's sealed record is bound to."""
    return SealPlace(row.workspace, "secret", row.connector, f"{row.id}/{row.name}", row.version)


class SecretKeys:
    """Look after the secrets of connectors."""

    def __init__(
        self,
        *,
        secrets: Secrets,
        blueprints: Blueprints,
        events: Events,
        sealer: Sealer,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._secrets = secrets
        self._blueprints = blueprints
        self._events = events
        self._sealer = sealer
        self._clock = clock
        self._randomness = randomness
        self._used: dict[str, set[str]] = {}

    async def add(
        self,
        caller: Caller,
        connector: str,
        entered: Sequence[NewSecret],
        *,
        version: int | None = None,
    ) -> Sequence[SecretRow]:
        """Seal and store several secrets, all or none.

        Args:
            caller: who enters them.
            connector: id of the connector.
            entered: names and values.
            version: the draft's version that destinations were read from; None for any.

        Raises:
            CallerError: a bad name or value; `place` names it.
            NameTaken: a name that is stored already; values are never changed.
            VersionConflict: somebody saved the draft since; its secrets might go elsewhere.
        """
        if not entered:
            raise CallerError("Name at least one secret.", place="/secrets")
        changes = EnteredChanges(added=tuple(entered))
        rows = await self.change(caller, connector, changes, version=version)
        names = [unicodedata.normalize("NFC", each.name) for each in entered]
        added = [row for row in rows if row.name in names]
        return sorted(added, key=lambda row: names.index(row.name))

    async def change(
        self, caller: Caller, connector: str, changes: EnteredChanges, *, version: int | None
    ) -> Sequence[SecretRow]:
        """Delete, confirm and add secrets, all or nothing; return those that are stored then.

        Raises:
            CallerError, NameTaken, VersionConflict: as with `add`.
            Conflict: a secret to delete or to confirm is not as it was seen any more.
        """
        row = await self._blueprints.connector(caller.workspace, connector)
        check_entered(changes.added)
        if version is not None and version != row.draft_version:
            raise _redrafted(row)
        drafted = await _Drafted.of(row, self._blueprints)
        taken_from_draft = any(each.origins is None for each in changes.added)
        change = SecretsChange(
            workspace=caller.workspace,
            connector=row.id,
            draft_version=row.draft_version if taken_from_draft else version,
            added=tuple(self._sealed(caller, row, each, drafted) for each in changes.added),
            confirmed=tuple(map(_readable, changes.confirmed)),
            deleted=changes.deleted,
        )
        await self._store(change)
        await self._record_change(caller, change)
        return await self._secrets.list(caller.workspace, connector)

    async def _store(self, change: SecretsChange) -> None:
        try:
            if await self._secrets.change(change):
                return
        except NameTaken as error:
            stored = await self.stored_names(change.workspace, change.connector)
            names = sorted({row.name for row in change.added} & stored)
            raise NameTaken(error.message, place="name", details={"names": names}) from error
        row = await self._blueprints.connector(change.workspace, change.connector)
        if change.draft_version not in (None, row.draft_version):
            raise _redrafted(row)
        raise Conflict(
            "Somebody changed these secrets meanwhile, so nothing was saved. Look at what is "
            "stored now, and save again."
        )

    async def _record_change(self, caller: Caller, change: SecretsChange) -> None:
        for secret in change.deleted:
            await self._record(caller, "secret_deleted", secret, "")
        for each in change.confirmed:
            reach = ", ".join(each.origins or ()) or "nowhere"
            await self._record(caller, "secret_confirmed", each.id, reach)
        for row in change.added:
            await self._record(caller, "secret_added", row.id, f"{row.name}: {_reach(row)}")

    def _sealed(
        self, caller: Caller, connector: ConnectorRow, entered: NewSecret, drafted: _Drafted
    ) -> SecretRow:
        named = entered.name in drafted.browser_names
        row = SecretRow(
            workspace=caller.workspace,
            id=self._randomness.new_id("sec"),
            connector=connector.id,
            name=unicodedata.normalize("NFC", entered.name),
            version=1,
            origins=readable_origins(
                drafted.origins if entered.origins is None else entered.origins, "/origins"
            ),
            sealed=b"",
            created_at=self._clock.now(),
            created_by=caller.token,
            browser=named if entered.browser is None else entered.browser,
        )
        return replace(row, sealed=self._sealer.seal({"value": entered.value}, secret_place(row)))

    async def list(self, caller: Caller, connector: str) -> Sequence[SecretRow]:
        """List a connector's secrets: names, times and origins."""
        await self._blueprints.connector(caller.workspace, connector)
        return await self._secrets.list(caller.workspace, connector)

    async def confirm(
        self,
        caller: Caller,
        connector: str,
        secret: str,
        *,
        origins: Sequence[str] | None,
        browser: bool | None,
    ) -> SecretRow:
        """Set where a secret may be sent, and whether a browser may see it, from now on.

        Raises:
            CallerError: neither is said, or an origin cannot be read.
        """
        await self._blueprints.connector(caller.workspace, connector)
        if origins is None and browser is None:
            raise CallerError("Say where it may be sent (`origins`), or whether to a `browser`.")
        confirmed = None if origins is None else readable_origins(origins, "/origins")
        if not await self._secrets.confirm(
            caller.workspace, connector, secret, origins=confirmed, browser=browser
        ):
            raise _unknown()
        rows = await self._secrets.list(caller.workspace, connector)
        row = next((each for each in rows if each.id == secret), None)
        if row is None:
            raise _unknown()
        await self._record(caller, "secret_confirmed", secret, _reach(row))
        return row

    async def delete(self, caller: Caller, connector: str, secret: str) -> None:
        """Shred a secret at once."""
        await self._blueprints.connector(caller.workspace, connector)
        if not await self._secrets.delete(caller.workspace, connector, secret):
            raise _unknown()
        await self._record(caller, "secret_deleted", secret, "")

    async def stored_names(self, workspace: str, connector: str) -> frozenset[str]:
        """Return the names of a connector's secrets."""
        return frozenset(each.name for each in await self._secrets.list(workspace, connector))

    async def open(
        self, workspace: str, connector: str, names: frozenset[str]
    ) -> Mapping[str, StoredSecret]:
        """Open the named secrets for one request.

        Raises:
            SecretMissing: some are not stored.
        """
        if not names:
            return {}
        rows = {each.name: each for each in await self._secrets.list(workspace, connector)}
        missing = sorted(names - rows.keys())
        if missing:
            raise SecretMissing(
                f"The definition names secrets that are not stored: {', '.join(missing)}. "
                f"Stored: {', '.join(sorted(rows)) or 'none'}.",
                details={"missing": missing},
            )
        used = [rows[name] for name in sorted(names)]
        self._used.setdefault(workspace, set()).update(each.id for each in used)
        return {
            each.name: StoredSecret(
                self._sealer.open(each.sealed, secret_place(each))["value"],
                Destinations.of(each.origins),
            )
            for each in used
        }

    async def check_browser(self, workspace: str, connector: str, names: frozenset[str]) -> None:
        """Refuse to put the named secrets where a browser shows them, unless all are meant for it.

        Raises:
            SecretDestinationDenied: one was neither entered nor confirmed for a browser.
        """
        for each in await self._secrets.list(workspace, connector):
            if each.name in names and not each.browser:
                await self.denied(workspace, each.id, "a browser would see it")
                raise SecretDestinationDenied(
                    f'The secret "{each.name}" may not be seen in a browser, and what `clientID` '
                    "names stands in its address bar. Name another secret there; or, if this is "
                    'the client id, confirm it for browsers: `"browser": true`.',
                    place="/auth_components/clientID",
                    details={"secret": each.name},
                )

    async def denied(self, workspace: str, subject: str, message: str) -> None:
        """Record that something was kept from where nobody confirmed it may go."""
        what = SecretDestinationDenied.code
        await self._events.add(
            EventRow(workspace, self._clock.now(), "system", what, subject, message)
        )

    async def flush(self) -> None:
        """Store when secrets were last used."""
        used, self._used = self._used, {}
        for workspace, secrets in used.items():
            await self._secrets.touch(workspace, sorted(secrets), self._clock.now())

    async def _record(self, caller: Caller, what: str, subject: str, message: str) -> None:
        await self._events.add(
            EventRow(caller.workspace, self._clock.now(), caller.token, what, subject, message)
        )


def _reach(row: SecretRow) -> str:
    """Say where a secret may go, for the record."""
    return ", ".join((*row.origins, *(("a browser",) if row.browser else ()))) or "nowhere"


def _readable(row: ConfirmedRow) -> ConfirmedRow:
    if row.origins is None:
        return row
    return replace(row, origins=readable_origins(row.origins, "/origins"))


def _redrafted(row: ConnectorRow) -> VersionConflict:
    return VersionConflict(
        "Somebody saved the connector's text since you read it, and secrets may go elsewhere now. "
        "Nothing was stored. Look at where they would go, and save again.",
        details={"version": row.draft_version},
    )


def _unknown() -> NotFound:
    return NotFound("The connector has no secret with that id.")
