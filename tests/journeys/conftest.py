"""What journeys share: an installation beside an honest authorization server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.journeys.installation import Installation, installed
from tests.servers.good import GoodServer


@pytest.fixture
def installation(tmp_path: Path, authorization_server: GoodServer) -> Iterator[Installation]:
    """Run an installation that may reach the authorization server."""
    with installed(tmp_path, authorization_server.port) as running:
        yield running
