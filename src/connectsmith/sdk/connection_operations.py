"""Operations on what a connection lives through; see `operations`."""

from connectsmith.sdk.answers import Survival
from connectsmith.sdk.operations import Operation, path_of


def survive(connection: str, *, destructive: bool = False) -> Operation[Survival]:
    """Find out what a connection will live through.

    `destructive`: also try what can end its grant, such as the second use of a refresh token.
    """
    path = path_of("v1", "connections", connection, "survive")
    return Operation(Survival, "POST", path, body={"destructive": destructive})
