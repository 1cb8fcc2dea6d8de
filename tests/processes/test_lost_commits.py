"""A PostgreSQL server that goes away while it commits what somebody consented to."""

from pathlib import Path

import pytest
from tests.journeys.calendar import prepared, returned
from tests.journeys.installation import installed
from tests.servers.postgres_proxy import start_postgres_proxy
from tests.servers.sandbox import SandboxServer
from tests.storage.postgres_server import own_database

pytestmark = pytest.mark.postgres
NEW = "INSERT INTO connections"


@pytest.mark.row("R-31")
def test_grant_whose_commit_lost_its_answer_lives(sandbox: SandboxServer, tmp_path: Path) -> None:
    with (
        own_database() as url,
        start_postgres_proxy(url) as proxy,
        installed(tmp_path, sandbox.port, database=proxy.url) as running,
    ):
        journey = prepared(running, sandbox)
        proxy.lose_commit(NEW, arrives=True)

        connection = journey.connect()

        assert journey.call(connection, "calendars.list")["ok"]
        assert journey.api.post(f"/v1/connections/{connection}/refresh")["status"] == "active"


@pytest.mark.row("R-31")
@pytest.mark.parametrize("arrives", [True, False])
def test_grant_is_kept_until_the_server_is_back(
    sandbox: SandboxServer, tmp_path: Path, *, arrives: bool
) -> None:
    with (
        own_database() as url,
        start_postgres_proxy(url) as proxy,
        installed(tmp_path, sandbox.port, database=proxy.url, chores=False) as running,
    ):
        journey = prepared(running, sandbox)
        started = journey.start()
        arrival = journey.consent(started["start_url"])
        path = f"/v1/authorizations/{started['id']}"
        proxy.lose_commit(NEW, arrives=arrives, away=True)

        refused = journey.api.problem(
            f"{path}/complete", {"completion": returned(arrival)["completion"]}
        )
        proxy.back()
        running.do_chores()
        kept = journey.api.post(f"{path}/keep")

        assert refused["code"] == "storage_uncertain"
        assert sandbox.token_requests() == {"authorization_code": 1}
        assert journey.api.post(f"/v1/connections/{kept['id']}/refresh")["status"] == "active"
