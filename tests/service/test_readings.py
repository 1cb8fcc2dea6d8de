"""A definition that is slow to read holds nobody else up."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest
from tests.service.standing import WORKSPACE, Standing

from connectsmith.core.secret.secret import Secret
from connectsmith.service.caller import Caller
from connectsmith.service.secret_entry import NewSecret

SLOW = "{" + ",".join(f'"k{index}": 1' for index in range(20_000)) + "}"
SOMEBODY = Caller(WORKSPACE, "tok_a", "ope_a", frozenset())


async def turns_of(doing: Awaitable[object]) -> int:
    """Return how often somebody else had a turn meanwhile."""
    task, turns = asyncio.ensure_future(doing), 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    await asyncio.gather(task, return_exceptions=True)
    return turns


@pytest.mark.parametrize("what", ["look", "publish", "secret", "start", "draft"])
async def test_others_have_their_turns_while_a_large_definition_is_read(
    installation: Standing, what: str
) -> None:
    desks = installation.application.desks
    row = await desks.connectors.create(SOMEBODY, SLOW)
    secret = NewSecret("id", Secret("value"))
    doing: Mapping[str, Callable[[], Awaitable[object]]] = {
        "look": lambda: desks.connectors.overview(row),
        "publish": lambda: desks.connectors.publish(SOMEBODY, row.id, version=None),
        "secret": lambda: desks.secrets.add(SOMEBODY, row.id, [secret]),
        "start": lambda: desks.connections.create(SOMEBODY, row.id, {}, test=True),
        "draft": lambda: installation.caller.get(f"/v1/connectors/{row.id}/draft"),
    }

    turns = await turns_of(doing[what]())

    assert turns > 200
