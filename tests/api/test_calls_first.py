"""Calls pass the router by; what they answer is what any other route would."""

from tests.api.conftest import Served

ASKED = {"action": "event.get", "fields": {}}


async def test_call_reaches_its_route_without_the_router(served: Served) -> None:
    """The cause of a cheap call: no pattern of another route is tried, no handler is in front."""
    served.application.app.router.routes.clear()

    elsewhere = await served.operator.problem("GET", "/v1/connectors")
    call = await served.operator.problem("POST", "/v1/connections/cnn_none/calls", json=ASKED)

    assert elsewhere["detail"] == "There is nothing at this address."
    assert (call["code"], call["detail"]) == ("not_found", "There is no connection with that id.")


async def test_call_without_the_router_keeps_every_refusal(served: Served) -> None:
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
