"""The main job at either honest authorization server: define, connect, call, renew."""

from tests.journeys.calendar import prepared
from tests.journeys.installation import Installation
from tests.servers.good import GoodServer


def test_a_definition_becomes_a_connection_that_calls_and_renews(
    installation: Installation, authorization_server: GoodServer
) -> None:
    journey = prepared(installation, authorization_server)

    started = journey.start()
    arrival = journey.consent(started["start_url"])
    done = journey.complete(started, arrival)
    before = journey.api.problem(
        f"/v1/connections/{done['connection']['id']}/calls", {"action": "me.get"}
    )
    kept = journey.api.post(f"/v1/authorizations/{started['id']}/keep")
    listed = journey.call(kept["id"], "calendars.list")
    refreshed = journey.api.post(f"/v1/connections/{kept['id']}/refresh")
    again = journey.call(kept["id"], "calendars.list")

    assert done["connection"]["status"] == "unconfirmed"
    assert done["connection"]["account"]["id"]
    assert before["code"] == "connection_not_usable"
    assert kept["status"] == "active"
    assert kept["renewable"]
    assert listed["ok"], listed
    assert refreshed["version"] == kept["version"] + 1
    assert again["ok"], again
    assert authorization_server.token_requests() == {"authorization_code": 1, "refresh_token": 1}
