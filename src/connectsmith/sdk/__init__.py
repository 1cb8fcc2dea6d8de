"""A typed client of the REST API: build an operation, send it with either client.

from connectsmith.sdk import Client, operations, read_profile

with Client(read_profile(path)) as client:
    outcome = client.send(operations.call_connection("cnn_…", "events.list", {"limit": 5}))
"""

from connectsmith.sdk.client import AsyncClient, Client
from connectsmith.sdk.problems import ApiProblem
from connectsmith.sdk.profile import Profile, read_profile, write_profile

__all__ = ["ApiProblem", "AsyncClient", "Client", "Profile", "read_profile", "write_profile"]
