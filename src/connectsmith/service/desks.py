"""Every use case of a running installation, joined once at start and handed to the shells."""

from dataclasses import dataclass

from connectsmith.service.access import Access
from connectsmith.service.authorizations import AuthorizationDesk
from connectsmith.service.browser_steps import BrowserSteps
from connectsmith.service.calls import CallDesk
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.connectors import ConnectorDesk
from connectsmith.service.records import Records
from connectsmith.service.rules import Rules
from connectsmith.service.secrets import SecretKeys


@dataclass(frozen=True, slots=True)
class Desks:
    """What the shells may ask for."""

    rules: Rules
    access: Access
    connectors: ConnectorDesk
    secrets: SecretKeys
    authorizations: AuthorizationDesk
    browser: BrowserSteps
    connections: ConnectionDesk
    calls: CallDesk
    records: Records
