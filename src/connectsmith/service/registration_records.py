"""What is stored of a client that registered itself: what is secret sealed, the rest in clear."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from connectsmith.core.authorization.registration import Management, Registration, Wanted
from connectsmith.core.authorization.values import RegisteredClient
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.service.ports import Sealer, SealPlace
from connectsmith.service.rows import ClientRecordRow

KIND: Final = "registration"
EARLY: Final = timedelta(days=1)
"""How long before its end a client secret is renewed; a tenth of its life if that is less."""
LOOK: Final = timedelta(days=8)
"""When it is looked which of its redirect URIs are still answered: a former one is for a week."""


@dataclass(frozen=True, slots=True)
class Record:
    """A registered client without its secrets.

    `standing` is what it is registered with as far as its server has said, `number` counts the
    clients that were registered at one address.
    """

    row: ClientRecordRow
    standing: Wanted
    origins: tuple[str, ...]
    """Where its secret may go: where sign-in led when it was registered."""
    ends_at: datetime | None = None
    number: int = 0
    draft: bool = False
    """It was registered for a draft that asks for what the published one's cannot be."""
    busy_until: datetime | None = None
    """Until when nobody else may change it."""
    refused: Mapping[str, Any] | None = field(default=None, repr=False)
    """What its server refused to make of it, which is not asked for again."""

    @classmethod
    def read(cls, row: ClientRecordRow) -> "Record":
        """Read what a row says in clear."""
        content = json.loads(row.content)
        busy = content.get("busy_until")
        ends = content["expires_at"]
        return cls(
            row=row,
            standing=Wanted(content["url"], content["asked"]),
            origins=tuple(content["origins"]),
            ends_at=None if ends is None else datetime.fromisoformat(ends),
            number=content.get("number", 0),
            draft=content.get("draft", False),
            busy_until=None if busy is None else datetime.fromisoformat(busy),
            refused=content.get("refused"),
        )

    def is_over(self, now: datetime) -> bool:
        """Tell whether its secret has ended."""
        return self.ends_at is not None and self.ends_at <= now

    def is_busy(self, now: datetime) -> bool:
        """Tell whether somebody is changing it."""
        return self.busy_until is not None and self.busy_until > now


def client_of(sealer: Sealer, record: Record) -> Registration:
    """Open a client.

    Raises:
        SealBroken: what is stored cannot be opened.
    """
    flat = sealer.open(record.row.sealed or b"", _place(record.row))
    return Registration(
        client_id=flat["client_id"],
        client_secret=flat.get("client_secret"),
        expires_at=record.ends_at,
        access_token=flat.get("access_token"),
        management_url=json.loads(record.row.content)["management_url"],
    )


def management_of(sealer: Sealer, row: ClientRecordRow) -> Management | None:
    """Return how a registered client is changed and deleted; None where its server gave no way.

    Raises:
        SealBroken: what is stored cannot be opened.
    """
    record = Record.read(row)
    return client_of(sealer, record).management(record.standing.url)


def shown(record: Record, client: Registration) -> RegisteredClient:
    """Return the part of a client that token requests are made of."""
    origins = Destinations.of(record.origins)
    return RegisteredClient(client.client_id, client.client_secret, origins, record.row.id)


def written(sealer: Sealer, record: Record, client: Registration, *, now: datetime) -> Record:
    """Return a record as its next version holds it, with the client sealed in it."""
    record = replace(record, ends_at=client.expires_at)
    row = replace(
        record.row,
        version=record.row.version + 1,
        content=_content(record, client),
        due_at=_due(record, client, now),
    )
    row = replace(row, sealed=sealer.seal(_flat(client), _place(row)))
    return replace(record, row=row)


def record_id(url: str, number: int) -> str:
    """Return an id that two processes registering at one address agree on."""
    name = url if number == 0 else f"{url} {number}"
    return hashlib.sha256(name.encode()).hexdigest()[:26]


def _place(row: ClientRecordRow) -> SealPlace:
    return SealPlace(row.workspace, KIND, row.connector, row.id, row.version)


def _flat(client: Registration) -> dict[str, Secret]:
    flat = {
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "access_token": client.access_token,
    }
    return {name: value for name, value in flat.items() if value is not None}


def _content(record: Record, client: Registration) -> str:
    return json.dumps(
        {
            "url": record.standing.url,
            "asked": dict(record.standing.metadata),
            "management_url": client.management_url,
            "expires_at": client.expires_at.isoformat() if client.expires_at else None,
            "origins": list(record.origins),
            "number": record.number,
            "draft": record.draft,
            "busy_until": record.busy_until.isoformat() if record.busy_until else None,
            "refused": None if record.refused is None else dict(record.refused),
        }
    )


def _due(record: Record, client: Registration, now: datetime) -> datetime | None:
    """Say when a client wants a look: before its secret ends, and to drop a former address."""
    moments = []
    if client.expires_at is not None:
        moments.append(client.expires_at - min(EARLY, (client.expires_at - now) / 10))
    if len(record.standing.redirect_uris) > 1 and client.management(record.standing.url):
        moments.append(now + LOOK)
    return min(moments, default=None)
