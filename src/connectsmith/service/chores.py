"""What must be done from time to time, by any process, as often as it likes."""

from collections.abc import Awaitable, Callable

from connectsmith.service.access import Access
from connectsmith.service.authorizations import AuthorizationDesk
from connectsmith.service.bringing import Bringer
from connectsmith.service.calls import CallDesk
from connectsmith.service.chosen_settings import ChosenSettings
from connectsmith.service.clients import ClientCare
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.device_flow import DeviceFlow
from connectsmith.service.keep_alive import KeepAlive
from connectsmith.service.overviews import Overviews
from connectsmith.service.records import Records
from connectsmith.service.refresh import Refresher
from connectsmith.service.revocation import Revoker
from connectsmith.service.secrets import SecretKeys
from connectsmith.service.sign_in import SignIn


class Chores:
    """End what is overdue, carry out revocations, write down when things were used."""

    def __init__(
        self,
        *,
        settings: ChosenSettings,
        access: Access,
        clients: ClientCare,
        sign_in: SignIn,
        overviews: Overviews,
        secrets: SecretKeys,
        authorizations: AuthorizationDesk,
        connections: ConnectionDesk,
        bringer: Bringer,
        devices: DeviceFlow,
        refresher: Refresher,
        revoker: Revoker,
        calls: CallDesk,
        records: Records,
        keep_alive: KeepAlive,
    ) -> None:
        self._settings = settings
        self._access = access
        self._clients = clients
        self._sign_in = sign_in
        self._overviews = overviews
        self._secrets = secrets
        self._authorizations = authorizations
        self._connections = connections
        self._bringer = bringer
        self._devices = devices
        self._refresher = refresher
        self._revoker = revoker
        self._calls = calls
        self._records = records
        self._keep_alive = keep_alive

    async def often(self) -> None:
        """Do what people wait for: seconds apart."""
        await _each(
            self._settings.look,
            self._refresher.store_held,
            self._bringer.store_held,
            self._authorizations.expire,
            self._devices.poll_due,
            self._connections.discard_unkept,
            self._revoker.run_due,
            self._keep_alive.run_due,
        )

    async def seldom(self) -> None:
        """Do the rest: a minute apart."""
        await _each(
            self._settings.look,
            self._access.flush,
            self._secrets.flush,
            self._clients.tend,
            self._calls.flush,
            self._records.prune,
            self._sign_in.prune,
            self._overviews.discard_untouched,
        )

    async def last(self) -> None:
        """Write down what is left to write, before the storage closes."""
        await _each(
            self._keep_alive.settle,
            self._refresher.settle,
            self._bringer.store_held,
            self.seldom,
        )


async def _each(*chores: Callable[[], Awaitable[object]]) -> None:
    """Do all, whichever of them fail; the failures come afterwards."""
    failures: list[Exception] = []
    for chore in chores:
        try:
            await chore()
        except Exception as error:  # noqa: BLE001 - raised below; one failure must not stop the rest
            failures.append(error)
    if failures:
        raise ExceptionGroup("chores failed", failures)
