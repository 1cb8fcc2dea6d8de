"""Addresses lead to their routes, and whatever goes wrong there has one shape."""

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send
from tests.api.conftest import Served

from connectsmith.api.dispatch import Dispatch

ASKED = {"action": "event.get", "fields": {}}


async def shows(request: Request) -> Response:
    """Answer with the route's parameters."""
    return PlainTextResponse(repr(request.path_params))


async def new(_: Request) -> Response:
    """Answer for an address without parameters."""
    return PlainTextResponse("new")


async def failed(_: Request, error: Exception) -> Response:
    """Answer an error with its class."""
    return PlainTextResponse(type(error).__name__, getattr(error, "status_code", 500))


ROUTES = (
    Route("/things/{thing}", shows, methods=["GET", "POST"]),
    Route("/things/new", new, methods=["GET"]),
    Route("/things/{owner}/parts/{part}", shows, methods=["GET"]),
)


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/things/new", "new"),
        ("HEAD", "/things/new", ""),
        ("GET", "/things/a b", "{'thing': 'a b'}"),
        ("POST", "/things/new", "{'thing': 'new'}"),
        ("GET", "/things/new/parts/7", "{'owner': 'new', 'part': '7'}"),
    ],
)
def test_written_out_words_go_before_parameters(method: str, path: str, answer: str) -> None:
    client = TestClient(Dispatch(ROUTES, {Exception: failed}))

    assert client.request(method, path).text == answer


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/things", 404),
        ("GET", "/things/", 404),
        ("GET", "/things/new/", 404),
        ("GET", "/things//parts/7", 404),
        ("PUT", "/things/7", 405),
    ],
)
def test_address_without_a_route_is_refused(method: str, path: str, status: int) -> None:
    client = TestClient(Dispatch(ROUTES, {Exception: failed}))

    assert client.request(method, path).status_code == status


async def test_answer_that_breaks_off_is_not_followed_by_another() -> None:
    class Broken(Response):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise OSError

    async def broken(_: Request) -> Response:
        return Broken()

    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    dispatch = Dispatch([Route("/", broken)], {Exception: failed})
    await dispatch({"type": "http", "path": "/", "method": "GET", "headers": []}, nothing, send)

    assert [each["type"] for each in sent] == ["http.response.start"]


async def test_body_that_is_left_out_or_of_another_shape_is_named(served: Served) -> None:
    path = "/v1/connectors/con_none/authorizations"

    nothing = await served.operator.problem("POST", path)
    other = await served.operator.problem("POST", path, json={"fields": {}, "test": "perhaps"})

    assert "the body: Field required" in nothing["detail"]
    assert other["place"] == "/test"


async def test_every_answer_of_the_api_is_kept_by_nobody(served: Served) -> None:
    direct = await served.operator.ask("GET", "/v1/tokens")
    through_the_framework = await served.operator.ask("GET", "/v1/calls")

    for answer in (direct, through_the_framework):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_call_keeps_every_refusal(served: Served) -> None:
    path = "/v1/connections/cnn_none/calls"
    stranger = served.with_token(None)

    assert (await stranger.problem("POST", path, json=ASKED))["status"] == 401
    assert (await served.operator.problem("GET", path))["status"] == 405
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await served.operator.problem("POST", path, content="a=b", headers=form))[
        "status"
    ] == 415
    assert (await served.operator.problem("POST", path, content="{"))["code"] == "body_unreadable"
    elsewhere = {"Host": "rebound.example"}
    assert (await served.operator.problem("POST", path, json=ASKED, headers=elsewhere))[
        "status"
    ] == 421
    reader = await served.limited("calls:read")
    assert (await reader.problem("POST", path, json=ASKED))["code"] == "api_scope_missing"


async def test_bug_in_a_call_is_answered_as_anywhere(served: Served) -> None:
    served.application.app.state.desks = None

    document = await served.operator.problem("POST", "/v1/connections/cnn_none/calls", json=ASKED)

    assert (document["status"], document["fault"]) == (500, "ours")
