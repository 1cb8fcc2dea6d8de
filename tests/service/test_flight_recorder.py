"""Token requests are written down as calls are, and never with a credential."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.service.standing import TOKENS, Standing, answered, returned

from connectsmith.errors import ConnectionFailed
from connectsmith.service.rows import TOKEN_REQUEST, CallRow


async def connect(installation: Standing, connector: str) -> Any:
    started = await installation.caller.start(connector)
    browser = installation.browser()
    request = await browser.depart(started["start_url"])
    back = await browser.come_back(request.callback, code="the-code", state=request["state"])
    done = await installation.caller.complete(started, returned(back)["completion"])
    await installation.caller.post(f"/v1/authorizations/{started['id']}/keep")
    return done["connection"]["id"]


async def recorded(installation: Standing) -> list[dict[str, Any]]:
    listed: dict[str, Any] = await installation.caller.get("/v1/calls?kind=token")
    items: list[dict[str, Any]] = listed["items"]
    return items


async def transcript(installation: Standing, call: str) -> dict[str, Any]:
    held: dict[str, Any] = await installation.caller.get(f"/v1/calls/{call}/transcript")
    return held


async def test_exchange_refresh_and_revocation_are_written_down(installation: Standing) -> None:
    installation.grants()
    connector = await installation.connector()

    connection = await connect(installation, connector)
    await installation.caller.post(f"/v1/connections/{connection}/refresh")
    await installation.caller.post(f"/v1/connections/{connection}/revoke")
    await installation.application.chores.often()

    found = await recorded(installation)
    assert sorted(each["action"] for each in found) == [
        "exchange",
        "refresh",
        "revocation",
        "revocation",
    ]
    assert {each["connection"] for each in found} == {connection}
    assert {(each["ok"], each["status"]) for each in found} == {(True, 200)}


async def test_ids_of_calls_and_token_requests_begin_with_their_time(
    installation: Standing,
) -> None:
    installation.grants()
    connection = await connect(installation, await installation.connector())
    installation.clock.advance(timedelta(hours=1))
    await installation.caller.post(f"/v1/connections/{connection}/test")

    calls = (await installation.caller.get("/v1/calls"))["items"]
    for each in [*calls, *await recorded(installation)]:
        started_at = datetime.fromisoformat(each["started_at"])
        milliseconds = f"{int(started_at.timestamp() * 1000):011x}"
        assert re.fullmatch(f"cal_{milliseconds}_[a-z2-7]{{26}}", each["id"])
    assert len(calls) == 2


async def test_calls_are_listed_without_token_requests(installation: Standing) -> None:
    installation.grants()
    await connect(installation, await installation.connector())

    listed = await installation.caller.get("/v1/calls")

    assert [each["action"] for each in listed["items"]] == ["auth_test"]


@pytest.mark.row("T-37")
async def test_no_credential_stands_in_what_is_written_down(installation: Standing) -> None:
    installation.grants()
    connection = await connect(installation, await installation.connector())
    await installation.caller.post(f"/v1/connections/{connection}/refresh")

    held = [await transcript(installation, each["id"]) for each in await recorded(installation)]

    text = json.dumps(held)
    secrets = ["the-secret", "the-code", TOKENS["access_token"], TOKENS["refresh_token"]]
    assert [each for each in secrets if str(each) in text] == []
    assert "grant_type=authorization_code" in text
    assert '\\"expires_in\\": 3600' in text


async def test_refusal_keeps_the_server_s_words(installation: Standing) -> None:
    installation.sender.reply(
        answered({"error": "invalid_client", "error_description": "No such client"}, 401)
    )
    connector = await installation.connector()
    started = await installation.caller.start(connector)
    browser = installation.browser()
    request = await browser.depart(started["start_url"])
    back = await browser.come_back(request.callback, code="the-code", state=request["state"])

    await installation.caller.wrong(started, returned(back)["completion"])

    (kept,) = await recorded(installation)
    assert (kept["ok"], kept["status"], kept["code"]) == (False, 401, "client_rejected")
    held = await transcript(installation, kept["id"])
    assert "No such client" in held["message"]
    assert held["steps"][0]["response"]["status"] == 401


async def test_request_that_got_no_answer_is_written_down_too(installation: Standing) -> None:
    installation.sender.reply(ConnectionFailed("The server hung up."))
    connector = await installation.connector()
    started = await installation.caller.start(connector)
    browser = installation.browser()
    request = await browser.depart(started["start_url"])
    back = await browser.come_back(request.callback, code="the-code", state=request["state"])

    await installation.caller.wrong(started, returned(back)["completion"])

    (kept,) = await recorded(installation)
    assert (kept["ok"], kept["status"], kept["code"]) == (False, None, "connection_failed")
    held = await transcript(installation, kept["id"])
    assert held["steps"][0]["failure"]["message"] == "The server hung up."


@pytest.mark.row("T-37")
async def test_token_under_another_name_than_the_definition_s_is_masked(
    installation: Standing,
) -> None:
    """An answer that could not be read may hold a token anywhere."""
    odd = {"data": {"key": "a-token-nobody-expects-here"}, "ok": True}
    installation.sender.reply(answered(odd))
    connector = await installation.connector()
    started = await installation.caller.start(connector)
    browser = installation.browser()
    request = await browser.depart(started["start_url"])
    back = await browser.come_back(request.callback, code="the-code", state=request["state"])

    await installation.caller.wrong(started, returned(back)["completion"])

    (kept,) = await recorded(installation)
    body = (await transcript(installation, kept["id"]))["steps"][0]["response"]["body"]["content"]
    assert "nobody-expects" not in body
    assert '"ok": true' in body


async def test_tokens_are_kept_when_they_cannot_be_written_down(installation: Standing) -> None:
    installation.grants()
    connector = await installation.connector()

    add = installation.storage.calls.add

    def full(row: CallRow, transcript: bytes | None) -> None:
        if row.kind == TOKEN_REQUEST:
            raise OSError("no space left on device")
        add(row, transcript)

    installation.storage.calls.add = full  # type: ignore[method-assign]  # a log that is broken
    started = await installation.caller.start(connector)
    browser = installation.browser()
    request = await browser.depart(started["start_url"])
    back = await browser.come_back(request.callback, code="the-code", state=request["state"])
    done = await installation.caller.complete(started, returned(back)["completion"])

    assert done["status"] == "completed"
    assert len(installation.token_requests) == 1


async def test_connection_is_completed_when_the_call_that_names_it_cannot_be_written_down(
    installation: Standing,
) -> None:
    installation.grants()
    connector = await installation.connector()

    def full(row: CallRow, transcript: bytes | None) -> None:
        raise OSError("no space left on device")

    installation.storage.calls.add = full  # type: ignore[method-assign]  # a log that is broken
    started = await installation.caller.start(connector)
    browser = installation.browser()
    request = await browser.depart(started["start_url"])
    back = await browser.come_back(request.callback, code="the-code", state=request["state"])
    done = await installation.caller.complete(started, returned(back)["completion"])

    assert (done["status"], done["connection"]["account"]["label"]) == (
        "completed",
        "ada@example.com",
    )


async def test_client_s_own_token_is_written_down_with_its_connection(
    installation: Standing,
) -> None:
    installation.grants()
    connector = await installation.connector(grant="client_credentials", authorizationURL=None)

    made = await installation.caller.post(f"/v1/connectors/{connector}/connections", {"fields": {}})

    (kept,) = await recorded(installation)
    assert (kept["action"], kept["connection"]) == ("client_credentials", made["id"])
