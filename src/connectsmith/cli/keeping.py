"""Keep a connection that was made: say whose account it is, let its owner choose, and keep it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import typer

from connectsmith.cli.naming import owner_of
from connectsmith.cli.printing import plain, say, warn
from connectsmith.errors import ChoiceNeeded
from connectsmith.sdk import Client, operations
from connectsmith.sdk.answers import Connection


@dataclass(frozen=True, slots=True)
class Keeping:
    """How it is kept: with or without asking, and what was chosen beforehand, list by list."""

    asks: bool
    chosen: Sequence[str] = ()

    def keep(
        self, client: Client, authorization: str, connection: Connection, *, renews: str | None
    ) -> Connection:
        """Keep a connection if that is wanted.

        Raises:
            ChoiceNeeded: nothing was chosen, or what is not there, and nobody is to be asked.
        """
        was = owner_of(client.send(operations.connection(renews))) if renews else None
        owner = owner_of(connection)
        warn(f"This is the account of: {plain(owner or 'nobody that we could tell')}")
        if was is not None and owner != was:
            warn(f"Until now the connection was that of: {plain(was)}")
        warn(f"Its credentials may be sent to: {plain(connection.origins.api)}")
        if self.asks and not typer.confirm("Keep this connection?", err=True):
            say("Not kept: what was granted is revoked and deleted within ten minutes.")
            raise typer.Exit
        return self._settled(client, authorization)

    def _settled(self, client: Client, authorization: str) -> Connection:
        """Keep it with one choice after the other, until nothing is left to choose."""
        chosen = iter(self.chosen)
        choice = next(chosen, None)
        while True:
            try:
                return client.send(operations.keep(authorization, choice))
            except ChoiceNeeded as needed:
                choice = next(chosen, None) or self._asked(needed)

    def _asked(self, needed: ChoiceNeeded) -> str:
        if not self.asks:
            raise needed
        warn("The account has several of what this connector works with:")
        for number, label in _offered(needed):
            warn(f"  {number}  {plain(label)}")
        return str(typer.prompt("Which one", err=True)).strip()


def _offered(needed: ChoiceNeeded) -> Iterator[tuple[str, str]]:
    """Read what there is to choose from out of the server's answer."""
    choices = needed.details.get("choices")
    for each in choices if isinstance(choices, list) else ():
        if isinstance(each, Mapping):
            yield str(each.get("id")), str(each.get("label"))
