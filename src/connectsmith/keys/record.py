"""The bytes of a sealed record, and what ties them to their place.

    magic | format | algorithm | key id | wrap nonce | wrapped data key | nonce | ciphertext, tag

Each record has a data key of its own, which encrypts nothing else. The data key is wrapped by a
key-encryption key, whose id stands in the record. Nothing is ever tried with several keys.
"""

import os
import unicodedata
from collections.abc import Mapping
from struct import Struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectsmith.errors import SealBroken
from connectsmith.service.ports import (
    SealPlace,
)

KEY_BYTES = 32
KEY_ID_BYTES = 4

FORMAT = 1
_AES_256_GCM = 1
_MARK = bytes((0xC5, 0x53, FORMAT, _AES_256_GCM))
_NONCE_BYTES = 12
_TAG_BYTES = 16

_HEAD = Struct(f"4s {KEY_ID_BYTES}s {_NONCE_BYTES}s {KEY_BYTES + _TAG_BYTES}s {_NONCE_BYTES}s")
_FRESH = Struct(f"{KEY_BYTES}s {_NONCE_BYTES}s {_NONCE_BYTES}s")
"""What a record needs of the system's generator, asked for at once."""
_SHORTEST = _HEAD.size + _TAG_BYTES

_LENGTHS = Struct(">BBQIIII")


def associated(place: SealPlace) -> bytes:
    """Return a place as bytes; no two places give the same.

    All lengths come first, in fixed width, so that no text can pass for part of another. Names are
    compared in Unicode's NFC, so two spellings of one name are one place.
    """
    workspace = place.workspace.encode()
    kind = place.kind.encode()
    connector = place.connector.encode()
    name = place.name
    named = (name if name.isascii() else unicodedata.normalize("NFC", name)).encode()
    lengths = _LENGTHS.pack(
        FORMAT,
        _AES_256_GCM,
        place.version,
        len(workspace),
        len(kind),
        len(connector),
        len(named),
    )
    return b"".join((lengths, workspace, kind, connector, named))


def seal_record(content: bytes, place: SealPlace, *, key_id: bytes, key: AESGCM) -> bytes:
    """Encrypt with a fresh data key, and wrap that with `key`."""
    bound = associated(place)
    data_key, wrap_nonce, nonce = _FRESH.unpack(os.urandom(_FRESH.size))
    wrapped = key.encrypt(wrap_nonce, data_key, key_id + bound)
    ciphertext = AESGCM(data_key).encrypt(nonce, content, bound)
    return b"".join((_MARK, key_id, wrap_nonce, wrapped, nonce, ciphertext))


def open_record(sealed: bytes, place: SealPlace, keys: Mapping[bytes, AESGCM]) -> bytes:
    """Decrypt what `seal_record` made for the same place, with the key it names.

    Raises:
        SealBroken: it was altered, belongs elsewhere, or was sealed with a key that is not here.
    """
    if len(sealed) < _SHORTEST:
        raise broken()
    mark, key_id, wrap_nonce, wrapped, nonce = _HEAD.unpack_from(sealed)
    key = keys.get(key_id)
    if mark != _MARK or key is None:
        raise broken()
    bound = associated(place)
    try:
        data_key = key.decrypt(wrap_nonce, wrapped, key_id + bound)
        return AESGCM(data_key).decrypt(nonce, sealed[_HEAD.size :], bound)
    except InvalidTag:
        raise broken() from None


def broken() -> SealBroken:
    """Return the one error for every record that does not open."""
    return SealBroken(
        "A sealed record does not open in its place: it was altered or moved, or another "
        "installation's key sealed it. Restore the database, or the key, from its backup."
    )
