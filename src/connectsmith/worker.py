"""Server processes: one, or several on one socket under one lock on the data directory."""

import fcntl
import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import structlog
import uvicorn
import uvloop

from connectsmith.bootstrap import running
from connectsmith.errors import StartRefused
from connectsmith.settings import Settings

LOCK_FILE = "lock"
BACKLOG = 1024
DRAIN_SECONDS = 30


def run_server(settings: Settings) -> None:
    """Serve until told to stop; blocks. With several workers, each is a process.

    Raises:
        StartRefused: another installation runs on this data directory, or the port is taken.
    """
    with sole(settings.data_dir), bound(settings) as listener:
        if settings.workers == 1:
            serve(settings, listener)
        else:
            supervise(settings, listener)


@contextmanager
def sole(data_dir: Path) -> Iterator[None]:
    """Hold the data directory against a second installation; the system frees it with us."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / LOCK_FILE).open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StartRefused(
                f"Another Connectsmith (process {lock.read().strip() or 'unknown'}) already runs "
                f"on {data_dir}. Stop it, or choose another data_dir."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def bound(settings: Settings) -> Iterator[socket.socket]:
    """Take the port before anything else is done."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise StartRefused(
            f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}). "
            "Stop what uses it, or choose another port with --port."
        ) from None
    listener.listen(BACKLOG)
    listener.set_inheritable(True)
    with listener:
        yield listener


def serve(settings: Settings, listener: socket.socket) -> None:
    """Serve in this process."""
    configure_logging(settings.log_level)
    uvloop.run(_serve(settings, listener))


async def _serve(settings: Settings, listener: socket.socket) -> None:
    async with running(settings) as application:
        config = uvicorn.Config(
            application.app,
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=True,
            timeout_graceful_shutdown=DRAIN_SECONDS,
            h11_max_incomplete_event_size=64 * 1024,
        )
        await uvicorn.Server(config).serve(sockets=[listener])


def supervise(settings: Settings, listener: socket.socket) -> None:
    """Keep several worker processes alive until told to stop."""
    spawn = multiprocessing.get_context("spawn")
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        for worker in workers:
            if worker.is_alive() and worker.pid:
                os.kill(worker.pid, signal.SIGTERM)

    def start() -> BaseProcess:
        worker = spawn.Process(target=serve, args=(settings, listener))
        worker.start()
        return worker

    workers: list[BaseProcess] = [start() for _ in range(settings.workers)]
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not stopping:
        ended = multiprocessing.connection.wait([each.sentinel for each in workers], timeout=1)
        if ended and not stopping:
            workers = [each if each.is_alive() else start() for each in workers]
    for worker in workers:
        worker.join(DRAIN_SECONDS + 5)


def configure_logging(level: str) -> None:
    """Write one JSON object a line to standard error; never a query string, header or body."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=max(threshold, logging.WARNING),
        format='{"event": "%(name)s", "level": "%(levelname)s"}',
    )
