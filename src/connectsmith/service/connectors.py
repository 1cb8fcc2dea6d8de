"""Connectors: create, edit, publish, delete. A draft is stored as typed, even when faulty."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from connectsmith.core.definition.changes import Changes, changes_between
from connectsmith.core.definition.facts import (
    browser_names_of,
    origins_of_auth,
    secret_names_of,
    sign_in_kind,
)
from connectsmith.core.definition.findings import meant, nearest
from connectsmith.core.definition.reading import Diagnostic, Position, Reading
from connectsmith.core.definition.syntax import scan
from connectsmith.errors import (
    BodyTooLarge,
    CallerError,
    ConnectorInUse,
    DefinitionError,
    NotFound,
    VersionConflict,
)
from connectsmith.presets import definition_text, preset, presets
from connectsmith.samples import samples
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.caller import Caller
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.deregistration import Deregistrar
from connectsmith.service.ports import (
    Clock,
    Connectors,
    Events,
    Randomness,
)
from connectsmith.service.readings import outline_text, read_text
from connectsmith.service.rows import (
    ConnectorRow,
    EventRow,
    Page,
    RevisionRow,
)
from connectsmith.service.rules import Rules
from connectsmith.service.secrets import SecretKeys
from connectsmith.values import replace

LONGEST_TEXT = 1024 * 1024
"""Bytes of a definition."""
UNNAMED = "Unnamed connector"


@dataclass(frozen=True, slots=True)
class Overview:
    """A connector with what its draft says."""

    row: ConnectorRow
    reading: Reading
    sign_in: str
    needed: tuple[str, ...]
    missing: tuple[str, ...]
    origins: tuple[str, ...]
    """Where a secret that is entered now would be allowed to go."""
    browser: tuple[str, ...]
    """Names of secrets that a browser would see."""
    changed: bool


class ConnectorDesk:
    """Look after connectors, drafts and revisions."""

    def __init__(
        self,
        *,
        connectors: Connectors,
        blueprints: Blueprints,
        secrets: SecretKeys,
        connections: ConnectionDesk,
        deregistrar: Deregistrar,
        events: Events,
        clock: Clock,
        randomness: Randomness,
        rules: Rules,
    ) -> None:
        self._connectors = connectors
        self._blueprints = blueprints
        self._secrets = secrets
        self._connections = connections
        self._deregistrar = deregistrar
        self._events = events
        self._clock = clock
        self._randomness = randomness
        self._rules = rules

    async def create(self, caller: Caller, text: str, *, untouched: bool = False) -> ConnectorRow:
        """Make a connector from a definition's text, faulty or not.

        One that begins `untouched` goes away after a day unless something is done with it.
        """
        _check_size(text)
        now = self._clock.now()
        row = ConnectorRow(
            workspace=caller.workspace,
            id=self._randomness.new_id("con"),
            name=_name(text),
            draft=text,
            draft_version=1,
            draft_saved_at=now,
            draft_saved_by=caller.token,
            published=None,
            created_at=now,
            created_by=caller.token,
            untouched_since=now if untouched else None,
        )
        await self._connectors.add(row)
        await self._record(caller, "connector_created", row.id, row.name)
        return row

    async def create_from_sample(self, caller: Caller, name: str) -> ConnectorRow:
        """Make a connector from a sample."""
        for sample in samples():
            if sample.name == name:
                return await self.create(caller, sample.text)
        known = ", ".join(each.name for each in samples())
        raise CallerError(f'There is no sample "{name}". Known: {known}.', place="/sample")

    async def create_from_preset(self, caller: Caller, name: str) -> ConnectorRow:
        """Make a connector from what a preset knows of its service."""
        found = preset(name)
        if found is None:
            near = meant(nearest(name, (each.id for each in presets())))
            raise CallerError(f'There is no preset "{name[:100]}".{near}', place="/preset")
        return await self.create(caller, definition_text(found))

    async def get(self, caller: Caller, connector: str) -> ConnectorRow:
        """Return a connector, or raise NotFound."""
        return await self._blueprints.connector(caller.workspace, connector)

    async def overview(self, row: ConnectorRow) -> Overview:
        """Say what a connector's draft holds and what it still needs."""
        stored = await self._secrets.stored_names(row.workspace, row.id)
        reading = await self.reading(row, stored)
        definition = reading.definition
        if definition is None:
            outline = await outline_text(row.draft)
            needed = frozenset(each.name for each in outline.secrets)
            shown = frozenset(each.name for each in outline.secrets if each.browser)
            origins = outline.origins
        else:
            needed = secret_names_of(definition)
            shown, origins = browser_names_of(definition), origins_of_auth(definition)
            if definition.auth_components.issuer is not None:
                origins = await self._blueprints.origins_of_draft(row) or origins
        published = None
        if row.published is not None:
            published = await self._connectors.revision(row.workspace, row.id, row.published)
        return Overview(
            row=row,
            reading=reading,
            sign_in=sign_in_kind(definition) if definition else "unknown",
            needed=tuple(sorted(needed)),
            missing=tuple(sorted(needed - stored)),
            origins=origins,
            browser=tuple(sorted(shown)),
            changed=published is None or published.text != row.draft,
        )

    async def reading(self, row: ConnectorRow, stored: frozenset[str] | None = None) -> Reading:
        """Read a connector's draft, knowing the callback URL that its service will be given.

        With the names of stored secrets, those that are missing are warned of.
        """
        return await read_text(row.draft, stored, callback_url=self._rules.callback_url(row.id))

    async def page(
        self, caller: Caller, *, limit: int, after: str | None, search: str | None
    ) -> Page[ConnectorRow]:
        """List connectors, newest first."""
        return await self._connectors.page(
            caller.workspace, limit=limit, after=after, search=search
        )

    async def save_draft(
        self, caller: Caller, connector: str, text: str, *, version: int | None
    ) -> ConnectorRow:
        """Store a draft as typed.

        Args:
            caller: who saves.
            connector: id of the connector.
            text: the definition as typed.
            version: the draft's version that was edited; None for whatever there is.

        Raises:
            VersionConflict: somebody else saved meanwhile; nothing was overwritten.
        """
        _check_size(text)
        row = await self.get(caller, connector)
        expected = row.draft_version if version is None else version
        saved = replace(
            row,
            name=_name(text, row.name),
            draft=text,
            draft_version=expected + 1,
            draft_saved_at=self._clock.now(),
            draft_saved_by=caller.token,
        )
        if not await self._connectors.save_draft(saved, expected_version=expected):
            current = await self.get(caller, connector)
            raise VersionConflict(
                "Somebody saved this draft since you read it.",
                details={"version": current.draft_version},
            )
        return saved

    async def publish(
        self, caller: Caller, connector: str, *, version: int | None
    ) -> tuple[RevisionRow, Changes]:
        """Publish the draft as the next revision.

        Raises:
            DefinitionError: the draft has errors; `details["diagnostics"]` lists them.
            VersionConflict: the draft is not the one that was looked at.
        """
        row = await self.get(caller, connector)
        if version is not None and version != row.draft_version:
            raise VersionConflict(
                "Somebody saved this draft since you read it.",
                details={"version": row.draft_version},
            )
        reading = await read_text(row.draft)
        if reading.definition is None:
            raise DefinitionError(
                f"The definition has {reading.errors_said}; nothing was published.",
                details={"diagnostics": [diagnostic_json(each) for each in reading.diagnostics]},
            )
        before = None
        if row.published is not None:
            before = (
                await self._blueprints.revision(row.workspace, row.id, row.published)
            ).definition
        revision = RevisionRow(
            workspace=row.workspace,
            id=self._randomness.new_id("rev"),
            connector=row.id,
            number=(row.published or 0) + 1,
            text=row.draft,
            published_at=self._clock.now(),
            published_by=caller.token,
        )
        if not await self._connectors.publish(revision, expected_draft_version=row.draft_version):
            raise VersionConflict("Somebody saved or published meanwhile. Look again.")
        await self._record(caller, "connector_published", row.id, f"revision {revision.number}")
        return revision, changes_between(before, reading.definition)

    async def revisions(self, caller: Caller, connector: str) -> Sequence[RevisionRow]:
        """List a connector's published revisions, newest first."""
        await self.get(caller, connector)
        return await self._connectors.revisions(caller.workspace, connector)

    async def revision(self, caller: Caller, connector: str, number: int) -> RevisionRow:
        """Return one published revision."""
        await self.get(caller, connector)
        row = await self._connectors.revision(caller.workspace, connector, number)
        if row is None:
            raise NotFound(f"The connector has no revision {number}.")
        return row

    async def delete(
        self, caller: Caller, connector: str, *, version: int | None, force: bool
    ) -> None:
        """Delete a connector: its id stays as a tombstone, its secrets are shredded at once.

        A client that registered itself is given up at its server afterwards, in the background.

        Raises:
            ConnectorInUse: real connections exist and `force` is not set.
            VersionConflict: the draft is not the one that was looked at.
        """
        row = await self.get(caller, connector)
        if version is not None and version != row.draft_version:
            raise VersionConflict("Somebody changed this connector since you read it.")
        real = await self._connections.real_ones(caller, connector)
        if real and not force:
            raise ConnectorInUse(
                f'The connector "{row.name}" has {len(real)} connection(s). Delete them first, '
                "or delete with `force=true`, which revokes them.",
                details={"connections": [each.id for each in real]},
            )
        await self._connections.revoke_all(caller, connector)
        jobs = await self._deregistrar.enqueue(caller.workspace, connector)
        await self._connectors.delete(caller.workspace, connector, self._clock.now())
        await self._deregistrar.release(caller.workspace, jobs)
        await self._record(caller, "connector_deleted", connector, row.name)

    async def _record(self, caller: Caller, what: str, subject: str, message: str) -> None:
        await self._events.add(
            EventRow(caller.workspace, self._clock.now(), caller.token, what, subject, message)
        )


def _check_size(text: str) -> None:
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST_TEXT:
        raise BodyTooLarge("A definition has at most 1 MiB of text.", place="/text")


def _name(text: str, otherwise: str = UNNAMED) -> str:
    """Return the name a text gives itself, as far as it can be read."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        read = scan(text).value  # what can be read of a text that is still being written
    name = read.get("name") if isinstance(read, dict) else None
    return name[:200] if isinstance(name, str) and name.strip() else otherwise


def diagnostic_json(each: Diagnostic) -> dict[str, object]:
    """Return a diagnostic as the API and the command line show it."""
    return {
        "code": each.code,
        "severity": each.severity.value,
        "message": each.message,
        "pointer": each.pointer,
        "start": _position(each.start),
        "end": _position(each.end),
        "link": each.link,
        "fix": None
        if each.fix is None
        else {
            "title": each.fix.title,
            "edits": [
                {"start": edit.start, "end": edit.end, "text": edit.text} for edit in each.fix.edits
            ],
            "patch": None if each.fix.patch is None else list(each.fix.patch),
        },
    }


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column, "offset": position.offset}
