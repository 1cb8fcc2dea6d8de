"""Make the follow-up requests of a sign-in, one after the other, until an owner has to choose."""

from collections.abc import Callable, Collection
from typing import Protocol

from connectsmith.core.authorization.follow_up import (
    Offer,
    captured_into,
    chosen_again,
    read_follow_up,
)
from connectsmith.core.authorization.steps import Step
from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.authorization.values import Values
from connectsmith.core.connection.follow_up_request import follow_up_request
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.destinations import Destinations
from connectsmith.errors import FollowUpFailed
from connectsmith.service.party import Party
from connectsmith.service.ports import Clock, Randomness
from connectsmith.service.proofs import Hold, Proofs
from connectsmith.values import value_class

FOLLOW_UP = "follow_up"

Write = Callable[[Values], HttpRequest]
"""Writes a request with values that are used for that one only."""
Reading = Callable[[HttpRequest, HttpResponse], TokenSet | Offer]
"""Reads the answer to a request."""


class Line(Protocol):
    """Sends a request on behalf of a party, and writes it down as it was read."""

    async def followed(
        self, party: Party, write: Write, read: Reading, hold: Hold | None
    ) -> TokenSet | Offer:
        """Return what `read` makes of the answer; `hold` proves possession in the request."""
        ...


@value_class(frozen=True, slots=True)
class Granted:
    """What a sign-in brought; with `offer`, its owner has to choose before it is of use."""

    tokens: TokenSet
    offer: Offer | None = None


class Follower:
    """Make follow-up requests."""

    def __init__(self, line: Line, proofs: Proofs, clock: Clock, randomness: Randomness) -> None:
        self._line = line
        self._proofs = proofs
        self._clock = clock
        self._randomness = randomness

    async def follow(
        self,
        party: Party,
        tokens: TokenSet,
        *,
        on: Collection[str],
        after: int = 0,
        again: bool = False,
    ) -> Granted:
        """Make the requests that follow on an occasion, from the one behind number `after`.

        With `again`, what was chosen before is chosen again.

        Raises:
            FollowUpFailed: one was refused, or brought not what the definition looks for.
        """
        for step in party.client.follow_ups:
            if step.number <= after or not step.on.intersection(on):
                continue
            found = await self._made(party, step, tokens)
            if isinstance(found, TokenSet):
                tokens = found
            elif again:
                held = {**party.captured, **tokens.captured}
                item = chosen_again(step, found, held)
                if item is None:
                    raise FollowUpFailed(
                        "What the connection's owner chose is not offered any more. Authorize "
                        "again to choose anew.",
                        place=f"{step.place}/choose",
                    )
                tokens = captured_into(tokens, item.captured)
            else:
                return Granted(tokens, found)
        return Granted(tokens)

    async def _made(self, party: Party, step: Step, tokens: TokenSet) -> TokenSet | Offer:
        id_ = self._randomness.new_id("cal")

        def write(values: Values) -> HttpRequest:
            return follow_up_request(
                party.client,
                party.blueprint.auth,
                step,
                tokens=tokens,
                values=values,
                origins=Destinations.of((*party.origins_api, *party.origins_auth)),
                id_=id_,
            )

        def read(sent: HttpRequest, response: HttpResponse) -> TokenSet | Offer:
            return read_follow_up(
                party.client,
                step,
                response,
                tokens=tokens,
                received_at=self._clock.now(),
                sent=sent,
            )

        hold = self._proofs.in_step(party, step, tokens)
        return await self._line.followed(party, write, read, hold)
