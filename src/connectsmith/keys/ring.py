"""The key ring: the keys that wrap data keys, and the one behind keyed hashes.

It is made once for an installation and kept in its database, sealed with the root key. So the root
key can be replaced without touching any other record, and a wrong root key shows at once: the ring
does not open, and nothing was written.
"""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from connectsmith.errors import SealBroken, StartRefused
from connectsmith.keys.record import (
    KEY_BYTES,
    KEY_ID_BYTES,
    broken,
    open_record,
    seal_record,
)
from connectsmith.keys.root import RootKey
from connectsmith.service.meta_ports import Meta
from connectsmith.service.ports import (
    SealPlace,
)

_KEPT_AS = "key_ring"
_PLACE = SealPlace(workspace="", kind="key_ring", connector="", name="", version=1)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Key-encryption keys by id, of which `primary` seals, and the key behind keyed hashes."""

    primary: bytes
    keys: Mapping[bytes, bytes] = field(repr=False)
    digest_key: bytes = field(repr=False)


def new_ring() -> KeyRing:
    """Return a ring of fresh keys."""
    key_id = os.urandom(KEY_ID_BYTES)
    return KeyRing(
        primary=key_id, keys={key_id: os.urandom(KEY_BYTES)}, digest_key=os.urandom(KEY_BYTES)
    )


async def open_ring(root: RootKey, meta: Meta) -> KeyRing:
    """Open the installation's ring with its root key; make one where there is none.

    Raises:
        StartRefused: the root key is another than the one the ring was sealed with.
    """
    kept = await meta.get(_KEPT_AS)
    if kept is None:
        # Another process may make one at this moment: the first one stored is everybody's.
        kept = await meta.put_first(_KEPT_AS, _sealed(new_ring(), root))
    try:
        return _opened(kept, root)
    except SealBroken as error:
        raise StartRefused(
            f"The root key from {root.source} is not the one this database was sealed with. "
            "Nothing was changed. Put back the right key, or point key_file at it."
        ) from error


async def has_ring(meta: Meta) -> bool:
    """Tell whether an installation's keys were ever made here."""
    return await meta.get(_KEPT_AS) is not None


def _sealed(ring: KeyRing, root: RootKey) -> str:
    content = {
        "primary": ring.primary.hex(),
        "keys": {key_id.hex(): key.hex() for key_id, key in ring.keys.items()},
        "digest_key": ring.digest_key.hex(),
    }
    root_id = _id_of(root)
    sealed = seal_record(
        json.dumps(content).encode(), _PLACE, key_id=root_id, key=AESGCM(root.content)
    )
    return base64.b64encode(sealed).decode()


def _opened(kept: str, root: RootKey) -> KeyRing:
    try:
        sealed = base64.b64decode(kept, validate=True)
    except ValueError:
        raise broken() from None
    content = json.loads(open_record(sealed, _PLACE, {_id_of(root): AESGCM(root.content)}))
    return KeyRing(
        primary=bytes.fromhex(content["primary"]),
        keys={bytes.fromhex(one): bytes.fromhex(key) for one, key in content["keys"].items()},
        digest_key=bytes.fromhex(content["digest_key"]),
    )


def _id_of(root: RootKey) -> bytes:
    """Return the id of a root key, which tells nothing about it."""
    return derived(root.content, b"root key id", KEY_ID_BYTES)


def derived(key: bytes, label: bytes, length: int = KEY_BYTES) -> bytes:
    """Derive a key for one purpose (HKDF with SHA-256, RFC 5869)."""
    return HKDF(SHA256(), length, salt=None, info=b"connectsmith " + label).derive(key)
