"""Find what a person means: an id, or a name that only one connector has."""

from connectsmith.errors import CallerError, Conflict, NotFound
from connectsmith.sdk import Client, operations
from connectsmith.sdk.answers import Connection, Connector

USABLE = ("active", "degraded")


def find_connector(client: Client, named: str) -> Connector:
    """Return the connector of an id or a name.

    Raises:
        NotFound, Conflict: no connector has that name, or several have.
    """
    if named.startswith("con_"):
        return client.send(operations.connector(named))
    found = [
        each for each in client.every(operations.connectors(search=named)) if each.name == named
    ]
    if not found:
        raise NotFound(f'There is no connector "{named}": `connectsmith connector list` names all.')
    if len(found) > 1:
        ids = ", ".join(each.id for each in found)
        raise Conflict(f'Several connectors are called "{named}"; use an id: {ids}.')
    return found[0]


def find_secret(client: Client, connector: str, named: str) -> str:
    """Return the id of a connector's secret by id or Secret Name."""
    for each in client.every(operations.secrets(connector)):
        if named in (each.id, each.name):
            return each.id
    raise NotFound(f'The connector has no secret "{named}".')


def owner_of(connection: Connection) -> str | None:
    """Return whose account it is, as well as we know."""
    account = connection.account
    return account.label or account.id if account else None


def only_connection(client: Client, connector: Connector) -> Connection | None:
    """Return the connector's one usable connection, a test connection if there is no other.

    Raises:
        CallerError: it has several, so that one must be named.
    """
    usable = [
        each for each in client.every(operations.connections(connector.id)) if each.status in USABLE
    ]
    found = [each for each in usable if not each.test] or usable
    if len(found) > 1:
        each_one = ", ".join(f"{each.id} ({owner_of(each) or 'unknown'})" for each in found)
        raise CallerError(f'"{connector.name}" has several connections; name one: {each_one}.')
    return found[0] if found else None
