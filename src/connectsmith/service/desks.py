"""Every use case of a running installation, joined once at start and handed to the shells."""

from dataclasses import dataclass

from connectsmith.service.access import Access
from connectsmith.service.arrivals import Arrivals
from connectsmith.service.authorizations import AuthorizationDesk
from connectsmith.service.beginnings import Beginnings
from connectsmith.service.browser_steps import BrowserSteps
from connectsmith.service.calls import CallDesk
from connectsmith.service.chosen_settings import ChosenSettings
from connectsmith.service.connecting import Connecting
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.connectors import ConnectorDesk
from connectsmith.service.debugger import Debugger
from connectsmith.service.device_flow import DeviceFlow
from connectsmith.service.discovery import Discovery
from connectsmith.service.editing import EditorDesk
from connectsmith.service.overviews import Overviews
from connectsmith.service.ports import Clock
from connectsmith.service.records import Records
from connectsmith.service.rules import Rules
from connectsmith.service.secrets import SecretKeys
from connectsmith.service.sign_in import SignIn
from connectsmith.service.signing_keys import SigningKeys
from connectsmith.service.survival import SurvivalTest


@dataclass(frozen=True, slots=True)
class Desks:
    """What the shells may ask for."""

    rules: Rules
    settings: ChosenSettings
    clock: Clock
    access: Access
    connectors: ConnectorDesk
    beginnings: Beginnings
    overviews: Overviews
    editing: EditorDesk
    arrivals: Arrivals
    secrets: SecretKeys
    keys: SigningKeys
    discovery: Discovery
    authorizations: AuthorizationDesk
    browser: BrowserSteps
    connections: ConnectionDesk
    survival: SurvivalTest
    devices: DeviceFlow
    calls: CallDesk
    records: Records
    sign_in: SignIn
    debugger: Debugger
    connecting: Connecting
