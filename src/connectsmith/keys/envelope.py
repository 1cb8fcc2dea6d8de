"""Seal and open records: the only place where a secret becomes ciphertext, and back."""

import hmac
import json
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectsmith.core.secret.secret import Secret
from connectsmith.keys.record import open_record, seal_record
from connectsmith.keys.ring import KeyRing, derived
from connectsmith.service.ports import (
    SealPlace,
)

_WRITER = json.JSONEncoder(separators=(",", ":"))
_READER = json.JSONDecoder()
"""Kept ready: `json.dumps` and `json.loads` cost as much again as the work itself."""


class EnvelopeSealer:
    """The port `Sealer` with the keys of one installation."""

    def __init__(self, ring: KeyRing) -> None:
        self._primary = ring.primary
        self._keys = {key_id: AESGCM(key) for key_id, key in ring.keys.items()}
        self._digest_key = ring.digest_key
        self._keyed: dict[str, hmac.HMAC] = {}
        """A hash for each label that has taken its key; a copy takes the value."""

    def seal(self, values: Mapping[str, Secret], place: SealPlace) -> bytes:
        """Seal a flat record."""
        flat = {name: value.reveal() for name, value in values.items()}
        return self.seal_bytes(_WRITER.encode(flat).encode("ascii"), place)

    def open(self, sealed: bytes, place: SealPlace) -> dict[str, Secret]:
        """Open a flat record; `SealBroken` when it does not belong there."""
        flat, _ = _READER.raw_decode(self.open_bytes(sealed, place).decode("ascii"))
        return {name: Secret(value) for name, value in flat.items()}

    def seal_bytes(self, content: bytes, place: SealPlace) -> bytes:
        """Seal bytes that hold no secret but are nobody else's business (transcripts)."""
        return seal_record(content, place, key_id=self._primary, key=self._keys[self._primary])

    def open_bytes(self, sealed: bytes, place: SealPlace) -> bytes:
        """Open them; `SealBroken` when they do not belong there."""
        return open_record(sealed, place, self._keys)

    def digest(self, label: str, value: Secret) -> bytes:
        """Return a keyed 32-byte hash of a value; labels are constants of the callers."""
        keyed = self._keyed.get(label)
        if keyed is None:
            key = derived(self._digest_key, f"digest {label}".encode())
            keyed = self._keyed[label] = hmac.new(key, digestmod="sha256")
        hashed = keyed.copy()
        hashed.update(value.reveal().encode("utf-8", "surrogatepass"))
        return hashed.digest()
