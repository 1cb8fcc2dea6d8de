"""Servers on loopback that any test may ask for; each on a port of its own, ended with the test."""

from collections.abc import Iterator

import pytest
from tests.servers.sandbox import SandboxServer, start_sandbox


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    """The sandbox, with a clock that stands still until `advance`."""
    with start_sandbox() as server:
        yield server
