"""Passwords: Argon2id with the library's figures, in a pool that cannot fill the memory.

Each hash takes 64 MiB while it is computed. Four are computed at a time, some wait, the rest are
told to come again.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from connectsmith.core.secret.secret import Secret
from connectsmith.errors import TooMany

AT_ONCE: Final = 4
WAITING: Final = 16

Result = TypeVar("Result")


class Argon2Passwords:
    """The port `Passwords`."""

    def __init__(self, *, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._hasher = PasswordHasher()
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="password")
        self._most = at_once + waiting
        self._under_way = 0

    async def hash(self, password: Secret) -> str:
        """Return a salted Argon2id hash in its usual text form."""
        return await self._run(lambda: self._hasher.hash(password.reveal()))

    async def fits(self, password: Secret, stored: str | None) -> bool:
        """Tell whether a password is the one that was hashed; without a hash, compute one too."""
        if stored is None:
            await self.hash(password)
            return False
        return await self._run(lambda: self._verify(stored, password))

    def outdated(self, stored: str) -> bool:
        """Tell whether a hash was made with weaker figures than today's."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Let go of the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, stored: str, password: Secret) -> bool:
        try:
            return self._hasher.verify(stored, password.reveal())
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._under_way >= self._most:
            raise TooMany("Too many people are signing in this moment. Try again in a few seconds.")
        self._under_way += 1
        working = asyncio.get_running_loop().run_in_executor(self._pool, work)
        working.add_done_callback(self._one_less)
        return await asyncio.shield(working)  # who hangs up frees no memory

    def _one_less(self, _: object) -> None:
        self._under_way -= 1
