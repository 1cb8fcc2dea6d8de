"""Join ports to adapters: the only place that knows all of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from connectsmith.api.app import create_app
from connectsmith.jobs.collector import freeze
from connectsmith.jobs.timer import Timer
from connectsmith.parts import Parts, open_parts, open_storage, policy_of, root_key, rules_of
from connectsmith.service.access import Access
from connectsmith.service.arrivals import Arrivals
from connectsmith.service.asking import Asker
from connectsmith.service.authorizing import Authorizing, authorizing_of
from connectsmith.service.beginnings import Beginnings
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.calls import CallDesk
from connectsmith.service.chores import Chores
from connectsmith.service.chosen_settings import ChosenSettings
from connectsmith.service.clients import Clients, clients_of
from connectsmith.service.connecting import Connecting
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.connectors import ConnectorDesk
from connectsmith.service.debugger import Debugger
from connectsmith.service.desks import Desks
from connectsmith.service.discovery import Discovery
from connectsmith.service.draft_connections import DraftConnections
from connectsmith.service.editing import EditorDesk
from connectsmith.service.flight_recorder import FlightRecorder
from connectsmith.service.keep_alive import KeepAlive
from connectsmith.service.outages import Outages
from connectsmith.service.overviews import Overviews
from connectsmith.service.pauses import Pauses
from connectsmith.service.proof import Prover
from connectsmith.service.records import Records
from connectsmith.service.refresh import Refresher
from connectsmith.service.renewal import Renewer
from connectsmith.service.revocation import Revoker
from connectsmith.service.rules import Rules
from connectsmith.service.secrets import SecretKeys
from connectsmith.service.sign_in import SignIn
from connectsmith.service.survival import SurvivalTest
from connectsmith.service.token_endpoint import TokenEndpoint
from connectsmith.service.traffic import TokenTraffic
from connectsmith.settings import Settings
from connectsmith.web.site import problem_page, routes

__all__ = [
    "Application",
    "Parts",
    "join",
    "open_parts",
    "open_storage",
    "policy_of",
    "root_key",
    "rules_of",
    "running",
]


@dataclass(frozen=True, slots=True)
class Application:
    """A running installation."""

    desks: Desks
    chores: Chores
    app: FastAPI
    parts: Parts


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
    asker: Asker
    refresher: Refresher
    revoker: Revoker
    connections: ConnectionDesk
    drafts: DraftConnections
    authorizing: Authorizing


def join(parts: Parts, rules: Rules) -> Application:
    """Make every use case from the adapters, and the HTTP application over them."""
    settings = ChosenSettings(parts.storage.meta, parts.storage.events, parts.clock, rules)
    base = _base(parts, rules)
    held = _held(parts, rules, base)
    connectors = _connectors(parts, rules, base, held)
    overviews = Overviews(connectors, parts.storage, parts.clock, settings)
    desks = Desks(
        rules=rules,
        settings=settings,
        clock=parts.clock,
        access=base.access,
        connectors=connectors,
        beginnings=Beginnings(connectors, base.secrets, rules),
        overviews=overviews,
        editing=EditorDesk(base.blueprints, base.secrets, parts.storage.connections),
        arrivals=Arrivals(parts.sealer, parts.randomness, rules),
        secrets=base.secrets,
        keys=base.clients.keys,
        discovery=base.clients.discovery,
        authorizations=held.authorizing.desk,
        browser=held.authorizing.browser,
        connections=held.connections,
        survival=_survival(parts, held),
        devices=held.authorizing.devices,
        calls=held.calls,
        records=base.records,
        sign_in=base.sign_in,
        debugger=_debugger(base, held, connectors),
        connecting=_connecting(parts, base, held),
    )
    chores = Chores(
        settings=settings,
        access=base.access,
        clients=base.clients.care,
        sign_in=base.sign_in,
        overviews=overviews,
        secrets=base.secrets,
        authorizations=held.authorizing.desk,
        connections=held.connections,
        bringer=held.authorizing.bringer,
        devices=held.authorizing.devices,
        refresher=held.refresher,
        revoker=held.revoker,
        calls=held.calls,
        records=base.records,
        keep_alive=_keep_alive(parts, base, held),
    )
    app = create_app(desks, pages=routes, problem_page=problem_page)
    return Application(desks, chores, app, parts)


def _connecting(parts: Parts, base: _Base, held: _Held) -> Connecting:
    return Connecting(held.connections, held.authorizing.desk, base.blueprints, parts.sealer)


def _keep_alive(parts: Parts, base: _Base, held: _Held) -> KeepAlive:
    return KeepAlive(
        connections=parts.storage.connections,
        blueprints=base.blueprints,
        refresher=held.refresher,
        clock=parts.clock,
    )


def _survival(parts: Parts, held: _Held) -> SurvivalTest:
    return SurvivalTest(
        connections=held.connections,
        refresher=held.refresher,
        asker=held.asker,
        calls=held.calls,
        events=parts.storage.events,
        sealer=parts.sealer,
        clock=parts.clock,
    )


def _records(parts: Parts, rules: Rules) -> Records:
    return Records(
        calls=parts.storage.calls,
        idempotency=parts.storage.idempotency,
        events=parts.storage.events,
        sealer=parts.sealer,
        clock=parts.clock,
        rules=rules,
    )


def _base(parts: Parts, rules: Rules) -> _Base:
    storage, clock = parts.storage, parts.clock
    discovery = Discovery(storage, parts.sender, clock)
    blueprints = Blueprints(storage.connectors, discovery)
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
        discovery=discovery,
        secrets=secrets,
        sender=parts.sender,
        signer=parts.signer,
        sealer=parts.sealer,
        clock=clock,
        randomness=parts.randomness,
        rules=rules,
    )
    records = _records(parts, rules)
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
            randomness=parts.randomness,
            rules=rules,
            recorder=FlightRecorder(records, clock, parts.randomness),
        ),
        records=records,
    )


def _held(parts: Parts, rules: Rules, base: _Base) -> _Held:
    revoker = _revoker(parts, rules, base)
    traffic = _traffic(parts, rules)
    asker = Asker(endpoint=base.endpoint, traffic=traffic, rules=rules)
    refresher = _refresher(parts, rules, revoker, asker=asker, traffic=traffic)
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
    drafts = DraftConnections(parts.storage.connections, connections, base.blueprints, parts.sealer)
    authorizing = authorizing_of(
        parts.storage,
        blueprints=base.blueprints,
        connections=connections,
        drafts=drafts,
        sign_in=base.sign_in,
        endpoint=base.endpoint,
        sealer=parts.sealer,
        clock=parts.clock,
        randomness=parts.randomness,
        rules=rules,
    )
    return _Held(calls, asker, refresher, revoker, connections, drafts, authorizing)


def _revoker(parts: Parts, rules: Rules, base: _Base) -> Revoker:
    return Revoker(
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


def _traffic(parts: Parts, rules: Rules) -> TokenTraffic:
    meta, clock, randomness = parts.storage.meta, parts.clock, parts.randomness
    return TokenTraffic(
        pauses=Pauses(meta, clock),
        outages=Outages(meta, clock=clock, randomness=randomness, pause=rules.probe_every),
        randomness=randomness,
        rules=rules,
    )


def _refresher(
    parts: Parts, rules: Rules, revoker: Revoker, *, asker: Asker, traffic: TokenTraffic
) -> Refresher:
    renewer = Renewer(
        connections=parts.storage.connections,
        asker=asker,
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


def _connectors(parts: Parts, rules: Rules, base: _Base, held: _Held) -> ConnectorDesk:
    return ConnectorDesk(
        connectors=parts.storage.connectors,
        blueprints=base.blueprints,
        secrets=base.secrets,
        connections=held.connections,
        deregistrar=base.clients.deregistrar,
        events=parts.storage.events,
        clock=parts.clock,
        randomness=parts.randomness,
        rules=rules,
    )


def _debugger(base: _Base, held: _Held, connectors: ConnectorDesk) -> Debugger:
    return Debugger(
        connectors=connectors,
        blueprints=base.blueprints,
        authorizations=held.authorizing.desk,
        connections=held.connections,
        drafts=held.drafts,
        calls=held.calls,
        records=base.records,
    )


@asynccontextmanager
async def running(settings: Settings, *, chores: bool = True) -> AsyncIterator[Application]:
    """Open an installation, keep its chores going, and close it in order."""
    rules = rules_of(settings)
    parts = await open_parts(settings, rules)
    application = join(parts, rules)
    timer = Timer(application.chores)
    if chores:
        # Not by a command beside the server, whose environment may say something else.
        await application.desks.settings.note()
        timer.start()
        freeze()
    else:
        await application.desks.settings.look()
    try:
        yield application
    finally:
        await timer.stop()
        parts.passwords.close()
        await parts.sender.close()
        await parts.storage.close()
