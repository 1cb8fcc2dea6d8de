"""Where the credentials of a connection may go, by its definition and its owner's own values."""

from dataclasses import dataclass

from connectsmith.core.connection.credentials import Credentials, Origins
from connectsmith.core.definition.facts import origins_of, urls_of_api, urls_of_auth
from connectsmith.core.definition.hosts import UrlTemplate
from connectsmith.core.definition.model import Definition
from connectsmith.core.secret.destinations import Destinations


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a definition's connections may reach: its URLs, compiled once."""

    api: tuple[UrlTemplate, ...]
    auth: tuple[UrlTemplate, ...]

    def of(self, credentials: Credentials) -> Origins:
        """Return what a connection's owner is shown and its credentials are bound to.

        Where the definition allows any host, that is the one host which the owner's values name.
        """
        values = {f"authFields.{key}": each.reveal() for key, each in credentials.fields.items()}
        values |= {f"connection.{key}": each.reveal() for key, each in credentials.captured.items()}
        return Origins(
            api=Destinations.of(origins_of(self.api, values)),
            auth=Destinations.of(origins_of(self.auth, values)),
        )


def reach_of(definition: Definition) -> Reach:
    """Compile the URLs of a definition that its connections' credentials go to."""
    return Reach(api=urls_of_api(definition), auth=urls_of_auth(definition))
