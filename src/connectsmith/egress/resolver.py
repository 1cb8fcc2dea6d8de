"""DNS with bounds: few look-ups at a time for one site, a deadline, and all answers must pass.

Nothing is cached: an answer is judged and dialled within the same request.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from weakref import WeakValueDictionary

from aiohttp.abc import AbstractResolver, ResolveResult

from connectsmith.egress.attempt import Attempt, current, denial
from connectsmith.egress.limits import Limits
from connectsmith.egress.policy import EgressPolicy
from connectsmith.errors import NameNotResolved, NetworkError, TimedOut

Lookup = Callable[[str], Sequence[str]]
"""Return the addresses of a host name; blocks; raises OSError when there are none."""

_THREADS = 32
_THREADS_FOR_ONE_SITE = 4


def system_lookup(host: str) -> Sequence[str]:
    """Ask the operating system."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class JudgingResolver(AbstractResolver):
    """Resolve names to addresses that a policy permits, or not at all.

    A look-up that nobody waits for any more keeps its thread until the operating system gives up;
    slots for one site keep a slow name server from taking all threads.
    """

    def __init__(self, policy: EgressPolicy, limits: Limits, lookup: Lookup) -> None:
        self._policy = policy
        self._timeout = limits.lookup.total_seconds()
        self._lookup = lookup
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="dns")
        self._slots: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - the base class has it
    ) -> list[ResolveResult]:
        """Return the host's addresses.

        Raises:
            EgressDenied: one of them is not permitted.
            NameNotResolved, TimedOut: there was no answer.
        """
        attempt = current.get()
        plain = attempt.origin.plain
        addresses = await self._addresses(host, attempt)
        permitted = [each for each in addresses if self._policy.permits(each, port, plain=plain)]
        # RFC 6761 section 6.3: localhost is loopback and nothing else, so an answer that is not
        # permitted there is the other address family, not an attempt to slip one past.
        if not permitted or (len(permitted) < len(addresses) and host != "localhost"):
            raise denial(attempt)
        return [_result(host, address, port) for address in permitted]

    async def close(self) -> None:
        """Let go of the threads; running look-ups end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _addresses(self, host: str, attempt: Attempt) -> Sequence[str]:
        written = attempt.origin.written
        try:
            async with asyncio.timeout(self._timeout):
                addresses = await self._in_thread(host)
        except TimeoutError as error:
            raise _unanswered(
                TimedOut, attempt, f"DNS gave no answer for {written} within {self._timeout:g} s."
            ) from error
        except (OSError, UnicodeError) as error:
            raise _unknown(attempt) from error
        if not addresses:
            raise _unknown(attempt)
        return addresses

    async def _in_thread(self, host: str) -> Sequence[str]:
        slots = self._slots_of(host)
        await slots.acquire()
        loop = asyncio.get_running_loop()

        def free(_: Future[Sequence[str]]) -> None:
            with suppress(RuntimeError):  # the loop may be closed when a late look-up ends
                loop.call_soon_threadsafe(slots.release)

        lookup = self._threads.submit(self._lookup, host)
        lookup.add_done_callback(free)
        return await asyncio.wrap_future(lookup)

    def _slots_of(self, host: str) -> asyncio.Semaphore:
        site = ".".join(host.split(".")[-2:])
        slots = self._slots.get(site)
        if slots is None:
            slots = self._slots[site] = asyncio.Semaphore(_THREADS_FOR_ONE_SITE)
        return slots


def _unknown(attempt: Attempt) -> NetworkError:
    message = f"DNS knows no address for {attempt.origin.written}; check the host's spelling."
    return _unanswered(NameNotResolved, attempt, message)


def _unanswered(kind: type[NetworkError], attempt: Attempt, message: str) -> NetworkError:
    error = kind(message)
    error.sent = attempt.sent
    return error


def _result(host: str, address: str, port: int) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if ":" in address else socket.AF_INET,
        proto=0,
        flags=socket.AI_NUMERICHOST,
    )
