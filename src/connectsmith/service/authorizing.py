"""The use cases of authorizations, joined: the caller's side, the browser's, the device's."""

from dataclasses import dataclass

from connectsmith.service.attempts import Attempts
from connectsmith.service.authorizations import AuthorizationDesk
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.bringing import Bringer
from connectsmith.service.browser_steps import BrowserSteps
from connectsmith.service.choosing import Chooser
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.device_flow import DeviceFlow
from connectsmith.service.draft_connections import DraftConnections
from connectsmith.service.keeping import Keeper
from connectsmith.service.ports import Clock, Randomness, Sealer, Storage
from connectsmith.service.rules import Rules
from connectsmith.service.sign_in import SignIn
from connectsmith.service.token_endpoint import TokenEndpoint


@dataclass(frozen=True, slots=True)
class Authorizing:
    """Use cases around attempts to authorize."""

    bringer: Bringer
    devices: DeviceFlow
    desk: AuthorizationDesk
    browser: BrowserSteps


def authorizing_of(
    storage: Storage,
    *,
    blueprints: Blueprints,
    connections: ConnectionDesk,
    drafts: DraftConnections,
    sign_in: SignIn,
    endpoint: TokenEndpoint,
    sealer: Sealer,
    clock: Clock,
    randomness: Randomness,
    rules: Rules,
) -> Authorizing:
    """Make them from the adapters."""
    attempts = Attempts(storage.authorizations, storage.events, sealer, clock)
    bringer = Bringer(storage.authorizations, connections, endpoint, clock)
    chooser = Chooser(storage.connections, blueprints, endpoint, sealer)
    keeper = Keeper(attempts, connections, chooser, drafts=drafts, sign_in=sign_in)
    devices = DeviceFlow(
        attempts=attempts,
        blueprints=blueprints,
        bringer=bringer,
        keeper=keeper,
        endpoint=endpoint,
        jobs=storage.jobs,
        randomness=randomness,
        rules=rules,
    )
    desk = AuthorizationDesk(
        attempts=attempts,
        blueprints=blueprints,
        connections=connections,
        devices=devices,
        bringer=bringer,
        keeper=keeper,
        chooser=chooser,
        endpoint=endpoint,
        randomness=randomness,
        rules=rules,
    )
    browser = BrowserSteps(
        attempts=attempts,
        desk=desk,
        blueprints=blueprints,
        endpoint=endpoint,
        randomness=randomness,
        rules=rules,
    )
    return Authorizing(bringer, devices, desk, browser)
