import io
import json
from collections.abc import Callable

import httpx2
import pytest

from connectsmith.errors import (
    AccessError,
    Bug,
    CallerError,
    ConnectionFailed,
    Fault,
    TimedOut,
    TooMany,
    VersionConflict,
)
from connectsmith.sdk import ApiProblem, AsyncClient, Client, Profile, operations
from connectsmith.service.caller import SCOPES

PROFILE = Profile("http://127.0.0.1:8400", "cst_canary")
Handler = Callable[[httpx2.Request], httpx2.Response]


def client(handler: Handler) -> Client:
    return Client(PROFILE, transport=httpx2.MockTransport(handler))


def async_client(handler: Handler) -> AsyncClient:
    return AsyncClient(PROFILE, transport=httpx2.MockTransport(handler))


def connector(number: int) -> dict[str, object]:
    return {
        "id": f"con_{number}",
        "name": "Weather",
        "sign_in": "none",
        "callback_url": f"http://127.0.0.1:8400/oauth/callback/con_{number}",
        "published": None,
        "changed": False,
        "draft_version": 1,
        "created_at": "2026-11-23T18:00:00.000001Z",
        "diagnostics": [],
        "secrets": {"needed": [], "missing": []},
        "actions": [],
    }


def problem(status: int, **members: object) -> Handler:
    return lambda _: httpx2.Response(status, json=members, headers={"Retry-After": "7"})


def pages(request: httpx2.Request) -> httpx2.Response:
    after = request.url.params.get("after")
    page = {None: ([1, 2], "two"), "two": ([3], None)}[after]
    return httpx2.Response(
        200, json={"items": [connector(each) for each in page[0]], "next": page[1]}
    )


def test_an_operation_is_sent_with_the_api_token_and_read_into_its_type() -> None:
    seen: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(201, json=connector(1))

    with client(handler) as api:
        made = api.send(operations.create_connector("{}", publish=True))

    assert made.id == "con_1"
    assert made.created_at.microsecond == 1
    assert seen[0].headers["authorization"] == "Bearer cst_canary"
    assert json.loads(seen[0].content) == {"definition": "{}", "publish": True}


async def test_the_awaited_client_sends_the_same() -> None:
    async with async_client(lambda _: httpx2.Response(200, json=connector(1))) as api:
        found = await api.send(operations.connector("con_1"))

    assert found.name == "Weather"


def test_a_list_is_gone_through_to_its_end() -> None:
    with client(pages) as api:
        found = [each.id for each in api.every(operations.connectors())]

    assert found == ["con_1", "con_2", "con_3"]


async def test_a_list_is_gone_through_to_its_end_when_awaited() -> None:
    async with async_client(pages) as api:
        found = [each.id async for each in api.every(operations.connectors())]

    assert found == ["con_1", "con_2", "con_3"]


def test_a_problem_becomes_the_error_of_its_code() -> None:
    handler = problem(
        412,
        code="version_conflict",
        fault="caller",
        detail="Somebody saved it.",
        place="/text",
        version=4,
        title="Precondition Failed",
    )

    with client(handler) as api, pytest.raises(VersionConflict) as caught:
        api.send(operations.save_draft("con_1", "{}", version=3))

    assert (caught.value.message, caught.value.place) == ("Somebody saved it.", "/text")
    assert caught.value.details == {"version": 4}


def test_retry_after_is_kept() -> None:
    with client(problem(429, code="too_many")) as api, pytest.raises(TooMany) as caught:
        api.send(operations.health())

    assert caught.value.retry_after_seconds == 7


def test_a_code_that_is_newer_than_the_client_keeps_code_and_fault() -> None:
    handler = problem(409, code="moon_phase", fault="credentials", detail="Wait for it.")

    with client(handler) as api, pytest.raises(ApiProblem) as caught:
        api.send(operations.health())

    assert (caught.value.code, caught.value.fault) == ("moon_phase", Fault.CREDENTIALS)


@pytest.mark.parametrize(
    ("status", "error"), [(403, AccessError), (404, CallerError), (500, Bug), (302, CallerError)]
)
def test_an_answer_of_some_other_server_is_an_error_by_its_status(
    status: int, error: type[Exception]
) -> None:
    def handler(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, text="<h1>nginx</h1>", headers={"Location": "/"})

    with client(handler) as api, pytest.raises(error):
        api.send(operations.health())


def test_an_answer_of_the_wrong_shape_is_no_answer() -> None:
    with client(lambda _: httpx2.Response(200, json={"id": 1})) as api, pytest.raises(Bug):
        api.send(operations.connector("con_1"))


def test_a_server_that_is_not_there_is_named_and_the_request_is_not() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    with (
        client(handler) as api,
        pytest.raises(ConnectionFailed, match=r"127\.0\.0\.1:8400") as caught,
    ):
        api.send(operations.complete("aut_1", "canary"))

    assert "canary" not in str(caught.value)


def test_a_server_that_does_not_answer_times_out() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("late", request=request)

    with client(handler) as api, pytest.raises(TimedOut):
        api.send(operations.health())


def test_a_body_is_fetched_as_it_comes() -> None:
    into = io.BytesIO()

    with client(lambda _: httpx2.Response(200, content=b"\x00\x01")) as api:
        size = api.fetch(operations.body("cal_1"), into)

    assert (size, into.getvalue()) == (2, b"\x00\x01")


async def test_a_body_is_fetched_as_it_comes_when_awaited() -> None:
    into = io.BytesIO()

    async with async_client(lambda _: httpx2.Response(200, content=b"\x00\x01")) as api:
        size = await api.fetch(operations.body("cal_1"), into)

    assert (size, into.getvalue()) == (2, b"\x00\x01")


def test_a_body_that_is_not_there_is_a_problem_not_a_file() -> None:
    into = io.BytesIO()
    handler = problem(404, code="not_found", detail="Gone.")

    with client(handler) as api, pytest.raises(CallerError):
        api.fetch(operations.body("cal_1"), into)

    assert into.getvalue() == b""


def test_ids_cannot_leave_their_place_in_the_path() -> None:
    operation = operations.call("../tokens?x=#")

    assert operation.path == "/v1/calls/..%2Ftokens%3Fx%3D%23"


def test_neither_profile_nor_operation_shows_what_must_not_be_seen() -> None:
    shown = repr(PROFILE) + repr(operations.add_secrets("con_1", {"clientSecret": "canary"}))

    assert "canary" not in shown


def test_the_scopes_are_those_of_the_service() -> None:
    assert set(operations.SCOPES) == set(SCOPES)
