"""Whether a callback URL arrives here: challenges that only this installation answers."""

from dataclasses import dataclass, field

from connectsmith.core.authorization.callback_concerns import Concern, concerns_about
from connectsmith.core.secret.secret import Secret
from connectsmith.service.ports import Randomness, Sealer
from connectsmith.service.rules import Rules

_LABEL = "callback arrival"


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback URL, and what the browser needs to find out whether it arrives."""

    url: str
    concerns: tuple[Concern, ...]
    challenge: str
    answer: str = field(repr=False)
    """What only this installation answers to the challenge, at the address that is registered."""


class Arrivals:
    """Hand out challenges, and answer them."""

    def __init__(self, sealer: Sealer, randomness: Randomness, rules: Rules) -> None:
        self._sealer = sealer
        self._randomness = randomness
        self._rules = rules

    def callback(self, connector: str) -> Callback:
        """Return a connector's callback URL with a fresh challenge."""
        url, challenge = self._rules.callback_url(connector), self._randomness.text()
        return Callback(url, concerns_about(url), challenge, self.answer(connector, challenge))

    def answer(self, connector: str, challenge: str) -> str:
        """Answer a challenge that came in at the callback URL.

        The answer is keyed, so that only this installation can give it, and holds the address that
        will be sent, so that a server with another public URL gives another one.
        """
        said = f"{self._rules.callback_url(connector)}\n{challenge}"
        return self._sealer.digest(_LABEL, Secret(said)).hex()
