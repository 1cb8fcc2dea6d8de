"""Server processes: one, or several on one socket under one lock on the data directory."""

import fcntl
import multiprocessing
import multiprocessing.connection
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

import structlog
import uvicorn
import uvloop

from connectsmith.bootstrap import running
from connectsmith.errors import ConnectsmithError, StartRefused
from connectsmith.logs import configure_logging
from connectsmith.serving import STOPS, Protocol, Server
from connectsmith.settings import Settings

LOCK_FILE = "lock"
BACKLOG = 1024
DRAIN_SECONDS = 30
REFUSED: Final = 3
"""Exit code of a worker that could not start: another one could not either."""

logger = structlog.get_logger("connectsmith.worker")


def run_server(settings: Settings) -> None:
    """Serve until told to stop; blocks. With several workers, each is a process.

    Raises:
        StartRefused: another installation runs on this data directory, the port is taken, or a
            worker could not start.
    """
    with sole(settings.data_dir), bound(settings) as listener:
        if settings.workers == 1:
            serve(settings, listener)
        else:
            configure_logging(settings.log_level)
            Supervisor(settings, listener).run()


@contextmanager
def sole(data_dir: Path) -> Iterator[None]:
    """Hold the data directory against a second installation; the system frees it with us."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    # For us alone: whoever can open it could lock it, and keep the server from starting.
    descriptor = os.open(data_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with open(descriptor, "r+", encoding="ascii") as lock:  # noqa: PTH123 - a descriptor
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
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise StartRefused(
            f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}). "
            "Stop what uses it, or choose another port with --port."
        ) from None
    listener.set_inheritable(True)
    with listener:
        yield listener


def serve(settings: Settings, listener: socket.socket) -> None:
    """Serve in this process until told to stop."""
    configure_logging(settings.log_level)
    keep_no_core()
    uvloop.run(_serve(settings, listener))


def keep_no_core() -> None:
    """Let a crash leave no image of the memory on the disk, which would hold keys and tokens."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


async def _serve(settings: Settings, listener: socket.socket) -> None:
    async with running(settings) as application:
        server = Server(
            uvicorn.Config(
                application.app,
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                date_header=True,
                proxy_headers=False,  # nobody's word counts for who asks, or by which address
                timeout_graceful_shutdown=DRAIN_SECONDS,
                http=Protocol,
            )
        )
        logger.info("serving", process=os.getpid(), address=settings.public_url)
        await server.serve(sockets=[listener])
    logger.info("stopped", process=os.getpid())


class Supervisor:
    """Keeps several worker processes alive until told to stop."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings = settings
        self._listener = listener
        self._spawn = multiprocessing.get_context("spawn")
        self._workers: list[BaseProcess] = []
        self._stopping = threading.Event()

    def run(self) -> None:
        """Start the workers, replace those that die, end them all when told to stop."""
        for number in STOPS:
            signal.signal(number, lambda *_: self._stopping.set())
        try:
            while not self._stopping.is_set():
                self._fill()
                sentinels = [each.sentinel for each in self._workers]
                # Wakes up for signals too, and keeps a worker that dies at once from being
                # replaced without pause.
                multiprocessing.connection.wait(sentinels, timeout=0.5)
        finally:
            self._end()

    def _fill(self) -> None:
        living = []
        for worker in self._workers:
            if worker.is_alive():  # asked once: it may die between two questions
                living.append(worker)
            else:
                self._bury(worker)
        self._workers = living
        while len(self._workers) < self._settings.workers:
            worker = self._spawn.Process(target=_work, args=(self._settings, self._listener))
            worker.start()
            self._workers.append(worker)

    def _bury(self, worker: BaseProcess) -> None:
        if worker.exitcode == REFUSED:
            raise StartRefused("A worker process could not start; its message stands above.")
        logger.warning("worker_replaced", process=worker.pid, code=worker.exitcode)

    def _end(self) -> None:
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            # Calls drain first; then refreshes end, which takes as long as a lease lasts.
            worker.join(DRAIN_SECONDS + self._settings.refresh_lease_seconds + 5)
            if worker.is_alive():
                worker.kill()
                worker.join()


def _work(settings: Settings, listener: socket.socket) -> None:
    """Be a worker; end with the supervisor, however that one ends."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        watch = threading.Thread(target=_end_with, args=(parent,), daemon=True)
        watch.start()
    try:
        serve(settings, listener)
    except ConnectsmithError as error:
        logger.error("start_refused", code=error.code, message=error.message)  # noqa: TRY400 - logs hold no stacks
        sys.exit(REFUSED)


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
