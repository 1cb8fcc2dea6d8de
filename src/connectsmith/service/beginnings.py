"""How a connector begins: from a file, a sample, a known service, the sandbox, another connector.

One that was begun from a text of ours and then left as it is goes away after a day.
"""

import json
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from connectsmith.core.definition.syntax import scan
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import CallerError, NotFound
from connectsmith.presets import definition_text, preset
from connectsmith.samples import (
    PRACTICE_ADDRESS,
    PRACTICE_SAMPLE,
    PRACTICE_SECRETS,
    sample,
    skeleton,
)
from connectsmith.service.caller import Caller
from connectsmith.service.connectors import ConnectorDesk
from connectsmith.service.rows import ConnectorRow
from connectsmith.service.rules import Rules
from connectsmith.service.secret_entry import NewSecret
from connectsmith.service.secrets import SecretKeys

LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Beginnings:
    """Begin connectors."""

    connectors: ConnectorDesk = field(repr=False)
    secrets: SecretKeys = field(repr=False)
    rules: Rules

    async def imported(self, caller: Caller, text: str) -> ConnectorRow:
        """Begin with somebody's own text, faulty or not.

        Raises:
            CallerError: there is no text.
        """
        if not text.strip():
            raise CallerError("Choose a file or paste a definition first.", place="text")
        return await self.connectors.create(caller, text)

    async def from_sample(self, caller: Caller, name: str) -> ConnectorRow:
        """Begin with a sample, which needs nothing but secrets."""
        found = sample(name)
        if found is None:
            raise NotFound("There is no such sample.")
        return await self.connectors.create(caller, found.text, untouched=True)

    async def from_preset(self, caller: Caller, name: str) -> ConnectorRow:
        """Begin with what is known of a service."""
        found = preset(name)
        if found is None:
            raise NotFound("There is no such service in the catalogue.")
        return await self.connectors.create(caller, definition_text(found), untouched=True)

    async def empty(self, caller: Caller) -> ConnectorRow:
        """Begin with the least that is a definition."""
        return await self.connectors.create(caller, skeleton(), untouched=True)

    async def practice(self, caller: Caller) -> ConnectorRow:
        """Begin with the sandbox, whose client is known: its secrets are stored with it.

        Raises:
            NotFound: this installation may not reach a sandbox.
        """
        found = sample(PRACTICE_SAMPLE)
        if found is None or self.rules.sandbox is None:
            raise NotFound("This installation has no sandbox. `connectsmith demo` starts one.")
        text = found.text.replace(PRACTICE_ADDRESS, self.rules.sandbox)
        row = await self.connectors.create(caller, text, untouched=True)
        entered = [NewSecret(name, Secret(value)) for name, value in PRACTICE_SECRETS.items()]
        await self.secrets.add(caller, row.id, entered)
        return row

    async def duplicate(self, caller: Caller, connector: str) -> ConnectorRow:
        """Begin with another connector's draft, under another name and without its secrets."""
        row = await self.connectors.get(caller, connector)
        return await self.connectors.create(caller, renamed(row.draft, f"{row.name} (copy)"))


def renamed(text: str, name: str) -> str:
    """Return a definition's text with another name, and everything else as it was typed.

    A text without a name, or one that breaks off before it, stays as it is.
    """
    span = scan(text).spans.get(("name",))
    if span is None:
        return text
    written = json.dumps(name[:LONGEST_NAME], ensure_ascii=False)
    return text[: span.start] + written + text[span.end :]


def sandbox_address(port: int, allowed: tuple[str, ...]) -> str | None:
    """Return where the sandbox is, if this installation may reach it."""
    ports = {urlsplit(f"//{each}").port for each in allowed}
    return f"http://localhost:{port}" if port in ports else None
