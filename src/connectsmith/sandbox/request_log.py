"""What was asked of the token and revocation endpoints: counts and names, never a secret."""

from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime

KEPT = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `error` is the error code answered, or the fault that hit it."""

    at: datetime
    endpoint: str
    grant_type: str | None
    client_id: str | None
    status: int
    error: str | None


class RequestLog:
    """The newest entries, and counts since the start."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._token_requests: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._revocations = 0

    def add(self, entry: Entry) -> None:
        """Keep an entry."""
        self._entries.append(entry)
        if entry.endpoint == "revoke":
            self._revocations += 1
        else:
            self._token_requests[entry.grant_type or "none"] += 1
        if entry.error is not None:
            self._errors[entry.error] += 1

    def token_requests(self) -> dict[str, int]:
        """Count token requests by grant type."""
        return dict(self._token_requests)

    def errors(self) -> dict[str, int]:
        """Count errors by their code."""
        return dict(self._errors)

    def as_json(self) -> dict[str, object]:
        """Return it for `GET /sandbox/log`."""
        return {
            "token_requests": self._token_requests.total(),
            "by_grant_type": self.token_requests(),
            "errors": self.errors(),
            "revocations": self._revocations,
            "entries": [
                {
                    "at": entry.at.isoformat().replace("+00:00", "Z"),
                    "endpoint": entry.endpoint,
                    "grant_type": entry.grant_type,
                    "client_id": entry.client_id,
                    "status": entry.status,
                    "error": entry.error,
                }
                for entry in self._entries
            ],
        }
