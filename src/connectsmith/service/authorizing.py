"""The use cases of authorizations, joined: the caller's side, the browser's, the device's."""

from dataclasses import dataclass

from connectsmith.service.authorizations import AuthorizationDesk
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.bringing import Bringer
from connectsmith.service.browser_steps import BrowserSteps
from connectsmith.service.choosing import Chooser
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.device_flow import DeviceFlow
from connectsmith.service.ports import Clock, Randomness, Sealer, Storage
from connectsmith.service.rules import Rules
from connectsmith.service.token_endpoint import TokenEndpoint


@dataclass(frozen=True, slots=True)
class Authorizing:
    """Use cases around attempts to authorize."""

    devices: DeviceFlow
    desk: AuthorizationDesk
    browser: BrowserSteps


def authorizing_of(
    storage: Storage,
    *,
    blueprints: Blueprints,
    connections: ConnectionDesk,
    endpoint: TokenEndpoint,
    sealer: Sealer,
    clock: Clock,
    randomness: Randomness,
    rules: Rules,
) -> Authorizing:
    """Make them from the adapters."""
    bringer = Bringer(storage.authorizations, connections, endpoint, clock)
    devices = _device_flow(
        storage,
        blueprints,
        bringer,
        endpoint,
        sealer=sealer,
        clock=clock,
        randomness=randomness,
        rules=rules,
    )
    desk = AuthorizationDesk(
        authorizations=storage.authorizations,
        blueprints=blueprints,
        connections=connections,
        devices=devices,
        bringer=bringer,
        chooser=Chooser(storage.connections, blueprints, endpoint, sealer),
        endpoint=endpoint,
        events=storage.events,
        sealer=sealer,
        clock=clock,
        randomness=randomness,
        rules=rules,
    )
    browser = BrowserSteps(
        authorizations=storage.authorizations,
        desk=desk,
        blueprints=blueprints,
        endpoint=endpoint,
        events=storage.events,
        sealer=sealer,
        clock=clock,
        randomness=randomness,
        rules=rules,
    )
    return Authorizing(devices, desk, browser)


def _device_flow(
    storage: Storage,
    blueprints: Blueprints,
    bringer: Bringer,
    endpoint: TokenEndpoint,
    *,
    sealer: Sealer,
    clock: Clock,
    randomness: Randomness,
    rules: Rules,
) -> DeviceFlow:
    return DeviceFlow(
        authorizations=storage.authorizations,
        blueprints=blueprints,
        bringer=bringer,
        endpoint=endpoint,
        jobs=storage.jobs,
        events=storage.events,
        sealer=sealer,
        clock=clock,
        randomness=randomness,
        rules=rules,
    )
