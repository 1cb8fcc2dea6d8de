"""The made-up calendars and what is written in them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

CALENDARS = {"personal": "Personal", "team": "Team"}
EVENTS_LIMIT = 1000

_SEEDS = (
    ("personal", "Piano lesson", timedelta(days=1, hours=17)),
    ("personal", "Return the library books", timedelta(days=2, hours=10)),
    ("team", "Planning", timedelta(days=1, hours=9)),
    ("team", "Show what works", timedelta(days=4, hours=15)),
)


class CalendarError(Exception):
    """The API refuses a request: a stable code, a status, a sentence, perhaps the field."""

    def __init__(self, status: int, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of a calendar. Times are aware, UTC."""

    id: str
    title: str
    starts_at: datetime
    ends_at: datetime
    note: str = ""


class Calendars:
    """Each owner's calendars; the first look fills them with a few events."""

    def __init__(self, *, clock: Callable[[], datetime], random_text: Callable[[int], str]) -> None:
        self._clock = clock
        self._random_text = random_text
        self._events: dict[tuple[str, str], dict[str, Event]] = {}

    def events(self, owner: str, calendar: str) -> list[Event]:
        """Return the events of a calendar, earliest first."""
        return sorted(self._of(owner, calendar).values(), key=lambda event: event.starts_at)

    def add(
        self,
        owner: str,
        calendar: str,
        *,
        title: str,
        starts_at: datetime,
        ends_at: datetime,
        note: str = "",
    ) -> Event:
        """Write an event."""
        events = self._of(owner, calendar)
        if len(events) >= EVENTS_LIMIT:
            raise CalendarError(409, "calendar_full", "The calendar is full.")
        event = Event(f"evt_{self._random_text(9)}", title, starts_at, ends_at, note)
        events[event.id] = event
        return event

    def remove(self, owner: str, calendar: str, event: str) -> None:
        """Strike an event out."""
        if self._of(owner, calendar).pop(event, None) is None:
            raise CalendarError(404, "event_unknown", f"There is no event {event!r}.")

    def _of(self, owner: str, calendar: str) -> dict[str, Event]:
        if calendar not in CALENDARS:
            known = " and ".join(CALENDARS)
            raise CalendarError(
                404, "calendar_unknown", f"There is no calendar {calendar!r}; there are {known}."
            )
        if (owner, calendar) not in self._events:
            self._events[owner, calendar] = self._seeded(calendar)
        return self._events[owner, calendar]

    def _seeded(self, calendar: str) -> dict[str, Event]:
        today = self._clock().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        events = [
            Event(f"evt_{self._random_text(9)}", title, today + after, today + after + _HOUR)
            for place, title, after in _SEEDS
            if place == calendar
        ]
        return {event.id: event for event in events}


_HOUR = timedelta(hours=1)
