"""New credentials at a storage that answers too late, or not: none is given up that is stored."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.service.standing import ISSUER, TOKENS, Standing, standing
from tests.service.test_authorizations import brought
from tests.service.test_device_flow import Server as DeviceServer
from tests.service.test_device_flow import begin, pass_time
from tests.service.test_registrations import REGISTERED, SELF
from tests.service.test_registrations import Server as Registrar

from connectsmith.errors import StorageBusy, StorageFull, StorageUncertain
from connectsmith.service.rows import AuthorizationRow, ClientRecordRow
from connectsmith.testing import MemoryStorage
from connectsmith.testing.memory_client_records import MemoryClientRecords
from connectsmith.testing.memory_connectors import MemoryAuthorizations

UNCERTAIN = StorageUncertain("gone")
LOCKED = StorageBusy("locked")


class Faults:
    """What the next commits of new credentials fail with, before or after they are stored."""

    def __init__(self) -> None:
        self.before: list[Exception] = []
        self.after: list[Exception] = []

    def fail(self, coming: list[Exception]) -> None:
        if coming:
            raise coming.pop(0)


class FaultyAuthorizations(MemoryAuthorizations):
    """The same rows through a storage that fails as it is told."""

    faults: Faults

    async def complete(self, row: AuthorizationRow, *more: Any, **named: Any) -> bool:
        self.faults.fail(self.faults.before)
        stored = await super().complete(row, *more, **named)
        self.faults.fail(self.faults.after)
        return stored


class FaultyRecords(MemoryClientRecords):
    """The same rows through a storage that fails as it is told."""

    faults: Faults

    async def add(self, row: ClientRecordRow) -> bool:
        self.faults.fail(self.faults.before)
        stored = await super().add(row)
        self.faults.fail(self.faults.after)
        return stored


class FaultyStorage(MemoryStorage):
    """A storage that may lose commits and their answers."""

    def __init__(self) -> None:
        super().__init__()
        self.faults = Faults()
        tables = self.authorizations._tables  # type: ignore[attr-defined]  # the fake's own
        self.authorizations = FaultyAuthorizations(tables, self.events)
        self.client_records = FaultyRecords(tables)
        self.authorizations.faults = self.client_records.faults = self.faults


@pytest.fixture
def storage() -> FaultyStorage:
    return FaultyStorage()


@pytest.fixture
async def installation(storage: FaultyStorage) -> AsyncIterator[Standing]:
    async with standing(storage=storage) as one:
        yield one


def given_back(installation: Standing) -> int:
    """Return how often tokens were revoked."""
    return sum(each.url == f"{ISSUER}/revoke" for each in installation.sender.requests)


@pytest.mark.row("R-31")
@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("again", [0, 2])
async def test_tokens_whose_commit_is_uncertain_are_kept_and_stored(
    installation: Standing, storage: FaultyStorage, *, stored: bool, again: int
) -> None:
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)
    (storage.faults.after if stored else storage.faults.before).append(UNCERTAIN)

    refused = await installation.caller.wrong(started, completion)
    storage.faults.before += [LOCKED] * again
    for _ in range(again + 1):
        await installation.application.chores.often()
    done = await installation.caller.complete(started, completion)
    kept = await installation.caller.post(f"/v1/authorizations/{started['id']}/keep")

    assert refused["code"] == "storage_uncertain"
    assert (done["status"], kept["status"]) == ("completed", "active")
    assert len(await installation.connections()) == 1
    assert len(installation.token_requests) == 1
    assert given_back(installation) == 0


@pytest.mark.row("R-31")
async def test_tokens_that_are_surely_not_stored_are_given_back(
    installation: Standing, storage: FaultyStorage
) -> None:
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)
    storage.faults.before.append(StorageFull("full"))

    refused = await installation.caller.wrong(started, completion)
    await installation.application.chores.often()

    assert refused["code"] == "storage_full"
    assert await installation.connections() == []
    assert given_back(installation) == 2


@pytest.mark.row("R-31")
async def test_tokens_that_are_held_are_given_back_when_nobody_can_have_them_any_more(
    installation: Standing, storage: FaultyStorage
) -> None:
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)
    storage.faults.before.append(UNCERTAIN)
    await installation.caller.wrong(started, completion)

    await installation.caller.ask("DELETE", f"/v1/connectors/{connector}?force=true")
    await installation.application.chores.often()

    assert await installation.connections() == []
    assert given_back(installation) == 2


@pytest.mark.row("R-31")
@pytest.mark.parametrize("stored", [True, False])
async def test_device_code_whose_commit_is_uncertain_ends_well(
    installation: Standing, storage: FaultyStorage, *, stored: bool
) -> None:
    server = DeviceServer(installation)
    server.script = [TOKENS]
    started = await begin(installation, server)
    (storage.faults.after if stored else storage.faults.before).append(UNCERTAIN)

    await pass_time(installation, 8)

    done = await installation.caller.get(f"/v1/authorizations/{started['id']}")
    assert done["status"] == "completed"
    assert len(server.polls) == 1
    assert len(await installation.connections()) == 1
    assert given_back(installation) == 0


@pytest.mark.row("R-31")
async def test_client_whose_commit_is_uncertain_is_not_given_up(
    installation: Standing, storage: FaultyStorage
) -> None:
    server = Registrar(installation, REGISTERED)
    connector = await installation.connector(**SELF)
    storage.faults.after.append(UNCERTAIN)
    path = f"/v1/connectors/{connector}/connections"

    refused = await installation.caller.problem(path)
    made = await installation.caller.post(path)

    assert refused["code"] == "storage_uncertain"
    assert made["status"] == "active"
    assert len(server.asked) == 1
