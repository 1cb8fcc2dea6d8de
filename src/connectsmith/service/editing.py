"""What the editor asks: what is wrong with a text, what stands in it, what hangs on secrets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectsmith.core.definition.diagnostics import Diagnostic
from connectsmith.core.definition.facts import secret_names_of
from connectsmith.core.definition.outline import Outline
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.caller import Caller
from connectsmith.service.ports import Connections
from connectsmith.service.readings import outline_text, read_text
from connectsmith.service.rows import ConnectorRow, SecretRow
from connectsmith.service.secrets import SecretKeys


@dataclass(frozen=True, slots=True)
class Look:
    """A text as the editor shows it, beside what is stored."""

    row: ConnectorRow
    diagnostics: tuple[Diagnostic, ...]
    outline: Outline
    stored: frozenset[str]
    """Names of the secrets that are stored."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """A connector's secrets with what hangs on them, and where its saved draft would send them."""

    row: ConnectorRow
    secrets: Sequence[SecretRow]
    renewing: Mapping[str, int]
    """How many connections renew themselves with a secret, by its name."""
    drafted: Outline


class EditorDesk:
    """Answer the editor."""

    def __init__(
        self, blueprints: Blueprints, secrets: SecretKeys, connections: Connections
    ) -> None:
        self._blueprints = blueprints
        self._secrets = secrets
        self._connections = connections

    async def look(self, caller: Caller, connector: str, text: str | None = None) -> Look:
        """Read a text (None for the saved draft) as `connectsmith validate` does.

        Secrets that it names and that are not stored are among the diagnostics.
        """
        row = await self._blueprints.connector(caller.workspace, connector)
        stored = await self._secrets.stored_names(row.workspace, row.id)
        typed = row.draft if text is None else text
        reading = await read_text(typed, stored)
        return Look(row, reading.diagnostics, await outline_text(typed), stored)

    async def key_ring(self, caller: Caller, connector: str) -> KeyRing:
        """Return what the Secret Keys dialog shows."""
        row = await self._blueprints.connector(caller.workspace, connector)
        drafted = await outline_text(row.draft)
        return KeyRing(
            row=row,
            secrets=await self._secrets.list(caller, connector),
            renewing=await self._renewing(row, drafted),
            drafted=drafted,
        )

    async def _renewing(self, row: ConnectorRow, drafted: Outline) -> Mapping[str, int]:
        """Count real connections by the published definition's names, test ones by the draft's."""
        counts = dict.fromkeys((each.name for each in drafted.secrets), 0)
        tests = await self._connections.renewing(row.workspace, row.id, test=True)
        for name in counts:
            counts[name] += tests
        if row.published is not None:
            real = await self._connections.renewing(row.workspace, row.id, test=False)
            published = await self._blueprints.revision(row.workspace, row.id, row.published)
            for name in secret_names_of(published.definition):
                counts[name] = counts.get(name, 0) + real
        return counts
