"""An event loop in a thread, so that synchronous and asynchronous tests use the same servers."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from threading import Event, Lock, Thread
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = 30


class LoopThread:
    """Runs coroutines elsewhere; `close` cancels what still runs."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine that runs in the thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def start(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Begin a coroutine in the thread without waiting for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        self.run(cancel_the_rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Gate:
    """Holds a server's answer until the test opens it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open = False
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._reached = Event()

    def open(self) -> None:
        with self._lock:
            self._open = True
            waiting, self._waiting = self._waiting, []
        for loop, event in waiting:
            loop.call_soon_threadsafe(event.set)

    async def passed(self) -> None:
        """Wait, as a server, until the gate is open."""
        event = asyncio.Event()
        with self._lock:
            self._reached.set()
            if self._open:
                return
            self._waiting.append((asyncio.get_running_loop(), event))
        await event.wait()

    async def reached(self) -> None:
        """Wait, as a test, until a server stands at the gate."""
        assert await asyncio.to_thread(self._reached.wait, PATIENCE), "no server reached the gate"


async def cancel_the_rest() -> None:
    """Cancel every other task of the running loop, and wait until they have ended."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
