"""Sealers with keys that are the same in every run."""

from connectsmith.keys.envelope import EnvelopeSealer
from connectsmith.keys.ring import KeyRing
from connectsmith.service.ports import (
    SealPlace,
)

RING = KeyRing(primary=b"ring", keys={b"ring": b"k" * 32}, digest_key=b"d" * 32)
PLACE = SealPlace("default", "secret", "con_a", "clientSecret", 1)


def sealer() -> EnvelopeSealer:
    return EnvelopeSealer(RING)
