"""Join ports to adapters: the only place that knows all of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from fastapi import FastAPI

from connectsmith import __version__
from connectsmith.api.app import create_app
from connectsmith.egress.policy import EgressPolicy, own_addresses
from connectsmith.egress.sender import HttpSender
from connectsmith.jobs.collector import freeze
from connectsmith.jobs.timer import Timer
from connectsmith.keys.envelope import EnvelopeSealer
from connectsmith.keys.passwords import Argon2Passwords
from connectsmith.keys.ring import has_ring, open_ring
from connectsmith.keys.root import RootKey, load_or_create
from connectsmith.keys.signer import JoseSigner
from connectsmith.keys.system import SystemClock, SystemRandomness
from connectsmith.service.access import Access
from connectsmith.service.asking import Asker
from connectsmith.service.authorizations import AuthorizationDesk
from connectsmith.service.beginnings import Beginnings, sandbox_address
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.browser_steps import BrowserSteps
from connectsmith.service.calls import CallDesk
from connectsmith.service.chores import Chores
from connectsmith.service.client_ports import KeySigner
from connectsmith.service.clients import Clients, clients_of
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.connectors import ConnectorDesk
from connectsmith.service.debugger import Debugger
from connectsmith.service.desks import Desks
from connectsmith.service.draft_connections import DraftConnections
from connectsmith.service.flight_recorder import FlightRecorder
from connectsmith.service.keep_alive import KeepAlive
from connectsmith.service.overviews import Overviews
from connectsmith.service.ports import (
    Clock,
    Randomness,
    Sealer,
    Sender,
    Storage,
)
from connectsmith.service.proof import Prover
from connectsmith.service.reconnection import Reconnection
from connectsmith.service.records import Records
from connectsmith.service.refresh import Refresher
from connectsmith.service.renewal import Renewer
from connectsmith.service.revocation import Revoker
from connectsmith.service.rules import Rules
from connectsmith.service.secrets import SecretKeys
from connectsmith.service.sign_in import SignIn
from connectsmith.service.sign_in_ports import Passwords
from connectsmith.service.token_endpoint import TokenEndpoint
from connectsmith.service.traffic import TokenTraffic
from connectsmith.settings import Settings
from connectsmith.storage.opening import CREDENTIALS_FILE, open_postgres, open_sqlite
from connectsmith.web.site import problem_page, routes


@dataclass(frozen=True, slots=True)
class Parts:
    """The adapters an installation runs on."""

    storage: Storage
    sealer: Sealer
    sender: Sender
    clock: Clock
    randomness: Randomness
    passwords: Passwords
    signer: KeySigner = field(default_factory=JoseSigner)


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
        installation_name=settings.installation_name,
        sandbox=sandbox_address(settings.sandbox_port, settings.allow_private),
        return_origins=settings.return_origins,
        lease=timedelta(seconds=settings.refresh_lease_seconds),
        token_timeout=timedelta(seconds=settings.token_timeout_seconds),
        keep_alive=timedelta(days=settings.keep_alive_days),
        token_requests_at_once=settings.token_requests_at_once,
        token_requests_per_second=settings.token_requests_per_second,
        transcripts_kept=timedelta(days=settings.transcript_days),
        transcript_bytes=settings.transcript_bytes,
    )


def policy_of(settings: Settings) -> EgressPolicy:
    """Say what may be reached; this installation itself never, under no name of its own."""
    own = own_addresses(settings.public_url, settings.host, settings.port)
    return EgressPolicy.of(settings.allow_private, own=own)


async def open_storage(settings: Settings) -> Storage:
    """Open, or make, the database."""
    if settings.database is not None:
        return await open_postgres(settings.database)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return await open_sqlite(settings.data_dir)


def root_key(settings: Settings, *, exists: bool) -> RootKey:
    """Read the root key, or make one where no database needs another."""
    return load_or_create(settings.key_file, data_dir=settings.data_dir, database_exists=exists)


async def open_parts(settings: Settings) -> Parts:
    """Open key, storage and the door out.

    Raises:
        StartRefused: the installation may not start as it stands.
    """
    if settings.database is None:
        root_key(settings, exists=(settings.data_dir / CREDENTIALS_FILE).exists())
    storage = await open_storage(settings)
    try:
        root = root_key(settings, exists=await has_ring(storage.meta))
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
        passwords=Argon2Passwords(),
    )


@dataclass(frozen=True, slots=True)
class _Base:
    """Use cases that need no connection."""

    blueprints: Blueprints
    access: Access
    sign_in: SignIn
    secrets: SecretKeys
    clients: Clients
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
    connectors = _connectors(parts, rules, base, held)
    overviews = Overviews(connectors, parts.storage, parts.clock)
    desks = Desks(
        rules=rules,
        clock=parts.clock,
        access=base.access,
        connectors=connectors,
        beginnings=Beginnings(connectors, base.secrets, rules),
        overviews=overviews,
        secrets=base.secrets,
        keys=base.clients.keys,
        authorizations=held.authorizations,
        browser=_browser(parts, rules, base, held.authorizations),
        connections=held.connections,
        calls=held.calls,
        records=base.records,
        sign_in=base.sign_in,
        debugger=_debugger(parts, base, held, connectors),
        reconnection=Reconnection(held.connections, held.authorizations, base.blueprints),
    )
    chores = Chores(
        access=base.access,
        clients=base.clients.care,
        sign_in=base.sign_in,
        overviews=overviews,
        secrets=base.secrets,
        authorizations=held.authorizations,
        connections=held.connections,
        refresher=held.refresher,
        revoker=held.revoker,
        calls=held.calls,
        records=base.records,
        keep_alive=KeepAlive(
            connections=parts.storage.connections,
            blueprints=base.blueprints,
            refresher=held.refresher,
            clock=parts.clock,
        ),
    )
    app = create_app(desks, pages=routes, problem_page=problem_page)
    return Application(desks, chores, app, parts)


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
    clients = clients_of(
        storage,
        blueprints=blueprints,
        secrets=secrets,
        signer=parts.signer,
        sealer=parts.sealer,
        clock=clock,
        randomness=parts.randomness,
        rules=rules,
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
        sign_in=SignIn(storage, parts.passwords, clock, parts.randomness),
        secrets=secrets,
        clients=clients,
        endpoint=TokenEndpoint(
            opener=clients.opener,
            sender=parts.sender,
            clock=clock,
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
    traffic = TokenTraffic(randomness=parts.randomness, rules=rules)
    renewer = Renewer(
        connections=parts.storage.connections,
        asker=Asker(endpoint=base.endpoint, traffic=traffic, rules=rules),
        revoker=revoker,
        events=parts.storage.events,
        sealer=parts.sealer,
        clock=parts.clock,
        rules=rules,
    )
    return Refresher(
        connections=parts.storage.connections,
        renewer=renewer,
        traffic=traffic,
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


def _connectors(parts: Parts, rules: Rules, base: _Base, held: _Held) -> ConnectorDesk:
    return ConnectorDesk(
        connectors=parts.storage.connectors,
        blueprints=base.blueprints,
        secrets=base.secrets,
        connections=held.connections,
        events=parts.storage.events,
        clock=parts.clock,
        randomness=parts.randomness,
        rules=rules,
    )


def _debugger(parts: Parts, base: _Base, held: _Held, connectors: ConnectorDesk) -> Debugger:
    rows = parts.storage.connections
    drafts = DraftConnections(rows, held.connections, base.blueprints, parts.sealer)
    return Debugger(
        connectors=connectors,
        blueprints=base.blueprints,
        authorizations=held.authorizations,
        connections=held.connections,
        drafts=drafts,
        calls=held.calls,
        records=base.records,
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
        parts.passwords.close()
        await parts.sender.close()
        await parts.storage.close()
