"""Seal and open records: the only place where a secret becomes ciphertext, and back."""

import hmac
import json
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectsmith.core.secret.secret import Secret
from connectsmith.keys.record import broken, key_id_of, open_record, seal_record
from connectsmith.keys.ring import KeyRing, derived
from connectsmith.service.ports import SealPlace


class EnvelopeSealer:
    """The port `Sealer` with the keys of one installation."""

    def __init__(self, ring: KeyRing) -> None:
        self._primary = ring.primary
        self._keys = {key_id: AESGCM(key) for key_id, key in ring.keys.items()}
        self._digest_key = ring.digest_key
        self._label_keys: dict[str, bytes] = {}

    def seal(self, values: Mapping[str, Secret], place: SealPlace) -> bytes:
        """Seal a flat record."""
        flat = {name: value.reveal() for name, value in values.items()}
        return self.seal_bytes(json.dumps(flat, separators=(",", ":")).encode(), place)

    def open(self, sealed: bytes, place: SealPlace) -> dict[str, Secret]:
        """Open a flat record; `SealBroken` when it does not belong there."""
        flat: dict[str, str] = json.loads(self.open_bytes(sealed, place))
        return {name: Secret(value) for name, value in flat.items()}

    def seal_bytes(self, content: bytes, place: SealPlace) -> bytes:
        """Seal bytes that hold no secret but are nobody else's business (transcripts)."""
        return seal_record(content, place, key_id=self._primary, key=self._keys[self._primary])

    def open_bytes(self, sealed: bytes, place: SealPlace) -> bytes:
        """Open them; `SealBroken` when they do not belong there."""
        key_id = key_id_of(sealed)
        key = self._keys.get(key_id)
        if key is None:
            raise broken()
        return open_record(sealed, place, key_id=key_id, key=key)

    def digest(self, label: str, value: Secret) -> bytes:
        """Return a keyed 32-byte hash of a value; labels are constants of the callers."""
        key = self._label_keys.get(label)
        if key is None:
            key = self._label_keys[label] = derived(self._digest_key, f"digest {label}".encode())
        return hmac.digest(key, value.reveal().encode("utf-8", "surrogatepass"), "sha256")
