import asyncio
from datetime import timedelta

from tests.storage.rows import LATER, NOW, WORKSPACE

from connectsmith.service.ports import (
    Storage,
)
from connectsmith.service.rows import (
    IdempotencyState,
)

KEY, REQUEST = b"k" * 32, b"r" * 32
UNTIL = NOW + timedelta(hours=24)


async def _begin(storage: Storage, request: bytes = REQUEST) -> IdempotencyState:
    return await storage.idempotency.begin(WORKSPACE, KEY, request, now=NOW, until=UNTIL)


async def test_key_is_claimed_once_and_then_tells_of_the_first_request(storage: Storage) -> None:
    assert (await _begin(storage)).claimed

    assert await _begin(storage, b"another") == IdempotencyState(claimed=False, request=REQUEST)


async def test_finished_key_replays_its_outcome(storage: Storage) -> None:
    await _begin(storage)

    await storage.idempotency.finish(WORKSPACE, KEY, b"outcome")
    await storage.idempotency.abandon(WORKSPACE, KEY)

    assert (await _begin(storage)).outcome == b"outcome"


async def test_abandoned_key_is_free(storage: Storage) -> None:
    await _begin(storage)

    await storage.idempotency.abandon(WORKSPACE, KEY)

    assert (await _begin(storage)).claimed


async def test_key_is_free_again_when_its_time_is_over(storage: Storage) -> None:
    await _begin(storage)
    later = UNTIL + timedelta(hours=24)

    state = await storage.idempotency.begin(WORKSPACE, KEY, REQUEST, now=UNTIL, until=later)

    assert state.claimed


async def test_key_belongs_to_its_workspace(storage: Storage) -> None:
    await _begin(storage)

    other = await storage.idempotency.begin("other", KEY, REQUEST, now=NOW, until=LATER)

    assert other.claimed


async def test_of_many_at_once_one_claims(storage: Storage) -> None:
    states = await asyncio.gather(*(_begin(storage) for _ in range(20)))

    assert sum(state.claimed for state in states) == 1
