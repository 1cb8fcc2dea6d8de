"""Fakes of the ports, for tests here and for whoever builds on this package."""

from connectsmith.testing.memory import MemoryStorage
from connectsmith.testing.sender import ScriptedSender
from connectsmith.testing.system import CountingRandomness, FixedClock

__all__ = ["CountingRandomness", "FixedClock", "MemoryStorage", "ScriptedSender"]
