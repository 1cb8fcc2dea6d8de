"""What our OAuth clients at authorization servers are made of, joined."""

from dataclasses import dataclass

from connectsmith.service.blueprints import Blueprints
from connectsmith.service.client_ports import ClientRecords, KeySigner
from connectsmith.service.deregistration import Deregistrar
from connectsmith.service.discovery import KIND as METADATA
from connectsmith.service.discovery import Discovery
from connectsmith.service.opening import Opener
from connectsmith.service.other_clocks import OtherClocks
from connectsmith.service.ports import Clock, Randomness, Sealer, Sender, Storage
from connectsmith.service.proofs import Proofs
from connectsmith.service.registration_records import KIND as REGISTRATION
from connectsmith.service.registrations import Registrations
from connectsmith.service.rules import Rules
from connectsmith.service.secrets import SecretKeys
from connectsmith.service.signing_keys import KIND as KEY
from connectsmith.service.signing_keys import SigningKeys


@dataclass(frozen=True, slots=True)
class ClientCare:
    """Look after what is kept of clients when its time has come."""

    records: ClientRecords
    discovery: Discovery
    registrations: Registrations
    deregistrar: Deregistrar
    clock: Clock

    async def tend(self, limit: int = 50) -> int:
        """Look at what is due; return how much that was."""
        given_up = await self.deregistrar.run_due()
        due = await self.records.due(self.clock.now(), limit)
        for row in due:
            if row.kind == KEY:
                await self.records.delete(row)
            elif row.kind == METADATA:
                await self.discovery.look_again(row)
            elif row.kind == REGISTRATION:
                await self.registrations.renew(row)
        return given_up + len(due)


@dataclass(frozen=True, slots=True)
class Clients:
    """Use cases around a connector's client."""

    keys: SigningKeys
    opener: Opener
    deregistrar: Deregistrar
    care: ClientCare
    discovery: Discovery


def clients_of(
    storage: Storage,
    *,
    blueprints: Blueprints,
    discovery: Discovery,
    secrets: SecretKeys,
    sender: Sender,
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
    registrations = Registrations(storage, sender=sender, sealer=sealer, clock=clock, rules=rules)
    clocks = OtherClocks(clock)
    opener = Opener(
        secrets=secrets,
        keys=keys,
        blueprints=blueprints,
        discovery=discovery,
        signer=signer,
        clocks=clocks,
        registrations=registrations,
        proofs=Proofs(signer=signer, clocks=clocks, randomness=randomness),
        randomness=randomness,
        rules=rules,
    )
    deregistrar = Deregistrar(
        storage, sender=sender, sealer=sealer, clock=clock, randomness=randomness, rules=rules
    )
    care = ClientCare(storage.client_records, discovery, registrations, deregistrar, clock)
    return Clients(keys, opener, deregistrar, care, discovery)
