"""Notice that the installation's address changed, which services must be told of.

Every callback URL begins with it: until a service knows the new one, sign-ins there fail.
"""

from datetime import datetime
from typing import Final

from connectsmith.service.ports import Clock, Meta
from connectsmith.service.rules import Rules

ADDRESS: Final = "public_url"
CHANGED_AT: Final = "public_url_changed_at"


class AddressChange:
    """Remember the address of the last start, and when it became another."""

    def __init__(self, meta: Meta, clock: Clock, rules: Rules) -> None:
        self._meta = meta
        self._clock = clock
        self._rules = rules

    async def note(self) -> None:
        """Compare the address with that of the last start; done at every start."""
        before = await self._meta.put_first(ADDRESS, self._rules.public_url)
        if before != self._rules.public_url:
            # In this order: after a crash in between, the next start finds the change again.
            await self._meta.put(CHANGED_AT, self._clock.now().isoformat())
            await self._meta.put(ADDRESS, self._rules.public_url)

    async def at(self) -> datetime | None:
        """Return when it changed last; None if it never did."""
        text = await self._meta.get(CHANGED_AT)
        return None if text is None else datetime.fromisoformat(text)
