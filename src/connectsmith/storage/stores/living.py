"""The first statement of everything that hangs something new on a connector."""

from connectsmith.errors import NotFound
from connectsmith.storage.database import Effect, Statement, Values

_LIVING = """
UPDATE connectors SET created_by = created_by
WHERE workspace = :workspace AND id = :connector AND deleted_at IS NULL
"""
_AT_VERSION = f"{_LIVING} AND draft_version = :draft_version"


def living(workspace: str, connector: str) -> Statement:
    """Demand that a connector is there and not deleted, and hold off its deletion meanwhile.

    It is an update that changes nothing, because that makes both databases wait for a deletion in
    progress; a query would read past it.
    """
    return Statement(_LIVING, {"workspace": workspace, "connector": connector}, needed=True)


def at_version(workspace: str, connector: str, draft_version: int) -> Statement:
    """Demand that a connector's draft has a version, and hold off its next save meanwhile."""
    values: Values = {
        "workspace": workspace,
        "connector": connector,
        "draft_version": draft_version,
    }
    return Statement(_AT_VERSION, values, needed=True)


def demand_living(effects: list[Effect] | None) -> None:
    """Raise `NotFound` when `living` found no connector."""
    if effects is None:
        raise NotFound("The connector does not exist, or was deleted meanwhile.")
