"""Servers on loopback that any test may ask for; each on a port of its own, ended with the test."""

from collections.abc import Iterator

import pytest
from tests.servers.good import GoodServer
from tests.servers.hostile import Hostile, start_hostile
from tests.servers.oidc_provider import OidcServer, start_oidc
from tests.servers.proxy import FaultProxy, start_proxy
from tests.servers.sandbox import SandboxServer, start_sandbox


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    """The sandbox, with a clock that stands still until `advance`."""
    with start_sandbox() as server:
        yield server


@pytest.fixture(scope="session")
def oidc_process() -> Iterator[OidcServer]:
    """The one `oidc-provider` of this test process; tests take `oidc`."""
    with start_oidc() as server:
        yield server


@pytest.fixture
def oidc(oidc_process: OidcServer) -> OidcServer:
    """`oidc-provider`: PKCE required, strict rotation, 5-second access tokens, nothing kept."""
    oidc_process.reset()
    return oidc_process


@pytest.fixture(params=["sandbox", "oidc"])
def authorization_server(request: pytest.FixtureRequest) -> GoodServer:
    """Either honest server, so that each journey runs at both."""
    server: GoodServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    """A scripted server; 404 until told otherwise."""
    with start_hostile() as server:
        yield server


@pytest.fixture
def fault_proxy(authorization_server: GoodServer) -> Iterator[FaultProxy]:
    """A proxy in front of `authorization_server`, faultless until told otherwise."""
    with start_proxy(authorization_server.issuer) as proxy:
        yield proxy
