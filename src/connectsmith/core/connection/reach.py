"""Where the credentials of a connection may go, by its definition and its owner's own values."""

from connectsmith.core.connection.credentials import Credentials, Origins
from connectsmith.core.definition.facts import origins_of_api, origins_of_auth
from connectsmith.core.definition.model import Definition
from connectsmith.core.secret.destinations import Destinations


def reach(definition: Definition, credentials: Credentials) -> Origins:
    """Return what a connection's owner is shown and its credentials are bound to.

    Where the definition allows any host, that is the one host which the owner's values name.
    """
    values = {f"authFields.{key}": each.reveal() for key, each in credentials.fields.items()}
    values |= {f"connection.{key}": each.reveal() for key, each in credentials.captured.items()}
    return Origins(
        api=Destinations.of(origins_of_api(definition, values)),
        auth=Destinations.of(origins_of_auth(definition, values)),
    )
