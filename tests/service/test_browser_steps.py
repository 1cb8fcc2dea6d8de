import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journeys.calendar import definition
from tests.service.standing import (
    ISSUER,
    LISTENER,
    Request,
    Standing,
    Visitor,
    returned,
    standing,
)

from connectsmith.core.secret.secret import Secret

OTHER = "https://honest.example.net"


class Underway:
    """An authorization whose browser stands before the consent page."""

    def __init__(
        self, installation: Standing, started: dict[str, str], browser: Visitor, request: Request
    ) -> None:
        self.installation = installation
        self.id = started["id"]
        self.started = started
        self.browser = browser
        self.request = request

    @property
    def state(self) -> str:
        return self.request["state"]

    async def untouched(self) -> bool:
        """Tell whether nothing was redeemed and the honest way is still open."""
        row = await self.installation.row(self.id)
        return row.status == "started" and not self.installation.sender.requests


async def underway(installation: Standing, connector: str, **asked: object) -> Underway:
    started = await installation.caller.start(connector, **asked)
    browser = installation.browser()
    return Underway(installation, started, browser, await browser.depart(started["start_url"]))


def is_refused(location: str) -> bool:
    return location.endswith("/refused")


# -- the start link --------------------------------------------------------------------------------


@pytest.mark.row("T-11")
async def test_looking_at_a_start_link_changes_nothing(installation: Standing) -> None:
    connector = await installation.connector()
    started = await installation.caller.start(connector)
    bot = installation.browser()

    pages = [await bot.client.get(started["start_url"]) for _ in range(3)]
    head = await bot.client.head(started["start_url"])

    assert {page.status_code for page in pages} == {200}
    assert head.status_code == 200
    assert not bot.client.cookies
    assert "auth.example.com" in pages[0].text
    assert (await installation.row(started["id"])).status == "created"
    await installation.browser().depart(started["start_url"])


@pytest.mark.row("T-11")
async def test_start_link_works_once(installation: Standing) -> None:
    connector = await installation.connector()
    started = await installation.caller.start(connector)

    answers = await asyncio.gather(
        *(installation.browser().client.post(started["start_url"]) for _ in range(10))
    )
    late = await installation.browser().client.get(started["start_url"])

    assert sorted(each.status_code for each in answers) == [303] + [410] * 9
    assert late.status_code == 410


async def test_start_link_of_nobody_is_told_nothing(installation: Standing) -> None:
    answer = await installation.browser().client.get("/oauth/start/" + "a" * 43)

    assert answer.status_code == 410


async def test_authorization_request_is_given_to_the_browser_alone(installation: Standing) -> None:
    connector = await installation.connector()
    started = await installation.caller.start(connector)
    shown = await installation.caller.get(f"/v1/authorizations/{started['id']}")

    page = await installation.browser().client.get(started["start_url"])

    assert ISSUER not in json.dumps([started, shown])
    assert "code_challenge" not in page.text


# -- whose callback it is --------------------------------------------------------------------------


@pytest.mark.row("T-10", "C-13")
async def test_planted_code_and_state_are_refused_in_another_browser(
    installation: Standing,
) -> None:
    connector = await installation.connector()
    installation.grants()
    thief = await underway(installation, connector)
    victim = await underway(installation, connector)

    answer = await victim.browser.come_back(
        thief.request.callback, code="thiefs-code", state=thief.state
    )
    page = await victim.browser.see(answer)

    assert is_refused(answer.headers["location"])
    assert page.status_code == 400
    assert await thief.untouched()
    assert await victim.untouched()
    (event,) = await installation.events("callback_refused")
    assert event.subject == thief.id


@pytest.mark.row("T-10", "C-13")
@pytest.mark.parametrize("jar", ["empty", "forged", "of another authorization"])
async def test_callback_needs_the_cookie_of_its_own_authorization(
    installation: Standing, jar: str
) -> None:
    connector = await installation.connector()
    installation.grants()
    one, other = await underway(installation, connector), await underway(installation, connector)
    browser = installation.browser()
    if jar == "forged":
        browser.client.cookies.set(f"connectsmith_{one.id}", f"{one.state}.{'A' * 43}")
    elif jar == "of another authorization":
        (value,) = other.browser.client.cookies.values()
        browser.client.cookies.set(f"connectsmith_{one.id}", value)

    answer = await browser.come_back(one.request.callback, code="the-code", state=one.state)

    assert is_refused(answer.headers["location"])
    assert await one.untouched()


@pytest.mark.row("T-13", "C-22")
async def test_connector_in_the_path_and_state_must_belong_together(
    installation: Standing,
) -> None:
    """The jar holds both cookies under both paths, so nothing but the comparison stands there."""
    installation.grants()
    first = await underway(installation, await installation.connector())
    second = await underway(installation, await installation.connector(OTHER))
    browser = installation.browser()
    for each in (first, second):
        for name, value in each.browser.client.cookies.items():
            browser.client.cookies.set(name, value)

    swapped = [
        await browser.come_back(first.request.callback, code="the-code", state=second.state),
        await browser.come_back(second.request.callback, code="the-code", state=first.state),
    ]

    assert all(is_refused(each.headers["location"]) for each in swapped)
    assert await first.untouched()
    assert await second.untouched()
    straight = await browser.come_back(first.request.callback, code="the-code", state=first.state)
    assert returned(straight)["authorization"] == first.id


@pytest.mark.row("C-22")
async def test_every_connector_has_a_redirect_uri_of_its_own(installation: Standing) -> None:
    connectors = [await installation.connector() for _ in range(3)]

    requests = [(await underway(installation, each)).request for each in connectors]

    assert len({each["redirect_uri"] for each in requests}) == 3
    for connector, request in zip(connectors, requests, strict=True):
        shown = await installation.caller.get(f"/v1/connectors/{connector}")
        assert request["redirect_uri"] == shown["callback_url"]
        assert connector in request["redirect_uri"]


@pytest.mark.row("T-12", "C-21")
async def test_code_goes_to_the_token_endpoint_it_was_asked_for(installation: Standing) -> None:
    """Whoever edits a connector between consent and completion collects no code."""
    connector = await installation.connector()
    installation.grants()
    one = await underway(installation, connector)
    draft = await installation.caller.client.get(f"/v1/connectors/{connector}/draft")
    changed = json.dumps(definition(ISSUER, tokenURL="https://evil.example/token"))
    saved = await installation.caller.client.put(
        f"/v1/connectors/{connector}/draft",
        json={"text": changed},
        headers={"If-Match": draft.headers["etag"]},
    )
    published = await installation.caller.post(f"/v1/connectors/{connector}/publish")

    back = await one.browser.come_back(one.request.callback, code="the-code", state=one.state)
    await installation.caller.complete(one.started, returned(back)["completion"])

    assert saved.status_code == 200
    assert published["number"] == 2
    assert [each.url for each in installation.token_requests] == [f"{ISSUER}/token"]


async def test_draft_that_was_edited_meanwhile_is_not_used(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    one = await underway(installation, connector, test=True)
    draft = await installation.caller.client.get(f"/v1/connectors/{connector}/draft")
    await installation.caller.client.put(
        f"/v1/connectors/{connector}/draft",
        json={"text": json.dumps(definition(ISSUER, tokenURL="https://evil.example/token"))},
        headers={"If-Match": draft.headers["etag"]},
    )

    back = await one.browser.come_back(one.request.callback, code="the-code", state=one.state)
    await installation.caller.complete(one.started, returned(back)["completion"])

    assert [each.url for each in installation.token_requests] == [f"{ISSUER}/token"]


@pytest.mark.row("T-14", "C-24")
async def test_injected_code_is_redeemed_with_the_verifier_it_was_not_made_for(
    installation: Standing,
) -> None:
    """The thief's own state is good, so it is the verifier that gives the stolen code away."""
    connector = await installation.connector()
    installation.grants()
    victim, thief = await underway(installation, connector), await underway(installation, connector)

    back = await thief.browser.come_back(
        thief.request.callback, code="stolen-code", state=thief.state
    )
    await installation.caller.complete(thief.started, returned(back)["completion"])

    (sent,) = installation.token_requests
    body = sent.body.decode()
    assert "code=stolen-code" in body
    verifier = body.split("code_verifier=")[1].split("&")[0]
    digest = Secret(verifier)
    assert challenge_of(digest) == thief.request["code_challenge"]
    assert challenge_of(digest) != victim.request["code_challenge"]


def challenge_of(verifier: Secret) -> str:
    return urlsafe_b64encode(sha256(verifier.reveal().encode()).digest()).decode().rstrip("=")


# -- once ------------------------------------------------------------------------------------------


@pytest.mark.row("T-15", "C-06", "C-13")
async def test_fifty_identical_callbacks_are_one(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    one = await underway(installation, connector)

    answers = await asyncio.gather(
        *(
            one.browser.come_back(one.request.callback, code="the-code", state=one.state)
            for _ in range(50)
        )
    )
    later = await one.browser.come_back(one.request.callback, code="the-code", state=one.state)
    page = await one.browser.see(later)

    brought = [returned(each) for each in answers if "completion" in each.headers["location"]]
    assert len(brought) == 1
    assert {each.status_code for each in answers} == {303}
    assert page.status_code == 200
    assert "was received" in page.text
    done = await installation.caller.complete(one.started, brought[0]["completion"])
    assert done["status"] == "completed"
    assert len(installation.token_requests) == 1


@pytest.mark.row("C-13")
async def test_state_is_used_up_before_the_code_is_redeemed(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    one = await underway(installation, connector)

    await one.browser.come_back(one.request.callback, code="the-code", state=one.state)
    first = await installation.row(one.id)
    await one.browser.come_back(one.request.callback, code="other-code", state=one.state)

    assert first.status == "returned"
    assert await installation.row(one.id) == first
    assert installation.sender.requests == []


async def test_states_are_unguessable_fresh_and_stored_nowhere(installation: Standing) -> None:
    connector = await installation.connector()
    several = [await underway(installation, connector) for _ in range(5)]

    for each in several:
        row = await installation.row(each.id)
        assert each.state.encode() not in (row.state_digest or b"")
        assert each.state not in repr(row)
    assert len({each.state for each in several}) == 5
    assert {len(each.state) for each in several} == {43}


@pytest.mark.row("T-15")
async def test_callback_after_ten_minutes_is_too_late(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    one = await underway(installation, connector)

    installation.clock.advance(timedelta(minutes=10))
    late = await one.browser.come_back(one.request.callback, code="the-code", state=one.state)
    page = await one.browser.see(late)

    assert "not finished in time" in page.text
    row = await installation.row(one.id)
    assert (row.status, row.sealed) == ("expired", None)


# -- what comes back -------------------------------------------------------------------------------


@pytest.mark.row("C-07", "C-14", "T-16")
@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "consent_denied"),
        ("unauthorized_client", "client_rejected"),
        ("invalid_scope", "authorization_request_rejected"),
        ("server_error", "remote_error"),
        ("never_heard_of", "authorization_request_rejected"),
    ],
)
async def test_error_ends_the_authorization_in_its_own_words(
    installation: Standing, error: str, code: str
) -> None:
    connector = await installation.connector()
    one = await underway(installation, connector)

    back = await one.browser.come_back(
        one.request.callback, error=error, error_description="said <so>", state=one.state
    )

    assert returned(back) == {"authorization": one.id, "error": code}
    shown = await installation.caller.get(f"/v1/authorizations/{one.id}")
    assert shown["status"] == "failed"
    assert shown["error"]["code"] == code
    assert f"{error}: said <so>" in shown["error"]["message"]
    page = await one.browser.see(await one.browser.come_back(one.request.callback, state=one.state))
    assert "said &lt;so&gt;" in page.text
    assert "<so>" not in page.text


@pytest.mark.row("C-07")
@pytest.mark.parametrize("state", ["B" * 43, "short", ""])
async def test_error_with_another_state_ends_nothing(installation: Standing, state: str) -> None:
    connector = await installation.connector()
    one = await underway(installation, connector)

    back = await one.browser.come_back(one.request.callback, error="access_denied", state=state)

    assert is_refused(back.headers["location"])
    assert await one.untouched()


@pytest.mark.row("C-07", "C-19", "C-20")
@pytest.mark.parametrize("answer", [{"code": "the-code"}, {"error": "access_denied"}])
@pytest.mark.parametrize("issuer", [None, ISSUER])
async def test_foreign_issuer_ends_it_on_success_and_error_alike(
    installation: Standing, answer: dict[str, str], issuer: str | None
) -> None:
    connector = await installation.connector(issuer=issuer)
    installation.grants()
    one = await underway(installation, connector)

    back = await one.browser.come_back(
        one.request.callback, **answer, state=one.state, iss="https://evil.example"
    )

    assert returned(back)["error"] == "issuer_unexpected"
    assert installation.token_requests == []
    assert (await installation.row(one.id)).sealed is None


async def test_issuer_on_an_endpoints_origin_is_recorded(installation: Standing) -> None:
    connector = await installation.connector()
    one = await underway(installation, connector)

    await one.browser.come_back(
        one.request.callback, code="the-code", state=one.state, iss=f"{ISSUER}/tenant"
    )

    shown = await installation.caller.get(f"/v1/authorizations/{one.id}")
    assert shown["issuer"] == f"{ISSUER}/tenant"


@pytest.mark.row("T-16", "C-14")
@pytest.mark.parametrize(
    "tail",
    [
        "&code=a&code=b",
        "&code=a&error=access_denied",
        "",
        "&code=",
        f"&code={'a' * 5000}",
        "&code=a%00b",
        "&code=%ED%A0%80",
        f"&code=a&x={'a' * 17000}",
        f"&code=a{'&x=1' * 200}",
        "&code=a&iss=a&iss=b",
    ],
)
async def test_answer_that_no_server_may_give_ends_it_without_a_token_request(
    installation: Standing, tail: str
) -> None:
    connector = await installation.connector()
    installation.grants()
    one = await underway(installation, connector)

    answer = await one.browser.client.get(f"{one.request.callback}?state={one.state}{tail}")

    assert answer.status_code == 303
    refused = is_refused(answer.headers["location"])
    assert refused or returned(answer)["error"] == "callback_refused"
    assert installation.sender.requests == []
    assert (await installation.row(one.id)).status == ("started" if refused else "failed")


async def test_state_may_come_under_another_name() -> None:
    async with standing() as installation:
        names = {"callback": {"state": "relay", "code": "ticket"}}
        connector = await installation.connector(parameterNames=names)
        one = await underway(installation, connector)

        back = await one.browser.come_back(one.request.callback, ticket="t", relay=one.state)

        assert returned(back)["authorization"] == one.id


async def test_state_under_a_name_that_the_definition_does_not_say_is_none(
    installation: Standing,
) -> None:
    connector = await installation.connector()
    one = await underway(installation, connector)

    back = await one.browser.come_back(one.request.callback, code="the-code", relay=one.state)

    assert returned(back)["error"] == "callback_refused"


names = st.sampled_from(["code", "state", "error", "error_description", "error_uri", "iss", "x"])
values = st.one_of(
    st.just("STATE"),
    st.sampled_from(["", "a", "access_denied", "<script>alert(1)</script>", "'\"><img src=x>"]),
    st.text(max_size=30),
    st.binary(max_size=10),
)


@pytest.fixture(scope="module")
def room() -> Iterator[tuple[asyncio.Runner, Standing, str]]:
    """One installation for all generated queries; each has an authorization of its own."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        installation = runner.run(stack.enter_async_context(standing()))
        installation.grants()
        yield runner, installation, runner.run(installation.connector())
        runner.run(stack.aclose())


TOO_LONG_FOR_CHANCE = 8
"""Characters of a text with a tag or quote that the page does not hold by itself."""


@pytest.mark.row("T-16", "C-14")
@settings(max_examples=400, deadline=None)
@given(pairs=st.lists(st.tuples(names, values), max_size=7))
def test_no_query_breaks_the_callback_or_is_reflected(
    room: tuple[asyncio.Runner, Standing, str], pairs: list[tuple[str, str | bytes]]
) -> None:
    runner, installation, connector = room
    runner.run(_fuzzed(installation, connector, pairs))


async def _fuzzed(
    installation: Standing, connector: str, pairs: list[tuple[str, str | bytes]]
) -> None:
    one = await underway(installation, connector, return_to=None)
    told = [(name, one.state if value == "STATE" else value) for name, value in pairs]

    answer = await one.browser.client.get(
        f"{one.request.callback}?{urlencode(told, errors='surrogatepass')}"
    )
    page = await one.browser.see(answer)

    assert page.status_code in {200, 400, 409}, (told, page.text)
    assert installation.sender.requests == []
    row = await installation.row(one.id)
    good = [name for name, value in told if value and name in {"code", "error", "iss", "state"}]
    assert row.status in {"started", "failed"} or sorted(good) == ["code", "state"], told
    for _, value in told:
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if len(text) >= TOO_LONG_FOR_CHANCE and any(each in text for each in "<>\"'"):
            assert text not in page.text


# -- afterwards ------------------------------------------------------------------------------------


@pytest.mark.row("T-11")
async def test_typed_value_is_shown_to_the_returning_browser_alone(installation: Standing) -> None:
    connector = await installation.connector()
    one = await underway(installation, connector, return_to=None)
    back = await one.browser.come_back(one.request.callback, code="the-code", state=one.state)

    page = await one.browser.see(back)
    other = await installation.browser().see(back)
    again = await one.browser.see(
        await one.browser.come_back(one.request.callback, code="the-code", state=one.state)
    )

    assert "<output>" in page.text
    assert again.text == page.text
    assert (other.status_code, "<output>" in other.text) == (400, False)
    assert "the-code" not in page.text
    assert one.state not in page.text


async def test_outcome_follows_the_authorization(installation: Standing) -> None:
    connector = await installation.connector()
    installation.grants()
    one = await underway(installation, connector)
    place = f"{one.request.callback}/{one.id}"

    early = await one.browser.client.get(place)
    back = await one.browser.come_back(one.request.callback, code="the-code", state=one.state)
    waiting = await one.browser.client.get(place)
    await installation.caller.complete(one.started, returned(back)["completion"])
    done = await one.browser.client.get(place)

    assert early.status_code == 409
    assert "Nothing has come back" in early.text
    assert waiting.status_code == done.status_code == 200
    assert "was received" in done.text


async def test_return_address_keeps_what_its_owner_wrote(installation: Standing) -> None:
    connector = await installation.connector()
    one = await underway(installation, connector, return_to=f"{LISTENER}?tab=2")

    back = await one.browser.come_back(one.request.callback, code="the-code", state=one.state)

    assert back.headers["location"].startswith(f"{LISTENER}?tab=2&authorization={one.id}&")


async def test_deleted_connector_takes_its_authorizations_along(installation: Standing) -> None:
    connector = await installation.connector()
    waiting = await installation.caller.start(connector)
    one = await underway(installation, connector)

    gone = await installation.caller.ask("DELETE", f"/v1/connectors/{connector}?force=true")
    link = await installation.browser().client.get(waiting["start_url"])
    back = await one.browser.come_back(one.request.callback, code="the-code", state=one.state)
    lost = await installation.caller.wrong(one.started, "x")

    assert gone.is_success
    assert link.status_code == 410
    assert is_refused(back.headers["location"])
    assert lost["status"] == 404
    assert installation.sender.requests == []
