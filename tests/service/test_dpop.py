"""Tokens bound to a key, at servers that would rather have it otherwise."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.service.standing import ISSUER, TOKENS, Standing, answered

from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.errors import ConnectionFailed

UNATTENDED: dict[str, Any] = {
    "grant": "client_credentials",
    "authorizationURL": None,
    "dpop": True,
}
BOUND = TOKENS | {"token_type": "DPoP"}
LIST = {"action": "calendars.list"}
CREATE = {"action": "events.create", "fields": {"calendar": "a", "title": "b"}}
"""A call that may be repeated, and one that may not."""
NONCE_WANTED = '{"error": "use_dpop_nonce"}'


def proof_of(request: HttpRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a request's proof."""
    jwt = dict(request.headers)["DPoP"]
    header, claims = (
        json.loads(base64.urlsafe_b64decode(part + "==")) for part in jwt.split(".")[:2]
    )
    return header, claims


def wanting(nonce: str, status: int = 400) -> HttpResponse:
    """Answer as a server that wants this nonce, at its token endpoint or its API."""
    headers = (
        ("dpop-nonce", nonce),
        ("www-authenticate", 'DPoP error="use_dpop_nonce"'),
        ("content-type", "application/json"),
    )
    return HttpResponse(status, headers, NONCE_WANTED.encode())


async def connect(installation: Standing) -> dict[str, Any]:
    connector = await installation.connector(**UNATTENDED)
    made: dict[str, Any] = await installation.caller.post(f"/v1/connectors/{connector}/connections")
    return made


@pytest.mark.row("C-42")
async def test_proof_names_method_address_and_token_and_is_never_used_twice(
    installation: Standing,
) -> None:
    account = answered({"id": "ada"})
    installation.sender.reply(answered(BOUND), account, account, account)
    made = await connect(installation)
    path = f"/v1/connections/{made['id']}/calls"

    await installation.caller.post(path, {"action": "calendars.list"})
    await installation.caller.post(path, {"action": "calendars.list"})

    token, _, first, second = installation.sender.requests
    (header, at_token), (_, at_api), (_, again) = map(proof_of, (token, first, second))
    assert (header["typ"], header["alg"], set(header["jwk"])) == (
        "dpop+jwt",
        "ES256",
        {"kty", "crv", "x", "y"},
    )
    assert (at_token["htm"], at_token["htu"]) == ("POST", f"{ISSUER}/token")
    assert (at_api["htm"], at_api["htu"]) == ("GET", f"{ISSUER}/calendar/v1/calendars")
    assert "ath" not in at_token
    assert at_api["ath"] == again["ath"]
    assert len({each["jti"] for each in (at_token, at_api, again)}) == 3
    assert dict(first.headers)["Authorization"] == "DPoP issued-access-token"


@pytest.mark.row("C-42")
async def test_nonce_is_taken_up_once_and_kept_for_the_server_that_gave_it(
    installation: Standing,
) -> None:
    account = answered({"id": "ada"})
    installation.sender.reply(wanting("one"), answered(BOUND), account, answered(BOUND))
    made = await connect(installation)
    await installation.caller.post(f"/v1/connections/{made['id']}/refresh")

    tokens = [proof_of(each)[1].get("nonce") for each in installation.token_requests]

    assert tokens == [None, "one", "one"]


@pytest.mark.row("C-42")
async def test_server_that_always_wants_another_nonce_is_asked_twice_and_no_more(
    installation: Standing,
) -> None:
    installation.sender.reply(*[wanting(str(number)) for number in range(9)])
    connector = await installation.connector(**UNATTENDED)

    refused = await installation.caller.problem(f"/v1/connectors/{connector}/connections")

    assert refused["code"] == "token_answer_invalid"
    assert len(installation.token_requests) == 2


@pytest.mark.row("C-42")
async def test_nonce_that_would_break_a_header_is_not_taken_up(installation: Standing) -> None:
    installation.sender.reply(*[wanting('a"b\\'), wanting("x" * 2000)])
    connector = await installation.connector(**UNATTENDED)

    await installation.caller.problem(f"/v1/connectors/{connector}/connections")

    assert len(installation.token_requests) == 1


@pytest.mark.row("C-42")
async def test_api_that_wants_a_nonce_gets_the_call_once_more(installation: Standing) -> None:
    account = answered({"id": "ada"})
    installation.sender.reply(answered(BOUND), account, wanting("api", 401), account)
    made = await connect(installation)

    outcome = await installation.caller.post(
        f"/v1/connections/{made['id']}/calls", {"action": "calendars.list"}
    )

    first, second = installation.sender.requests[-2:]
    assert outcome["ok"]
    assert (proof_of(first)[1].get("nonce"), proof_of(second)[1]["nonce"]) == (None, "api")
    assert len(installation.token_requests) == 1


@pytest.mark.row("C-42")
@pytest.mark.parametrize("then", ["an answer", "a nonce is wanted"])
async def test_call_on_a_connection_that_was_closed_is_repeated_with_a_proof_of_its_own(
    installation: Standing, then: str
) -> None:
    account = answered({"id": "ada"})
    installation.sender.reply(answered(BOUND), account)
    made = await connect(installation)
    wanted = [wanting("api", 401)] if then == "a nonce is wanted" else []
    installation.sender.reply(closed(), *wanted, account)

    outcome = await installation.caller.post(
        f"/v1/connections/{made['id']}/calls", {"action": "calendars.list"}
    )

    sent = installation.sender.requests[2:]
    assert outcome["ok"]
    assert len({proof_of(each)[1]["jti"] for each in sent}) == len(sent) == 2 + len(wanted)
    assert len(installation.token_requests) == 1


@pytest.mark.row("C-42")
@pytest.mark.parametrize(("asked", "unanswered"), [(CREATE, True), (LIST, False)])
async def test_call_that_may_have_been_answered_or_may_not_be_repeated_is_not(
    installation: Standing, asked: dict[str, Any], *, unanswered: bool
) -> None:
    account = answered({"id": "ada"})
    installation.sender.reply(answered(BOUND), account)
    made = await connect(installation)
    installation.sender.reply(closed(unanswered=unanswered), account)

    refused = await installation.caller.problem(f"/v1/connections/{made['id']}/calls", asked)

    assert refused["code"] == "connection_failed"
    assert len(installation.sender.requests) == 3


def closed(*, unanswered: bool = True) -> ConnectionFailed:
    """Fail as a request on an idle connection that its server closes meanwhile."""
    error = ConnectionFailed("It closed the connection.")
    error.sent, error.unanswered = True, unanswered
    return error


@pytest.mark.row("T-20")
@pytest.mark.parametrize("kind", ["Bearer", "bearer", None, "N_A", "mac"])
async def test_token_that_is_not_bound_is_not_used_and_not_asked_for_again(
    installation: Standing, kind: str | None
) -> None:
    installation.sender.reply(answered(TOKENS | {"token_type": kind}))
    connector = await installation.connector(**UNATTENDED)

    refused = await installation.caller.problem(f"/v1/connectors/{connector}/connections")

    assert refused["code"] == "token_not_bound"
    assert await installation.connections() == []
    assert len(installation.sender.requests) == 1


@pytest.mark.row("T-20")
async def test_refresh_that_brings_a_token_that_is_not_bound_is_no_refresh(
    installation: Standing,
) -> None:
    installation.sender.reply(answered(BOUND), answered({"id": "ada"}), answered(TOKENS))
    made = await connect(installation)

    refused = await installation.caller.problem(f"/v1/connections/{made['id']}/refresh")

    assert refused["code"] == "token_not_bound"
    assert len(installation.token_requests) == 2


@pytest.mark.row("T-20")
async def test_bound_token_that_nobody_asked_for_is_refused(installation: Standing) -> None:
    installation.sender.reply(answered(BOUND))
    connector = await installation.connector(**UNATTENDED | {"dpop": False})

    refused = await installation.caller.problem(f"/v1/connectors/{connector}/connections")

    assert refused["code"] == "token_answer_invalid"


async def test_each_connection_has_a_key_of_its_own(installation: Standing) -> None:
    installation.sender.reply(*[answered(BOUND), answered({"id": "ada"})] * 2)
    connector = await installation.connector(**UNATTENDED)
    for _ in range(2):
        await installation.caller.post(f"/v1/connectors/{connector}/connections")

    one, other = (proof_of(each)[0]["jwk"]["x"] for each in installation.token_requests)

    assert one != other


SITES: dict[str, Any] = {
    "url": f"{ISSUER}/calendar/v1/sites",
    "on": ["exchange", "refresh"],
    "capture": {"site": "/id"},
}
"""A follow-up request to the API, with the access token."""
OTHER: dict[str, Any] = {
    "url": f"{ISSUER}/other",
    "method": "POST",
    "auth": "client",
    "body": {"subject_token": "{{oauth.access_token}}"},
    "format": "form",
    "tokenResponse": {"access_token": "/access_token", "token_type": "/token_type"},
}
"""One to the authorization server, for another access token."""
SITE = answered({"id": "the-site"})


@pytest.mark.row("C-42")
async def test_follow_up_request_proves_possession_of_the_access_token_it_shows(
    installation: Standing,
) -> None:
    installation.sender.reply(answered(BOUND), SITE, answered({"id": "ada"}))
    connector = await installation.connector(**UNATTENDED, followUp=[SITES])

    await installation.caller.post(f"/v1/connectors/{connector}/connections")

    token, follow_up, call = installation.sender.requests
    (_, at_token), (_, claims), (_, at_api) = map(proof_of, (token, follow_up, call))
    assert dict(follow_up.headers)["Authorization"] == "DPoP issued-access-token"
    assert (claims["htm"], claims["htu"]) == ("GET", f"{ISSUER}/calendar/v1/sites")
    assert claims["ath"] == at_api["ath"]
    assert len({each["jti"] for each in (at_token, claims, at_api)}) == 3


@pytest.mark.row("C-42")
async def test_nonce_of_an_api_is_taken_up_in_a_follow_up_request_and_goes_to_no_other_server(
    installation: Standing,
) -> None:
    at_api = SITES | {"url": "https://api.example.com/sites"}
    installation.sender.reply(
        wanting("of-auth"), answered(BOUND), wanting("of-api", 401), SITE, answered({"id": "ada"})
    )
    connector = await installation.connector(**UNATTENDED, followUp=[at_api])

    await installation.caller.post(f"/v1/connectors/{connector}/connections")

    sent = [(each.url, proof_of(each)[1].get("nonce")) for each in installation.sender.requests]
    assert sent == [
        (f"{ISSUER}/token", None),
        (f"{ISSUER}/token", "of-auth"),
        (at_api["url"], None),
        (at_api["url"], "of-api"),
        (f"{ISSUER}/me", "of-auth"),
    ]


@pytest.mark.row("C-42")
async def test_api_that_always_wants_another_nonce_is_followed_up_twice_and_no_more(
    installation: Standing,
) -> None:
    refusals = [wanting(str(number), 401) for number in range(9)]
    installation.sender.reply(answered(BOUND), *refusals)
    connector = await installation.connector(**UNATTENDED, followUp=[SITES])

    refused = await installation.caller.problem(f"/v1/connectors/{connector}/connections")

    asked = [each for each in installation.sender.requests if each.url == SITES["url"]]
    assert refused["code"] == "follow_up_failed"
    assert len(asked) == 2


@pytest.mark.row("C-42")
async def test_token_that_replaces_a_bound_one_is_bound_to_the_same_key(
    installation: Standing,
) -> None:
    other = {"access_token": "other-access-token", "token_type": "DPoP"}
    installation.sender.reply(answered(BOUND), answered(other), answered({"id": "ada"}))
    connector = await installation.connector(**UNATTENDED, followUp=[OTHER])

    await installation.caller.post(f"/v1/connectors/{connector}/connections")

    first, exchange, call = installation.sender.requests
    assert "ath" not in proof_of(exchange)[1]
    assert "DPoP other-access-token" in dict(call.headers).values()
    assert len({json.dumps(proof_of(each)[0]["jwk"]) for each in (first, exchange, call)}) == 1


@pytest.mark.row("T-20")
async def test_token_that_replaces_a_bound_one_and_is_not_bound_is_not_used(
    installation: Standing,
) -> None:
    loose = answered({"access_token": "loose-access-token"})
    installation.sender.reply(answered(BOUND), loose, *[answered({})] * 2)
    connector = await installation.connector(**UNATTENDED, followUp=[OTHER])

    refused = await installation.caller.problem(f"/v1/connectors/{connector}/connections")

    assert refused["code"] == "token_not_bound"
    assert await installation.connections() == []


@pytest.mark.row("C-42")
async def test_proof_that_a_server_repeats_is_masked_wherever_it_stands(
    installation: Standing,
) -> None:
    installation.sender.reply(repeating(BOUND), repeating({"id": "site"}), repeating({"id": "ada"}))
    installation.sender.reply(repeating({"id": "ada"}))
    connector = await installation.connector(**UNATTENDED, followUp=[SITES])
    made = await installation.caller.post(f"/v1/connectors/{connector}/connections")
    path = f"/v1/connections/{made['id']}/calls"

    outcome = await installation.caller.post(path, {"action": "calendars.list"})

    shown = json.dumps([outcome, *await everything(installation)])
    proofs = [dict(each.headers)["DPoP"] for each in installation.sender.requests]
    assert len(proofs) == 4
    assert shown.count("x-repeated") >= 4
    assert [proof for proof in proofs if proof in shown] == []


def repeating(body: dict[str, Any]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer with the proof in a header and in a member that no name gives away."""

    def answer(request: HttpRequest) -> HttpResponse:
        proof = dict(request.headers)["DPoP"]
        good = answered({**body, "you_sent": {"it": f"proof: {proof}!"}})
        return replace(good, headers=(*good.headers, ("x-repeated", proof)))

    return answer


async def everything(installation: Standing) -> list[Any]:
    """Return what is shown of all calls and token requests."""
    ask = installation.caller.get
    found = [*(await ask("/v1/calls"))["items"], *(await ask("/v1/calls?kind=token"))["items"]]
    return [[each, await ask(f"/v1/calls/{each['id']}/transcript")] for each in found]


@pytest.mark.row("C-42")
async def test_nonce_of_a_stranger_that_a_redirect_led_to_is_not_taken_up(
    installation: Standing,
) -> None:
    account = answered({"id": "ada"})
    stranger = replace(wanting("evil", 401), url="https://evil.example.net/")
    replies = (answered(BOUND), account, stranger, answered(BOUND), stranger, account)
    installation.sender.reply(*replies)
    made = await connect(installation)
    path = f"/v1/connections/{made['id']}/calls"

    refused = await installation.caller.post(path, {"action": "me.get"})
    await installation.caller.post(path, {"action": "me.get"})

    assert not refused["ok"]
    assert "nonce" not in proof_of(installation.sender.requests[-1])[1]
