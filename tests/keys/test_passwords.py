import asyncio
import threading
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from connectsmith.core.secret.secret import Secret
from connectsmith.errors import TooMany
from connectsmith.keys.passwords import AT_ONCE, WAITING, Argon2Passwords

PASSWORD = Secret("correct horse battery")


@pytest.fixture
def passwords() -> Iterator[Argon2Passwords]:
    made = Argon2Passwords()
    yield made
    made.close()


async def test_password_fits_its_own_hash_alone(passwords: Argon2Passwords) -> None:
    stored = await passwords.hash(PASSWORD)

    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await passwords.fits(PASSWORD, stored)
    assert not await passwords.fits(Secret("correct horse batterz"), stored)
    assert not await passwords.fits(PASSWORD, None)
    assert not await passwords.fits(PASSWORD, "no hash at all")
    assert not passwords.outdated(stored)


async def test_hash_of_weaker_figures_is_outdated(passwords: Argon2Passwords) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024).hash("correct horse battery")

    assert passwords.outdated(weak)
    assert await passwords.fits(PASSWORD, weak)


class Held(Argon2Passwords):
    """Computes nothing until told to, and counts how much is computed at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def _verify(self, stored: str, password: Secret) -> bool:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self.free.wait(30)
        with self._lock:
            self._now -= 1
        return False


@pytest.mark.row("T-76")
async def test_of_two_hundred_at_once_four_are_computed_some_wait_and_the_rest_are_refused() -> (
    None
):
    held = Held()
    asked = [asyncio.create_task(held.fits(PASSWORD, "$stored")) for _ in range(200)]
    await asyncio.sleep(0)

    held.free.set()
    ended = await asyncio.gather(*asked, return_exceptions=True)

    refused = [each for each in ended if isinstance(each, TooMany)]
    assert len(refused) == 200 - AT_ONCE - WAITING
    assert held.most <= AT_ONCE == 4
    assert await held.fits(PASSWORD, "$stored") is False
    held.close()
