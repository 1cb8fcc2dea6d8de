"""Requests that follow the token's: nothing is lost, shown or sent elsewhere by them."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.needs.scenario import Scenario
from tests.needs.service import Ask, Manners, RefusedError, bearer
from tests.needs.world import LISTENER, World, world
from tests.servers.replies import Reply, json_reply

AUTH = "/auth_components"
FOLLOW = f"{AUTH}/followUp"
SERVICE = "http://auth.service.example:PORT"
BOTH = ["exchange", "refresh"]
SESSION = {
    "method": "POST",
    "url": f"{SERVICE}/session",
    "auth": "none",
    "on": BOTH,
    "body": {"token": "{{oauth.access_token}}"},
    "capture": {"session": {"from": "/session", "masked": True}},
}
SITES = {
    "url": f"{SERVICE}/sites",
    "on": BOTH,
    "choose": {"items": "/sites", "label": "/name"},
    "capture": {"site": "/id"},
}


@asynccontextmanager
async def playing(
    follow_up: list[dict[str, Any]], extra: dict[str, Callable[[Ask], Reply]], **more: Any
) -> AsyncIterator[World]:
    """Publish a connector with follow-up requests at a service that rotates refresh tokens."""
    header = more.pop("header", "{{connection.session}}")
    scenario = Scenario(
        "",
        member={
            FOLLOW: follow_up,
            "/auth_request": {"type": "oauth2", "headers": {"X-Kept": header}},
            **more,
        },
    )
    async with world(
        Manners(rotates=True, extra=extra),
        lambda port: scenario.definition(port, served=True),
        fields={},
        choice=None,
    ) as one:
        await one.publish()
        yield one


def session(ask: Ask) -> Reply:
    return json_reply({"session": ask.service.new("session-canary")})


def sites(*names: str) -> Callable[[Ask], Reply]:
    def answer(ask: Ask) -> Reply:
        if not ask.service.lives(bearer(ask)):
            raise RefusedError("no token", status=401)
        return json_reply({"sites": [{"id": f"id-{name}", "name": name} for name in names]})

    return answer


def failing(*numbers: int) -> Callable[[Ask], Reply]:
    """Serve sessions, but fail at these requests, counted from 1."""

    def answer(ask: Ask) -> Reply:
        came = len(ask.service.at("/session"))
        return json_reply({"oops": True}, 503) if came in numbers else session(ask)

    return answer


async def completed(one: World) -> tuple[str, dict[str, Any]]:
    """Consent and complete, but keep nothing yet."""
    started = await one.caller.start(one.connector, return_to=LISTENER)
    completion = await one._consent(started["start_url"])
    done = await one.caller.complete(started, completion)
    return f"/v1/authorizations/{started['id']}/keep", done


def kept_values(one: World) -> list[str | None]:
    """Return what calls carried of what was captured."""
    return [each.header("x-kept") for each in one.service.at("/api/thing")]


@pytest.mark.row("R-37")
async def test_a_refresh_token_survives_a_follow_up_request_that_fails_after_it() -> None:
    async with playing([SESSION], {"/session": failing(2)}) as one:
        connection = await one.connect()
        one.wait(hours=2)

        problem = await one.refresh(connection)
        broken = await one.shown(connection)
        one.wait(hours=1)
        await one.works(connection)

        refreshes = [dict(each.form) for each in one.service.at("/token")][1:]
        assert problem["code"] == "follow_up_failed"
        assert broken["failure"]["code"] == "follow_up_failed"
        assert len({each["refresh_token"] for each in refreshes}) == 2  # never one twice
        assert len(kept_values(one)) == 1


async def test_a_broken_line_to_a_follow_up_request_does_not_repeat_the_refresh() -> None:
    gone = SESSION | {"url": "http://auth.service.example:1/session", "on": ["refresh"]}
    async with playing([gone], {}, header="{{oauth.random}}") as one:
        connection = await one.connect()
        one.wait(hours=2)

        problem = await one.refresh(connection)

        assert problem["fault"] in ("network", "remote")
        assert len(one.service.at("/token")) == 2


async def test_tokens_are_given_back_when_the_first_follow_up_request_fails() -> None:
    revoking = {f"{AUTH}/revocationURL": f"{SERVICE}/revoke"}
    async with playing([SESSION], {"/session": failing(1)}, **revoking) as one:
        started = await one.caller.start(one.connector, return_to=LISTENER)
        completion = await one._consent(started["start_url"])

        problem = await one.caller.wrong(started, completion)

        revoked = [dict(each.form)["token"] for each in one.service.at("/revoke")]
        assert problem["code"] == "follow_up_failed"
        assert "Follow-up request 1" in problem["detail"]
        assert len(revoked) == 2
        assert await one.caller.get("/v1/connections") == {"items": [], "next": None}


async def test_an_owner_chooses_before_a_connection_is_kept() -> None:
    async with playing(
        [SITES], {"/sites": sites("Berlin", "Vienna")}, header="{{connection.site}}"
    ) as one:
        keep, done = await completed(one)

        unasked = await one.caller.problem(keep)
        wrong = await one.caller.problem(keep, {"choice": "Paris"})
        kept = await one.caller.post(keep, {"choice": done["choices"][1]["id"]})
        await one.works(kept["id"])

        labels = [each["label"] for each in done["choices"]]
        assert labels == ["Berlin", "Vienna"]
        assert (unasked["code"], wrong["code"]) == ("choice_needed", "choice_needed")
        assert unasked["status"] == 409
        assert [each["label"] for each in unasked["choices"]] == labels
        assert kept["status"] == "active"
        assert kept_values(one) == ["id-Vienna"]


async def test_what_was_chosen_is_chosen_again_by_refreshes_and_reconnects() -> None:
    async with playing(
        [SITES], {"/sites": sites("Berlin", "Vienna")}, header="{{connection.site}}"
    ) as one:
        keep, _ = await completed(one)
        kept = await one.caller.post(keep, {"choice": "Vienna"})
        one.wait(hours=2)
        await one.works(kept["id"])
        started = await one.caller.start(one.connector, return_to=LISTENER, connection=kept["id"])
        completion = await one._consent(started["start_url"])
        await one.caller.complete(started, completion)
        await one.caller.post(f"/v1/authorizations/{started['id']}/keep")
        await one.works(kept["id"])

        assert kept_values(one) == ["id-Vienna", "id-Vienna"]


async def test_one_item_is_no_choice() -> None:
    async with playing([SITES], {"/sites": sites("Oslo")}, header="{{connection.site}}") as one:
        keep, done = await completed(one)
        kept = await one.caller.post(keep)
        await one.works(kept["id"])

        assert done["choices"] == []
        assert kept_values(one) == ["id-Oslo"]


async def test_a_second_request_follows_the_choice() -> None:
    details = {
        "url": f"{SERVICE}/sites/{{{{connection.site}}}}",
        "capture": {"root": "/root"},
    }

    def about(ask: Ask) -> Reply:
        return json_reply({"root": "root-of-vienna"})

    async with playing(
        [SITES, details],
        {"/sites": sites("Berlin", "Vienna"), "/sites/id-Vienna": about},
        header="{{connection.root}}",
    ) as one:
        keep, _ = await completed(one)
        kept = await one.caller.post(keep, {"choice": "Vienna"})
        await one.works(kept["id"])

        assert kept_values(one) == ["root-of-vienna"]


async def test_what_a_follow_up_request_brings_is_masked_in_its_transcript() -> None:
    async with playing([SESSION], {"/session": session}) as one:
        connection = await one.connect()
        await one.works(connection)

        calls = (await one.caller.get("/v1/calls"))["items"]
        calls += (await one.caller.get("/v1/calls?kind=token"))["items"]
        transcripts = [await one.caller.get(f"/v1/calls/{each['id']}/transcript") for each in calls]

        assert "follow_up" in {each["action"] for each in calls}
        assert "session-canary" not in json.dumps(transcripts)


@pytest.mark.row("C-11")
async def test_a_refresh_token_goes_to_no_other_origin_than_the_token_endpoints() -> None:
    elsewhere = SESSION | {
        "url": "http://other.service.example:PORT/session",
        "body": {"token": "{{oauth.refresh_token}}"},
    }
    scenario = Scenario("", member={FOLLOW: [elsewhere]})
    async with world(
        Manners(extra={"/session": session}),
        lambda port: scenario.definition(port, served=True),
        fields={},
        choice=None,
    ) as one:
        problem = await one.caller.problem(
            "/v1/connectors", {"definition": one.definition, "publish": True}
        )

        assert problem["code"] == "definition_invalid"


async def test_a_follow_up_request_goes_where_it_was_confirmed_and_nowhere_else() -> None:
    moved = SESSION | {"url": "http://moved.service.example:PORT/session"}
    async with playing([SESSION], {"/session": session}) as one:
        connection = await one.connect()
        definition = json.loads(json.dumps(one.definition))
        definition["auth_components"]["followUp"] = [
            moved | {"url": str(moved["url"]).replace("PORT", str(one.service.port))}
        ]
        draft = f"/v1/connectors/{one.connector}/draft"
        saved = await one.caller.client.put(
            draft, json={"text": json.dumps(definition)}, headers={"If-Match": "*"}
        )
        assert saved.is_success, saved.text
        await one.caller.post(f"/v1/connectors/{one.connector}/publish")
        one.wait(hours=2)

        problem = await one.refresh(connection)

        assert problem["code"] == "secret_destination_denied"
        assert all(
            each.header("host") != f"moved.service.example:{one.service.port}"
            for each in one.service.received
        )
