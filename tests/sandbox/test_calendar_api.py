from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.servers.sandbox import SandboxServer

EVENTS = "/calendar/v1/calendars/personal/events"


@pytest.fixture
def api(sandbox: SandboxServer) -> Iterator[httpx.Client]:
    """A client with an access token of its own, for both scopes."""
    client = sandbox.register(redirect_uris=[], access_token_seconds=60)
    token = httpx.post(
        f"{sandbox.issuer}/token",
        data={
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        },
    ).json()["access_token"]
    with httpx.Client(
        base_url=sandbox.issuer, headers={"Authorization": f"Bearer {token}"}
    ) as client_of_api:
        yield client_of_api


def test_a_first_look_finds_calendars_with_something_in_them(api: httpx.Client) -> None:
    calendars = api.get("/calendar/v1/calendars").json()["items"]
    events = api.get(EVENTS).json()

    assert [each["id"] for each in calendars] == ["personal", "team"]
    assert len(events["items"]) == 2
    assert events["next"] is None


def test_pages_follow_one_another(api: httpx.Client) -> None:
    first = api.get(EVENTS, params={"limit": 1}).json()
    second = api.get(EVENTS, params={"limit": 1, "cursor": first["next"]}).json()

    assert len(first["items"]) == len(second["items"]) == 1
    assert first["items"] != second["items"]
    assert second["next"] is None


def test_an_event_gets_an_hour_unless_it_says_otherwise(api: httpx.Client) -> None:
    answer = api.post(EVENTS, json={"title": "Tea", "starts_at": "2027-01-01T15:00:00+01:00"})

    assert answer.status_code == 201
    assert answer.json()["starts_at"] == "2027-01-01T14:00:00Z"
    assert answer.json()["ends_at"] == "2027-01-01T15:00:00Z"


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"starts_at": "2027-01-01T15:00:00Z"}, "title"),
        ({"title": 7, "starts_at": "2027-01-01T15:00:00Z"}, "title"),
        ({"title": "Tea"}, "starts_at"),
        ({"title": "Tea", "starts_at": "2027-01-01T15:00:00"}, "starts_at"),
        ({"title": "Tea", "starts_at": "tomorrow"}, "starts_at"),
        (
            {"title": "a", "starts_at": "2027-01-01T15:00:00Z", "ends_at": "2027-01-01T14:00:00Z"},
            "ends_at",
        ),
    ],
)
def test_a_faulty_event_names_the_field(
    api: httpx.Client, members: dict[str, Any], field: str
) -> None:
    answer = api.post(EVENTS, json=members)

    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_a_body_that_is_no_object_is_refused(api: httpx.Client, body: bytes) -> None:
    answer = api.post(EVENTS, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400


def test_what_does_not_exist_is_a_404_with_the_usual_shape(api: httpx.Client) -> None:
    calendar = api.get("/calendar/v1/calendars/work/events")
    event = api.delete(f"{EVENTS}/evt_none")

    assert calendar.status_code == event.status_code == 404
    assert calendar.json()["error"]["code"] == "calendar_unknown"
    assert event.json()["error"]["code"] == "event_unknown"


def test_a_removed_event_is_gone(api: httpx.Client) -> None:
    event = api.get(EVENTS).json()["items"][0]["id"]

    assert api.delete(f"{EVENTS}/{event}").status_code == 204
    assert api.delete(f"{EVENTS}/{event}").status_code == 404


def test_without_an_access_token_the_challenge_names_no_error(sandbox: SandboxServer) -> None:
    answer = httpx.get(f"{sandbox.issuer}/me")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="sandbox"'
