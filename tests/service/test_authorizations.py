import asyncio
from datetime import timedelta

import pytest
from tests.service.standing import (
    ISSUER,
    Standing,
    answered,
    granting,
    returned,
    standing,
)

from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.errors import TimedOut

WRONG = "not-the-value"


async def brought(installation: Standing, connector: str) -> tuple[dict[str, str], str]:
    """Go through a browser; return the started authorization and its completion value."""
    started = await installation.caller.start(connector)
    browser = installation.browser()
    request = await browser.depart(started["start_url"])
    back = await browser.come_back(request.callback, code="the-code", state=request["state"])
    return started, returned(back)["completion"]


@pytest.mark.row("T-11")
async def test_code_is_redeemed_once_and_the_connection_waits_to_be_kept(
    installation: Standing,
) -> None:
    connector = await installation.connector()
    installation.grants()

    started, completion = await brought(installation, connector)
    before = len(installation.token_requests)
    done = await installation.caller.complete(started, completion)
    again = await installation.caller.complete(started, completion)

    assert before == 0
    assert len(installation.token_requests) == 1
    assert done["status"] == "completed"
    assert done["connection"]["status"] == "unconfirmed"
    assert done["connection"]["account"] == {"id": "ada", "label": "ada@example.com"}
    assert again["connection"]["id"] == done["connection"]["id"]


@pytest.mark.row("C-23")
async def test_code_is_not_redeemed_for_another_caller_or_without_the_value(
    installation: Standing,
) -> None:
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)
    other = await installation.another_caller()

    strange = await other.wrong(started, completion)
    wrong = await installation.caller.wrong(started, WRONG)

    assert strange["status"] == 404
    assert wrong["code"] == "completion_refused"
    assert "4 attempt(s) left" in wrong["detail"]
    assert installation.token_requests == []
    assert await installation.connections() == []


async def test_other_caller_can_neither_keep_nor_complete(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)
    await installation.caller.complete(started, completion)
    other = await installation.another_caller()

    kept = await other.problem(f"/v1/authorizations/{started['id']}/keep")

    assert kept["status"] == 404
    (connection,) = await installation.connections()
    assert connection.status == "unconfirmed"


async def test_five_wrong_values_end_it_and_drop_the_code(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)

    for _ in range(5):
        await installation.caller.wrong(started, WRONG)
    late = await installation.caller.wrong(started, completion)

    assert late["code"] == "authorization_ended"
    row = await installation.row(started["id"])
    assert (row.status, row.error_code, row.sealed) == ("failed", "completion_refused", None)
    assert installation.token_requests == []
    assert len(await installation.events("completion_refused")) == 5


async def test_right_value_counts_after_four_wrong_ones(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)

    for _ in range(4):
        await installation.caller.wrong(started, WRONG)
    done = await installation.caller.complete(started, completion)

    assert done["status"] == "completed"


async def test_a_right_value_among_many_at_once_is_worth_no_more_than_five_tries(
    installation: Standing,
) -> None:
    """Whoever sent the link to somebody else may guess eight characters in parallel."""
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)
    path = f"/v1/authorizations/{started['id']}/complete"

    tries = [WRONG] * 30 + [completion] + [WRONG] * 30
    answers = await asyncio.gather(
        *(installation.caller.ask("POST", path, {"completion": each}) for each in tries)
    )

    assert not any(each.is_success for each in answers)
    assert installation.token_requests == []
    assert (await installation.row(started["id"])).status == "failed"


@pytest.mark.row("T-15")
async def test_parallel_completions_make_one_token_request(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)
    path = f"/v1/authorizations/{started['id']}/complete"

    answers = await asyncio.gather(
        *(installation.caller.ask("POST", path, {"completion": completion}) for _ in range(20))
    )
    after = await installation.caller.complete(started, completion)

    assert len(installation.token_requests) == 1
    assert len(await installation.connections()) == 1
    for each in answers:
        told = each.json()
        assert told.get("status") == "completed" or told["code"] == "authorization_waiting", told
    assert after["status"] == "completed"


async def test_typed_value_may_be_spelled_as_people_do(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    started = await installation.caller.start(connector, return_to=None)
    browser = installation.browser()
    request = await browser.depart(started["start_url"])
    back = await browser.come_back(request.callback, code="the-code", state=request["state"])
    typed = next(value for name, value in browser.client.cookies.items() if "typed" in name)

    page = await browser.see(back)
    done = await installation.caller.complete(started, f" {typed[:4]}-{typed[4:]} ".lower())

    assert f"{typed[:4]}-{typed[4:]}" in page.text
    assert done["status"] == "completed"


# -- time ------------------------------------------------------------------------------------------


async def test_authorization_ends_after_ten_minutes(installation: Standing) -> None:
    connector = await installation.connector()
    started, completion = await brought(installation, connector)
    waiting = await installation.caller.start(connector)

    installation.clock.advance(timedelta(minutes=10))
    late = await installation.caller.wrong(started, completion)
    page = await installation.browser().client.get(waiting["start_url"])

    assert late["code"] == "authorization_ended"
    assert page.status_code == 410
    assert (await installation.row(started["id"])).sealed is None
    assert installation.sender.requests == []


async def test_chores_end_what_nobody_asks_about(installation: Standing) -> None:
    connector = await installation.connector()
    started, _ = await brought(installation, connector)

    installation.clock.advance(timedelta(minutes=10))
    await installation.application.chores.often()

    row = await installation.row(started["id"])
    assert (row.status, row.sealed) == ("expired", None)


async def test_what_is_not_kept_in_time_is_revoked_and_deleted(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)
    done = await installation.caller.complete(started, completion)

    installation.clock.advance(timedelta(minutes=10))
    late = await installation.caller.problem(f"/v1/authorizations/{started['id']}/keep")
    await installation.application.chores.often()

    assert late["code"] == "authorization_ended"
    assert "not kept in time" in late["detail"]
    assert await installation.connections() == []
    gone = await installation.caller.ask("GET", f"/v1/connections/{done['connection']['id']}")
    assert gone.status_code == 404
    revoked = [each for each in installation.sender.requests if each.url == f"{ISSUER}/revoke"]
    assert [b"issued-refresh-token" in each.body for each in revoked] == [True, False]
    assert [b"issued-access-token" in each.body for each in revoked] == [False, True]


async def test_there_are_ten_minutes_to_keep_from_completion_on(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)
    installation.clock.advance(timedelta(minutes=9))
    await installation.caller.complete(started, completion)

    installation.clock.advance(timedelta(minutes=9))
    await installation.application.chores.often()
    kept = await installation.caller.post(f"/v1/authorizations/{started['id']}/keep")

    assert kept["status"] == "active"


async def test_kept_connection_is_never_discarded(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)
    await installation.caller.complete(started, completion)
    (overdue,) = await installation.connections()

    await installation.caller.post(f"/v1/authorizations/{started['id']}/keep")
    discarded = await installation.storage.connections.store(
        overdue, expected_version=overdue.version
    )
    installation.clock.advance(timedelta(minutes=20))
    await installation.application.chores.often()

    assert not discarded, "a process that read it before it was kept must lose"
    (connection,) = await installation.connections()
    assert connection.status == "active"


async def test_keeping_twice_is_keeping_once(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)
    await installation.caller.complete(started, completion)
    path = f"/v1/authorizations/{started['id']}/keep"

    answers = await asyncio.gather(*(installation.caller.post(path) for _ in range(5)))

    assert {each["id"] for each in answers} == {(await installation.connections())[0].id}
    assert {each["status"] for each in answers} == {"active"}


# -- the exchange ----------------------------------------------------------------------------------


async def test_failed_exchange_ends_it_and_is_not_repeated(installation: Standing) -> None:
    connector = await installation.connector()
    installation.sender.reply(answered({"error": "invalid_grant"}, 400))
    started, completion = await brought(installation, connector)

    first = await installation.caller.wrong(started, completion)
    second = await installation.caller.wrong(started, completion)

    assert first["code"] == "grant_rejected"
    assert second["code"] == "authorization_ended"
    assert len(installation.token_requests) == 1
    shown = await installation.caller.get(f"/v1/authorizations/{started['id']}")
    assert (shown["status"], shown["error"]["code"]) == ("failed", "grant_rejected")


async def test_silent_token_endpoint_ends_it_with_its_own_error(installation: Standing) -> None:
    connector = await installation.connector()
    installation.sender.reply(TimedOut("The token endpoint did not answer."))
    started, completion = await brought(installation, connector)

    problem = await installation.caller.wrong(started, completion)

    assert problem["code"] == "timed_out"
    assert (await installation.row(started["id"])).status == "failed"


async def test_code_is_gone_from_the_store_before_it_is_redeemed(installation: Standing) -> None:
    """A process that dies now leaves nothing that another could redeem a second time."""
    connector = await installation.connector()
    started, completion = await brought(installation, connector)
    seen = []

    def look(request: HttpRequest) -> HttpResponse:
        tables = installation.storage.authorizations
        seen.extend(vars(tables)["_tables"].authorizations.values())
        return granting(request)

    installation.sender.reply(look, granting)
    await installation.caller.complete(started, completion)

    (row,) = seen
    assert (row.status, row.sealed) == ("redeeming", None)


async def test_tokens_that_nobody_can_hold_are_given_back(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)
    installation.sender.hold()
    slow = asyncio.create_task(installation.caller.wrong(started, completion))
    await installation.sender.reached()

    gone = await installation.caller.ask("DELETE", f"/v1/connectors/{connector}?force=true")
    installation.sender.release()
    problem = await slow

    revoked = [each.body for each in installation.sender.requests if each.url.endswith("/revoke")]
    assert gone.status_code == 204
    assert problem["code"] == "not_found"
    assert [b"issued-refresh-token" in revoked[0], b"issued-access-token" in revoked[1]] == [
        True,
        True,
    ]


async def test_interrupted_exchange_shows_soon_and_cannot_be_resumed(
    installation: Standing,
) -> None:
    """The process seems dead after the lease; if it lives, what it made lasts no longer."""
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)
    installation.sender.hold()
    slow = asyncio.create_task(installation.caller.wrong(started, completion))
    await installation.sender.reached()

    meanwhile = await installation.caller.wrong(started, completion)
    installation.clock.advance(installation.application.desks.rules.lease)
    shown = await installation.caller.get(f"/v1/authorizations/{started['id']}")
    late = await installation.caller.wrong(started, completion)
    installation.sender.release()
    after = await slow
    kept = await installation.caller.problem(f"/v1/authorizations/{started['id']}/keep")
    installation.clock.advance(timedelta(minutes=10))
    await installation.application.chores.often()

    assert meanwhile["code"] == "authorization_waiting"
    assert (shown["status"], shown["error"]["code"]) == ("failed", "interrupted")
    assert "Start again" in late["detail"]
    assert {after["code"], kept["code"]} == {"authorization_ended"}
    assert len(installation.token_requests) == 1
    assert await installation.connections() == []


# -- what a start is refused for -------------------------------------------------------------------


async def test_secret_that_is_missing_is_told_before_anybody_consents(
    installation: Standing,
) -> None:
    connector = await installation.connector()
    for each in (await installation.caller.get(f"/v1/connectors/{connector}/secrets"))["items"]:
        if each["name"] == "clientSecret":
            path = f"/v1/connectors/{connector}/secrets/{each['id']}"
            await installation.caller.ask("DELETE", path)

    problem = await installation.caller.problem(f"/v1/connectors/{connector}/authorizations")

    assert problem["code"] == "secret_missing"
    listed = await installation.caller.get(f"/v1/connectors/{connector}/authorizations")
    assert listed["items"] == []


@pytest.mark.row("T-17", "C-15")
async def test_start_refuses_an_address_that_is_not_allowed(installation: Standing) -> None:
    connector = await installation.connector()

    problem = await installation.caller.problem(
        f"/v1/connectors/{connector}/authorizations", {"return_to": "https://evil.example/"}
    )

    assert (problem["status"], problem["place"]) == (400, "/return_to")


async def test_start_takes_an_allowed_origin() -> None:
    async with standing(return_origins=("https://app.example.com",)) as installation:
        connector = await installation.connector()

        started = await installation.caller.start(
            connector, return_to="https://app.example.com/connected?tab=2"
        )

        assert started["status"] == "created"


async def test_draft_and_published_do_not_renew_each_other(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)
    done = await installation.caller.complete(started, completion)
    kept = await installation.caller.post(f"/v1/authorizations/{started['id']}/keep")

    problem = await installation.caller.problem(
        f"/v1/connectors/{connector}/authorizations",
        {"connection": done["connection"]["id"], "test": True},
    )
    await installation.caller.post(f"/v1/connections/{kept['id']}/revoke")
    ended = await installation.caller.problem(
        f"/v1/connectors/{connector}/authorizations", {"connection": kept["id"]}
    )

    assert problem["place"] == "/test"
    assert ended["code"] == "connection_not_usable"


async def test_renewed_connection_keeps_its_id_and_gets_the_new_tokens(
    installation: Standing,
) -> None:
    connector = await installation.connector()
    installation.grants()
    started, completion = await brought(installation, connector)
    await installation.caller.complete(started, completion)
    old = await installation.caller.post(f"/v1/authorizations/{started['id']}/keep")

    again = await installation.caller.start(connector, connection=old["id"])
    browser = installation.browser()
    request = await browser.depart(again["start_url"])
    back = await browser.come_back(request.callback, code="other-code", state=request["state"])
    await installation.caller.complete(again, returned(back)["completion"])
    renewed = await installation.caller.post(f"/v1/authorizations/{again['id']}/keep")

    assert renewed["id"] == old["id"]
    assert renewed["version"] == old["version"] + 1
    assert [each.id for each in await installation.connections()] == [old["id"]]


async def test_authorizations_of_a_connector_are_listed_newest_first(
    installation: Standing,
) -> None:
    connector = await installation.connector()
    first = await installation.caller.start(connector)
    installation.clock.advance(timedelta(seconds=1))
    second = await installation.caller.start(connector)
    path = f"/v1/connectors/{connector}/authorizations"

    page = await installation.caller.get(f"{path}?limit=1")
    rest = await installation.caller.get(f"{path}?limit=1&after={page['next']}")
    installation.clock.advance(timedelta(minutes=10))
    late = await installation.caller.get(path)
    missing = await installation.caller.ask("GET", "/v1/connectors/con_none/authorizations")

    assert [each["id"] for each in page["items"]] == [second["id"]]
    assert [each["id"] for each in rest["items"]] == [first["id"]]
    assert {each["status"] for each in late["items"]} == {"expired"}
    assert missing.status_code == 404
