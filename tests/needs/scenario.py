"""One scenario: a service that insists on a need, the definition that serves it, and the control.

Each is played twice. With the member that serves the need everything must work. In the control it
must not: the member is taken out of the definition or, where the need is served without any member,
a plain client of the standard is sent instead of ours.
"""

import copy
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.needs.naive import Naive
from tests.needs.service import Manners
from tests.needs.world import API, AUTH, UnservedError, World, world

Story = Callable[[World], Awaitable[None]]

ABSENT = object()
"""Stands for a member that is taken out."""


async def usual(one: World) -> None:
    """Connect, call, let the access token expire, and call again."""
    connection = await one.connect()
    await one.works(connection)
    one.wait(hours=2)
    await one.works(connection)
    one.wait(hours=2)
    await one.works(connection)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row.

    `member` and `also` map JSON Pointers of the definition to values; the control leaves `member`
    out, or puts `instead` in its place. Hosts are written with `PORT`, which the service knows.
    """

    need: str
    manners: Manners = field(default_factory=Manners)
    member: Mapping[str, Any] = field(default_factory=dict)
    also: Mapping[str, Any] = field(default_factory=dict)
    instead: Mapping[str, Any] = field(default_factory=dict)
    naive: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    choice: str | None = None
    story: Story = usual

    def definition(self, port: int, *, served: bool) -> dict[str, Any]:
        """Return the definition of either run."""
        made = base()
        changes = {**self.also, **(self.member if served else self.instead)}
        for pointer, value in changes.items():
            put(made, pointer, value if value is ABSENT else copy.deepcopy(value))
        text: dict[str, Any] = json.loads(json.dumps(made).replace("PORT", str(port)))
        return text


async def play(scenario: Scenario, *, served: bool) -> str | None:
    """Play a scenario; return None when all went well, else what did not, in words."""
    if not served and scenario.naive:
        return await Naive.play(scenario)
    async with world(
        scenario.manners,
        lambda port: scenario.definition(port, served=served),
        fields=scenario.fields,
        choice=scenario.choice,
    ) as one:
        try:
            await one.publish()
            await scenario.story(one)
        except UnservedError as unserved:
            said = one.service.refusals
            return said[-1] if said else str(unserved)
    return None


def base() -> dict[str, Any]:
    """Return a plain connector: authorization code with PKCE, bearer token, one action."""
    return {
        "schema": "1.0",
        "name": "Service",
        "auth_components": {
            "type": "oauth2",
            "authorizationURL": f"http://{AUTH}:PORT/authorize",
            "tokenURL": f"http://{AUTH}:PORT/token",
            "scope": "read write",
            "clientID": "{{clientID}}",
            "clientSecret": "{{clientSecret}}",
        },
        "requiredSettings": {"authFields": []},
        "endpoints": {"GET": {"/api/thing": {"url": f"http://{API}:PORT"}}},
        "actions": [
            {"modelId": "thing", "actionId": "get", "method": "GET", "endpoint": "/api/thing"}
        ],
    }


def put(made: Any, pointer: str, value: Any) -> None:
    """Put a value at a pointer, making what is missing on the way; ABSENT takes it out."""
    *way, last = [each.replace("~1", "/").replace("~0", "~") for each in pointer.split("/")[1:]]
    for step in way:
        made = made[int(step)] if isinstance(made, list) else made.setdefault(step, {})
    if value is ABSENT:
        made.pop(last, None)
    elif isinstance(made, list):
        made.append(value) if last == "-" else made.__setitem__(int(last), value)
    else:
        made[last] = value
