"""Lists of connectors, with what an operator wants to see of each at a glance."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from connectsmith.core.definition.facts import sign_in_kind
from connectsmith.service.caller import Caller
from connectsmith.service.chosen_settings import ChosenSettings
from connectsmith.service.connectors import ConnectorDesk
from connectsmith.service.ports import Clock, Storage
from connectsmith.service.readings import read_text
from connectsmith.service.rows import ConnectorRow, EventRow, Page
from connectsmith.service.summary_ports import Tally

State = Literal["draft", "published", "changed"]
UNTOUCHED_FOR: Final = timedelta(days=1)
KEPT: Final = 2048
"""Facts of drafts held in memory."""


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """What a draft's text says of itself, as far as it can be read."""

    sign_in: str
    """Such as `oauth2`; `unknown` while the text has errors."""
    has_icon: bool
    has_client_id: bool

    @property
    def is_registered_by_hand(self) -> bool:
        """Whether somebody has to tell the service our callback URL: others do it themselves."""
        return self.sign_in == "oauth2" and self.has_client_id


@dataclass(frozen=True, slots=True)
class ConnectorSummary:
    """A connector on a list."""

    row: ConnectorRow
    facts: DraftFacts
    state: State
    """`changed`: published, and the draft differs from it."""
    tally: Tally
    last_call_at: datetime | None
    callback_changed: bool
    """Whether the service must be told another callback URL: nobody has signed in with it yet."""


class Overviews:
    """Make lists of connectors."""

    def __init__(
        self, connectors: ConnectorDesk, storage: Storage, clock: Clock, settings: ChosenSettings
    ) -> None:
        self._connectors = connectors
        self._summaries = storage.summaries
        self._events = storage.events
        self._settings = settings
        self._clock = clock
        self._facts: OrderedDict[tuple[str, str, int], DraftFacts] = OrderedDict()

    async def connectors(
        self, caller: Caller, *, limit: int, after: str | None, search: str | None
    ) -> Page[ConnectorSummary]:
        """List connectors, newest first."""
        page = await self._connectors.page(caller, limit=limit, after=after, search=search)
        return Page(await self._summaries_of(caller, page.items), page.next)

    async def connector(self, caller: Caller, connector: str) -> ConnectorSummary:
        """Return what a list would show of one connector, or raise NotFound."""
        row = await self._connectors.get(caller, connector)
        (summary,) = await self._summaries_of(caller, [row])
        return summary

    async def names(self, caller: Caller, connectors: Iterable[str]) -> Mapping[str, str]:
        """Return the names of connectors; deleted ones are left out."""
        return await self._summaries.names(caller.workspace, sorted(set(connectors)))

    async def accounts(self, caller: Caller, connections: Iterable[str]) -> Mapping[str, str]:
        """Return whose accounts connections hold, empty where unknown; deleted are left out."""
        return await self._summaries.accounts(caller.workspace, sorted(set(connections)))

    async def _summaries_of(
        self, caller: Caller, rows: Sequence[ConnectorRow]
    ) -> list[ConnectorSummary]:
        ids = [row.id for row in rows]
        now = self._clock.now()
        changed = await self._summaries.changed(caller.workspace, ids)
        tallies = await self._summaries.tallies(caller.workspace, ids, now)
        moved = await self._moved(caller, ids)
        last_calls = await self._summaries.last_calls(caller.workspace, ids)
        facts = [await self._facts_of(row) for row in rows]
        return [
            ConnectorSummary(
                row=row,
                facts=its,
                state=_state(row, changed=row.id in changed),
                tally=tallies.get(row.id, Tally()),
                last_call_at=last_calls.get(row.id),
                callback_changed=row.id in moved and its.is_registered_by_hand,
            )
            for row, its in zip(rows, facts, strict=True)
        ]

    async def _moved(self, caller: Caller, ids: Sequence[str]) -> frozenset[str]:
        since = self._settings.changed_at
        if since is None:
            return frozenset()
        return await self._summaries.not_signed_in_since(caller.workspace, ids, since)

    async def _facts_of(self, row: ConnectorRow) -> DraftFacts:
        key = (row.workspace, row.id, row.draft_version)
        known = self._facts.get(key)
        if known is not None:
            return known
        definition = (await read_text(row.draft)).definition
        facts = DraftFacts(
            sign_in="unknown" if definition is None else sign_in_kind(definition),
            has_icon=definition is not None and definition.icon is not None,
            has_client_id=definition is not None and bool(definition.auth_components.client_id),
        )
        self._facts[key] = facts
        if len(self._facts) > KEPT:
            self._facts.popitem(last=False)
        return facts

    async def discard_untouched(self) -> int:
        """Delete connectors that were begun a day ago and left as they were; return how many."""
        now = self._clock.now()
        gone = await self._summaries.discard_untouched(now - UNTOUCHED_FOR, now)
        for connector in gone:
            await self._events.add(
                EventRow("default", now, "system", "connector_discarded", connector, "untouched")
            )
        return len(gone)


def _state(row: ConnectorRow, *, changed: bool) -> State:
    if row.published is None:
        return "draft"
    return "changed" if changed else "published"
