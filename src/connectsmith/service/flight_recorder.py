"""Write token requests down as calls are: masked transcripts, kept as long, found in one list."""

from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Final

import structlog

from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.connection.apply import confidential_secrets
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.result.transcript import Step, Transcript, capture
from connectsmith.core.result.unread import veiled
from connectsmith.core.secret.redaction import Redactor
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import Bug, ConnectsmithError
from connectsmith.service.party import Party
from connectsmith.service.ports import Clock, Randomness
from connectsmith.service.records import Records, new_call_id
from connectsmith.service.rows import TOKEN_REQUEST, CallRow
from connectsmith.values import value_class

EXCHANGE: Final = "exchange"
REFRESH: Final = "refresh"
DEVICE: Final = "device_authorization"
PUSHED: Final = "pushed_authorization"
REVOCATION: Final = "revocation"

logger = structlog.get_logger("connectsmith.flight_recorder")


@value_class(frozen=True, slots=True)
class Flight:
    """One request to a token or revocation endpoint, and what came of it."""

    kind: str
    request: HttpRequest
    started_at: datetime
    response: HttpResponse | None = None
    tokens: TokenSet | None = None
    error: ConnectsmithError | None = None
    brought: tuple[Secret, ...] = ()
    """What else the answer holds that is kept sealed."""


def answered(flight: Flight) -> HttpResponse:
    """Return the answer of a flight that got one."""
    if flight.response is None:
        raise Bug("A token request without an answer was read.")
    return flight.response


class FlightRecorder:
    """Keep what was said to authorization servers."""

    def __init__(self, records: Records, clock: Clock, randomness: Randomness) -> None:
        self._records = records
        self._clock = clock
        self._randomness = randomness

    def keep(self, party: Party, flight: Flight) -> None:
        """Write a flight down; a fault in that must not cost the tokens that just came."""
        try:
            self._keep(party, flight)
        except Exception as error:  # noqa: BLE001 - tokens in hand come before their record
            logger.warning("token_request_not_recorded", error=type(error).__name__)

    def _keep(self, party: Party, flight: Flight) -> None:
        now, response, error = self._clock.now(), flight.response, flight.error
        row = CallRow(
            workspace=party.workspace,
            id=new_call_id(self._randomness, flight.started_at),
            connector=party.connector,
            connection=party.connection if _is_made(flight) else None,
            revision=party.blueprint.revision,
            action=flight.kind,
            caller=party.caller,
            started_at=flight.started_at,
            duration=now - flight.started_at,
            ok=error is None,
            status=response.status if response else None,
            fault=error.fault if error else None,
            code=error.code if error else None,
            test=party.test,
            has_transcript=True,
            kind=TOKEN_REQUEST,
        )
        step = self._step(party, flight)
        message = step.failed.message if step.failed else self._message(party, flight)
        self._records.keep(row, Transcript((step,)).to_json() | {"message": message})

    def _step(self, party: Party, flight: Flight) -> Step:
        redactor = self._redactor(party, flight)
        ending: HttpResponse | ConnectsmithError | None = flight.response
        if flight.response is not None and flight.error is not None:
            good = flight.response.status < HTTPStatus.BAD_REQUEST
            ending = veiled(flight.response, redactor) if good else flight.response
        elif ending is None:
            ending = flight.error or ConnectsmithError("It was not sent.")
        return capture(flight.request, ending, redactor, whole=True)

    def _message(self, party: Party, flight: Flight) -> str | None:
        if flight.error is None:
            return None
        return self._redactor(party, flight).text(flight.error.message)

    def _redactor(self, party: Party, flight: Flight) -> Redactor:
        return Redactor(_secrets(party, flight), self._records.fingerprint)


def _is_made(flight: Flight) -> bool:
    """Tell whether there is a connection: one that was refused its tokens is never made."""
    return flight.error is None or flight.kind in (REFRESH, REVOCATION)


def _secrets(party: Party, flight: Flight) -> Iterator[Secret]:
    """Yield what the request carried and what the answer brought."""
    yield from (each.value for each in flight.request.carries)
    yield from flight.brought
    held = Credentials(tokens=flight.tokens, fields=party.fields, captured=party.captured)
    yield from confidential_secrets(party.blueprint.auth, held)
    if flight.tokens is not None:
        held = Credentials(captured=flight.tokens.captured)
        yield from confidential_secrets(party.blueprint.auth, held)
