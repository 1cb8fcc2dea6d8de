"""Ask for consent without a browser's help: push what it will ask, and poll for a device code."""

from connectsmith.core.authorization.device import (
    DeviceGrant,
    Poll,
    device_request,
    poll_request,
    read_device_answer,
    read_poll,
)
from connectsmith.core.authorization.request import Asked, pushed_request, read_pushed
from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.authorization.values import Values
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.secret import Secret
from connectsmith.service.flight_recorder import DEVICE, EXCHANGE, PUSHED
from connectsmith.service.party import Party
from connectsmith.service.ports import Clock
from connectsmith.service.token_endpoint import TokenEndpoint


class Consents:
    """What is said to an authorization server before there are tokens."""

    def __init__(self, endpoint: TokenEndpoint, clock: Clock) -> None:
        self._endpoint = endpoint
        self._clock = clock

    async def push(self, party: Party, asked: Asked) -> Secret:
        """Push an authorization request; return what stands for it (RFC 9126 section 2)."""

        def write(values: Values) -> HttpRequest:
            return pushed_request(party.client, asked, values=values)

        def read(sent: HttpRequest, answer: HttpResponse) -> Secret:
            return read_pushed(party.client, answer, received_at=self._clock.now(), sent=sent)

        return await self._endpoint.understood(party, write, PUSHED, read)

    async def device(self, party: Party) -> DeviceGrant:
        """Ask for a device code and the code that somebody types (RFC 8628 section 3.1)."""

        def write(values: Values) -> HttpRequest:
            return device_request(party.client, values=values)

        def read(sent: HttpRequest, answer: HttpResponse) -> DeviceGrant:
            now = self._clock.now()
            return read_device_answer(party.client, answer, received_at=now, sent=sent)

        return await self._endpoint.understood(party, write, DEVICE, read)

    async def poll(self, party: Party, device_code: Secret) -> TokenSet | Poll:
        """Ask whether somebody said yes (RFC 8628 section 3.4)."""

        def write(values: Values) -> HttpRequest:
            return poll_request(party.client, device_code=device_code, values=values)

        def read(sent: HttpRequest, answer: HttpResponse) -> TokenSet | Poll:
            return read_poll(party.client, answer, received_at=self._clock.now(), sent=sent)

        return await self._endpoint.understood(party, write, EXCHANGE, read)
