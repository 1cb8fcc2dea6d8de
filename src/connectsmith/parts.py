"""Open the adapters an installation runs on: key, storage, and the door out."""

from dataclasses import dataclass, field
from datetime import timedelta

from connectsmith import __version__
from connectsmith.egress.policy import EgressPolicy, own_addresses
from connectsmith.egress.sender import HttpSender
from connectsmith.keys.envelope import EnvelopeSealer
from connectsmith.keys.passwords import Argon2Passwords
from connectsmith.keys.ring import has_ring, open_ring
from connectsmith.keys.root import RootKey, load_or_create
from connectsmith.keys.signer import JoseSigner
from connectsmith.keys.system import SystemClock, SystemRandomness
from connectsmith.service.beginnings import sandbox_address
from connectsmith.service.client_ports import KeySigner
from connectsmith.service.ports import (
    Clock,
    Randomness,
    Sealer,
    Sender,
    Storage,
)
from connectsmith.service.rules import Rules
from connectsmith.service.sign_in_ports import Passwords
from connectsmith.settings import Settings
from connectsmith.storage.opening import CREDENTIALS_FILE, open_postgres, open_sqlite


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


def rules_of(settings: Settings) -> Rules:
    """Read the use cases' figures out of the settings.

    What all processes may do together is divided among them: none knows what the others are at.
    """
    return Rules(
        public_url=settings.public_url,
        given=settings.sources,
        installation_name=settings.installation_name,
        sandbox=sandbox_address(settings.sandbox_port, settings.allow_private),
        return_origins=settings.return_origins,
        lease=timedelta(seconds=settings.refresh_lease_seconds),
        token_timeout=timedelta(seconds=settings.token_timeout_seconds),
        keep_alive=timedelta(days=settings.keep_alive_days),
        token_requests_at_once=max(settings.token_requests_at_once // settings.workers, 1),
        token_requests_per_second=settings.token_requests_per_second / settings.workers,
        transcripts_kept=timedelta(days=settings.transcript_days),
        transcript_bytes=settings.transcript_bytes,
        events_kept=timedelta(days=settings.event_days),
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


async def open_parts(settings: Settings, rules: Rules) -> Parts:
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
        sender=HttpSender(
            policy_of(settings),
            is_ours=rules.is_ours,
            user_agent=f"Connectsmith/{__version__}",
        ),
        clock=SystemClock(),
        randomness=SystemRandomness(),
        passwords=Argon2Passwords(),
    )
