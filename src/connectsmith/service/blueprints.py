"""Definitions compiled once for each published revision, and for each text of a draft."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from connectsmith.core.authorization.client import OAuthClient, oauth_client
from connectsmith.core.authorization.metadata import Metadata, filled, needs_discovery
from connectsmith.core.call.plan import ActionPlan, plans_of
from connectsmith.core.connection.apply import AuthPlan, auth_plan
from connectsmith.core.connection.reach import Reach, reach_of
from connectsmith.core.definition.facts import origins_of_auth
from connectsmith.core.definition.model import Definition
from connectsmith.core.definition.reading import read
from connectsmith.core.exchange import Expiry, expiry_of
from connectsmith.errors import ConnectorNotPublished, ConnectsmithError, DefinitionError, NotFound
from connectsmith.service.discovery import Discovery
from connectsmith.service.ports import (
    Connectors,
)
from connectsmith.service.readings import apart
from connectsmith.service.rows import (
    ConnectorRow,
)

_Key = tuple[str, str, int, str, str]
"""Workspace, connector, revision, a draft's text, and what is known of its issuer."""

KEPT = 512
"""Compiled definitions held in memory."""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A definition ready for use. `revision` is 0 for a draft."""

    definition: Definition
    revision: int
    client: OAuthClient | None
    auth: AuthPlan
    reach: Reach
    plans: Mapping[str, ActionPlan]
    expiry: Expiry
    """What in an API's answer means that the access token expired."""
    undiscovered: bool = False
    """It names an issuer for what it does not write, and nothing is known of that one yet."""

    @property
    def issuer(self) -> str | None:
        """The issuer whose metadata counts; one with placeholders has none."""
        issuer = self.definition.auth_components.issuer
        return None if issuer is None or "{{" in issuer else issuer

    @property
    def origins_auth(self) -> tuple[str, ...]:
        """Where secrets go when signing in and renewing, as far as the definition says."""
        return origins_of_auth(self.definition)

    @property
    def names_accounts(self) -> bool:
        """Whether `auth_test` says whose account a connection is."""
        test = self.definition.auth_test
        return test is not None and test.account is not None


def compile_blueprint(text: str, revision: int, metadata: Metadata | None = None) -> Blueprint:
    """Compile a definition's text, with what is known of its issuer.

    Raises:
        DefinitionError: it has errors; `details["diagnostics"]` lists them.
    """
    reading = read(text)
    if reading.definition is None:
        first = reading.errors[0]
        raise DefinitionError(
            f"The definition has {reading.errors_said}. The first, in line "
            f"{first.start.line}: {first.message}",
            place=first.pointer,
            details={"errors": len(reading.errors)},
        )
    definition = reading.definition
    if metadata is not None:
        definition = filled(definition, metadata)
    undiscovered = metadata is None and _is_oauth2(definition) and needs_discovery(definition)
    signs_in = _is_oauth2(definition) and not undiscovered
    refresh = definition.auth_components.refresh
    return Blueprint(
        definition=definition,
        revision=revision,
        client=oauth_client(definition, metadata) if signs_in else None,
        auth=auth_plan(definition),
        reach=reach_of(definition),
        plans=plans_of(definition),
        expiry=expiry_of(refresh.when if refresh else None),
        undiscovered=undiscovered,
    )


def _is_oauth2(definition: Definition) -> bool:
    return definition.auth_components.type.lower().startswith("oauth")


class Blueprints:
    """Compiled definitions, looked up by what may use them."""

    def __init__(self, connectors: Connectors, discovery: Discovery) -> None:
        self._connectors = connectors
        self._discovery = discovery
        self._compiled: OrderedDict[_Key, Blueprint] = OrderedDict()

    async def connector(self, workspace: str, connector: str) -> ConnectorRow:
        """Return a connector's row, or raise NotFound."""
        row = await self._connectors.get(workspace, connector)
        if row is None:
            raise NotFound("There is no connector with that id.")
        return row

    async def of(self, row: ConnectorRow, *, test: bool) -> Blueprint:
        """Return the newest published blueprint, or the draft's for test connections.

        Raises:
            ConnectorNotPublished: nothing is published yet.
            DefinitionError: the draft has errors.
        """
        if test:
            key = (row.workspace, row.id, 0, row.draft, "")
            return await self._discovered(key, row.draft)
        if row.published is None:
            raise ConnectorNotPublished(
                f'The connector "{row.name}" was never published. Publish it, or use '
                f'"test": true to work with its draft.'
            )
        return await self.revision(row.workspace, row.id, row.published)

    async def revision(self, workspace: str, connector: str, number: int) -> Blueprint:
        """Return the blueprint of one published revision."""
        key = (workspace, connector, number, "", "")
        known = self._compiled.get(key)
        if known is not None and known.issuer is None:
            return known
        revision = await self._connectors.revision(workspace, connector, number)
        if revision is None:
            raise NotFound(f"The connector has no revision {number}.")
        return await self._discovered(key, revision.text)

    async def origins_of_draft(self, row: ConnectorRow) -> tuple[str, ...]:
        """Return where a draft's secrets go, its issuer's endpoints included; nothing if faulty."""
        try:
            return (await self.of(row, test=True)).origins_auth
        except ConnectsmithError:
            return ()

    async def _discovered(self, key: _Key, text: str) -> Blueprint:
        """Return a blueprint with what its issuer's metadata fills.

        Raises:
            MetadataRefused, NetworkError: it cannot do without, and there is none.
        """
        base = await self._cached(key, text, None)
        if base.issuer is None:
            return base
        ask = self._discovery.find if base.undiscovered else self._discovery.known
        metadata = await ask(key[0], key[1], base.issuer)
        if metadata is None:
            return base
        return await self._cached((*key[:4], repr(metadata)), text, metadata)

    async def _cached(self, key: _Key, text: str, metadata: Metadata | None) -> Blueprint:
        known = self._compiled.get(key)
        if known is None:
            known = await apart(text, lambda: compile_blueprint(text, key[2], metadata))
            self._compiled[key] = known
            if len(self._compiled) > KEPT:
                self._compiled.popitem(last=False)
        return known
