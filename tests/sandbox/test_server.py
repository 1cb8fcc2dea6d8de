import pytest
from tests.servers.sandbox import SandboxServer

from connectsmith.errors import Unavailable
from connectsmith.sandbox.server import running_sandbox


def test_a_port_in_use_is_said_in_a_sentence(sandbox: SandboxServer) -> None:
    with (
        pytest.raises(Unavailable, match=f"cannot listen on localhost:{sandbox.port}"),
        running_sandbox(port=sandbox.port),
    ):
        pass


def test_a_client_does_not_show_its_secret(sandbox: SandboxServer) -> None:
    for client in sandbox.state.clients:
        assert client.secret not in repr(client)
