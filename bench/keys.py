"""Opening and sealing a 2 KB record, against one AES-GCM decryption of the same size."""

import json
import os
import time
from collections.abc import Callable, Iterator

from bench.harness import Comparison, Measure, compare
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectsmith.core.secret.secret import Secret
from connectsmith.keys.envelope import EnvelopeSealer
from connectsmith.keys.ring import new_ring
from connectsmith.service.ports import (
    SealPlace,
)

_PLACE = SealPlace("default", "connection", "con_" + "a" * 26, "cnn_" + "b" * 26, 7)
_TIMES = 20_000


def _cost(work: Callable[[], object]) -> Measure:
    def measure() -> float:
        start = time.process_time()
        for _ in range(_TIMES):
            work()
        return (time.process_time() - start) / _TIMES * 1e6

    return measure


def measure() -> Iterator[Comparison]:
    """Compare opening with one decryption; the limit is the issue's."""
    sealer = EnvelopeSealer(new_ring())
    flat = {"access_token": Secret("a" * 1500), "refresh_token": Secret("r" * 460)}
    content = json.dumps({name: value.reveal() for name, value in flat.items()}).encode()
    content = content.ljust(2048)
    sealed, sealed_flat = sealer.seal_bytes(content, _PLACE), sealer.seal(flat, _PLACE)
    bare, nonce = AESGCM(os.urandom(32)), os.urandom(12)
    ciphertext = bare.encrypt(nonce, content, b"bound")
    baseline = "one AES-GCM decryption, 2 KB"
    variants = {
        baseline: _cost(lambda: bare.decrypt(nonce, ciphertext, b"bound")),
        "open an envelope, 2 KB": _cost(lambda: sealer.open_bytes(sealed, _PLACE)),
    }
    yield compare(
        "Opening a sealed record",
        variants,
        unit="µs CPU",
        target="at most 5 times one decryption of the same size",
        limit=5.0,
    )
    flat_records = {
        baseline: variants[baseline],
        "open a flat record of secrets, 2 KB": _cost(lambda: sealer.open(sealed_flat, _PLACE)),
        "seal a flat record of secrets, 2 KB": _cost(lambda: sealer.seal(flat, _PLACE)),
    }
    yield compare("Flat records: the same and JSON around it", flat_records, unit="µs CPU")
