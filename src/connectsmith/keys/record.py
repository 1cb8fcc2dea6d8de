"""The bytes of a sealed record, and what ties them to their place.

    magic | format | algorithm | key id | wrap nonce | wrapped data key | nonce | ciphertext, tag

Each record has a data key of its own, which encrypts nothing else. The data key is wrapped by a
key-encryption key, whose id stands in the record. Nothing is ever tried with several keys.
"""

import os
import unicodedata
from struct import Struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectsmith.errors import SealBroken
from connectsmith.service.ports import SealPlace

KEY_BYTES = 32
KEY_ID_BYTES = 4

FORMAT = 1
_AES_256_GCM = 1
_PREFIX = bytes((0xC5, 0x53, FORMAT, _AES_256_GCM))
_NONCE_BYTES = 12
_TAG_BYTES = 16

_KEY_ID = len(_PREFIX)
_WRAP_NONCE = _KEY_ID + KEY_ID_BYTES
_WRAPPED = _WRAP_NONCE + _NONCE_BYTES
_NONCE = _WRAPPED + KEY_BYTES + _TAG_BYTES
_CIPHERTEXT = _NONCE + _NONCE_BYTES
_SHORTEST = _CIPHERTEXT + _TAG_BYTES

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
    data_key = os.urandom(KEY_BYTES)
    nonces = os.urandom(2 * _NONCE_BYTES)
    wrap_nonce, nonce = nonces[:_NONCE_BYTES], nonces[_NONCE_BYTES:]
    wrapped = key.encrypt(wrap_nonce, data_key, key_id + bound)
    ciphertext = AESGCM(data_key).encrypt(nonce, content, bound)
    return b"".join((_PREFIX, key_id, wrap_nonce, wrapped, nonce, ciphertext))


def key_id_of(sealed: bytes) -> bytes:
    """Return the id of the key that wraps a record's data key.

    Raises:
        SealBroken: it is no record of this format.
    """
    if len(sealed) < _SHORTEST or not sealed.startswith(_PREFIX):
        raise broken()
    return sealed[_KEY_ID:_WRAP_NONCE]


def open_record(sealed: bytes, place: SealPlace, *, key_id: bytes, key: AESGCM) -> bytes:
    """Decrypt what `seal_record` made for the same place; `key_id` is that of `key_id_of`.

    Raises:
        SealBroken: it was altered, belongs elsewhere, or was sealed with another key.
    """
    bound = associated(place)
    try:
        data_key = key.decrypt(
            sealed[_WRAP_NONCE:_WRAPPED], sealed[_WRAPPED:_NONCE], key_id + bound
        )
        return AESGCM(data_key).decrypt(
            sealed[_NONCE:_CIPHERTEXT], memoryview(sealed)[_CIPHERTEXT:], bound
        )
    except (InvalidTag, ValueError):
        raise broken() from None


def broken() -> SealBroken:
    """Return the one error for every record that does not open."""
    return SealBroken(
        "A sealed record does not open in its place: it was altered or moved, or another "
        "installation's key sealed it. Restore the database, or the key, from its backup."
    )
