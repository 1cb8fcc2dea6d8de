"""Everything one running sandbox holds, with the clock and randomness it was given."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectsmith.sandbox.calendar import Calendars
from connectsmith.sandbox.clients import Clients
from connectsmith.sandbox.faults import Faults
from connectsmith.sandbox.grants import Grants
from connectsmith.sandbox.request_log import RequestLog


def now() -> datetime:
    """Return the wall-clock time, aware, UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Sandbox:
    """One sandbox. `issuer` is its own origin, such as `http://localhost:8401`."""

    issuer: str
    clock: Callable[[], datetime] = now
    random_text: Callable[[int], str] = secrets.token_urlsafe
    faults: Faults = field(default_factory=Faults)
    log: RequestLog = field(default_factory=RequestLog)
    clients: Clients = field(init=False)
    grants: Grants = field(init=False)
    calendars: Calendars = field(init=False)

    def __post_init__(self) -> None:
        self.clients = Clients(random_text=self.random_text)
        self.grants = Grants(clock=self.clock, random_text=self.random_text)
        self.calendars = Calendars(clock=self.clock, random_text=self.random_text)
