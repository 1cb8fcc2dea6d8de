"""What our OAuth clients at authorization servers are made of, joined."""

from dataclasses import dataclass

from connectsmith.service.blueprints import Blueprints
from connectsmith.service.client_ports import ClientRecords, KeySigner
from connectsmith.service.opening import Opener
from connectsmith.service.other_clocks import OtherClocks
from connectsmith.service.ports import Clock, Randomness, Sealer, Storage
from connectsmith.service.rules import Rules
from connectsmith.service.secrets import SecretKeys
from connectsmith.service.signing_keys import KIND as KEY
from connectsmith.service.signing_keys import SigningKeys


@dataclass(frozen=True, slots=True)
class ClientCare:
    """Look after what is kept of clients when its time has come."""

    records: ClientRecords
    clock: Clock

    async def tend(self, limit: int = 50) -> int:
        """Look at what is due; return how much that was."""
        due = await self.records.due(self.clock.now(), limit)
        for row in due:
            if row.kind == KEY:
                await self.records.delete(row)
        return len(due)


@dataclass(frozen=True, slots=True)
class Clients:
    """Use cases around a connector's client."""

    keys: SigningKeys
    opener: Opener
    care: ClientCare


def clients_of(
    storage: Storage,
    *,
    blueprints: Blueprints,
    secrets: SecretKeys,
    signer: KeySigner,
    sealer: Sealer,
    clock: Clock,
    randomness: Randomness,
    rules: Rules,
) -> Clients:
    """Make them from the adapters."""
    keys = SigningKeys(
        records=storage.client_records,
        blueprints=blueprints,
        signer=signer,
        events=storage.events,
        sealer=sealer,
        clock=clock,
        rules=rules,
    )
    opener = Opener(
        secrets=secrets,
        keys=keys,
        blueprints=blueprints,
        signer=signer,
        clocks=OtherClocks(clock),
        randomness=randomness,
        rules=rules,
    )
    return Clients(keys, opener, ClientCare(storage.client_records, clock))
