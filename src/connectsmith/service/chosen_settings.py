"""Settings that operators choose while the server runs: its public URL, and how much is kept.

They stand in one fact, which every process reads before it answers. What the administrator gives by
a flag, the environment or config.toml wins, and cannot be chosen.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from connectsmith.errors import Conflict, FieldInvalid, SettingInvalid
from connectsmith.service.meta_ports import Meta
from connectsmith.service.ports import Clock, Events
from connectsmith.service.rows import EventRow
from connectsmith.service.rules import Rules
from connectsmith.service.sign_in import ABSOLUTE
from connectsmith.setting_values import bytes_kept, days_kept, public_origin
from connectsmith.values import replace

KEY: Final = "chosen_settings"
READERS: Final[Mapping[str, Callable[[str, object], Any]]] = MappingProxyType(
    {
        "public_url": public_origin,
        "transcript_days": days_kept,
        "transcript_bytes": bytes_kept,
    }
)
"""What may be chosen, by the name of the setting, with what reads it at a start too."""
_NOTHING: Final = "{}"


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the fact holds."""

    chosen: Mapping[str, str] = field(default_factory=dict)
    address: str | None = None
    """The public URL that was in force last."""
    changed_at: datetime | None = None
    former: Mapping[str, datetime] = field(default_factory=dict)
    """Public URLs before it, with until when they are answered."""

    @classmethod
    def read(cls, text: str) -> "_Kept":
        held = json.loads(text)
        at, former = held.get("changed_at"), held.get("former", {})
        return cls(
            held.get("chosen", {}),
            held.get("address"),
            None if at is None else datetime.fromisoformat(at),
            {url: datetime.fromisoformat(until) for url, until in former.items()},
        )

    def written(self) -> str:
        return json.dumps(
            {
                "chosen": dict(self.chosen),
                "address": self.address,
                "changed_at": None if self.changed_at is None else self.changed_at.isoformat(),
                "former": {url: until.isoformat() for url, until in self.former.items()},
            }
        )

    def moved(self, address: str, now: datetime) -> "_Kept":
        """Return it with the public URL that is in force; one that changed is still answered.

        For as long as a session that was begun there can last: nobody is locked out by a mistake.
        """
        if address == self.address:
            return self
        if self.address is None:
            return replace(self, address=address)
        former = {url: until for url, until in self.former.items() if until > now}
        former = {**former, self.address: now + ABSOLUTE}
        former.pop(address, None)
        return replace(self, address=address, changed_at=now, former=former)


class ChosenSettings:
    """Keep `rules` at what was chosen last, whichever process took it."""

    def __init__(self, meta: Meta, events: Events, clock: Clock, rules: Rules) -> None:
        self._meta = meta
        self._events = events
        self._clock = clock
        self._rules = rules
        self._usual = _shown(rules)
        self._text = _NOTHING
        self._kept = _Kept()

    @property
    def changed_at(self) -> datetime | None:
        """When the public URL became another; None if it never did."""
        return self._kept.changed_at

    def values(self) -> Mapping[str, str]:
        """Return the values in force."""
        return _shown(self._rules)

    def source(self, name: str) -> str | None:
        """Return where the administrator gave a setting; None where it can be chosen."""
        return self._rules.given.get(name)

    def is_chosen(self, name: str) -> bool:
        """Tell whether a value was chosen, and is in force."""
        return name in self._kept.chosen and self.source(name) is None

    async def look(self) -> None:
        """Go by what is chosen now: done before every answer, and between chores."""
        text = await self._meta.get(KEY) or _NOTHING
        if text != self._text:
            self._text, self._kept = text, _Kept.read(text)
        elif not self._kept.former:
            return  # nothing in it ends with time
        self._go_by(self._kept)

    async def note(self) -> None:
        """Compare the public URL with that of the last start; done by whoever serves."""
        await self._store(self._moved)

    async def choose(
        self, who: tuple[str, str], chosen: Mapping[str, str | None], *, seen: Mapping[str, str]
    ) -> None:
        """Choose values, or with None take a choice back, in one step that holds at once.

        Args:
            who: the workspace, and the id of the session or API token that asks.
            chosen: the new values, by the name of the setting.
            seen: the values that were in force when they were chosen.

        Raises:
            FieldInvalid: a value cannot be; `place` is its setting.
            Conflict: the administrator gave that setting, or somebody else chose meanwhile.
        """
        read = {name: self._read(name, value) for name, value in chosen.items()}

        def change(kept: _Kept) -> _Kept:
            self._go_by(kept)
            _check_seen(self.values(), seen)
            others = {name: value for name, value in kept.chosen.items() if name not in read}
            new = {name: value for name, value in read.items() if value is not None}
            changed = replace(kept, chosen=others | new)
            # The command line may stand where the server's own settings are not known.
            return self._moved(changed) if "public_url" in read else changed

        if await self._store(change):
            workspace, actor = who
            for name in read:
                event = f"now {self.values()[name]}"
                await self._events.add(
                    EventRow(workspace, self._clock.now(), actor, "setting_chosen", name, event)
                )

    def _read(self, name: str, value: str | None) -> str | None:
        source = self.source(name)
        if name not in READERS:
            names = ", ".join(READERS)
            raise FieldInvalid(f"{name} cannot be chosen; these can: {names}.", place=name)
        if source is not None:
            raise Conflict(f"{name} is set by {source}, which wins. Change it there.", place=name)
        try:
            return None if value is None else str(READERS[name](name, value))
        except SettingInvalid as error:
            raise FieldInvalid(error.message, place=name) from error

    async def _store(self, change: Callable[[_Kept], _Kept]) -> bool:
        """Store a change in one step, anew when another process was first; False if it is none."""
        while True:
            text = await self._meta.put_first(KEY, _NOTHING)
            new = change(_Kept.read(text)).written()
            if new == text:
                break
            if await self._meta.replace(KEY, new, expected=text):
                text = new
                break
        self._text, self._kept = text, _Kept.read(text)
        self._go_by(self._kept)
        return True

    def _moved(self, kept: _Kept) -> _Kept:
        return kept.moved(self._effective(kept)["public_url"], self._clock.now())

    def _effective(self, kept: _Kept) -> Mapping[str, str]:
        open_ = {name: value for name, value in kept.chosen.items() if self.source(name) is None}
        return {**self._usual, **open_}

    def _go_by(self, kept: _Kept) -> None:
        rules, values, now = self._rules, self._effective(kept), self._clock.now()
        rules.public_url = values["public_url"]
        rules.transcripts_kept = timedelta(days=int(values["transcript_days"]))
        rules.transcript_bytes = int(values["transcript_bytes"])
        rules.former_urls = tuple(url for url, until in kept.former.items() if until > now)


def _check_seen(values: Mapping[str, str], seen: Mapping[str, str]) -> None:
    for name, value in seen.items():
        if values[name] != value:
            raise Conflict(
                "Somebody else chose another value meanwhile, so nothing was changed. Save again "
                "to put yours in its place.",
                place=name,
            )


def _shown(rules: Rules) -> Mapping[str, str]:
    return {
        "public_url": rules.public_url,
        "transcript_days": str(rules.transcripts_kept.days),
        "transcript_bytes": str(rules.transcript_bytes),
    }
