"""The first statement of everything that hangs something new on a connector."""

from connectsmith.errors import NotFound
from connectsmith.storage.database import Effect, Statement

_LIVING = """
UPDATE connectors SET created_by = created_by
WHERE workspace = :workspace AND id = :connector AND deleted_at IS NULL
"""


def living(workspace: str, connector: str) -> Statement:
    """Demand that a connector is there and not deleted, and hold off its deletion meanwhile.

    It is an update that changes nothing, because that makes both databases wait for a deletion in
    progress; a query would read past it.
    """
    return Statement(_LIVING, {"workspace": workspace, "connector": connector}, needed=True)


def demand_living(effects: list[Effect] | None) -> None:
    """Raise `NotFound` when `living` found no connector."""
    if effects is None:
        raise NotFound("The connector does not exist, or was deleted meanwhile.")
