"""Join ports to adapters: the only place that knows all of them."""

import gc
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import FastAPI

from connectsmith import __version__
from connectsmith.api.app import create_app
from connectsmith.egress.policy import EgressPolicy
from connectsmith.egress.sender import HttpSender
from connectsmith.errors import StartRefused
from connectsmith.jobs.timer import Timer
from connectsmith.keys.envelope import EnvelopeSealer
from connectsmith.keys.ring import has_ring, open_ring
from connectsmith.keys.root import RootKey, load_or_create
from connectsmith.keys.system import SystemClock, SystemRandomness
from connectsmith.service.access import Access
from connectsmith.service.authorizations import AuthorizationDesk
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.browser_steps import BrowserSteps
from connectsmith.service.calls import CallDesk
from connectsmith.service.chores import Chores
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.connectors import ConnectorDesk
from connectsmith.service.desks import Desks
from connectsmith.service.flight_recorder import FlightRecorder
from connectsmith.service.ports import (
    Clock,
    Randomness,
    Sealer,
    Sender,
    Storage,
)
from connectsmith.service.proof import Prover
from connectsmith.service.records import Records
from connectsmith.service.refresh import Refresher
from connectsmith.service.renewal import Renewer
from connectsmith.service.revocation import Revoker
from connectsmith.service.rules import Rules
from connectsmith.service.secrets import SecretKeys
from connectsmith.service.token_endpoint import TokenEndpoint
from connectsmith.settings import Settings
from connectsmith.storage.opening import CREDENTIALS_FILE, open_postgres, open_sqlite
from connectsmith.web.pages import routes

OPERATOR_NAME = "first operator"


@dataclass(frozen=True, slots=True)
class Parts:
    """The adapters an installation runs on."""

    storage: Storage
    sealer: Sealer
    sender: Sender
    clock: Clock
    randomness: Randomness


@dataclass(frozen=True, slots=True)
class Application:
    """A running installation."""

    desks: Desks
    chores: Chores
    app: FastAPI
    parts: Parts


def rules_of(settings: Settings) -> Rules:
    """Read the use cases' figures out of the settings."""
    return Rules(
        public_url=settings.public_url,
        return_origins=settings.return_origins,
        lease=timedelta(seconds=settings.refresh_lease_seconds),
        token_timeout=timedelta(seconds=settings.token_timeout_seconds),
        transcripts_kept=timedelta(days=settings.transcript_days),
        transcript_bytes=settings.transcript_bytes,
    )


def policy_of(settings: Settings) -> EgressPolicy:
    """Say what may be reached; this installation itself never, under no name of its own."""
    public = urlsplit(settings.public_url)
    port = public.port or (443 if public.scheme == "https" else 80)
    own = {f"{public.hostname}:{port}"} if ":" not in (public.hostname or "") else set()
    if settings.host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        own.add(f"{host}:{settings.port}")
    own |= {f"127.0.0.1:{settings.port}", f"[::1]:{settings.port}"}
    return EgressPolicy.of(settings.allow_private, own=own)


async def _open_storage(settings: Settings) -> Storage:
    if settings.database is not None:
        return await open_postgres(settings.database)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return await open_sqlite(settings.data_dir)


def _root_key(settings: Settings, *, exists: bool) -> RootKey:
    return load_or_create(settings.key_file, data_dir=settings.data_dir, database_exists=exists)


async def open_parts(settings: Settings) -> Parts:
    """Open key, storage and the door out.

    Raises:
        StartRefused: the installation may not start as it stands.
    """
    if settings.database is None:
        _root_key(settings, exists=(settings.data_dir / CREDENTIALS_FILE).exists())
    storage = await _open_storage(settings)
    try:
        root = _root_key(settings, exists=await has_ring(storage.meta))
        ring = await open_ring(root, storage.meta)
    except BaseException:
        await storage.close()
        raise
    return Parts(
        storage=storage,
        sealer=EnvelopeSealer(ring),
        sender=HttpSender(policy_of(settings), user_agent=f"Connectsmith/{__version__}"),
        clock=SystemClock(),
        randomness=SystemRandomness(),
    )


@dataclass(frozen=True, slots=True)
class _Base:
    """Use cases that need no connection."""

    blueprints: Blueprints
    access: Access
    secrets: SecretKeys
    endpoint: TokenEndpoint
    records: Records


@dataclass(frozen=True, slots=True)
class _Held:
    """Use cases around connections."""

    calls: CallDesk
    refresher: Refresher
    revoker: Revoker
    connections: ConnectionDesk
    authorizations: AuthorizationDesk


def join(parts: Parts, rules: Rules) -> Application:
    """Make every use case from the adapters, and the HTTP application over them."""
    base = _base(parts, rules)
    held = _held(parts, rules, base)
    desks = Desks(
        rules=rules,
        access=base.access,
        connectors=_connectors(parts, base, held),
        secrets=base.secrets,
        authorizations=held.authorizations,
        browser=_browser(parts, rules, base, held.authorizations),
        connections=held.connections,
        calls=held.calls,
        records=base.records,
    )
    chores = Chores(
        access=base.access,
        secrets=base.secrets,
        authorizations=held.authorizations,
        connections=held.connections,
        refresher=held.refresher,
        revoker=held.revoker,
        calls=held.calls,
        records=base.records,
    )
    return Application(desks, chores, create_app(desks, pages=routes), parts)


def _base(parts: Parts, rules: Rules) -> _Base:
    storage, clock = parts.storage, parts.clock
    blueprints = Blueprints(storage.connectors)
    secrets = SecretKeys(
        secrets=storage.secrets,
        blueprints=blueprints,
        events=storage.events,
        sealer=parts.sealer,
        clock=clock,
        randomness=parts.randomness,
    )
    records = Records(
        calls=storage.calls,
        idempotency=storage.idempotency,
        sealer=parts.sealer,
        clock=clock,
        rules=rules,
    )
    return _Base(
        blueprints=blueprints,
        access=Access(
            accounts=storage.accounts,
            events=storage.events,
            clock=clock,
            randomness=parts.randomness,
        ),
        secrets=secrets,
        endpoint=TokenEndpoint(
            secrets=secrets,
            sender=parts.sender,
            clock=clock,
            randomness=parts.randomness,
            rules=rules,
            recorder=FlightRecorder(records, clock, parts.randomness),
        ),
        records=records,
    )


def _held(parts: Parts, rules: Rules, base: _Base) -> _Held:
    revoker = Revoker(
        jobs=parts.storage.jobs,
        connections=parts.storage.connections,
        blueprints=base.blueprints,
        endpoint=base.endpoint,
        events=parts.storage.events,
        sealer=parts.sealer,
        clock=parts.clock,
        randomness=parts.randomness,
        rules=rules,
    )
    refresher = _refresher(parts, rules, base, revoker)
    calls = CallDesk(
        connections=parts.storage.connections,
        blueprints=base.blueprints,
        refresher=refresher,
        endpoint=base.endpoint,
        records=base.records,
        sender=parts.sender,
        sealer=parts.sealer,
        clock=parts.clock,
        randomness=parts.randomness,
    )
    connections = ConnectionDesk(
        connections=parts.storage.connections,
        blueprints=base.blueprints,
        endpoint=base.endpoint,
        refresher=refresher,
        prover=Prover(calls),
        revoker=revoker,
        events=parts.storage.events,
        sealer=parts.sealer,
        clock=parts.clock,
        randomness=parts.randomness,
        rules=rules,
    )
    authorizations = _authorizations(parts, rules, base, connections)
    return _Held(calls, refresher, revoker, connections, authorizations)


def _refresher(parts: Parts, rules: Rules, base: _Base, revoker: Revoker) -> Refresher:
    renewer = Renewer(
        connections=parts.storage.connections,
        endpoint=base.endpoint,
        revoker=revoker,
        events=parts.storage.events,
        sealer=parts.sealer,
        clock=parts.clock,
        rules=rules,
    )
    return Refresher(
        connections=parts.storage.connections,
        renewer=renewer,
        clock=parts.clock,
        randomness=parts.randomness,
        rules=rules,
    )


def _authorizations(
    parts: Parts, rules: Rules, base: _Base, connections: ConnectionDesk
) -> AuthorizationDesk:
    return AuthorizationDesk(
        authorizations=parts.storage.authorizations,
        blueprints=base.blueprints,
        connections=connections,
        endpoint=base.endpoint,
        events=parts.storage.events,
        sealer=parts.sealer,
        clock=parts.clock,
        randomness=parts.randomness,
        rules=rules,
    )


def _browser(
    parts: Parts, rules: Rules, base: _Base, authorizations: AuthorizationDesk
) -> BrowserSteps:
    return BrowserSteps(
        authorizations=parts.storage.authorizations,
        desk=authorizations,
        blueprints=base.blueprints,
        endpoint=base.endpoint,
        events=parts.storage.events,
        sealer=parts.sealer,
        clock=parts.clock,
        randomness=parts.randomness,
        rules=rules,
    )


def _connectors(parts: Parts, base: _Base, held: _Held) -> ConnectorDesk:
    return ConnectorDesk(
        connectors=parts.storage.connectors,
        blueprints=base.blueprints,
        secrets=base.secrets,
        connections=held.connections,
        events=parts.storage.events,
        clock=parts.clock,
        randomness=parts.randomness,
    )


@asynccontextmanager
async def running(settings: Settings, *, chores: bool = True) -> AsyncIterator[Application]:
    """Open an installation, keep its chores going, and close it in order."""
    parts = await open_parts(settings)
    application = join(parts, rules_of(settings))
    timer = Timer(application.chores)
    if chores:
        timer.start()
    freeze()
    try:
        yield application
    finally:
        await timer.stop()
        await parts.sender.close()
        await parts.storage.close()


def freeze() -> None:
    """Keep the collector away from what lives as long as the process: it cost the tail latency."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def first_start(settings: Settings) -> str | None:
    """Make places, key, database, first operator and API token where there are none.

    Returns:
        The API token, the only time it is shown; None when there was an operator already.
    """
    async with running(settings, chores=False) as application:
        made = await application.desks.access.first_start(OPERATOR_NAME)
        return None if made is None else made[1]


async def issue_local_token(settings: Settings) -> str:
    """Make an API token with every scope for the first operator, in the database itself."""
    _require_database(settings)
    async with running(settings, chores=False) as application:
        return await application.desks.access.issue_local()


def _require_database(settings: Settings) -> None:
    if settings.database is None and not (settings.data_dir / CREDENTIALS_FILE).exists():
        raise StartRefused(
            f"There is no database in {settings.data_dir} yet. Start the server once: "
            "connectsmith serve"
        )


async def examine(settings: Settings) -> Mapping[str, str]:
    """Look at key, database and schema; a sentence for each that is well.

    Raises:
        StartRefused: the first thing that would keep the server from starting.
    """
    _require_database(settings)
    root = _root_key(settings, exists=True)
    storage = await _open_storage(settings)
    try:
        if not await has_ring(storage.meta):
            raise StartRefused("The database holds no keys: it was never started.")
        await open_ring(root, storage.meta)
        operator = await storage.accounts.first_operator("default")
    finally:
        await storage.close()
    return {
        "key": f"The root key in {settings.key_file} opens the database.",
        "database": "PostgreSQL answers."
        if settings.database
        else f"The database in {settings.data_dir} opens.",
        "operator": f"The first operator is {operator.id}." if operator else "No operator yet.",
    }
